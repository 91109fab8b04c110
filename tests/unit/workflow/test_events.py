"""What is told on the bus is what its documentation says."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from shared.aws.event_bus import SOURCE
from shared.ledger.records import Failure
from shared.workflow.event_schemas import event_schemas, event_schemas_text
from shared.workflow.events import EVENTS, BatchDone, Event, console_page, tell
from shared.workflow.pausing import Pauses
from shared.workflow.record_outcome import RunEnd, record_outcome
from shared.workflow.request_review import ReviewRequest, request_review
from shared.workflow.status import StatusBoard
from tests.builders import EPISODE, RUN, TWO_SCENES, plan_of
from tests.fakes.messages import MemoryEvents
from tests.unit.workflow.test_request_review import painted
from tests.world import BUCKET, World

DOCS = Path(__file__).parents[3] / "docs"
VALIDATOR = jsonschema.Draft202012Validator(event_schemas())


def running() -> World:
    world = World(plan_of(TWO_SCENES))
    world.begin()
    return world


def done() -> World:
    world = running()
    record_outcome(RunEnd(episode_id=EPISODE, run=RUN), world.closing())
    return world


def failed() -> World:
    world = running()
    failure = Failure(error="OverCap", message="it would cost too much")
    record_outcome(RunEnd(episode_id=EPISODE, run=RUN, failure=failure), world.closing())
    return world


def failed_without_a_plan() -> World:
    world = World()
    world.begin()
    failure = Failure(error="ScriptRejected", message="it has no lines")
    record_outcome(RunEnd(episode_id=EPISODE, run=RUN, failure=failure), world.closing())
    return world


def waiting() -> World:
    world = painted()
    request = ReviewRequest(token="a-token", episode_id=EPISODE, run=RUN, plan_key=f"plans/{EPISODE}/{RUN}.json")
    request_review(request, world.reviewing())
    return world


def paused() -> World:
    world = running()
    run = world.ledger.newest_run(EPISODE)
    assert run
    status = StatusBoard(world.bucket, world.ledger, world.clock)
    Pauses(world.ledger, status, world.events, BUCKET).pause(run, "fal refuses the account: no balance")
    return world


STORIES: list[tuple[str, Callable[[], World]]] = [
    ("Episode Done", done),
    ("Episode Failed", failed),
    ("Episode Failed", failed_without_a_plan),
    ("Episode Waiting For Review", waiting),
    ("Episode Paused", paused),
]


def on_the_bus(detail_type: str, detail: Mapping[str, object]) -> dict[str, Any]:
    """Return an event as EventBridge delivers it."""
    return {"source": SOURCE, "detail-type": detail_type, "detail": detail}


@pytest.mark.parametrize(("detail_type", "story"), STORIES, ids=[story.__name__ for _, story in STORIES])
def test_what_is_told_validates_against_the_schema(detail_type: str, story: Callable[[], World]) -> None:
    # when something happens to an episode
    world = story()
    # then one event tells of it, as the schema says
    ((told, detail),) = world.events.published
    assert told == detail_type
    VALIDATOR.validate(on_the_bus(told, detail))
    # and has what the mail shows and the rules ask for
    assert detail["bucket"] == BUCKET
    assert detail["episode_id"] == EPISODE
    assert detail["message"]
    assert detail["status"] == f"s3://{BUCKET}/episodes/{EPISODE}/status.json"
    assert str(detail["console"]).endswith(f":execution:a-plot:{RUN}")


def test_the_end_of_a_batch_validates_too() -> None:
    events = MemoryEvents()
    summary = f"s3://{BUCKET}/batches/night.summary"
    batch = BatchDone(
        bucket=BUCKET,
        message="2 of 3 episodes are done",
        status=f"{summary}.json",
        batch="night",
        done=2,
        not_done=1,
        used_usd=12.5,
        summary=f"{summary}.md",
    )
    tell(batch, events)
    ((told, detail),) = events.published
    VALIDATOR.validate(on_the_bus(told, detail))


def test_an_event_says_where_the_results_lie() -> None:
    ((_, detail),) = done().events.published
    folder = f"s3://{BUCKET}/episodes/{EPISODE}/"
    assert (detail["video"], detail["poster"]) == (f"{folder}episode.mp4", f"{folder}poster.jpg")
    assert detail["storyboard"] == f"{folder}storyboard.html"
    assert detail["videos"] == {"16:9": f"{folder}episode.mp4"}
    assert detail["captions"] == [f"{folder}captions.srt", f"{folder}captions.vtt"]


def test_a_failure_names_its_reason_and_what_it_cost() -> None:
    ((_, detail),) = failed().events.published
    assert detail["failure"] == {"error": "OverCap", "message": "it would cost too much"}
    assert isinstance(detail["spent"], dict)
    assert detail["spent"]["usd"] == 0
    ((_, without_a_plan),) = failed_without_a_plan().events.published
    assert without_a_plan["spent"] is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda event: event["detail"].pop("failure"),
        lambda event: event["detail"].update(schema_version=2),
        lambda event: event["detail"].update(attempt="first"),
        lambda event: event.update({"detail-type": "Episode Done"}),
        lambda event: event.update(source="another"),
    ],
)
def test_the_schema_finds_what_is_wrong(spoil: Callable[[dict[str, Any]], object]) -> None:
    # given an event as it is told
    ((told, detail),) = failed().events.published
    event = on_the_bus(told, dict(detail))
    VALIDATOR.validate(event)
    # when it is spoilt
    spoil(event)
    # then it is none any more
    assert not VALIDATOR.is_valid(event)


def test_a_field_that_is_added_breaks_no_consumer() -> None:
    ((told, detail),) = done().events.published
    VALIDATOR.validate(on_the_bus(told, {**detail, "a_field_of_tomorrow": 1}))


@pytest.mark.parametrize(
    ("partition", "page"),
    [
        ("aws", "https://eu-west-1.console.aws.amazon.com/states/home?region=eu-west-1#/v2/executions/details/"),
        ("aws-cn", "https://eu-west-1.console.amazonaws.cn/states/home?region=eu-west-1#/v2/executions/details/"),
    ],
)
def test_the_page_of_an_execution(partition: str, page: str) -> None:
    arn = f"arn:{partition}:states:eu-west-1:123456789012:execution:plot:a-run"
    assert console_page(arn) == page + arn


def test_the_schemas_are_up_to_date() -> None:
    assert (DOCS / "events.schema.json").read_text() == event_schemas_text(), "run `make schema`"


def subclasses(of: type[Event]) -> set[type[Event]]:
    return {of}.union(*(subclasses(each) for each in of.__subclasses__()))


def test_every_event_is_documented() -> None:
    # given every model that can be told
    told = {event for event in subclasses(Event) if hasattr(event, "detail_type")}
    # then its schema is published, and the page says what it is
    assert told == set(EVENTS)
    page = (DOCS / "events.md").read_text()
    for event in EVENTS:
        assert f"## {event.detail_type}\n" in page
        for name in event.model_fields.keys() - Event.model_fields.keys():
            assert f"`{name}`" in page


def test_the_examples_of_the_page_are_true() -> None:
    # given the page's examples of events
    page = (DOCS / "events.md").read_text()
    examples = [json.loads(block.partition("```")[0]) for block in page.split("```json\n")[1:]]
    events = [example for example in examples if "detail-type" in example and "detail" in example]
    patterns = [example for example in examples if isinstance(example.get("detail-type"), list)]
    # then they are what may be told, and what the rule's pattern names is
    assert events
    assert patterns
    for event in events:
        if not isinstance(event["detail-type"], list):
            VALIDATOR.validate(event)
    known = {event.detail_type for event in EVENTS}
    assert all(set(pattern["detail-type"]) <= known for pattern in patterns)
