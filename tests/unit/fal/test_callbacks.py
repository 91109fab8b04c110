"""Callback addresses, and the bodies that come to them."""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.fal.callbacks import read_callback
from shared.providers.callbacks import CallbackName, CallbackUnreadable, Delivered, DeliveredElsewhere, JobFailed
from shared.providers.names import ProviderName

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@given(texts, st.integers(0, 10**6), texts, st.sampled_from(ProviderName))
def test_a_name_comes_back_from_its_url(address: str, attempt: int, secret: str, provider: ProviderName) -> None:
    name = CallbackName(address=address, attempt=attempt, secret=secret)
    assert CallbackName.from_query(urlsplit(name.url("https://hooks.example.test/", provider)).query) == name


@given(st.text(max_size=60))
def test_any_other_query_is_a_value_error(query: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
        CallbackName.from_query(query)


def body(**fields: Any) -> bytes:
    return json.dumps({"request_id": "r", "gateway_request_id": None, **fields}).encode()


def test_a_result() -> None:
    assert read_callback(body(status="OK", payload={"images": []})) == Delivered("r", {"images": []})


@pytest.mark.parametrize("payload", [None, [], "x", 7])
def test_a_result_that_is_not_in_the_callback(payload: object) -> None:
    assert read_callback(body(status="OK", payload=payload, payload_error="x")) == DeliveredElsewhere("r")


def test_a_failure_with_its_reason() -> None:
    detail = [{"type": "content_policy_violation", "loc": ["body"], "msg": "flagged"}]
    read = read_callback(body(status="ERROR", error="Invalid status code: 422", payload={"detail": detail}))
    assert isinstance(read, JobFailed)
    assert read.error
    assert (read.error.name, read.error.retry) == ("content_policy_violation", False)


@pytest.mark.parametrize("payload", [None, {}, {"detail": "Internal Server Error"}, "x"])
def test_a_failure_without_its_reason(payload: object) -> None:
    assert read_callback(body(status="ERROR", payload=payload)) == JobFailed("r", None)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 100_000,
        b"{}",
        b'{"request_id": 7}',
        b'{"request_id": "r"}',
        body(status="DONE"),
    ],
)
def test_what_is_no_callback(data: bytes) -> None:
    with pytest.raises(CallbackUnreadable):
        read_callback(data)
