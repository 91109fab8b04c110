"""Fetch providers' result files: only over TLS, only from allowed hosts at public addresses, within size and time.

After OWASP's cheat sheet on server-side request forgery: hosts are on a list, the address that was checked is the one
that is connected to, and no redirect is followed.
https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html
"""

from shared.downloads.downloader import Downloaded, Downloader
from shared.downloads.errors import DownloadFailed, DownloadRefused

__all__ = ["DownloadFailed", "DownloadRefused", "Downloaded", "Downloader"]
