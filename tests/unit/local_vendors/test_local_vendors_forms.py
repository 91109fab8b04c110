"""Forms, durations, pages and limits: what the simulated Replicate and Hedra read of requests."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.fal.settings import LiveSettings, Settings
from local.hedra.errors import field_name
from local.hedra.paging import PageUnknown, page_of
from local.replicate.predictions_api import duration_seconds
from local.vendors.multipart import read_form
from local.vendors.rate_limit import RateLimit

NAMES = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=12)
FORM = "multipart/form-data; boundary=x"
FRAGMENTS = st.lists(st.sampled_from([b"--x", b"\r\n", b"--", b"Content-Disposition: form-data; name=a", b": "]))


@given(
    content=st.binary(max_size=300),
    file_name=NAMES,
    fields=st.dictionaries(NAMES.map(lambda name: f"field-{name}"), st.binary(max_size=40), max_size=3),
)
def test_form_is_read_as_it_was_written(content: bytes, file_name: str, fields: dict[str, bytes]) -> None:
    # given a form that a client library writes
    plain = {name: (None, value, "text/plain") for name, value in fields.items()}
    request = httpx.Request("POST", "http://x", files={"content": (file_name, content, "image/png"), **plain})
    # when it is read
    form = read_form(request.headers["content-type"], request.read())
    # then nothing is lost, whatever bytes it holds
    assert form is not None
    assert {name: part.content for name, part in form.items()} == {"content": content, **fields}
    assert (form["content"].file_name, form["content"].content_type) == (file_name, "image/png")


@given(
    content_type=st.sampled_from(["", "multipart/form-data", FORM, "text/plain; boundary=x"]),
    body=st.one_of(st.binary(max_size=60), FRAGMENTS.map(b"".join)),
)
def test_whatever_is_no_form_is_none_or_read(content_type: str, body: bytes) -> None:
    form = read_form(content_type, body)
    assert form is None or content_type == FORM


@given(hours=st.integers(0, 99), minutes=st.integers(0, 99), seconds=st.integers(0, 99))
def test_durations_are_read_in_all_documented_ways(hours: int, minutes: int, seconds: int) -> None:
    assert duration_seconds(f"{hours}h{minutes}m{seconds}s") == hours * 3600 + minutes * 60 + seconds
    assert duration_seconds(f"{minutes}m") == minutes * 60
    assert duration_seconds(str(seconds)) == duration_seconds(f"{seconds}s") == seconds


@pytest.mark.parametrize("text", ["", "s", "m", "-5", "5.5", "1d", "5 m", "1m1h"])
def test_other_durations_are_none(text: str) -> None:
    assert duration_seconds(text) is None


@given(items=st.lists(st.integers(), max_size=50), limit=st.integers(1, 100))
def test_pages_are_the_whole_list(items: list[int], limit: int) -> None:
    gathered: list[int] = []
    cursor: str | None = None
    for _ in range(len(items) + 1):
        page, cursor = page_of(items, {"limit": str(limit)} | ({} if cursor is None else {"cursor": cursor}))
        assert len(page) <= limit
        gathered += page
        if cursor is None:
            break
    assert gathered == items


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"cursor": "%"}, {"cursor": "eA=="}]
)
def test_unknown_pages_are_refused(query: dict[str, str]) -> None:
    with pytest.raises(PageUnknown):
        page_of([1], query)


@given(limit=st.integers(1, 20), requests=st.integers(0, 40))
def test_limit_admits_as_many_as_it_says(limit: int, requests: int) -> None:
    rate_limit = RateLimit(LiveSettings(Settings(requests_per_minute=limit)))
    counted = [rate_limit.count() for _ in range(requests)]
    remaining = [allowance.remaining for allowance in counted if allowance is not None]
    assert remaining == [max(limit - number, -1) for number in range(1, requests + 1)]


def test_without_a_limit_nothing_is_counted() -> None:
    assert RateLimit(LiveSettings(Settings())).count() is None


def test_field_is_written_as_documented() -> None:
    assert field_name(("input", "images", 0)) == "input.images[0]"
    assert field_name(("input", "images", 0, "url", "source")) == "input.images[0].url.source"
