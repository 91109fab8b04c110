"""Read an episode's inputs, claim the run, and write the plan. Nobody else reads uploads."""

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from shared.addresses import Address
from shared.configuration import configuration_of
from shared.fal.endpoints import Endpoints
from shared.frozen import Frozen
from shared.keys import EPISODE_ID_RULE, is_episode_id, plan_key
from shared.ledger.budgets import OVER_CAP, Budget, BudgetKind, CapReached, Usage, cap_reached
from shared.ledger.records import Failure, Run, RunState, Seconds
from shared.ledger.rules import AFTER_FAILURE, ALWAYS, NEVER
from shared.ledger.states import JobState
from shared.plan.build import MAX_PARTS, TooManyParts, build_plan
from shared.plan.catalogue import Catalogue
from shared.plan.models import Plan
from shared.providers.names import ProviderName
from shared.providers.routing import NobodyToAsk, Router
from shared.script.file_sizes import too_large_files
from shared.script.models import ReviewMode, Script
from shared.script.problems import enumerated, quoted
from shared.workflow.inputs import EpisodeInputs, read_inputs
from shared.workflow.plan_answer import PlanAnswer, PlanOutcome, ShotChoice, choices_of
from shared.workflow.quoting import Prices, catalogue_of, spent_but_for
from shared.workflow.read_files import FilesRefused, read_files
from shared.workflow.record_outcome import EXECUTION_ENDED
from shared.workflow.run_over import SUPERSEDED
from shared.workflow.status import EpisodeState
from shared.workflow.transfers import Transfers

if TYPE_CHECKING:
    from shared.plan.recordings import ReadInputs
    from shared.ports import Bucket, Ledger
    from shared.workflow.status import StatusBoard


MAX_REVIEWED_PARTS = 360
"""An execution has 25,000 events: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
A line that is a shot of its own takes 61 of them, and 67 where the shots are gone through twice, around a review."""


class PlanInput(Frozen):
    """What an execution was started with.

    Parameters
    ----------
    digest
        The state of the inputs for which `start_episode` claimed the run; absent when a person started it.
    retry
        Whether a run that is done, but had parts stepped down, is taken up again too.
    rebuy
        Whether what is held may be bought once more.
    """

    episode_id: str
    digest: str | None = None
    retry: bool = False
    rebuy: bool = False


class PlanRequest(Frozen):
    """Which episode to plan, in which execution."""

    episode_id: str
    run: str
    execution_arn: str
    input: PlanInput


class Rejected(Exception):
    """Inputs that no episode can be made of."""

    def __init__(self, error: str, message: str) -> None:
        super().__init__(message)
        self.error = error


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, and what it was made with.

    Parameters
    ----------
    stored
        Addresses of what was bought before.
    refused
        Addresses of what the provider refuses for good.
    spent
        What the episode has used of its caps.
    """

    plan: Plan
    stored: frozenset[Address]
    refused: frozenset[Address]
    spent: Usage

    @property
    def cap_reached(self) -> CapReached | None:
        """The script's first cap that the quote's ceiling would overrun, if there is one."""
        budget = Budget(BudgetKind.EPISODE, self.plan.episode_id)
        return cap_reached(budget, self.plan.caps, self.spent, self.plan.quote.ceiling)


@dataclass(frozen=True, slots=True)
class PlanningDesk:
    """What planning needs from the world.

    Parameters
    ----------
    is_running
        Tells of an execution's ARN whether it is still under way.
    encoder_preset
        Of x264, for house clips.
    """

    bucket: "Bucket"
    ledger: "Ledger"
    status: "StatusBoard"
    endpoints: Endpoints
    router: Router
    prices: Prices
    is_running: Callable[[str], bool]
    clock: Callable[[], Seconds]
    encoder_preset: str


def plan_episode(request: PlanRequest, desk: PlanningDesk) -> PlanAnswer:
    """Claim the run for this execution, unless it is another's, and plan it."""
    if not is_episode_id(request.episode_id):
        return PlanAnswer(
            outcome=PlanOutcome.REJECTED,
            error="EpisodeIdInvalid",
            message=f"{quoted(request.episode_id)} is no episode's id, which has {EPISODE_ID_RULE}",
        )
    inputs = read_inputs(desk.bucket, request.episode_id, configuration_of(desk.endpoints))
    run = _claim(request, inputs, desk)
    if isinstance(run, str):
        return PlanAnswer(outcome=PlanOutcome.NOTHING_TO_DO, message=run)
    key = plan_key(request.episode_id, run.name)
    try:
        with plan_inputs(inputs, run.name, desk) as planned:
            _refuse_over_cap(planned)
            _write_down(planned.plan, key, run, desk)
    except Rejected as rejection:
        return PlanAnswer(outcome=PlanOutcome.REJECTED, error=rejection.error, message=str(rejection))
    if desk.ledger.update_run(run, RunState.RUNNING, {"plan_key": key}) is None:
        return PlanAnswer(outcome=PlanOutcome.NOTHING_TO_DO, message=f"run {run.name} has ended")
    shots = choices_of(planned.plan, planned.stored)
    return PlanAnswer(
        outcome=PlanOutcome.PLANNED, plan_key=key, shots=shots, review=_wants_review(inputs.script, run, shots)
    )


def _claim(request: PlanRequest, inputs: EpisodeInputs, desk: PlanningDesk) -> Run | str:
    """Return the run of this execution, or in words why it has none."""
    by_upload = request.input.digest
    if by_upload is not None and by_upload != inputs.digest:
        claimed = desk.ledger.run(request.episode_id, by_upload)
        if claimed and claimed.name == request.run:
            failure = Failure(error=SUPERSEDED, message="the inputs changed while the run was starting")
            desk.ledger.update_run(claimed, RunState.SUPERSEDED, {"failure": failure, "ended_at": desk.clock()})
        return "the inputs changed while this run was starting; their newer state gets a run of its own"
    by_hand = by_upload is None
    again = _after_which_ends(request, inputs.digest, desk.ledger) if by_hand else NEVER
    run = _claim_state(request, inputs, desk, again)
    if by_hand and run.name != request.run and _was_lost(run, desk):
        desk.ledger.update_run(run, RunState.FAILED, {"failure": EXECUTION_ENDED, "ended_at": desk.clock()})
        run = _claim_state(request, inputs, desk, again)
    if run.name != request.run:
        return f"this state of the inputs has its run already: {run.name} ({run.state.lower()})"
    running = desk.ledger.update_run(run, RunState.RUNNING, {"execution_arn": request.execution_arn})
    return running or f"run {run.name} has ended"


def _claim_state(request: PlanRequest, inputs: EpisodeInputs, desk: PlanningDesk, again: AbstractSet[RunState]) -> Run:
    return desk.ledger.claim_run(
        request.episode_id,
        inputs.digest,
        desk.clock(),
        name=lambda _: request.run,
        again=again,
        rebuy=request.input.rebuy,
    )


def _after_which_ends(request: PlanRequest, digest: str, ledger: "Ledger") -> AbstractSet[RunState]:
    """Return after which ends a person has a run taken up again: when it is done, only what was stepped down is.

    An execution takes up no run of its own: what was cancelled while it was being planned stays so when that is tried
    once more.
    """
    known = ledger.run(request.episode_id, digest)
    if known and known.name == request.run:
        return NEVER
    retried = known if request.input.retry else None
    stepped_down = retried and any(outcome.stepped_down for outcome in ledger.parts(retried.name).values())
    return ALWAYS if stepped_down else AFTER_FAILURE


def _was_lost(run: Run, desk: PlanningDesk) -> bool:
    """Tell whether a run stands as running, and its execution has ended without a word."""
    return run.state is RunState.RUNNING and run.execution_arn is not None and not desk.is_running(run.execution_arn)


def _write_down(plan: Plan, key: str, run: Run, desk: PlanningDesk) -> None:
    """Store the plan, and say in the status what it comes to."""
    with ThreadPoolExecutor(1) as meanwhile:
        plan_stored = meanwhile.submit(desk.bucket.put, key, plan.model_dump_json().encode(), "application/json")
        desk.status.of_run(
            run,
            EpisodeState.RUNNING,
            _summary(plan),
            warnings=plan.warnings,
            expected_usd=plan.quote.expected_usd,
            ceiling_usd=plan.quote.ceiling_usd,
        )
        plan_stored.result()


@contextmanager
def plan_inputs(inputs: EpisodeInputs, run: str, desk: PlanningDesk) -> Iterator[Planned]:
    """Read an episode's files, and plan and quote what is to be made of them; nothing but files is written.

    They are stored when this context is left, and on their way within it.

    Parameters
    ----------
    run
        The name of the run for which it is.

    Raises
    ------
    Rejected
        When no episode can be made of them; a cap is not looked at.
    """
    script = _checked(inputs)
    with TemporaryDirectory() as folder, Transfers(desk.bucket) as transfers:
        try:
            read = read_files(script, inputs, Path(folder), transfers)
        except FilesRefused as refused:
            raise Rejected("FileRefused", str(refused)) from refused
        yield _planned(script, inputs, run, read, desk)


def _planned(script: Script, inputs: EpisodeInputs, run: str, read: "ReadInputs", desk: PlanningDesk) -> Planned:
    build = partial(
        build_plan,
        script,
        episode_id=inputs.episode_id,
        run=run,
        digest=inputs.digest,
        encoder_preset=desk.encoder_preset,
    )
    try:
        plan = build(read, catalogue=Catalogue(desk.endpoints, desk.router), stored=frozenset())
    except TooManyParts as error:
        raise Rejected("TooManyParts", str(error)) from error
    except NobodyToAsk as error:
        raise Rejected("NobodyToAsk", str(error)) from error
    _refuse_too_many_for_a_review(script, plan)
    jobs = desk.ledger.jobs(plan.assets)
    stored = frozenset(address for address, job in jobs.items() if job.state is JobState.STORED)
    for_good = frozenset(address for address, job in jobs.items() if job.is_refused_for_good)
    missing = {
        offer.endpoint
        for address, asset in plan.assets.items()
        if address not in stored
        for offer in asset.offers
        if offer.provider is ProviderName.FAL
    }
    catalogue, price_warnings = catalogue_of(missing, Catalogue(desk.endpoints, desk.router), desk.prices)
    read = replace(read, warnings=(*price_warnings, *read.warnings))
    plan = build(read, catalogue=catalogue, stored=stored, refused=for_good)
    return Planned(plan, stored, for_good, spent_but_for(jobs.values(), inputs.episode_id, desk.ledger))


def _checked(inputs: EpisodeInputs) -> Script:
    if inputs.script is None:
        raise Rejected("ScriptRejected", inputs.problem or "there is no script")
    if inputs.missing:
        are = "is" if len(inputs.missing) == 1 else "are"
        raise Rejected("FileMissing", f"the script names {enumerated(inputs.missing)}, which {are} not in the folder")
    sizes = {path: stored.size for path, stored in inputs.files.items()}
    if problems := too_large_files(inputs.script, sizes):
        raise Rejected("FileRefused", enumerated(problems, "; "))
    lines = sum(len(scene.lines) for scene in inputs.script.scenes)
    if lines > MAX_PARTS:
        raise Rejected("TooManyParts", f"the script has {lines} lines, and one run carries {MAX_PARTS}: divide it")
    return inputs.script


def _refuse_too_many_for_a_review(script: Script, plan: Plan) -> None:
    if script.review is ReviewMode.STORYBOARD and len(plan.parts) > MAX_REVIEWED_PARTS:
        raise Rejected(
            "TooManyParts",
            f"the episode has {len(plan.parts)} parts, and with review: storyboard one run carries "
            f"{MAX_REVIEWED_PARTS}: divide it, or leave the review out",
        )


def _wants_review(script: Script | None, run: Run, shots: tuple[ShotChoice, ...]) -> bool:
    """Tell whether a person is to look first: not where they have approved it, or where no clip is to be paid for."""
    asked = any(part.engines[0].asked for shot in shots for part in shot.parts)
    return script is not None and script.review is ReviewMode.STORYBOARD and asked and not run.reviewed


def _refuse_over_cap(planned: Planned) -> None:
    if reached := planned.cap_reached:
        raise Rejected(OVER_CAP, f"the script's caps.{reached.cap}: {reached}")


def _summary(plan: Plan) -> str:
    quote = plan.quote
    return (
        f"{len(plan.parts)} parts in {len(plan.shots)} shots; expected ${quote.expected_usd:.2f}, "
        f"at most ${quote.ceiling_usd:.2f}; {quote.reused} of {len(plan.assets)} assets are there already"
    )
