"""fal's platform API: the list of requests, and today's prices."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.fal.platform import FalPlatform
from shared.prices import LivePrice
from shared.providers.errors import Scope
from shared.providers.matching import matches
from shared.providers.outcomes import Failed, Finished, Gone, ListedRequest, ProviderUnreachable

ENDPOINT = "fal-ai/ideogram/v3"
SENT = datetime(2026, 11, 22, 12, 0, 0, 250_000, UTC)
Answer = httpx.Response | Exception

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
arguments = st.dictionaries(st.text(max_size=5), json_values, max_size=4)


class Api:
    """Answers as it is told, one after the other; the last answer stays."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.platform = FalPlatform("id:secret", "https://api.example.test")
        self.platform._client._transport = httpx.MockTransport(self._handle)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def listed(self) -> list[ListedRequest]:
        return self.platform.requests_between(ENDPOINT, SENT.timestamp() - 60, SENT.timestamp() + 60)


def item(request_id: str = "r1", **fields: Any) -> dict[str, Any]:
    return {
        "request_id": request_id,
        "endpoint_id": ENDPOINT,
        "sent_at": "2026-11-22T12:00:00.250Z",
        "started_at": None,
        "ended_at": None,
        "status_code": None,
        "duration": None,
        "json_input": {"prompt": "x"},
        "json_output": None,
        **fields,
    }


def page(*items: dict[str, Any], cursor: str | None = None) -> httpx.Response:
    return httpx.Response(200, json={"items": items, "next_cursor": cursor, "has_more": cursor is not None})


def test_a_span_of_time_is_asked_for_with_payloads_and_the_key() -> None:
    api = Api(page(item()))
    assert api.listed() == [ListedRequest("r1", SENT.timestamp(), {"prompt": "x"}, None)]
    [request] = api.requests
    assert request.url.path == "/v1/models/requests/by-endpoint"
    assert request.headers["Authorization"] == "Key id:secret"
    assert dict(request.url.params) == {
        "endpoint_id": ENDPOINT,
        "start": "2026-11-22T11:59:00.250000Z",
        "end": "2026-11-22T12:01:00.250000Z",
        "limit": "100",
        "expand": "payloads",
    }


def test_every_page_is_read() -> None:
    api = Api(page(item("r1"), item("r2"), cursor="second"), page(cursor="third"), page(item("r3")))
    assert [request.request_id for request in api.listed()] == ["r1", "r2", "r3"]
    assert [request.url.params.get("cursor") for request in api.requests] == [None, "second", "third"]


def test_a_list_without_end_is_read_to_a_limit() -> None:
    api = Api(page(item(), cursor="again"))
    assert len(api.listed()) == 20
    assert len(api.requests) == 20


ENDED = {"ended_at": "2026-11-22T12:00:09Z", "duration": 8.5}


def outcome_of(**fields: Any) -> object:
    [request] = Api(page(item(**fields))).listed()
    return request.outcome


def test_how_listed_requests_ended() -> None:
    output = {"images": [{"url": "https://v3.fal.media/x"}]}
    assert outcome_of() is None
    assert outcome_of(started_at="2026-11-22T12:00:01Z") is None
    assert outcome_of(**ENDED, status_code=200, json_output=output) == Finished(output, 8.5)
    assert outcome_of(**ENDED, status_code=200) == Gone()
    assert outcome_of(**ENDED, status_code=200, json_output=[]) == Gone()
    blocked = {"detail": [{"type": "content_policy_violation", "loc": ["body", "prompt"], "msg": "flagged"}]}
    failed = outcome_of(**ENDED, status_code=422, json_output=blocked)
    assert isinstance(failed, Failed)
    assert (failed.error.name, failed.error.scope) == ("content_policy_violation", Scope.ASSET)
    cancelled = outcome_of(**ENDED, status_code=499)
    assert isinstance(cancelled, Failed)
    assert cancelled.error.scope is Scope.JOB


def test_an_input_that_was_not_kept_is_none() -> None:
    [hidden] = Api(page(item(json_input=None))).listed()
    assert hidden.input is None
    [absent] = Api(page({"request_id": "r1", "sent_at": "2026-11-22T12:00:00"})).listed()
    assert (absent.input, absent.outcome) == (None, None)
    assert absent.sent_at == SENT.timestamp() - 0.25, "a time without a zone is UTC"


TROUBLE: list[Answer] = [
    httpx.ReadTimeout("slow"),
    httpx.ConnectError("refused"),
    httpx.Response(301, headers={"Location": "https://elsewhere.example.test"}),
    httpx.Response(401, json={"error": {"type": "authorization_error"}}),
    httpx.Response(429),
    httpx.Response(500, text="<html>"),
    httpx.Response(200, text="<html>"),
    httpx.Response(200, json=[]),
    httpx.Response(200, json={}),
    httpx.Response(200, json={"items": [{"request_id": "r1"}], "prices": [{"unit": "images"}]}),
]


@pytest.mark.parametrize("trouble", TROUBLE, ids=repr)
def test_trouble_is_said(trouble: Answer) -> None:
    with pytest.raises(ProviderUnreachable):
        Api(trouble).listed()
    with pytest.raises(ProviderUnreachable):
        Api(trouble).platform.prices([ENDPOINT])


def test_trouble_in_the_middle_of_the_list_is_said() -> None:
    with pytest.raises(ProviderUnreachable):
        Api(page(item(), cursor="second"), httpx.Response(500)).listed()


def test_a_list_that_fal_does_not_know_is_trouble() -> None:
    with pytest.raises(ProviderUnreachable):
        Api(httpx.Response(404)).listed()


def prices(**by_endpoint: tuple[float, str, str]) -> httpx.Response:
    entries = [
        {"endpoint_id": endpoint, "unit_price": usd, "unit": unit, "currency": currency}
        for endpoint, (usd, unit, currency) in by_endpoint.items()
    ]
    return httpx.Response(200, json={"prices": entries, "next_cursor": None, "has_more": False})


def test_prices_are_asked_for_together() -> None:
    api = Api(prices(one=(0.05, "images", "USD"), other=(0.07, "seconds", "USD"), third=(1, "images", "EUR")))
    assert api.platform.prices(["one", "other", "third"]) == {
        "one": LivePrice(0.05, "images"),
        "other": LivePrice(0.07, "seconds"),
    }
    [request] = api.requests
    assert request.url.path == "/v1/models/pricing"
    assert request.url.params.get_list("endpoint_id") == ["one", "other", "third"]


def test_an_endpoint_that_fal_does_not_know_hides_no_other() -> None:
    # given fal's refusal of the whole question, and then of the part that it does not know
    not_found = httpx.Response(404, json={"error": {"type": "not_found"}})
    api = Api(not_found, prices(one=(0.05, "images", "USD")), not_found)
    # then the other's price is there
    assert api.platform.prices(["one", "unknown"]) == {"one": LivePrice(0.05, "images")}
    assert [request.url.params.get_list("endpoint_id") for request in api.requests] == [
        ["one", "unknown"],
        ["one"],
        ["unknown"],
    ]


def test_no_prices_are_not_asked_for() -> None:
    api = Api(httpx.Response(500))
    assert api.platform.prices([]) == {}
    assert api.requests == []


@given(arguments, arguments)
def test_what_was_sent_matches_itself_and_itself_with_defaults(sent: dict[str, Any], defaults: dict[str, Any]) -> None:
    assert matches(sent, json.loads(json.dumps(sent)))
    assert matches(sent, {**defaults, **sent})


@given(arguments, arguments)
def test_what_lacks_something_that_was_sent_is_another(sent: dict[str, Any], other: dict[str, Any]) -> None:
    assert matches(sent, other) <= (sent.keys() <= other.keys())
    if matches(sent, other) and matches(other, sent):
        assert sent == other


@pytest.mark.parametrize(
    ("sent", "listed", "same"),
    [
        ({"a": 1}, {"a": 1.0}, True),
        ({"a": 1}, {"a": True}, False),
        ({"a": True}, {"a": 1}, False),
        ({"a": False}, {"a": False}, True),
        ({"seed": 17}, {"seed": "17"}, False),
        ({"urls": ("u", "v")}, {"urls": ["u", "v"]}, True),
        ({"urls": ["u", "v"]}, {"urls": ["v", "u"]}, False),
        ({"urls": ["u"]}, {"urls": ["u", "v"]}, False),
        ({"urls": ["u"]}, {"urls": "u"}, False),
        ({"size": {"width": 8}}, {"size": {"width": 8, "height": None}}, True),
        ({"size": {"width": 8}}, {"size": {"width": 9}}, False),
        ({"size": {"width": 8}}, {"size": "square"}, False),
        ({"members": [{"rgb": {"r": 1}}]}, {"members": [{"rgb": {"r": 1}, "color_weight": 0.5}]}, True),
        ({"a": None}, {}, False),
    ],
)
def test_equal_is_equal_in_json(sent: dict[str, Any], listed: dict[str, Any], same: bool) -> None:
    assert matches(sent, listed) is same
