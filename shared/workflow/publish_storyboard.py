"""Put the storyboard page beside the script. Nothing depends on it: what goes wrong with it is only told in the log."""

import logging
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from shared.keys import episode_folder, poster_name, storyboard_key, video_name
from shared.ports import ObjectMissing
from shared.storyboard.facts import Ending
from shared.storyboard.page import storyboard_page
from shared.storyboard.pictures import pictures_to_show, thumbnail_of

if TYPE_CHECKING:
    from shared.addresses import Address
    from shared.ledger.records import Seconds
    from shared.ports import Bucket
    from shared.storyboard.facts import Storyboard

_FETCHED_AT_ONCE = 32
_PATIENCE: "Seconds" = 10
"""What has not been fetched by then is left out."""

logger = logging.getLogger(__name__)


def publish_storyboard(storyboard: "Storyboard", bucket: "Bucket") -> None:
    """Write the page of a run that has ended, or waits for a person."""
    plan = storyboard.record.plan
    try:
        thumbnails, poster = _pictures(storyboard, bucket)
        page = storyboard_page(storyboard, thumbnails, poster)
        bucket.put(storyboard_key(plan.episode_id), page.encode(), "text/html; charset=utf-8")
    except Exception:  # whatever it is, the episode matters more than its page
        logger.warning("the storyboard page of %s could not be written", plan.run, exc_info=True)


def _pictures(storyboard: "Storyboard", bucket: "Bucket") -> "tuple[dict[Address, bytes], bytes | None]":
    """Return those thumbnails that are there, by the addresses of their pictures, and an episode's poster."""
    plan = storyboard.record.plan
    keys = {picture.address: thumbnail_of(picture.address).key for picture in pictures_to_show(plan)}
    poster = f"{episode_folder(plan.episode_id)}{poster_name(video_name(plan.edit.outputs[0], is_first=True))}"
    fetching = ThreadPoolExecutor(_FETCHED_AT_ONCE)
    wanted = [*keys.values(), *([poster] if storyboard.ending is Ending.DONE else [])]
    asked = {key: fetching.submit(bucket.get, key) for key in wanted}
    wait(asked.values(), _PATIENCE)
    fetching.shutdown(wait=False, cancel_futures=True)
    come = {key: future for key, future in asked.items() if future.done() and not future.cancelled()}
    found = {key: future.result() for key, future in come.items() if not isinstance(future.exception(), ObjectMissing)}
    return {address: found[key] for address, key in keys.items() if key in found}, found.get(poster)
