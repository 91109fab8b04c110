"""The command `episode batch`."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.batch_display import batch_display_for
from cli.endings import FAILED, STILL_RUNNING, USAGE, WAITS_FOR_REVIEW, stop
from cli.exit_codes import DONE
from cli.folder import upload
from cli.follow import NoRunStarted
from cli.options import KEPT_IN, RESULTS, Json, Out, Profile, Region, StackName, State, Timeout, target_of, with_stack
from cli.output import output, say, say_that_fal_is_simulated, write_document
from cli.results import download_papers, download_results
from cli.stand_ins import batch_names_stand_ins
from shared.batches.decisions import EntryState
from shared.batches.manifest import Batch, ManifestInvalid, parse_manifest
from shared.batches.summary import BatchSummary, headline
from shared.keys import EPISODE_ID_RULE, is_episode_id, manifest_key, summary_key
from shared.workflow.batch_orders import Order, orders

if TYPE_CHECKING:
    from cli.target import Target

_SLACK = 90.0
"""Seconds within which a manifest has to cause a pass."""

_FAILED = (EntryState.FAILED, EntryState.REFUSED, EntryState.NOT_STARTED)
_GOES_ON = (EntryState.RUNNING, EntryState.WAITS_FOR_ITS_TURN, EntryState.WAITS_FOR_FILES)


def batch(
    manifest: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="The manifest: a YAML file that lists episodes.", exists=True, dir_okay=False
        ),
    ],
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Spend money without asking.")] = False,
    timeout: Timeout = None,
    out: Out = RESULTS,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
    state: State = KEPT_IN,
    json: Json = False,  # noqa: ARG001 -- read by `cli.group`
) -> None:
    """Make the episodes of a manifest, a few at a time, and download what came of them."""
    name, wanted = _read(manifest)
    stand_ins = batch_names_stand_ins(wanted, folders_of(wanted, manifest))
    with target_of(stack, profile, region, state, stand_ins=stand_ins) as target:
        if target.fal_is_simulated:
            say_that_fal_is_simulated()
        elif not yes and output.is_terminal and sys.stdin.isatty():
            _ask_before_spending(wanted)
        asked = ask_for_batch(name, wanted, manifest, target)
        with batch_display_for(output) as display:
            summary = follow_batch(asked, target, display.show, timeout)
        _download(summary, target, out)
    _tell(summary, out, target)
    write_document(summary)
    code = exit_code_of(summary)
    if code is STILL_RUNNING:
        goes_on = "the stack goes on with it" if target.is_deployed else "the same command goes on from here"
        stop(f"not all has ended: {summary.waits_for}; {goes_on}", STILL_RUNNING)
    raise typer.Exit(code)


def _read(manifest: Path) -> tuple[str, Batch]:
    name = manifest.stem
    if not is_episode_id(name) or manifest.suffix not in {".yaml", ".yml"}:
        stop(
            f"{manifest.name!r} cannot be a manifest's name",
            USAGE,
            next_step=f"call it <name>.yaml; the name has {EPISODE_ID_RULE}",
        )
    try:
        return name, parse_manifest(manifest.read_bytes(), file_name=manifest.name)
    except ManifestInvalid as error:
        for problem in error.problems[1:]:
            say(f"also: {problem}")
        stop(str(error), FAILED, error="manifest_invalid", next_step="docs/batches.md says what a manifest may hold")


def _ask_before_spending(wanted: Batch) -> None:
    cap = f"nothing is started above ${wanted.cap_usd:,.2f}" if wanted.cap_usd is not None else "there is no cap"
    say(f"{len(wanted.entries)} episodes, made with money; {cap}. `episode quote FOLDER` shows what one costs")
    if not typer.confirm("Spend it?", err=True):
        stop("nothing was uploaded or bought", FAILED, error="not_confirmed")


def ask_for_batch(name: str, wanted: Batch, manifest: Path, target: "Target") -> Order:
    """Upload a manifest and the folders that lie beside it; return the batch as it is asked for.

    The manifest goes first, so that the uploads start no runs of their own, and last, which asks for the batch when
    everything is there.
    """
    key, folders = manifest_key(name), folders_of(wanted, manifest)
    target.bucket.upload(manifest, key, "application/yaml")
    for episode_id, folder in folders.items():
        say(f"uploading {folder}")
        upload(folder, episode_id, target.bucket)
    target.bucket.upload(manifest, key, "application/yaml")
    return next(order for order in orders(target.bucket) if order.name == name)


def folders_of(wanted: Batch, manifest: Path) -> dict[str, Path]:
    """Return the folders to upload, by their episodes: those that the manifest names, or that are called so beside it.

    An episode without one has to be in the bucket already.
    """
    folders: dict[str, Path] = {}
    for entry in wanted.entries:
        folder = manifest.parent / (entry.folder or entry.source)
        if entry.folder and not folder.is_dir():
            stop(f"there is no folder {folder}, which {manifest.name} names for {entry.source}", FAILED)
        if folder.is_dir():
            folders.setdefault(entry.source, folder)
    return folders


def follow_batch(
    asked: Order, target: "Target", show: Callable[[BatchSummary], None], timeout: float | None
) -> BatchSummary:
    """Wait until nothing of a batch goes on by itself, or the time is over; raises `NoRunStarted`."""
    began = time.monotonic()
    while True:
        waited = time.monotonic() - began
        now = next((order.summary for order in orders(target.bucket) if order.name == asked.name), None)
        if now and (now.manifest, now.asked_at >= asked.asked_at) == (asked.manifest, True):
            show(now)
            if not now.count(*_GOES_ON) or (timeout is not None and waited > timeout):
                return now
        elif waited > max(_SLACK, timeout or 0.0):
            raise NoRunStarted("nothing took the manifest up: are the stack's rules there, and its functions healthy?")
        time.sleep(target.poll_interval)


def exit_code_of(summary: BatchSummary) -> int:
    """Return the exit code that tells how a batch stands."""
    if summary.count(*_GOES_ON):
        return STILL_RUNNING
    if summary.problem or summary.count(*_FAILED):
        return FAILED
    return WAITS_FOR_REVIEW if summary.count(EntryState.WAITS_FOR_REVIEW) else DONE


def _download(summary: BatchSummary, target: "Target", out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for suffix in ("json", "md"):
        target.bucket.download(summary_key(summary.batch, suffix), out / f"{summary.batch}.summary.{suffix}")
    for entry in summary.episodes:
        if entry.state is EntryState.DONE:
            download_results(entry.episode_id, target, out / entry.episode_id)
        elif entry.state in {EntryState.FAILED, EntryState.WAITS_FOR_REVIEW}:
            download_papers(entry.episode_id, target, out / entry.episode_id)


def _tell(summary: BatchSummary, out: Path, target: "Target") -> None:
    say(headline(summary))
    for entry in summary.episodes:
        if entry.state is EntryState.DONE:
            say(f"{entry.episode_id}: {out / entry.episode_id / 'episode.mp4'}")
        elif entry.state is EntryState.WAITS_FOR_REVIEW:
            approve = with_stack(f"episode approve {entry.episode_id}", target)
            say(f"{entry.episode_id}: waits for somebody to look at its storyboard; {approve} goes on")
        else:
            say(f"{entry.episode_id}: {entry.state}" + (f": {entry.message}" if entry.message else ""))
    say(f"summary: {out / f'{summary.batch}.summary.md'}")
