"""Start every episode whose inputs have no finished run."""

from typing import TYPE_CHECKING

from shared.keys import EPISODES, is_episode_id, split_episode_key
from shared.ledger.rules import AFTER_FAILURE
from shared.workflow.inputs import read_inputs
from shared.workflow.review import STORYBOARD_REJECTED
from shared.workflow.start_episode import Considered, StartDesk, start_run

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.ports import StoredObject


def start_batch(desk: StartDesk) -> dict[str, Considered]:
    """Look at every episode's folder; return what came of each.

    A folder that is not quiet, has no script or lacks files is left to its uploads, and one whose storyboard a person
    has rejected to that person.
    """
    return {episode_id: _consider(episode_id, desk) for episode_id in _episode_ids(desk.bucket.list(EPISODES))}


def _consider(episode_id: str, desk: StartDesk) -> Considered:
    inputs = read_inputs(desk.bucket, episode_id, desk.configuration)
    if not inputs.has_script:
        return Considered.NO_SCRIPT
    if desk.clock() - inputs.newest < desk.quiet_period:
        return Considered.NOT_QUIET
    if inputs.missing:
        return Considered.WAITING_FOR_FILES
    known = desk.ledger.run(episode_id, inputs.digest)
    if known and known.failure and known.failure.error == STORYBOARD_REJECTED:
        return Considered.KNOWN
    return start_run(inputs, desk, again=AFTER_FAILURE)


def _episode_ids(listing: "Iterable[StoredObject]") -> list[str]:
    ids = {where[0] for stored in listing if (where := split_episode_key(stored.key))}
    return sorted(episode_id for episode_id in ids if is_episode_id(episode_id))
