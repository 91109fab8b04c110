"""Thumbnails of pictures: kept when a picture comes, and made up for while an episode is joined."""

import logging
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import BoundedSemaphore, Event
from typing import TYPE_CHECKING

from shared.media.thumbnails import thumbnail
from shared.storyboard.pictures import THUMBNAIL_TYPE, pictures_to_show, thumbnail_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    from shared.addresses import Address
    from shared.keys import FileRef
    from shared.ledger.records import Seconds
    from shared.plan.models import Plan
    from shared.ports import Bucket

_ASKED_AT_ONCE = 16
_MADE_AT_ONCE = 2
"""The largest picture takes 320 MB meanwhile, and beside it videos are joined."""
_TOLD_AT_MOST = 5
_GRACE: "Seconds" = 3
"""By then the videos are out; a picture takes a tenth of a second."""

logger = logging.getLogger(__name__)


def keep_thumbnail(picture: "Address", made: "Future[bytes]", bucket: "Bucket") -> None:
    """Keep a picture's thumbnail, once it is made; that there is none is only told in the log."""
    try:
        bucket.put(thumbnail_of(picture).key, made.result(), THUMBNAIL_TYPE)
    except Exception:  # the picture is stored, and matters more than a small copy
        logger.warning("the picture %s has no thumbnail", picture, exc_info=True)


@contextmanager
def missing_thumbnails_made(plan: "Plan", bucket: "Bucket") -> "Iterator[None]":
    """Make the thumbnails that a plan's pictures lack, beside what is done in this context.

    They lack them where pictures are the script's own, or where thumbnails were pruned. What has not been begun
    `_GRACE` after the context's end is left for the next run.
    """
    over, place = Event(), BoundedSemaphore(_MADE_AT_ONCE)

    def make(picture: "FileRef") -> None:
        key = thumbnail_of(picture.address).key
        if over.is_set() or bucket.exists(key):
            return
        with place, TemporaryDirectory() as folder:
            if over.is_set():
                return
            fetched = Path(folder, "picture")
            bucket.download(picture.key, fetched)
            bucket.put(key, thumbnail(fetched), THUMBNAIL_TYPE)

    with ThreadPoolExecutor(_ASKED_AT_ONCE) as aside:
        made = [(picture, aside.submit(make, picture)) for picture in pictures_to_show(plan)]
        try:
            yield
            wait([future for _, future in made], _GRACE)
        finally:
            over.set()
    failed = [(picture.key, repr(error)) for picture, future in made if (error := future.exception())]
    if failed:
        logger.warning("%d pictures have no thumbnails: %s", len(failed), failed[:_TOLD_AT_MOST])
