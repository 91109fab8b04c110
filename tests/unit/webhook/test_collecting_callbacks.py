"""From fal's signature to the stored asset: the real webhook and the real collecting, on a studio in memory."""

import hmac
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.downloads import DownloadFailed
from shared.keys import AssetKind, FileRef
from shared.ledger.states import CANCEL, STORE, JobState
from shared.ports import ObjectMissing
from shared.providers.callbacks import CallbackUnreadable
from shared.providers.outcomes import Finished
from shared.workflow.collect_asset import Collected, InboxMessage, collect_asset
from tests.builders import ADDRESS, SECRET, callback, image_delivered, job_failed
from tests.unit.webhook.fal_callbacks import event_of, signed
from tests.unit.webhook.webhook_function import Webhook, loaded_webhook
from tests.unit.workflow.job_at_fal import failure_of, world_with_a_job_at_fal
from tests.world import World

KEY = FileRef.of_asset(AssetKind.PORTRAIT, ADDRESS).key
OURS = callback().query


@pytest.fixture
def world() -> World:
    return world_with_a_job_at_fal()


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with loaded_webhook() as webhook:
        yield webhook


class Studio:
    """The webhook, whose inbox is collected into a world at once."""

    def __init__(self, webhook: Webhook, world: World) -> None:
        self.webhook, self.world = webhook, world

    def call_back(self, body: dict[str, Any] | bytes, query: str = OURS) -> list[Collected]:
        """Let fal call back; return what became of it."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        status = self.webhook.call(event_of(signed(raw), raw, query=query, is_base64=True))
        assert status == 200
        return self.collect()

    def collect(self) -> list[Collected]:
        for key, data in self.webhook.store.objects.items():
            if key.startswith("callbacks/"):
                self.world.bucket.put(key, data, "application/octet-stream")
        messages, self.webhook.inbox.sent = self.webhook.inbox.bodies, []
        return [collect_asset(InboxMessage.model_validate_json(body), self.world.collecting()) for body in messages]


@pytest.fixture
def studio(webhook: Webhook, world: World) -> Studio:
    return Studio(webhook, world)


def test_a_result_is_stored(studio: Studio, world: World) -> None:
    assert studio.call_back(image_delivered()) == [Collected.STORED]
    assert world.job(ADDRESS).state is JobState.STORED
    assert world.bucket.get(KEY) == world.files.data


def test_a_replay_within_the_tolerance_is_harmless(studio: Studio, world: World) -> None:
    """It is let in: whether it was there before is not the webhook's to know. Nothing is bought or stored by it."""
    # given a callback that was collected
    studio.call_back(image_delivered())
    job, invoice, writes = world.job(ADDRESS), list(world.provider.invoice), list(world.bucket.writes)
    answers = dict(world.tokens.answers)
    # when it is replayed ten times, also with another's file behind its address
    world.files.data = b"something else"
    outcomes = [outcome for _ in range(10) for outcome in studio.call_back(image_delivered())]
    # then it is known, and nothing is fetched, stored, bought, asked for or answered
    assert outcomes == [Collected.KNOWN] * 10
    assert (world.job(ADDRESS), world.provider.invoice) == (job, invoice)
    assert (len(world.files.fetched), list(world.bucket.writes)) == (1, writes)
    assert (world.requests.sent, world.tokens.answers) == ([], answers)


def test_a_replay_that_comes_before_the_first_is_collected_is_harmless(studio: Studio, world: World) -> None:
    raw = json.dumps(image_delivered()).encode()
    for _ in range(3):
        assert studio.webhook.call(event_of(signed(raw), raw, query=OURS)) == 200
    assert studio.collect() == [Collected.STORED, Collected.KNOWN, Collected.KNOWN]
    assert len(world.files.fetched) == 1


@pytest.mark.parametrize(
    "query",
    [
        callback(secret="guessed").query,
        callback(secret=SECRET[:-1]).query,
        callback(secret=SECRET + "x").query,
        callback(secret="").query,
        callback(attempt=2).query,
        callback(attempt=0).query,
        callback(attempt=-1).query,
        callback(attempt=10**300).query,
        callback(address="b" * 40).query,
        callback(address="").query,
        f"address={ADDRESS}&attempt=1",
        f"address={ADDRESS}&attempt=1&secret=%ff{SECRET}",
        f"address={ADDRESS}&attempt=1&secret=x&secret={SECRET}",
        f"address={ADDRESS}&attempt=1&secret={SECRET}&more=1",
        "",
        "%%%",
    ],
)
def test_a_guessed_name_or_secret_changes_nothing(studio: Studio, world: World, query: str) -> None:
    """Even signed by fal and for us: the query is not signed."""
    before = world.job(ADDRESS)
    assert studio.call_back(image_delivered(), query) == [Collected.FOREIGN]
    assert world.job(ADDRESS) == before
    assert (world.files.fetched, world.bucket.writes, world.tokens.answers) == ([], [], {})


@given(st.text(st.characters(codec="ascii"), max_size=80))
def test_no_query_but_ours_is_taken_for_ours(query: str) -> None:
    world = world_with_a_job_at_fal()
    message = InboxMessage(query=query, body=json.dumps(image_delivered()))
    assert collect_asset(message, world.collecting()) is Collected.FOREIGN


def test_secrets_are_compared_in_constant_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", compare)
    assert not world.job(ADDRESS).expects(1, "guessed")
    assert not world.job(ADDRESS).expects(2, "guessed")
    assert compared == [(SECRET.encode(), b"guessed"), (b"", b"guessed")]


@pytest.mark.parametrize("padding", [0, 300_000])
def test_a_body_that_went_through_the_bucket_is_found_there(studio: Studio, world: World, padding: int) -> None:
    body = image_delivered(comment="x" * padding)
    assert studio.call_back(body) == [Collected.STORED]
    assert any(key.startswith("callbacks/") for key in world.bucket.writes) == (padding > 0)


def test_a_stored_body_is_read_only_for_a_job_of_ours(world: World) -> None:
    message = InboxMessage(query=callback(secret="guessed").query, stored_body=f"callbacks/{'0' * 64}")
    assert collect_asset(message, world.collecting()) is Collected.FOREIGN
    with pytest.raises(ObjectMissing):
        collect_asset(message.model_copy(update={"query": OURS}), world.collecting())


@pytest.mark.parametrize("body", [b"\xff\xfe", b"[" * 100_000, b"", b"null", b'{"request_id": "r"}', b"\0" * 300_000])
def test_a_signed_body_that_fal_does_not_document_settles_nothing(studio: Studio, world: World, body: bytes) -> None:
    """It comes again, and at last lies among the dead letters, where an alarm tells of it."""
    with pytest.raises(CallbackUnreadable):
        studio.call_back(body)
    assert world.job(ADDRESS).state is JobState.SUBMITTED


# The cases of a callback's end that a finaliser of webhooks must know


def test_a_failure_says_why(studio: Studio, world: World) -> None:
    assert studio.call_back(job_failed("content_policy_violation")) == [Collected.FAILED]
    assert failure_of(world).error == "content_policy_violation"


def test_a_success_without_payload_is_no_failure(studio: Studio, world: World) -> None:
    world.provider.outcomes = {"request-1": Finished(image_delivered()["payload"])}
    body = {"request_id": "request-1", "status": "OK", "payload": None, "payload_error": "not JSON serializable"}
    assert studio.call_back(body) == [Collected.STORED]


def test_a_success_without_a_file_is_a_failure(studio: Studio, world: World) -> None:
    assert studio.call_back({"request_id": "request-1", "status": "OK", "payload": {"images": []}}) == [
        Collected.FAILED
    ]
    assert failure_of(world).error == "NoMediaReturned"


def test_a_result_that_somebody_else_stores_meanwhile_is_stored_once(studio: Studio, world: World) -> None:
    world.files.on_fetch = lambda: world.ledger.step(world.job(ADDRESS), STORE, world.clock(), {"size": 1})
    assert studio.call_back(image_delivered()) == [Collected.STORED]
    assert world.job(ADDRESS).size == 1  # what the other one wrote
    assert set(world.tokens.answers) == {"one", "two"}


def test_a_result_of_a_job_that_was_told_to_stop_is_kept(studio: Studio, world: World) -> None:
    assert world.ledger.step(world.job(ADDRESS), CANCEL, world.clock(), {"cancelled_at": world.clock()})
    assert studio.call_back(image_delivered()) == [Collected.STORED]


def test_a_result_that_cannot_be_fetched_is_not_lost_by_a_replay(studio: Studio, world: World) -> None:
    def down() -> None:
        raise DownloadFailed("v3.fal.media: ReadTimeout")

    world.files.on_fetch = down
    with pytest.raises(DownloadFailed):
        studio.call_back(image_delivered())
    world.files.on_fetch = lambda: None
    assert studio.call_back(image_delivered()) == [Collected.STORED]
