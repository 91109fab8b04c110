"""How far a run is, and how that is shown."""

import io

from rich.console import Console

from cli.display import LiveDisplay, PlainDisplay, display_for
from cli.progress import Stage, progress_of
from shared.keys import AssetKind
from shared.ledger.records import Job, PartOutcome, Run, RunState
from shared.ledger.states import JobState
from tests.builders import DIGEST, EPISODE, RUN, TWO_SCENES, addresses_of, job_of, plan_of

PLAN = plan_of(TWO_SCENES)
THIS_RUN = Run(episode_id=EPISODE, digest=DIGEST, attempt=1, name=RUN, state=RunState.RUNNING, started_at=1000.0)


def jobs_in(state: JobState, *kinds: AssetKind) -> dict[str, Job]:
    return {address: job_of(state, address) for kind in kinds for address in addresses_of(PLAN, kind)}


def test_before_anything_is_asked_for_everything_waits() -> None:
    # when a plan has no jobs yet
    progress = progress_of(PLAN, THIS_RUN, {}, {})
    # then nothing is ready and nothing was paid
    assert {shot.composite for shot in progress.shots} == {Stage.WAITING}
    assert {part.stage for shot in progress.shots for part in shot.parts} == {Stage.WAITING}
    assert (progress.parts_ready, progress.parts, progress.spent_usd) == (0, 4, 0)
    assert (progress.expected_usd, progress.ceiling_usd) == (PLAN.quote.expected_usd, PLAN.quote.ceiling_usd)


def test_stages_follow_the_ledger() -> None:
    # given pictures in all states that a job can be in
    jobs = jobs_in(JobState.STORED, AssetKind.PORTRAIT) | jobs_in(JobState.SUBMITTED, AssetKind.BACKGROUND)
    jobs |= jobs_in(JobState.UNCONFIRMED, AssetKind.COMPOSITE)
    # when progress is looked at
    shot = progress_of(PLAN, THIS_RUN, jobs, {}).shots[0]
    # then each stands where the ledger says
    assert (shot.portrait, shot.background, shot.composite) == (Stage.READY, Stage.MAKING, Stage.UNSURE)


def test_only_what_this_run_bought_counts_as_spent() -> None:
    # given two portraits, one of them bought by an earlier run
    first, second = sorted(addresses_of(PLAN, AssetKind.PORTRAIT))
    jobs = {first: job_of(JobState.STORED, first, price_usd=0.06, run=RUN)}
    jobs[second] = job_of(JobState.STORED, second, price_usd=0.06, run="an-earlier-run")
    # then only the other one counts
    assert progress_of(PLAN, THIS_RUN, jobs, {}).spent_usd == 0.06


def test_a_part_shows_the_engine_that_is_at_work() -> None:
    # given a first part whose first engine failed, and whose second is at work
    hedra, fabric, _ = PLAN.parts[0].engines
    assert hedra.clip
    assert fabric.clip
    jobs = {
        hedra.clip.address: job_of(JobState.FAILED, hedra.clip.address),
        fabric.clip.address: job_of(JobState.SUBMITTED, fabric.clip.address),
    }
    # then it shows the second
    part = progress_of(PLAN, THIS_RUN, jobs, {}).shots[0].parts[0]
    assert (part.number, part.stage, part.engine) == ("1", Stage.MAKING, "fabric")
    # and once its clip is there, that it is bought, and in house format, that it is ready
    jobs[fabric.clip.address] = job_of(JobState.STORED, fabric.clip.address)
    assert progress_of(PLAN, THIS_RUN, jobs, {}).shots[0].parts[0].stage is Stage.BOUGHT
    made = {0: PartOutcome(part=0, engine="fabric", seconds=4.8)}
    assert progress_of(PLAN, THIS_RUN, jobs, made).shots[0].parts[0].stage is Stage.READY


def test_a_pipe_gets_a_line_for_each_change_and_none_twice() -> None:
    # given a display for something that is no terminal
    written = io.StringIO()
    console = Console(file=written, width=200)
    display = display_for(console)
    assert isinstance(display, PlainDisplay)
    # when the same state is shown twice, and then a change
    both = (AssetKind.PORTRAIT, AssetKind.BACKGROUND)
    waiting = progress_of(PLAN, THIS_RUN, {}, {})
    ready = progress_of(PLAN, THIS_RUN, jobs_in(JobState.STORED, AssetKind.PORTRAIT), {})
    with display:
        display.show("making the shots", waiting)
        display.show("making the shots", waiting)
        display.show("making the shots", ready)
        display.show("making the shots", ready)
        display.show("joining the episode", progress_of(PLAN, THIS_RUN, jobs_in(JobState.STORED, *both), {}))
    # then each sentence stands there once, and each picture once, before the sentence that it led to
    lines = [line.partition("s  ")[2] for line in written.getvalue().splitlines()]
    assert [line.partition("   ")[0] for line in lines] == [
        "making the shots",
        "portrait of Alex: ready",
        "portrait of Mara: ready",
        "background of scene 1: ready",
        "background of scene 2: ready",
        "joining the episode",
    ]


def test_brackets_in_a_sentence_are_no_markup() -> None:
    written = io.StringIO()
    with display_for(Console(file=written, width=200)) as display:
        display.show("paused until this is mended: [/red] [link=x]no balance[/]", None)
    assert written.getvalue().strip().endswith("paused until this is mended: [/red] [link=x]no balance[/]")


def test_a_terminal_gets_a_table_of_shots() -> None:
    # given a display for a terminal
    written = io.StringIO()
    console = Console(file=written, width=160, force_terminal=True, color_system=None)
    display = display_for(console)
    assert isinstance(display, LiveDisplay)
    # when a run is shown
    with display:
        display.show("making the shots", progress_of(PLAN, THIS_RUN, {}, {}))
    # then the table names every shot, and the money
    text = written.getvalue()
    assert all(shot.label in text for shot in PLAN.shots)
    assert f"$0.00 of ${PLAN.quote.expected_usd:.2f}, ${PLAN.quote.ceiling_usd:.2f} at most" in text
