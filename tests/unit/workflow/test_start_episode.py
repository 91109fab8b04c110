"""When an episode starts: its folder is at rest, everything is there, and this state of it was never started."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.ledger.records import Failure, RunState
from shared.ledger.rules import NEVER
from shared.script.limits import MAX_OBJECTS, MAX_SCRIPT_BYTES
from shared.workflow.inputs import execution_name, read_inputs
from shared.workflow.review import STORYBOARD_REJECTED
from shared.workflow.start_batch import start_batches
from shared.workflow.start_episode import Considered, Patience, Upload, consider_again, consider_upload
from shared.workflow.status import EpisodeState, EpisodeStatus
from tests.builders import CONFIGURATION, EPISODE
from tests.fakes.faults import Crash, Fuse
from tests.unit.script.script_examples import changed
from tests.world import World

FOLDER = f"episodes/{EPISODE}/"
SCRIPT: dict[str, Any] = {
    "title": "T",
    "characters": [{"name": "A", "prompt": "a person"}],
    "scenes": [
        {
            "number": 1,
            "environment": "a room",
            "lines": [{"character": "A", "position": "here", "audio": f"audio/{n}.mp3"} for n in (1, 2)],
        }
    ],
}
QUIET = 30


class Uploads(World):
    """Uploads, and the queue that brings each one to the function after the quiet period."""

    def __init__(self) -> None:
        super().__init__()
        self.due: list[tuple[float, dict[str, Any]]] = []
        self.considered: list[Considered] = []

    def upload(self, path: str, content: str = "sound", *, after: float = 0.0) -> None:
        self.pass_time(after)
        self.bucket.put(FOLDER + path, content.encode(), "application/octet-stream")
        self.due.append((self.clock() + QUIET, {"key": FOLDER + path}))

    def upload_script(self, script: object = SCRIPT, *, after: float = 0.0) -> None:
        self.upload("script.json", json.dumps(script), after=after)

    def pass_time(self, seconds: float) -> None:
        """Let time pass, and deliver what becomes due on the way."""
        end = self.clock() + seconds
        while self.due and min(at for at, _ in self.due) <= end:
            self.due.sort(key=lambda message: message[0])
            at, message = self.due.pop(0)
            self.clock.now = max(self.clock.now, at)
            self.considered.append(self._consider(message))
            self.due += [(self.clock() + delay, json.loads(body)) for body, delay in self.start_queue.sent]
            self.start_queue.sent.clear()
        self.clock.now = end

    def _consider(self, message: dict[str, Any]) -> Considered:
        if "waiting_since" in message:
            return consider_again(Patience.model_validate(message), self.starting())
        return consider_upload(Upload.model_validate(message), self.starting())

    @property
    def runs(self) -> list[str]:
        return list(self.executions.started)


@pytest.fixture
def studio() -> Uploads:
    return Uploads()


@pytest.mark.parametrize("order", [("1", "2", "script"), ("script", "1", "2"), ("1", "script", "2")])
@pytest.mark.parametrize("gap", [0.0, 3.0, 29.0, 31.0, 400.0])
def test_files_in_any_order_and_at_any_pace_start_one_run(studio: Uploads, order: tuple[str, ...], gap: float) -> None:
    # given everything that the script names, at some pace
    for name in order:
        studio.upload_script(after=gap) if name == "script" else studio.upload(f"audio/{name}.mp3", after=gap)
    # when all messages were handled
    studio.pass_time(2000)
    # then there is one run, of what lies there, and nobody waits any more
    inputs = read_inputs(studio.bucket, EPISODE, CONFIGURATION)
    assert studio.runs == [execution_name(EPISODE, inputs.digest, 1)]
    assert studio.executions.started[studio.runs[0]] == {"episode_id": EPISODE, "digest": inputs.digest}
    assert [run.state for run in studio.ledger.open_runs()] == [RunState.STARTING]
    assert studio.due == []


def test_nothing_starts_before_the_folder_is_at_rest(studio: Uploads) -> None:
    studio.upload_script()
    studio.upload("audio/1.mp3", after=10)
    studio.upload("audio/2.mp3", after=10)
    studio.pass_time(QUIET - 1)
    assert studio.runs == []
    studio.pass_time(2)
    assert len(studio.runs) == 1


def test_the_same_file_once_more_starts_nothing(studio: Uploads) -> None:
    studio.upload_script()
    for name in ("1", "2", "1"):
        studio.upload(f"audio/{name}.mp3")
    studio.pass_time(100)
    [run] = studio.ledger.open_runs()
    studio.ledger.update_run(run, RunState.RUNNING)
    studio.upload("audio/1.mp3")
    studio.pass_time(100)
    assert len(studio.runs) == 1
    assert studio.considered[-1] is Considered.KNOWN


def test_another_file_starts_another_run(studio: Uploads) -> None:
    studio.upload_script()
    for content in ("sound", "other"):
        for name in ("1", "2"):
            studio.upload(f"audio/{name}.mp3", content)
        studio.pass_time(100)
    assert len(studio.runs) == 2


def test_going_back_to_an_earlier_state_starts_a_run_of_it(studio: Uploads) -> None:
    # given an episode that was made, changed, and made again
    studio.upload_script()
    studio.upload("audio/2.mp3")
    for content in ("first", "second"):
        studio.upload("audio/1.mp3", content)
        studio.pass_time(100)
        newest = studio.ledger.newest_run(EPISODE)
        assert newest
        studio.ledger.update_run(newest, RunState.DONE, {"ended_at": studio.clock()})
    # when the change is taken back
    studio.upload("audio/1.mp3", "first")
    studio.pass_time(100)
    # then the episode is made of the first state once more; all of it was bought before
    assert [run.rpartition("-")[2] for run in studio.runs] == ["1", "1", "2"]
    assert studio.runs[0][:-1] == studio.runs[2][:-1]


def test_missing_files_are_waited_for(studio: Uploads) -> None:
    # given a script one of whose files is missing
    studio.upload_script()
    studio.upload("audio/1.mp3")
    studio.pass_time(60)
    # then somebody can read what is missing, and nothing runs
    assert studio.runs == []
    assert studio.status().state is EpisodeState.WAITING_FOR_FILES
    assert studio.status().missing == ("audio/2.mp3",)
    # when it comes, the run starts
    studio.upload("audio/2.mp3", after=300)
    studio.pass_time(QUIET)
    assert len(studio.runs) == 1
    # and the message that would have looked again finds its state gone
    studio.pass_time(5000)
    assert len(studio.runs) == 1
    assert studio.due == []


@pytest.mark.parametrize("taken_away", [None, "audio/1.mp3"])
def test_waiting_ends(studio: Uploads, taken_away: str | None) -> None:
    # given a file that never comes, and perhaps another that is taken away, which brings no message
    studio.upload_script()
    studio.upload("audio/1.mp3")
    studio.pass_time(100)
    if taken_away:
        studio.bucket.remove(FOLDER + taken_away)
    # when patience is over
    studio.pass_time(5000)
    # then the run starts all the same, and says what is missing
    assert len(studio.runs) == 1
    assert studio.due == []


def test_a_script_that_cannot_be_read_starts_a_run_that_says_so(studio: Uploads) -> None:
    studio.upload("script.yaml", "title: [")
    studio.pass_time(100)
    assert len(studio.runs) == 1


def test_without_a_script_nothing_starts(studio: Uploads) -> None:
    studio.upload("audio/1.mp3")
    studio.pass_time(5000)
    assert studio.considered == [Considered.NO_SCRIPT]


@pytest.mark.parametrize("skew", [-20.0, 20.0])
def test_a_clock_that_is_wrong_loses_no_upload(studio: Uploads, skew: float) -> None:
    # given a bucket whose clock is ahead of ours, or behind it
    studio.bucket.clock = lambda: studio.clock() + skew
    studio.upload_script()
    studio.upload("audio/1.mp3", after=1)
    studio.upload("audio/2.mp3", after=1)
    # then it is started all the same, once, and at rest by the bucket's clock if that is ahead
    studio.pass_time(QUIET + min(0, skew) - 3)
    assert studio.runs == []
    studio.pass_time(200)
    assert len(studio.runs) == 1


@pytest.mark.parametrize(
    "key",
    [
        "episodes/lighthouse/status.json",
        "episodes/lighthouse/episode.mp4",
        "episodes/lighthouse/bill.json",
        "episodes/lighthouse/",
        "episodes/lighthouse",
        "assets/clip/aaaa",
        "other/episodes/a/script.yaml",
    ],
)
def test_what_is_no_input_is_ignored(studio: Uploads, key: str) -> None:
    assert consider_upload(Upload(key=key), studio.starting()) is Considered.NOT_AN_INPUT


@pytest.mark.parametrize("name", ["a b", "a+b", ".b", "é", "e\u0301", "🎬", "9%", "a\nb", "\u202eab", "x" * 101])
def test_a_folder_that_is_no_episode_says_so_beside_its_script(studio: Uploads, name: str) -> None:
    # given a script in a folder whose name is no episode's id
    key = f"episodes/{name}/script.yaml"
    assert consider_upload(Upload(key=key), studio.starting()) is Considered.NO_EPISODE
    # then a status lies beside it
    status = EpisodeStatus.model_validate_json(studio.bucket.get(f"episodes/{name}/status.json"))
    assert (status.episode_id, status.state) == (name, EpisodeState.FAILED)
    assert "is no episode's id, which has letters (a-z, A-Z), digits" in status.message
    # and is itself no upload
    key = f"episodes/{name}/status.json"
    assert consider_upload(Upload(key=key), studio.starting()) is Considered.NOT_AN_INPUT
    assert studio.runs == []


@pytest.mark.parametrize("name", ["", ".", "..", "x" * 1004])
def test_a_folder_in_which_no_status_can_lie_is_left_alone(studio: Uploads, name: str) -> None:
    key = f"episodes/{name}/script.yml"
    assert len(key) <= 1024
    assert consider_upload(Upload(key=key), studio.starting()) is Considered.NO_EPISODE
    assert studio.bucket.stored_keys == []


@given(st.text(max_size=60) | st.lists(st.sampled_from(["..", ".", "", "a", "%2e", "\n"]), max_size=8).map("/".join))
def test_any_key_is_answered(text: str) -> None:
    studio = Uploads()
    for key in (text, f"episodes/{text}", f"episodes/{EPISODE}/{text}"):
        assert isinstance(consider_upload(Upload(key=key), studio.starting()), Considered)
    assert studio.runs == []


@pytest.mark.parametrize(("named", "uploaded"), [("é.mp3", "e\u0301.mp3"), ("e\u0301.mp3", "é.mp3")])
def test_an_accent_may_be_stored_in_either_way(studio: Uploads, named: str, uploaded: str) -> None:
    # given a script and a file of the same name, written on different machines
    script = changed(SCRIPT, ("scenes", 0, "lines"), [{"character": "A", "position": "here", "audio": named}])
    studio.upload_script(script)
    studio.upload(uploaded)
    studio.pass_time(100)
    # then nothing is missing
    assert read_inputs(studio.bucket, EPISODE, CONFIGURATION).missing == ()
    assert len(studio.runs) == 1


def test_a_folder_with_too_many_objects_starts_one_run_that_says_so(studio: Uploads) -> None:
    # given more objects than are looked at, the script last
    for number in range(MAX_OBJECTS):
        studio.bucket.put(f"{FOLDER}audio/{number:05}.mp3", b"sound", "audio/mpeg")
    assert not read_inputs(studio.bucket, EPISODE, CONFIGURATION).is_overfull
    studio.upload_script()
    studio.upload("audio/1.mp3")
    studio.pass_time(100)
    # then it says what would be right, once
    inputs = read_inputs(studio.bucket, EPISODE, CONFIGURATION)
    assert inputs.is_overfull
    assert inputs.problem == f"{FOLDER} has more than 5,000 objects: take out what the script does not name"
    assert len(studio.runs) == 1


def test_a_script_that_is_too_large_is_not_fetched(studio: Uploads, monkeypatch: pytest.MonkeyPatch) -> None:
    # given a script of more than the limit, and a bucket that says which objects were fetched
    studio.bucket.put(FOLDER + "script.yaml", b" " * (MAX_SCRIPT_BYTES + 1), "text/plain")
    fetched: list[str] = []
    monkeypatch.setattr(studio.bucket, "get", fetched.append)
    # then the run that says so is decided by the listing alone
    inputs = read_inputs(studio.bucket, EPISODE, CONFIGURATION)
    assert inputs.problem == "script.yaml: the file has 1,048,577 bytes; a script has at most 1,048,576"
    assert fetched == []


def test_episodes_with_the_same_files_have_runs_of_their_own(studio: Uploads) -> None:
    # given two episodes whose ids read the same in the name of an execution
    for name in ("a.b", "a-b"):
        for path, content in {"script.json": json.dumps(SCRIPT), "audio/1.mp3": "1", "audio/2.mp3": "2"}.items():
            studio.bucket.put(f"episodes/{name}/{path}", content.encode(), "text/plain")
    studio.clock.forward(100)
    for name in ("a.b", "a-b"):
        assert consider_upload(Upload(key=f"episodes/{name}/script.json"), studio.starting()) is Considered.STARTED
    assert len(set(studio.runs)) == 2


def test_results_do_not_disturb_the_rest(studio: Uploads) -> None:
    # given an episode whose results are written while its last upload is being considered
    studio.upload_script()
    for name in ("1", "2"):
        studio.upload(f"audio/{name}.mp3")
    studio.clock.forward(29)
    studio.bucket.put(FOLDER + "status.json", b"{}", "application/json")
    # then they are no upload, and do not change the digest
    before = read_inputs(studio.bucket, EPISODE, CONFIGURATION)
    studio.bucket.put(FOLDER + "status.json", b"{ }", "application/json")
    assert read_inputs(studio.bucket, EPISODE, CONFIGURATION).digest == before.digest
    studio.pass_time(5)
    assert len(studio.runs) == 1


@pytest.mark.parametrize("done", [False, True])
def test_a_crash_at_any_call_still_starts_one_run(done: bool) -> None:
    for at in range(1, 8):
        studio = Uploads()
        studio.upload_script()
        for name in ("1", "2"):
            studio.upload(f"audio/{name}.mp3")
        studio.clock.forward(QUIET)
        studio.fuse = Fuse(at=at, done=done)
        # when the message comes twice, whether or not the first one died
        for _ in range(2):
            try:
                consider_upload(Upload(key=FOLDER + "script.json"), studio.starting())
            except Crash:
                continue
        assert len(studio.runs) == 1


def test_a_batch_starts_what_has_no_finished_run(studio: Uploads) -> None:
    # given episodes that failed, are done, were rejected by a person, have no script, lack files, are still uploading
    def episode(name: str, files: dict[str, str]) -> None:
        for path, content in files.items():
            studio.bucket.put(f"episodes/{name}/{path}", content.encode(), "text/plain")

    whole = {"script.json": json.dumps(SCRIPT), "audio/1.mp3": "1", "audio/2.mp3": "2"}
    episode("failed", whole)
    episode("done", whole)
    episode("rejected", whole)
    episode("none", {"audio/1.mp3": "1"})
    episode("lacking", {"script.json": json.dumps(SCRIPT)})
    studio.clock.forward(100)
    episode("coming", whole)
    for name, state, error in (
        ("failed", RunState.FAILED, "PartFailed"),
        ("done", RunState.DONE, None),
        ("rejected", RunState.FAILED, STORYBOARD_REJECTED),
    ):
        digest = read_inputs(studio.bucket, name, CONFIGURATION).digest
        run = studio.ledger.claim_run(name, digest, 1.0, name=lambda n, name=name: f"{name}-{n}", again=NEVER)  # type: ignore[misc]
        failure = Failure(error=error, message="no") if error else None
        studio.ledger.update_run(run, state, {"ended_at": 2.0, "failure": failure})
    # when the schedule asks for all that is unfinished, and all has had the time to come but one
    assert start_batches(studio.batching()) == {"_scheduled": {"failed": "running"}}
    # then only the failed one runs, as its second attempt
    assert [run.rpartition("-")[2] for run in studio.runs] == ["2"]


@given(st.text(max_size=120), st.integers(1, 999))
def test_names_of_executions_are_what_step_functions_allows(episode_id: str, attempt: int) -> None:
    name = execution_name(episode_id, "0123456789abcdef", attempt)
    assert len(name) <= 80
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert name.endswith(f"-0123456789abcdef-{attempt}")
