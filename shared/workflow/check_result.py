"""Look at a result before it is stored: it has to be what was paid for."""

from pathlib import Path

from shared.content_types import content_type_of
from shared.keys import AssetKind
from shared.media.clips import probe_clip
from shared.media.images import probe_image

_HEAD = 16


def check_result(kind: AssetKind, path: Path) -> str:
    """Return a result's content type, from its bytes; raises `shared.media.errors.MediaRefused`."""
    if kind is AssetKind.CLIP:
        probe_clip(path)
    else:
        probe_image(path.read_bytes())
    with path.open("rb") as file:
        return content_type_of(file.read(_HEAD))
