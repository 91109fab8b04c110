"""Start a run when an episode's folder has come to rest and everything is there."""

import math
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from shared.frozen import Frozen
from shared.keys import (
    EPISODE_ID_RULE,
    MAX_KEY_BYTES,
    SCRIPT_NAMES,
    is_episode_id,
    is_result,
    split_episode_key,
    status_key,
)
from shared.ledger.records import RunState, Seconds
from shared.ledger.rules import NEVER
from shared.ports import LONGEST_DELAY
from shared.script.problems import quoted
from shared.script.text import composed
from shared.workflow.batch_orders import is_left_to_a_batch
from shared.workflow.inputs import EpisodeInputs, execution_name, read_inputs

if TYPE_CHECKING:
    from shared.ports import Bucket, Executions, Ledger, Queue
    from shared.workflow.status import StatusBoard

_NO_FOLDERS = frozenset({"", ".", ".."})


class Upload(Frozen):
    """Somebody put a file under ``episodes/``."""

    key: str


class Patience(Frozen):
    """A message to ourselves: look again whether the files that were missing at `digest` have come."""

    episode_id: str
    digest: str
    waiting_since: Seconds


class Considered(StrEnum):
    """What came of looking at a folder."""

    STARTED = "started"
    KNOWN = "this state of the inputs has its run"
    NOT_QUIET = "files are still coming"
    NO_SCRIPT = "no script yet"
    WAITING_FOR_FILES = "waiting for files"
    NOT_AN_INPUT = "not an input"
    NO_EPISODE = "the folder's name is no episode's id"
    LEFT_TO_A_BATCH = "left to a batch"


@dataclass(frozen=True, slots=True)
class StartDesk:
    """What starting a run needs from the world.

    Parameters
    ----------
    quiet_period
        How long a folder must have been at rest.
    configuration
        Whatever beside the inputs decides what comes of them.
    """

    bucket: "Bucket"
    ledger: "Ledger"
    executions: "Executions"
    clock: Callable[[], Seconds]
    quiet_period: Seconds
    configuration: str


@dataclass(frozen=True, slots=True)
class UploadDesk(StartDesk):
    """What considering uploads needs besides.

    Parameters
    ----------
    queue
        Brings a folder back that has to be looked at again.
    patience
        How long files that the script names may be missing before the run is started all the same, to say so.
    """

    queue: "Queue"
    status: "StatusBoard"
    patience: Seconds


def consider_upload(upload: Upload, desk: UploadDesk) -> Considered:
    """Look at the folder to which a file was uploaded."""
    where = split_episode_key(upload.key)
    if where is None or is_result(where[1]):
        return Considered.NOT_AN_INPUT
    episode_id, path = where
    if not is_episode_id(episode_id):
        return _refuse_folder(episode_id, path, desk)
    inputs = read_inputs(desk.bucket, episode_id, desk.configuration)
    now = desk.clock()
    quiet_for = now - inputs.newest
    if quiet_for < desk.quiet_period:
        uploaded = inputs.files.get(composed(path))
        # The newest file's own message looks again; it must not be lost to a clock that runs behind S3's.
        if uploaded is not None and uploaded.modified_at >= inputs.newest:
            again = math.ceil(min(desk.quiet_period - quiet_for, desk.quiet_period))
            desk.queue.send(upload.model_dump_json(), delay=min(again, LONGEST_DELAY))
        return Considered.NOT_QUIET
    if not inputs.has_script:
        return Considered.NO_SCRIPT
    return _start(inputs, now, desk)


def _refuse_folder(name: str, path: str, desk: UploadDesk) -> Considered:
    """Say beside a script that no episode becomes of it, where such a folder can be found again at all."""
    fits = len(status_key(name).encode()) <= MAX_KEY_BYTES
    if path in SCRIPT_NAMES and name not in _NO_FOLDERS and fits:
        desk.status.no_episode(
            name,
            f"{quoted(name)} is no episode's id, which has {EPISODE_ID_RULE}: upload the folder under another name",
        )
    return Considered.NO_EPISODE


def consider_again(message: Patience, desk: UploadDesk) -> Considered:
    """Look again at a folder where files were missing."""
    inputs = read_inputs(desk.bucket, message.episode_id, desk.configuration)
    # Without a newer file it was a file taken away, or the configuration, which bring no message.
    if inputs.digest != message.digest and inputs.newest > message.waiting_since:
        return Considered.KNOWN  # something was uploaded since, and brought a message of its own
    return _start(inputs, message.waiting_since, desk)


def _start(inputs: EpisodeInputs, waiting_since: Seconds, desk: UploadDesk) -> Considered:
    if is_left_to_a_batch(inputs, desk.bucket, desk.ledger):
        return Considered.LEFT_TO_A_BATCH
    left = waiting_since + desk.patience - desk.clock()
    if inputs.missing and left > 0:
        desk.status.waiting_for_files(inputs)
        message = Patience(episode_id=inputs.episode_id, digest=inputs.digest, waiting_since=waiting_since)
        desk.queue.send(message.model_dump_json(), delay=min(math.ceil(left), LONGEST_DELAY))
        return Considered.WAITING_FOR_FILES
    return start_run(inputs, desk, again=NEVER)


def start_run(inputs: EpisodeInputs, desk: StartDesk, *, again: AbstractSet[RunState]) -> Considered:
    """Claim this state of the inputs and start its execution, once."""
    run = desk.ledger.claim_run(
        inputs.episode_id,
        inputs.digest,
        desk.clock(),
        name=lambda attempt: execution_name(inputs.episode_id, inputs.digest, attempt),
        again=again,
    )
    if run.state is not RunState.STARTING:
        return Considered.KNOWN
    # Also when an earlier call claimed it and died before it could start it: the name makes starting idempotent.
    desk.executions.start(run.name, {"episode_id": run.episode_id, "digest": run.digest})
    return Considered.STARTED
