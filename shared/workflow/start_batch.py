"""Go over batches: look at every episode, start what is missing up to the limit, say how all of it stands.

A pass remembers nothing but what it writes into the summary, so that any number of them may come, in any order and at
once; see `shared.batches.decisions.to_start`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from shared.batches.decisions import ENDED, EntryState, Seen, capped, has_ended, state_of, to_start, what_it_waits_for
from shared.batches.manifest import MAX_ENTRIES, Batch, Entry, manifest_of
from shared.batches.summary import (
    BatchState,
    BatchSummary,
    EntrySummary,
    as_markdown,
    counted,
    headline,
)
from shared.batches.variants import VariantRefused
from shared.keys import (
    EPISODES,
    SCHEDULED_BATCH,
    STORYBOARD_PAGE,
    asked_key,
    episode_folder,
    is_episode_id,
    is_result,
    manifest_key,
    split_episode_key,
    summary_key,
    video_name,
)
from shared.ledger.budgets import EXACT, Budget, BudgetKind
from shared.ledger.records import Run, RunState, Seconds
from shared.ledger.rules import AFTER_FAILURE, NEVER
from shared.ports import ObjectMissing
from shared.script.problems import enumerated
from shared.workflow.batch_orders import WHOLE_SECOND, Order, orders
from shared.workflow.events import BatchDone, s3_uri, tell
from shared.workflow.inputs import EpisodeInputs, read_inputs
from shared.workflow.start_episode import StartDesk, start_run
from shared.workflow.status import iso_time
from shared.workflow.variant_folder import VariantFolder, bring_up_to_date, look_at_variant

if TYPE_CHECKING:
    from shared.ports import Events

Thing = TypeVar("Thing")

Passed = dict[str, dict[str, str]]
"""How each episode of each batch stands, in words."""


@dataclass(frozen=True, slots=True)
class BatchDesk(StartDesk):
    """What going over batches needs besides.

    Parameters
    ----------
    patience
        How long files may be missing before an episode counts as one that cannot be made.
    concurrency
        How many episodes of a batch are made at once, where its manifest does not say it.
    """

    bucket_name: str
    events: "Events"
    patience: Seconds
    concurrency: int


@dataclass(frozen=True, slots=True)
class _Found:
    """What was found of an episode, and where something can be started, of what."""

    entry: Entry
    seen: Seen
    inputs: EpisodeInputs | None = None
    variant: VariantFolder | None = None


def start_batches(desk: BatchDesk) -> Passed:
    """Ask for all batches anew, and for every other episode whose inputs have no finished run; go over them."""
    manifests = [order for order in orders(desk.bucket) if order.name != SCHEDULED_BATCH]
    named = {episode_id for order in manifests for made in order.episodes.items() for episode_id in made}
    for order in manifests:
        desk.bucket.put(asked_key(order.name), b"", "text/plain")
    if unfinished := _unfinished(named, desk):
        manifest = manifest_of(unfinished[:MAX_ENTRIES], concurrency=desk.concurrency)
        desk.bucket.put(manifest_key(SCHEDULED_BATCH), manifest, "application/yaml")
    return go_over_open_batches(desk)


def _unfinished(named: set[str], desk: BatchDesk) -> list[str]:
    """Return the episodes that no manifest names, and whose inputs could be started and have no finished run.

    A folder that is not quiet, has no script or lacks files is left to its uploads, and one whose storyboard a person
    has rejected to that person. Where nothing was uploaded since a run began that is done, nothing is looked at more
    closely: another configuration alone is no reason to pay for everything once more while nobody looks on.
    """
    unfinished: list[tuple[bool, bool, str]] = []
    for episode_id, uploaded_at in _last_uploads(desk).items():
        if episode_id in named or _has_come_to_its_end(episode_id, uploaded_at, desk):
            continue
        inputs = read_inputs(desk.bucket, episode_id, desk.configuration)
        is_quiet = desk.clock() - inputs.newest >= desk.quiet_period
        if inputs.is_variant or not inputs.has_script or inputs.missing or not is_quiet:
            continue
        run = _run_at(inputs, desk)
        state = state_of(Seen(run=run), asked_at=0.0, scheduled_at=desk.clock())
        if state not in ENDED:
            # What is under way counts against the limit, and what was never tried comes before what failed.
            unfinished.append((state is EntryState.WAITS_FOR_ITS_TURN, run is not None, episode_id))
    return [episode_id for *_, episode_id in sorted(unfinished)]


def _last_uploads(desk: BatchDesk) -> dict[str, Seconds]:
    """Return when somebody put a file into which episode's folder last."""
    last: dict[str, Seconds] = {}
    for stored in desk.bucket.list(EPISODES):
        episode_id, path = split_episode_key(stored.key) or ("", "")
        if is_episode_id(episode_id) and not is_result(path):
            last[episode_id] = max(last.get(episode_id, 0.0), stored.modified_at)
    return last


def _has_come_to_its_end(episode_id: str, uploaded_at: Seconds, desk: BatchDesk) -> bool:
    """Tell, without a look at its files, whether an episode is done, or left to a person, as it was uploaded last."""
    newest = desk.ledger.newest_run(episode_id)
    if newest is None or newest.started_at <= uploaded_at + WHOLE_SECOND:
        return False
    return state_of(Seen(run=newest), asked_at=0.0, scheduled_at=desk.clock()) in ENDED


def go_over_open_batches(desk: BatchDesk) -> Passed:
    """Go over every batch that has not ended; what goes wrong with one of them keeps it from none of the others."""
    passed: Passed = {}
    problems: list[Exception] = []
    for order in orders(desk.bucket):
        if not order.is_open:
            continue
        try:
            summary = go_over(order, desk)
        except Exception as error:  # noqa: BLE001 - it is raised below
            problems.append(error)
        else:
            passed[order.name] = {entry.episode_id: str(entry.state) for entry in summary.episodes}
    if problems:
        raise ExceptionGroup("some batches could not be gone over", problems)
    return passed


def go_over(order: Order, desk: BatchDesk) -> BatchSummary:
    """Go over a batch: start what is missing, up to its limit, and write how it stands.

    Raises
    ------
    ExceptionGroup
        Some episodes could not be looked at or started; for the others all was done.
    """
    problems: list[Exception] = []
    summary = _go_over_once(order, desk, problems)
    if summary.state is BatchState.ENDED:
        # Until that was written, uploads were left to this batch: what came after a folder was looked at is found now.
        summary = _go_over_once(replace(order, summary=summary), desk, problems)
    if problems:
        raise ExceptionGroup(f"some episodes of the batch {order.name} could not be looked at or started", problems)
    return summary


def _go_over_once(order: Order, desk: BatchDesk, problems: list[Exception]) -> BatchSummary:
    entries, used_usd = (_go_over_entries(order, order.batch, desk, problems)) if order.batch else ((), 0.0)
    states = [entry.state for entry in entries]
    ended = has_ended(states)
    summary = BatchSummary(
        batch=order.name,
        state=BatchState.ENDED if ended else BatchState.OPEN,
        manifest=order.manifest,
        asked_at=order.asked_at,
        updated_at=desk.clock(),
        problem=order.problem,
        waits_for=None if ended else what_it_waits_for(states),
        cap_usd=order.batch.cap_usd if order.batch else None,
        used_usd=used_usd,
        counts=counted(entries),
        episodes=entries,
    )
    if ended and not summary.ends_as(order.summary):
        _tell_of_the_end(summary, desk)
    _write(summary, desk)
    return summary


def _go_over_entries(
    order: Order, batch: Batch, desk: BatchDesk, problems: list[Exception]
) -> tuple[tuple[EntrySummary, ...], float]:
    @cache  # what several variants are made of is read once
    def inputs_of(episode_id: str) -> EpisodeInputs:
        return read_inputs(desk.bucket, episode_id, desk.configuration)

    def look_at(entry: Entry) -> _Found:
        return _look_at(entry, order, inputs_of, desk)

    def state(found: _Found) -> EntryState:
        return state_of(found.seen, order.asked_by_hand_at, order.scheduled_at)

    found = [_safely(look_at, entry, entry, problems) for entry in batch.entries]
    used_usd = round(sum(each.seen.used_usd for each in found), EXACT)
    states = capped([state(each) for each in found], used_usd, batch.cap_usd)
    for index in to_start(states, batch.concurrency or desk.concurrency):
        entry = found[index].entry
        found[index] = _safely(lambda each: _start(each, inputs_of, desk), found[index], entry, problems)
        states[index] = state(found[index])
    told = tuple(_summary_of(each, state, desk) for each, state in zip(found, states, strict=True))
    return told, used_usd


def _safely(do: Callable[[Thing], _Found], thing: Thing, entry: Entry, problems: list[Exception]) -> _Found:
    """Look at an episode, or start it; what goes wrong with one keeps the batch open, and holds up no other."""
    try:
        return do(thing)
    except ObjectMissing as error:  # somebody takes files away meanwhile
        return _Found(entry, Seen(waits_for=str(error)))
    except Exception as error:  # noqa: BLE001 - whatever it is, the others come first
        problems.append(error)
        return _Found(entry, Seen(waits_for=f"something went wrong just now, and is tried again: {error}"))


def _look_at(entry: Entry, order: Order, inputs_of: Callable[[str], EpisodeInputs], desk: BatchDesk) -> _Found:
    used_usd = desk.ledger.spent(Budget(BudgetKind.EPISODE, entry.episode_id)).usd
    inputs = inputs_of(entry.source)
    if inputs.script is None and inputs.has_script:
        return _Found(entry, Seen(refused=inputs.problem, used_usd=used_usd))
    missing: tuple[str, ...] = inputs.missing
    variant = None
    if entry.is_variant and inputs.script is not None:
        try:
            variant = look_at_variant(entry, inputs, order.name, desk.bucket)
        except VariantRefused as error:
            return _Found(entry, Seen(refused=str(error), used_usd=used_usd))
        missing = variant.missing
    elif not entry.is_variant and inputs.is_variant:
        return _Found(entry, Seen(refused=_IS_A_VARIANT, used_usd=used_usd))
    if wait := _what_is_not_there(inputs, missing, order.asked_at, desk):
        waited = desk.clock() - max(order.asked_at, inputs.newest) > desk.patience
        seen = Seen(refused=wait, used_usd=used_usd) if waited else Seen(waits_for=wait, used_usd=used_usd)
        return _Found(entry, seen)
    if variant and variant.writes:
        return _Found(entry, Seen(used_usd=used_usd), variant=variant)
    inputs = inputs_of(entry.episode_id)
    return _Found(entry, Seen(run=_run_at(inputs, desk), used_usd=used_usd), inputs=inputs)


_IS_A_VARIANT = "its folder is a variant that a batch has made: name it with `episode`, `as` and `overrides`"


def _what_is_not_there(
    inputs: EpisodeInputs, missing: tuple[str, ...], asked_at: Seconds, desk: BatchDesk
) -> str | None:
    """Return what has to come before an episode can be made, in words; whoever asks says that all files have come."""
    if not inputs.has_script:
        return inputs.problem
    if missing:
        return f"files that the script names are not in {episode_folder(inputs.episode_id)}: {enumerated(missing)}"
    if inputs.newest > asked_at and desk.clock() - inputs.newest < desk.quiet_period:
        return "files are still coming"
    return None


def _run_at(inputs: EpisodeInputs, desk: BatchDesk) -> Run | None:
    """Return the run of these inputs, unless another state of them was claimed since."""
    newest = desk.ledger.newest_run(inputs.episode_id)
    return newest if newest and newest.digest == inputs.digest else None


def _start(found: _Found, inputs_of: Callable[[str], EpisodeInputs], desk: BatchDesk) -> _Found:
    inputs, known = found.inputs, found.seen.run
    if found.variant:
        bring_up_to_date(found.variant, inputs_of(found.entry.source), desk.bucket)
    if inputs is None:
        inputs = read_inputs(desk.bucket, found.entry.episode_id, desk.configuration)
    latest = _run_at(inputs, desk)
    # What failed is tried again only as it was seen: another pass may have done so, and that one failed as well.
    again = AFTER_FAILURE if latest and latest == known and known.state is not RunState.DONE else NEVER
    start_run(inputs, desk, again=again)
    seen = Seen(run=_run_at(inputs, desk), used_usd=found.seen.used_usd)
    return _Found(found.entry, seen, inputs=inputs)


def _summary_of(found: _Found, state: EntryState, desk: BatchDesk) -> EntrySummary:
    entry, seen, run = found.entry, found.seen, found.seen.run
    folder = s3_uri(desk.bucket_name, episode_folder(entry.episode_id))
    is_done = state is EntryState.DONE
    return EntrySummary(
        episode_id=entry.episode_id,
        variant_of=entry.source if entry.is_variant else None,
        state=state,
        message=_message(seen, state),
        run=run.name if run else None,
        attempt=run.attempt if run else None,
        episode=folder + video_name("", is_first=True) if is_done else None,
        storyboard=f"{folder}{STORYBOARD_PAGE}" if is_done else None,
        used_usd=round(seen.used_usd, EXACT),
    )


def _message(seen: Seen, state: EntryState) -> str | None:
    if seen.refused or seen.waits_for:
        return seen.refused or seen.waits_for
    if seen.run is None or state is EntryState.DONE:
        return None
    if state is EntryState.RUNNING:
        return seen.run.paused
    return seen.run.failure.message if seen.run.failure else None


def _tell_of_the_end(summary: BatchSummary, desk: BatchDesk) -> None:
    tell(
        BatchDone(
            bucket=desk.bucket_name,
            message=headline(summary),
            status=s3_uri(desk.bucket_name, summary_key(summary.batch, "json")),
            batch=summary.batch,
            done=summary.count(EntryState.DONE),
            not_done=len(summary.episodes) - summary.count(EntryState.DONE),
            used_usd=summary.used_usd,
            summary=s3_uri(desk.bucket_name, summary_key(summary.batch, "md")),
        ),
        desk.events,
    )


def _write(summary: BatchSummary, desk: BatchDesk) -> None:
    text = as_markdown(summary, iso_time(summary.updated_at))
    desk.bucket.put(summary_key(summary.batch, "md"), text.encode(), "text/markdown; charset=utf-8")
    # Last: by it a batch counts as ended, and whoever sees it finds the other one.
    desk.bucket.put(summary_key(summary.batch, "json"), summary.model_dump_json(indent=2).encode(), "application/json")
