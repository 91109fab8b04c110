"""How a download ends that brings no file."""


class DownloadRefused(Exception):
    """A file that is not taken: it lies where results do not come from, or is not sent as results are."""


class DownloadFailed(Exception):
    """The file could not be fetched just now."""
