"""What fal's errors mean: how far they reach, whether to try again, and whether they may cost money."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.simulator.errors import INFRASTRUCTURE_ERRORS, MODEL_ERRORS
from shared.fal.errors import MEANINGS, is_fals_own, no_payload, retry_hint, sort_error, tells_its_type
from shared.providers.errors import FILE_NOT_FETCHED, Scope, SortedError

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


OUTAGES = [
    "request_timeout", "startup_timeout", "runner_scheduling_failure", "runner_connection_timeout",
    "runner_disconnected", "runner_connection_refused", "runner_connection_error", "runner_incomplete_response",
    "runner_server_error", "internal_error", "internal_server_error", "generation_timeout",
    "downstream_service_unavailable",
]  # fmt: skip
REFUSED_INPUTS = [
    "bad_request", "content_policy_violation", "no_media_generated", "image_too_small", "image_too_large",
    "image_load_error", "face_detection_error", "file_too_large", "greater_than", "greater_than_equal", "less_than",
    "less_than_equal", "multiple_of", "sequence_too_short", "sequence_too_long", "one_of", "feature_not_supported",
    "invalid_archive", "archive_file_count_below_minimum", "archive_file_count_exceeds_maximum",
    "audio_duration_too_long", "audio_duration_too_short", "video_duration_too_long", "video_duration_too_short",
    "unsupported_audio_format", "unsupported_image_format", "unsupported_video_format",
]  # fmt: skip
# Every row: its scope, whether to try again, whether it may be charged, whether a hint against trying again is heeded.
ROWS: dict[int | str, tuple[Scope, bool, bool, bool]] = {
    **dict.fromkeys([401, 402, 403], (Scope.ACCOUNT, False, False, False)),
    404: (Scope.ENDPOINT, False, False, False),
    **dict.fromkeys([408, 409, 429, "concurrent_requests_limit"], (Scope.RATE, True, False, False)),
    **dict.fromkeys([499, "client_cancelled", "client_disconnected"], (Scope.JOB, False, True, False)),
    **dict.fromkeys(OUTAGES, (Scope.ENDPOINT, True, False, True)),
    "downstream_service_error": (Scope.ENDPOINT, True, True, True),
    "file_download_error": (Scope.FILE, True, True, False),
    **dict.fromkeys(REFUSED_INPUTS, (Scope.ASSET, False, True, False)),
}


def error_of(kind: int | str, hint: bool | None = None) -> SortedError:
    """Sort an error that is known by its status alone, or by its type alone."""
    if isinstance(kind, int):
        return sort_error(kind, {"detail": "it cannot be done"}, hint=hint)
    return sort_error(422, detail(kind), hint=hint)


def test_the_table_has_these_rows_and_no_others() -> None:
    assert MEANINGS.keys() == ROWS.keys()


@pytest.mark.parametrize("kind", MEANINGS)
def test_every_row_of_the_table(kind: int | str) -> None:
    scope, retry, may_be_charged, heeds_hint = ROWS[kind]
    error = error_of(kind)
    assert error.name == (kind if isinstance(kind, str) else f"http_{kind}")
    assert (error.scope, error.retry, error.may_be_charged) == (scope, retry, may_be_charged)
    # fal's word against another try is heeded where there may be one, and its word for one changes nothing
    assert error_of(kind, hint=False).retry == (retry and not heeds_hint)
    assert error_of(kind, hint=True) == error
    # and only what is wrong with the inputs is so for good, whatever the hint
    for sorted_error in (error, error_of(kind, hint=False)):
        assert sorted_error.failure().permanent == (scope is Scope.ASSET)
        assert sorted_error.failure().may_be_charged == may_be_charged


@pytest.mark.parametrize("error_type", [*MODEL_ERRORS, *INFRASTRUCTURE_ERRORS])
def test_every_error_that_fal_documents_is_in_the_table_and_sorted_by_its_own_status_too(error_type: str) -> None:
    # given an error with the status that fal documents for it
    status, _ = {**MODEL_ERRORS, **INFRASTRUCTURE_ERRORS}[error_type]
    error = sort_error(status, {"detail": "x", "error_type": error_type})
    # then it means the same as where only its type is known, and costs nothing if it is of fal's making
    assert (error.scope, error.retry) == ROWS[error_type][:2]
    assert error.may_be_charged == (status < 500)


@pytest.mark.parametrize(
    ("status", "scope", "retry", "may_be_charged"),
    [
        (400, Scope.ASSET, False, True),
        (405, Scope.ASSET, False, True),
        (422, Scope.ASSET, False, True),
        (500, Scope.ENDPOINT, True, False),
        (502, Scope.ENDPOINT, True, False),
        (599, Scope.ENDPOINT, True, False),
    ],
)
@pytest.mark.parametrize("body", [detail("unheard_of"), {"detail": "x"}, "<html>nginx</html>", None])
def test_what_the_table_does_not_have_is_sorted_by_the_class_of_its_status(
    status: int, body: object, scope: Scope, retry: bool, may_be_charged: bool
) -> None:
    error = sort_error(status, body)
    assert (error.scope, error.retry, error.may_be_charged) == (scope, retry, may_be_charged)
    assert error.name in {"unheard_of", f"http_{status}"}
    assert sort_error(status, body, hint=False).retry is False


def test_an_outage_that_fal_says_will_stay_is_tried_no_more_but_is_not_for_good() -> None:
    error = sort_error(500, {"detail": "x", "error_type": "internal_error"}, hint=False)
    assert (error.scope, error.retry, error.failure().permanent) == (Scope.ENDPOINT, False, False)


def test_errors_about_a_file_are_known_by_name() -> None:
    assert MEANINGS[FILE_NOT_FETCHED].scope is Scope.FILE


def test_a_success_without_a_result_is_the_end_of_that_job_alone() -> None:
    error = no_payload()
    assert (error.name, error.scope, error.retry, error.may_be_charged) == ("no_payload", Scope.JOB, False, True)
    assert not error.failure().permanent


@pytest.mark.parametrize(
    ("headers", "hint"),
    [
        ({"X-Fal-Needs-Retry": "true"}, True),
        ({"x-fal-needs-retry": "1"}, True),
        ({"X-Fal-needs-retry": " FALSE "}, False),
        ({"X-Fal-Needs-Retry": "0"}, False),
        ({"X-Fal-Retryable": "True"}, True),
        ({"x-fal-retryable": "false"}, False),
        ({"X-Fal-Retryable": "true", "X-Fal-Needs-Retry": "false"}, False),
        ({"X-Fal-Needs-Retry": "perhaps"}, None),
        ({"X-Fal-Needs-Retry": ""}, None),
        ({}, None),
    ],
)
def test_fals_hint_is_read_under_both_names(headers: dict[str, str], hint: bool | None) -> None:
    assert retry_hint(headers) is hint


def test_a_message_says_where_and_echoes_no_input() -> None:
    error = sort_error(422, detail("content_policy_violation", input="a secret https://signed.example/?X-Amz=1"))
    assert error.message == "prompt: it cannot be done"


def test_a_message_is_short() -> None:
    assert len(sort_error(422, detail("x", msg="y" * 9999)).message) <= 500
    assert len(sort_error(422, {"detail": "y" * 9999}).message) <= 500


def test_the_header_names_an_error_whose_body_does_not() -> None:
    assert sort_error(504, {"detail": "x"}, "startup_timeout").name == "startup_timeout"
    assert sort_error(422, detail("one"), "two").name == "one"


@given(st.integers(400, 599), json_values, st.none() | st.booleans())
def test_whatever_fal_answers_is_sorted(status: int, body: object, hint: bool | None) -> None:
    error = sort_error(status, body, hint=hint)
    assert error.name
    assert error.message
    assert error.failure().permanent == (error.scope is Scope.ASSET)
    assert error.failure().permanent <= (not error.retry)
    assert not (error.may_be_charged and status >= 500)
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
