"""Look at a result before it is stored: it has to be what was paid for."""

from pathlib import Path

from shared.content_types import content_type_of
from shared.keys import AssetKind
from shared.media.clips import ClipLimits
from shared.media.images import ImageLimits, probe_image_file
from shared.media.isolation import probe_clip_apart
from shared.media.reading import read_head

MAX_RESULT_BYTES = 500_000_000
"""The largest file that is taken from a provider."""

# A clip is as long as its part, which is 30 s at most. All is over before the function's own time is.
_CLIP_LIMITS = ClipLimits(max_bytes=MAX_RESULT_BYTES, max_seconds=120.0, deadline_seconds=30.0)
_IMAGE_LIMITS = ImageLimits()


def check_result(kind: AssetKind, path: Path) -> str:
    """Return a result's content type, from its bytes; raises `shared.media.errors.MediaRefused`."""
    if kind is AssetKind.CLIP:
        probe_clip_apart(path, limits=_CLIP_LIMITS)
    else:
        probe_image_file(path, limits=_IMAGE_LIMITS)
    return content_type_of(read_head(path))
