"""What is read from the answers of each model."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.fal.models import fabric, hedra, ideogram, kling, kontext
from shared.providers.media import BlockedByContentPolicy, MediaFile, NoMediaReturned

IMAGE = {"url": "https://v3.fal.media/files/a/b.png", "content_type": "image/png", "file_name": "b.png", "file_size": 7}
VIDEO = {"url": "https://v3.fal.media/files/a/b.mp4", "content_type": "video/mp4"}
IMAGE_MODELS = [ideogram.image_from, kontext.image_from]
VIDEO_MODELS = [hedra.video_from, fabric.video_from, kling.video_from]


def test_ideograms_image() -> None:
    assert ideogram.image_from({"images": [IMAGE], "seed": 5}) == MediaFile(
        url="https://v3.fal.media/files/a/b.png", content_type="image/png", file_name="b.png", file_size=7
    )


def test_kontexts_image_beside_fields_that_are_not_used() -> None:
    # given an answer with sizes, timings and a clean bill
    answer = {
        "images": [{"url": "https://v3.fal.media/x.jpg", "width": 1392, "height": 752, "content_type": "image/jpeg"}],
        "timings": {},
        "seed": 2**40,
        "has_nsfw_concepts": [False],
        "prompt": "x",
    }
    # then the image is taken
    assert kontext.image_from(answer).url == "https://v3.fal.media/x.jpg"
    assert kontext.image_from(answer | {"has_nsfw_concepts": [None]}).content_type == "image/jpeg"


@pytest.mark.parametrize("image_from", IMAGE_MODELS)
def test_a_blocked_picture_is_not_a_picture(image_from: Any) -> None:
    with pytest.raises(BlockedByContentPolicy, match="content checker"):
        image_from({"images": [IMAGE], "has_nsfw_concepts": [True]})


@pytest.mark.parametrize("video_from", VIDEO_MODELS)
def test_the_video_of_every_talking_engine(video_from: Any) -> None:
    assert video_from({"video": VIDEO, "duration": 3.2, "later": 1}) == MediaFile(**VIDEO)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"images": []}, "the list of images is empty"),
        ({"images": [{"url": ""}]}, "the list of images is empty"),
        ({"images": None}, "images: "),
        ({"images": [{"content_type": "image/png"}]}, r"images\.0\.url: "),
        ({"detail": "x"}, "images: "),
        (None, "without a picture"),
        ([], "without a picture"),
    ],
)
@pytest.mark.parametrize("image_from", IMAGE_MODELS)
def test_answers_without_a_picture_say_why(image_from: Any, answer: Any, reason: str) -> None:
    with pytest.raises(NoMediaReturned, match=reason):
        image_from(answer)


@pytest.mark.parametrize("answer", [{"video": None}, {"video": {"url": ""}}, {"video": {}}, {}, None, "x"])
@pytest.mark.parametrize("video_from", VIDEO_MODELS)
def test_answers_without_a_video_say_so(video_from: Any, answer: Any) -> None:
    with pytest.raises(NoMediaReturned, match="without a video"):
        video_from(answer)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["images", "video", "url", "has_nsfw_concepts", "x"]), inner, max_size=4)
    ),
    max_leaves=9,
)


@given(answer=JSON)
def test_any_json_gives_a_file_or_a_named_reason(answer: Any) -> None:
    for read in (*IMAGE_MODELS, *VIDEO_MODELS):
        try:
            assert read(answer).url
        except (NoMediaReturned, BlockedByContentPolicy) as reason:
            assert str(reason)  # noqa: PT017 - either answer is right
