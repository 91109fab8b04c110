"""Ten thousand events for each provider that somebody may think of, made from valid ones: no exception, no way in."""

import base64
import functools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.webhooks.schemes import PROVIDERS
from tests.unit.webhook.callers import CALLERS, FAL, HEDRA, REPLICATE, Caller, Signer
from tests.unit.webhook.fal_callbacks import NOW, US, event_of
from tests.unit.webhook.webhook_function import Webhook, loaded_webhook

Event = dict[str, Any]
Change = Callable[[Event], object]

header_values = st.one_of(
    st.text(max_size=20),
    st.text(st.characters(categories=["Cs"]), max_size=3),
    st.sampled_from(["", "9" * 400, "9" * 5000, f"{NOW}.0", f"-{NOW}", f"0{NOW}", "nan", US, "unset", "é", "\n", "٣"]),
    st.sampled_from(["0" * 128, "v1,", "v1, v1,", "v1a,AAAA", ",", "true", "True", "job.failed", "a.b"]),
    st.integers().map(str),
    st.binary(min_size=64, max_size=64).map(bytes.hex),
    st.binary(min_size=32, max_size=32).map(lambda digest: "v1," + base64.b64encode(digest).decode()),
)
bodies = st.binary(max_size=60) | st.text(st.characters(codec="utf-8"), max_size=60).map(str.encode)


def change_header(name: str, value: str) -> Change:
    return lambda event: event["headers"].update({name: value})


def double_header(name: str, value: str) -> Change:
    return lambda event: event["headers"].update({name: f"{event['headers'].get(name)},{value}"})


def repeat_in_another_case(name: str) -> Change:
    return lambda event: event["headers"].update({name.upper(): event["headers"].get(name, "")})


def drop_header(name: str) -> Change:
    return lambda event: event["headers"].pop(name, None)


def set_field(name: str, value: object) -> Change:
    return lambda event: event.update({name: value})


def drop_field(name: str) -> Change:
    return lambda event: event.pop(name, None)


def sign_again(body: bytes, late: int, signed: Signer) -> Change:
    return lambda event: event.update(event_of(signed(body, NOW + late), body, path=event["rawPath"], is_base64=True))


@functools.cache  # strategies take longer to make than to draw from
def changes_of_headers(caller: Caller) -> st.SearchStrategy[Change]:
    names = st.sampled_from(caller.headers)
    signers = st.sampled_from([caller.signed, caller.signed, *caller.forged.values()])
    return st.one_of(
        st.builds(change_header, names, header_values),
        st.builds(double_header, names, header_values),
        st.builds(change_header, st.text(max_size=30), header_values),
        st.builds(repeat_in_another_case, names),
        st.builds(drop_header, names),
        st.builds(sign_again, bodies, st.sampled_from([0, 300, -300, 301, -301, 10**9]), signers),
    )


changes_of_fields = st.one_of(
    st.builds(
        set_field, st.just("body"), st.text(max_size=60) | st.none() | bodies.map(base64.b64encode).map(bytes.decode)
    ),
    st.builds(set_field, st.just("isBase64Encoded"), st.booleans()),
    st.builds(set_field, st.just("rawQueryString"), st.text(max_size=60) | st.just("x" * 3000)),
    st.builds(
        set_field, st.just("headers"), st.none() | st.dictionaries(st.text(max_size=30), header_values, max_size=5)
    ),
    st.just(lambda _: None),
    st.builds(set_field, st.just("rawPath"), st.sampled_from([*PROVIDERS, "/other", ""]) | st.text(max_size=5)),
    st.builds(
        drop_field,
        st.sampled_from(["headers", "body", "rawPath", "rawQueryString", "isBase64Encoded", "requestContext"]),
    ),
)


@st.composite
def events(draw: st.DrawFn, caller: Caller) -> Event:
    body = draw(bodies)
    event = event_of(caller.signed(body, NOW), body, path=caller.path, is_base64=True)
    # Headers are changed first: afterwards there may be none.
    for change in [*draw(st.lists(changes_of_headers(caller), max_size=2)), draw(changes_of_fields)]:
        change(event)
    return event


def is_genuine(event: Event) -> bool:
    """Tell whether the provider whose path was called signed an event for us, just now."""
    caller = next((caller for caller in CALLERS.values() if caller.path == event.get("rawPath")), None)
    try:
        body = event.get("body") or ""
        raw = base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
    except ValueError:
        return False
    return caller is not None and caller.is_genuine(event.get("headers") or {}, raw, NOW)


@pytest.fixture(scope="module")
def webhook() -> Iterator[Webhook]:
    with loaded_webhook() as webhook:
        webhook.module.logger.setLevel("ERROR")  # ten thousand refusals make a long log
        yield webhook
        webhook.module.logger.setLevel("INFO")


ten_thousand = settings(max_examples=10_000, deadline=None, suppress_health_check=list(HealthCheck))


@ten_thousand
@given(events(FAL))
def test_no_event_made_from_fals_breaks_the_function_or_gets_in_unsigned(webhook: Webhook, event: Event) -> None:
    _try_it(webhook, event)


@ten_thousand
@given(events(REPLICATE))
def test_no_event_made_from_replicates_breaks_the_function_or_gets_in_unsigned(webhook: Webhook, event: Event) -> None:
    _try_it(webhook, event)


@ten_thousand
@given(events(HEDRA))
def test_no_event_made_from_hedras_breaks_the_function_or_gets_in_unsigned(webhook: Webhook, event: Event) -> None:
    _try_it(webhook, event)


def _try_it(webhook: Webhook, event: Event) -> None:
    webhook.inbox.sent.clear()
    status = webhook.call(event)
    assert status in {200, 401}
    assert len(webhook.inbox.sent) == (status == 200)
    query = event.get("rawQueryString") or ""
    assert (status == 200) == (is_genuine(event) and query.isascii() and len(query) <= 1024)
