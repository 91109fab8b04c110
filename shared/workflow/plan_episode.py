"""Read an episode's inputs, claim the run, and write the plan. Nobody else reads uploads."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from shared.addresses import Address
from shared.configuration import configuration_of
from shared.fal.endpoints import Endpoints
from shared.frozen import Frozen
from shared.keys import AssetKind, is_episode_id, plan_key
from shared.ledger.records import Failure, Run, RunState, Seconds
from shared.ledger.states import JobState
from shared.plan.build import MAX_PARTS, TooManyParts, build_plan
from shared.plan.models import Plan, PlannedShot
from shared.script.models import ReviewMode, Script
from shared.workflow.inputs import EpisodeInputs, read_inputs
from shared.workflow.read_files import FilesRefused, read_files
from shared.workflow.record_outcome import EXECUTION_ENDED
from shared.workflow.status import EpisodeState

if TYPE_CHECKING:
    from shared.ports import Bucket, Ledger
    from shared.workflow.status import StatusBoard


class PlanInput(Frozen):
    """What an execution was started with.

    Parameters
    ----------
    digest
        The state of the inputs for which `start_episode` claimed the run; absent when a person started it.
    """

    episode_id: str
    digest: str | None = None


class PlanRequest(Frozen):
    """Which episode to plan, in which execution."""

    episode_id: str
    run: str
    execution_arn: str
    input: PlanInput


class PlanOutcome(StrEnum):
    """What the plot does next."""

    PLANNED = "planned"
    REJECTED = "rejected"
    NOTHING_TO_DO = "nothing to do"


class EngineChoice(Frozen):
    """One engine of a part, as the plot carries it."""

    asked: bool
    address: Address
    last: bool


class PartChoice(Frozen):
    """One part, as the plot carries it."""

    index: int
    engines: tuple[EngineChoice, ...]


class ImageChoice(Frozen):
    """A portrait or a background that has to be asked for."""

    kind: AssetKind
    address: Address


class ShotChoice(Frozen):
    """One shot, as the plot carries it: keys and indexes, for the state holds 256 KiB at most."""

    index: int
    images: tuple[ImageChoice, ...]
    composite: Address
    composite_asked: bool
    parts: tuple[PartChoice, ...]


class PlanAnswer(Frozen):
    """What the plot learns; every field is always there, since it reads them all."""

    outcome: PlanOutcome
    error: str = ""
    message: str = ""
    plan_key: str = ""
    shots: tuple[ShotChoice, ...] = ()


class Rejected(Exception):
    """Inputs that no episode can be made of."""

    def __init__(self, error: str, message: str) -> None:
        super().__init__(message)
        self.error = error


@dataclass(frozen=True, slots=True)
class PlanningDesk:
    """What planning needs from the world.

    Parameters
    ----------
    is_running
        Tells of an execution's ARN whether it is still under way.
    """

    bucket: "Bucket"
    ledger: "Ledger"
    status: "StatusBoard"
    endpoints: Endpoints
    is_running: Callable[[str], bool]
    clock: Callable[[], Seconds]


def plan_episode(request: PlanRequest, desk: PlanningDesk) -> PlanAnswer:
    """Claim the run for this execution, unless it is another's, and plan it."""
    if not is_episode_id(request.episode_id):
        return PlanAnswer(
            outcome=PlanOutcome.REJECTED,
            error="EpisodeIdInvalid",
            message=f"{request.episode_id!r} is no episode's id: letters, digits, '.', '_' and '-' are, at most 100",
        )
    inputs = read_inputs(desk.bucket, request.episode_id, configuration_of(desk.endpoints))
    run = _claim(request, inputs, desk)
    if isinstance(run, str):
        return PlanAnswer(outcome=PlanOutcome.NOTHING_TO_DO, message=run)
    try:
        plan, stored = _plan(inputs, run, desk)
    except Rejected as rejection:
        return PlanAnswer(outcome=PlanOutcome.REJECTED, error=rejection.error, message=str(rejection))
    key = plan_key(request.episode_id, run.name)
    desk.bucket.put(key, plan.model_dump_json().encode(), "application/json")
    desk.ledger.update_run(run, RunState.RUNNING, {"plan_key": key})
    desk.status.of_run(
        run, EpisodeState.RUNNING, _summary(plan), warnings=plan.warnings, expected_usd=plan.quote.expected_usd
    )
    return PlanAnswer(outcome=PlanOutcome.PLANNED, plan_key=key, shots=_choices(plan, stored))


def _claim(request: PlanRequest, inputs: EpisodeInputs, desk: PlanningDesk) -> Run | str:
    """Return the run of this execution, or in words why it has none."""
    by_upload = request.input.digest
    if by_upload is not None and by_upload != inputs.digest:
        claimed = desk.ledger.run(request.episode_id, by_upload)
        if claimed and claimed.name == request.run:
            failure = Failure(error="Superseded", message="the inputs changed while the run was starting")
            desk.ledger.update_run(claimed, RunState.SUPERSEDED, {"failure": failure, "ended_at": desk.clock()})
        return "the inputs changed while this run was starting; their newer state gets a run of its own"
    by_hand = by_upload is None
    run = _claim_state(request, inputs, desk, again=by_hand)
    if by_hand and run.name != request.run and _was_lost(run, desk):
        desk.ledger.update_run(run, RunState.FAILED, {"failure": EXECUTION_ENDED, "ended_at": desk.clock()})
        run = _claim_state(request, inputs, desk, again=True)
    if run.name != request.run:
        return f"this state of the inputs has its run already: {run.name} ({run.state.lower()})"
    running = desk.ledger.update_run(run, RunState.RUNNING, {"execution_arn": request.execution_arn})
    return running or f"run {run.name} has ended"


def _claim_state(request: PlanRequest, inputs: EpisodeInputs, desk: PlanningDesk, *, again: bool) -> Run:
    return desk.ledger.claim_run(
        request.episode_id, inputs.digest, desk.clock(), name=lambda _: request.run, again=again
    )


def _was_lost(run: Run, desk: PlanningDesk) -> bool:
    """Tell whether a run stands as running, and its execution has ended without a word."""
    return run.state is RunState.RUNNING and run.execution_arn is not None and not desk.is_running(run.execution_arn)


def _plan(inputs: EpisodeInputs, run: Run, desk: PlanningDesk) -> tuple[Plan, frozenset[Address]]:
    script = _checked(inputs)
    with TemporaryDirectory() as folder:
        try:
            read = read_files(script, inputs, desk.bucket, Path(folder))
        except FilesRefused as refused:
            raise Rejected("FileRefused", str(refused)) from refused
    identity = {"episode_id": inputs.episode_id, "run": run.name, "digest": inputs.digest}
    try:
        plan = build_plan(script, read, **identity, endpoints=desk.endpoints, stored=frozenset())
    except TooManyParts as error:
        raise Rejected("TooManyParts", str(error)) from error
    jobs = desk.ledger.jobs(plan.assets)
    stored = frozenset(address for address, job in jobs.items() if job.state is JobState.STORED)
    plan = build_plan(script, read, **identity, endpoints=desk.endpoints, stored=stored, warnings=_not_done_yet(script))
    _refuse_over_cap(plan, script)
    return plan, stored


def _checked(inputs: EpisodeInputs) -> Script:
    if inputs.script is None:
        raise Rejected("ScriptRejected", inputs.problem or "there is no script")
    if inputs.missing:
        are = "is" if len(inputs.missing) == 1 else "are"
        raise Rejected("FileMissing", f"the script names {', '.join(inputs.missing)}, which {are} not in the folder")
    lines = sum(len(scene.lines) for scene in inputs.script.scenes)
    if lines > MAX_PARTS:
        raise Rejected("TooManyParts", f"the script has {lines} lines, and one run carries {MAX_PARTS}: divide it")
    if inputs.script.review is not ReviewMode.NONE:
        raise Rejected("NotSupported", "review: storyboard is not supported yet; use review: none")
    return inputs.script


def _not_done_yet(script: Script) -> tuple[str, ...]:
    notes = (
        (script.music, f"music: {script.music} is not mixed in yet"),
        (script.captions.burn_in, "captions: burn_in is not supported yet"),
    )
    return tuple(note for present, note in notes if present)


def _refuse_over_cap(plan: Plan, script: Script) -> None:
    quote, caps = plan.quote, script.caps
    checks = (
        ("usd", quote.ceiling_usd, caps.usd, "US dollars at most"),
        ("images", quote.images, caps.images, "images"),
        ("clip_seconds", quote.clip_seconds, caps.clip_seconds, "seconds of clips"),
    )
    for name, wanted, cap, unit in checks:
        if cap is not None and wanted > cap:
            over = float(wanted) - float(cap)
            raise Rejected(
                "OverCap",
                f"what is missing costs {wanted:g} {unit}, which is {over:g} over the script's caps.{name} of {cap:g}; "
                "nothing was bought",
            )


def _choices(plan: Plan, stored: frozenset[Address]) -> tuple[ShotChoice, ...]:
    return tuple(_shot_choice(plan, shot, stored) for shot in plan.shots)


def _shot_choice(plan: Plan, shot: PlannedShot, stored: frozenset[Address]) -> ShotChoice:
    asked = shot.composite in plan.assets and shot.composite not in stored
    images = [address for address in shot.images if asked and address not in stored]
    return ShotChoice(
        index=shot.index,
        images=tuple(ImageChoice(kind=plan.assets[address].kind, address=address) for address in images),
        composite=shot.composite,
        composite_asked=asked,
        parts=tuple(_part_choice(plan, index, stored) for index in shot.parts),
    )


def _part_choice(plan: Plan, index: int, stored: frozenset[Address]) -> PartChoice:
    engines = plan.parts[index].engines
    return PartChoice(
        index=index,
        engines=tuple(
            EngineChoice(
                asked=engine.clip is not None
                and engine.clip.address in plan.assets
                and engine.clip.address not in stored,
                address=engine.clip.address if engine.clip else "",
                last=engine is engines[-1],
            )
            for engine in engines
        ),
    )


def _summary(plan: Plan) -> str:
    quote = plan.quote
    return (
        f"{len(plan.parts)} parts in {len(plan.shots)} shots; expected ${quote.expected_usd:.2f}, "
        f"at most ${quote.ceiling_usd:.2f}; {quote.reused} assets are there already"
    )
