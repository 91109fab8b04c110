import io
from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from local.fal_media.casting import imagine_person
from local.fal_media.prompt_words import PromptWords
from local.fal_media.studio import draw_background, draw_composite, draw_portrait
from local.fal_media.tags import Mouth, Tag, prompt_fingerprint, read_mark, read_tag

SIZE = (640, 360)
PEOPLE = ("old captain, grey beard", "young woman with red hair", "engineer, glasses", "woman in a hijab", "bald man")
SCENES = ("lighthouse in a storm", "harbour", "mountain lake", "forest", "desert", "street at night", "train", "office",
          "kitchen", "library", "news studio", "laboratory", "nowhere in particular")  # fmt: skip


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def pixels(data: bytes) -> NDArray[np.float32]:
    return np.asarray(opened(data), np.float32)


def mouth_of(data: bytes) -> Mouth:
    mark = read_mark(opened(data))
    assert mark is not None
    assert mark[1] is not None
    return mark[1]


def photo(size: tuple[int, int] = SIZE) -> bytes:
    """A picture that was not drawn here, with restless surroundings."""
    noise = np.random.default_rng(5).integers(0, 256, (18, 32, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC).save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.mark.parametrize("draw", [draw_portrait, draw_background])
def test_the_same_request_gives_the_same_file_and_another_seed_another(draw: Callable[..., bytes]) -> None:
    # when
    first, again, other = (draw("old man by the sea", seed=seed, size=SIZE) for seed in (7, 7, 8))
    # then
    assert first == again
    assert first != other


@pytest.mark.parametrize("size", [(1280, 720), (720, 1280), (1024, 1024), (513, 301), (900, 300)])
def test_pictures_have_the_size_asked_for_and_say_what_they_are(size: tuple[int, int]) -> None:
    portrait, background = draw_portrait("a poet", seed=1, size=size), draw_background("a park", seed=1, size=size)
    assert opened(portrait).size == opened(background).size == size
    assert read_tag(opened(portrait)) == Tag("portrait", prompt_fingerprint("a poet"), 0)
    assert read_tag(opened(background)) == Tag("background", 0, prompt_fingerprint("a park"))


@pytest.mark.parametrize(("draw", "prompts"), [(draw_portrait, PEOPLE), (draw_background, SCENES)])
def test_different_prompts_give_clearly_different_pictures(
    draw: Callable[..., bytes], prompts: tuple[str, ...]
) -> None:
    pictures = [pixels(draw(prompt, seed=1, size=SIZE))[30:] for prompt in prompts]
    for first, second in combinations(pictures, 2):
        assert np.abs(first - second).mean() > 8


@pytest.mark.parametrize(
    ("prompt", "looks"),
    [
        ("old woman with grey hair", {"feminine": True, "age": "old"}),
        ("bearded man, glasses", {"feminine": False, "beard": "full"}),
        ("captain of a ship", {"headwear": "captain", "outfit": "uniform"}),
        ("bald man, clean shaven", {"hair_style": "bald", "beard": "none"}),
        ("girl with curly hair", {"feminine": True, "age": "child", "hair_style": "curls"}),
        ("woman in a suit, sunglasses", {"outfit": "suit", "glasses": "dark"}),
    ],
)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_person_is_as_the_prompt_says_whatever_the_seed(prompt: str, looks: dict[str, object], seed: int) -> None:
    person = imagine_person(PromptWords(prompt, seed))
    assert {name: getattr(person, name) for name in looks} == looks


@pytest.mark.parametrize("style", ["noir", "watercolor", "anime", "documentary", "cinematic", "corporate"])
def test_a_style_changes_the_look(style: str) -> None:
    words = "harbour at dusk"
    plain = pixels(draw_background(words, seed=1, size=SIZE))[30:]
    styled = pixels(draw_background(f"{words}, {style}", seed=1, size=SIZE))[30:]
    colour = np.abs(plain.mean((0, 1)) - styled.mean((0, 1))).sum()
    contrast = np.abs(plain.std((0, 1)) - styled.std((0, 1))).sum()
    assert colour + contrast > 12
    if style == "noir":
        assert np.ptp(styled, axis=2).mean() < 6


def test_style_pictures_lend_their_colours() -> None:
    # given
    red = io.BytesIO()
    Image.new("RGB", (64, 64), (220, 30, 30)).save(red, "PNG")
    # when
    plain = pixels(draw_background("forest", seed=1, size=SIZE))
    leaning = pixels(draw_background("forest", seed=1, size=SIZE, style_images=[red.getvalue()]))
    # then
    assert leaning[..., 0].mean() - leaning[..., 1].mean() > plain[..., 0].mean() - plain[..., 1].mean() + 20


def test_a_composite_shows_both_inputs_and_names_them() -> None:
    # given
    portrait = draw_portrait("woman in a yellow coat", seed=1, size=SIZE)
    backgrounds = [draw_background(prompt, seed=1, size=SIZE) for prompt in ("forest", "library")]
    # when
    first, second = (
        draw_composite([portrait, background], "", seed=1, size=SIZE, output_format="png") for background in backgrounds
    )
    # then: the tag names both; the surroundings are the background's, the face is the portrait's
    assert read_tag(opened(second)) == Tag(
        "composite", prompt_fingerprint("woman in a yellow coat"), prompt_fingerprint("library")
    )
    corner = (slice(60, 200), slice(0, 90))
    assert np.abs(pixels(first)[corner] - pixels(second)[corner]).mean() > 15
    mouth = mouth_of(first)
    x, y = round(mouth.x * SIZE[0]), round(mouth.y * SIZE[1])
    face = (slice(y - 30, y + 10), slice(x - 25, x + 25))
    assert np.abs(pixels(first)[face] - pixels(second)[face]).mean() < 40


@pytest.mark.parametrize("size", [(1280, 720), (720, 1280), (1024, 1024)])
@pytest.mark.parametrize("portrait_size", [(640, 360), (360, 640), (512, 512)])
def test_the_head_is_never_cut(size: tuple[int, int], portrait_size: tuple[int, int]) -> None:
    # given a plain bright backdrop behind and a person with a hat in front
    portrait = draw_portrait("chef", seed=2, size=portrait_size)
    plain = io.BytesIO()
    Image.new("RGB", size, (40, 90, 200)).save(plain, "PNG")
    # when
    composite = draw_composite([portrait, plain.getvalue()], "", seed=1, size=size, output_format="png")
    # then: between the strip and the hat the background shows, and the mouth lies in the picture's middle part
    strip = round(min(size) / 72)
    row = pixels(composite)[strip + 2, : round(size[0] * 0.75)]
    assert np.ptp(row, axis=0).max() < 60
    mouth = mouth_of(composite)
    assert 0.2 < mouth.x < 0.8
    assert 0.35 < mouth.y < 0.85


def test_position_words_move_the_person() -> None:
    inputs = [draw_portrait("a man", seed=1, size=SIZE), draw_background("office", seed=1, size=SIZE)]
    places = {
        prompt: mouth_of(draw_composite(inputs, prompt, seed=1, size=SIZE, output_format="jpeg"))
        for prompt in ("standing on the left", "standing on the right", "sitting")
    }
    assert places["standing on the left"].x < 0.45
    assert places["standing on the right"].x > 0.55
    assert places["sitting"].y > places["standing on the left"].y


def test_a_composite_of_photos_blends_them_and_claims_no_prompts() -> None:
    # when
    composite = draw_composite([photo(), photo((500, 700))], "", seed=1, size=SIZE, output_format="jpeg")
    # then
    assert read_mark(opened(composite)) == (Tag("composite", 0, 0), None)


@pytest.mark.parametrize("images", [[], [b"no picture"], [photo()[:60]]])
def test_a_composite_of_unreadable_pictures_is_refused(images: list[bytes]) -> None:
    with pytest.raises(ValueError, match="picture"):
        draw_composite(images, "", seed=1, size=SIZE, output_format="png")
