"""Forms, and how many requests there may be."""

import httpx
from hypothesis import given
from hypothesis import strategies as st

from local.simulator.multipart import read_form
from local.simulator.rate_limit import RateLimit
from local.simulator.settings import LiveSettings, Settings

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


@given(limit=st.integers(1, 20), requests=st.integers(0, 40))
def test_limit_admits_as_many_as_it_says(limit: int, requests: int) -> None:
    rate_limit = RateLimit(LiveSettings(Settings(requests_per_minute=limit)))
    counted = [rate_limit.count() for _ in range(requests)]
    remaining = [allowance.remaining for allowance in counted if allowance is not None]
    assert remaining == [max(limit - number, -1) for number in range(1, requests + 1)]


def test_without_a_limit_nothing_is_counted() -> None:
    assert RateLimit(LiveSettings(Settings())).count() is None
