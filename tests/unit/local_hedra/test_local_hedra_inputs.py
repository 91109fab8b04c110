"""What the simulated Hedra reads of inputs and queries, and how it names them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from local.hedra import models
from local.hedra.errors import field_name
from local.hedra.paging import PageUnknown, page_of


def test_unknown_inputs_are_refused() -> None:
    picture = {"prompt": "x", "aspect_ratio": "1:1", "resolution": "1K"}
    models.NanoBananaInput.model_validate(picture)
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        models.NanoBananaInput.model_validate({**picture, "speed": 1})


@pytest.mark.parametrize("prompt", ["", " ", "\t\n", "\x1c"])
def test_blank_prompts_are_refused(prompt: str) -> None:
    with pytest.raises(ValidationError):
        models.NanoBananaInput.model_validate({"prompt": prompt, "aspect_ratio": "1:1", "resolution": "1K"})


def test_media_are_found_wherever_they_stand() -> None:
    file, asset = {"source": "url", "url": "u"}, {"source": "asset", "asset_id": "a"}
    inputs = models.HedraAvatarInput.model_validate(
        {"prompt": "x", "aspect_ratio": "1:1", "resolution": "720p", "start_image": file, "audio": [asset, file]}
    )
    found = [(field, media.address) for field, media in models.media_of(inputs)]
    assert found == [("start_image", "u"), ("audio[0]", "asset:a"), ("audio[1]", "u")]


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


def test_field_is_written_as_documented() -> None:
    assert field_name(("input", "images", 0)) == "input.images[0]"
    assert field_name(("input", "images", 0, "url", "source")) == "input.images[0].url.source"
