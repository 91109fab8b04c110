"""What fal's errors mean: how far they reach, and whether to try again."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.fal.errors import Scope, is_fals_own, sort_error, tells_its_type

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["detail", "type", "loc", "msg", "error_type", "input", "x"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


def detail(type_: str, **fields: Any) -> dict[str, Any]:
    return {"detail": [{"type": type_, "loc": ["body", "prompt"], "msg": "it cannot be done", **fields}]}


@pytest.mark.parametrize(
    ("status", "body", "name", "scope", "retry"),
    [
        (401, {"detail": "No user found for Key ID and Secret"}, "http_401", Scope.ACCOUNT, False),
        (402, {"detail": "x"}, "http_402", Scope.ACCOUNT, False),
        (403, {"detail": "User is locked. Reason: Exhausted balance."}, "http_403", Scope.ACCOUNT, False),
        (404, {"detail": 'Application "h3-max" not found'}, "http_404", Scope.ENDPOINT, False),
        (408, {"detail": "x"}, "http_408", Scope.ENDPOINT, True),
        (429, detail("concurrent_requests_limit"), "concurrent_requests_limit", Scope.ENDPOINT, True),
        (422, detail("content_policy_violation"), "content_policy_violation", Scope.ASSET, False),
        (422, detail("image_too_small"), "image_too_small", Scope.ASSET, False),
        (422, detail("file_download_error"), "file_download_error", Scope.FILE, True),
        (400, {"detail": "x", "error_type": "bad_request"}, "bad_request", Scope.ASSET, False),
        (400, detail("downstream_service_error"), "downstream_service_error", Scope.ENDPOINT, True),
        (500, {"detail": "x", "error_type": "internal_error"}, "internal_error", Scope.ENDPOINT, True),
        (503, {"detail": "x", "error_type": "runner_disconnected"}, "runner_disconnected", Scope.ENDPOINT, True),
        (
            504,
            {"detail": "Request timed out", "error_type": "request_timeout"},
            "request_timeout",
            Scope.ENDPOINT,
            True,
        ),
        (500, "<html>nginx</html>", "http_500", Scope.ENDPOINT, True),
        (422, None, "http_422", Scope.ASSET, False),
    ],
)
def test_the_table_of_errors(status: int, body: object, name: str, scope: Scope, retry: bool) -> None:
    error = sort_error(status, body)
    assert (error.name, error.scope, error.retry) == (name, scope, retry)
    assert error.message


def test_only_what_is_wrong_with_the_inputs_is_for_good() -> None:
    assert sort_error(422, detail("content_policy_violation")).failure().permanent
    for status, body in [(403, {}), (404, {}), (500, {}), (422, detail("file_download_error")), (429, {})]:
        assert not sort_error(status, body).failure().permanent


def test_a_message_says_where_and_echoes_no_input() -> None:
    error = sort_error(422, detail("content_policy_violation", input="a secret https://signed.example/?X-Amz=1"))
    assert error.message == "prompt: it cannot be done"


def test_a_message_is_short() -> None:
    assert len(sort_error(422, detail("x", msg="y" * 9999)).message) <= 500
    assert len(sort_error(422, {"detail": "y" * 9999}).message) <= 500


def test_the_header_names_an_error_whose_body_does_not() -> None:
    assert sort_error(504, {"detail": "x"}, "startup_timeout").name == "startup_timeout"
    assert sort_error(422, detail("one"), "two").name == "one"


@given(st.integers(400, 599), json_values)
def test_whatever_fal_answers_is_sorted(status: int, body: object) -> None:
    error = sort_error(status, body)
    assert error.name
    assert error.message
    assert error.failure().permanent == (error.scope is Scope.ASSET)
    tells_its_type(body)


@pytest.mark.parametrize(
    ("status", "body", "certain"),
    [
        (400, {"detail": "x"}, True),
        (422, detail("x"), True),
        (429, {}, True),
        (500, {"detail": "x"}, True),
        (503, {"detail": "x"}, True),
        (500, "<html>nginx</html>", False),
        (503, {"message": "no healthy upstream"}, False),
        (502, {"detail": "x"}, False),
        (504, {"detail": "x"}, False),
        (500, None, False),
    ],
)
def test_what_is_certainly_fals_verdict(status: int, body: object, certain: bool) -> None:
    assert is_fals_own(status, body) is certain


@pytest.mark.parametrize(
    ("payload", "tells"),
    [
        (detail("content_policy_violation"), True),
        ({"detail": "x", "error_type": "internal_error"}, True),
        ([{"type": "missing"}], True),
        ({"detail": "Internal Server Error"}, False),
        ({"detail": []}, False),
        ({"detail": [{"msg": "x"}]}, False),
        (None, False),
        ("text", False),
    ],
)
def test_whether_a_body_names_its_kind_of_error(payload: object, tells: bool) -> None:
    assert tells_its_type(payload) is tells
