from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.fal_media.backgrounds import ROOMS
from local.fal_media.casting import SKINS, imagine_person
from local.fal_media.colour_names import CLOTH_COLOURS, HAIR_COLOURS, named_colour
from local.fal_media.colours import RGB, luma
from local.fal_media.daylight import choose_light
from local.fal_media.description import describe
from local.fal_media.person import Person
from local.fal_media.prompt_words import PromptWords
from local.fal_media.scenes_indoors import draw_kitchen
from local.fal_media.stated_age import Age, stated_age
from shared.styles.presets import PRESETS
from shared.styles.visual_style import VisualStyle

# As the product puts it after every description; the words lure with hair, colours, clothes, weather and light.
ENDING = "One person alone, soft even light on both sides of the face, plain neutral background, sharp focus."
HOSTILE_STYLE = "Noir film of an old captain, black curly hair, grey beard, round glasses, red coat, top hat, smile."
SEEDS = range(8)


def portrait(description: str, seed: int, style: str = HOSTILE_STYLE) -> Person:
    return imagine_person(PromptWords(f"A portrait of {description}. {style} {ENDING}", seed))


def cloth(name: str) -> RGB:
    return CLOTH_COLOURS[name]


def hair(name: str) -> RGB:
    return HAIR_COLOURS[name]


@pytest.mark.parametrize(
    ("description", "looks"),
    [
        (
            "young woman, red curly hair, yellow raincoat, freckles, warm smile",
            {"feminine": True, "age": "young", "hair": hair("red"), "hair_style": "curls", "outfit": "coat",
             "cloth": cloth("yellow"), "freckles": True, "glasses": "none",
             "smile": 1.0, "headwear": "none", "scarf": False},
        ),
        (
            "old man of eighty-four, white beard, weathered face, navy wool sweater, flat cap, twinkling grey eyes",
            {"feminine": False, "age": "old", "hair": hair("white"), "beard": "full", "beard_colour": hair("white"),
             "outfit": "turtleneck", "cloth": cloth("navy"), "headwear": "flat cap"},
        ),
        (
            "Black woman in her thirties, short natural hair, round glasses, smart teal coat, alert and friendly",
            {"feminine": True, "age": "adult", "hair_style": "short afro", "glasses": "round", "outfit": "coat",
             "cloth": cloth("teal"), "smile": 1.0, "headwear": "none"},
        ),
        ("young tech entrepreneur, professional, confident", {"age": "young", "outfit": "suit", "headwear": "none"}),
        (
            "middle-aged detective in a grey trench coat and fedora",
            {"age": "adult", "outfit": "coat", "cloth": cloth("grey"), "headwear": "fedora"},
        ),
        (
            "girl with blonde ponytail and green hoodie",
            {"feminine": True, "age": "child", "hair": hair("blonde"), "hair_style": "ponytail", "outfit": "hoodie",
             "cloth": cloth("green")},
        ),
        (
            "bald man with red beard, blue turtleneck",
            {"feminine": False, "hair_style": "bald", "beard": "full", "beard_colour": hair("red"),
             "outfit": "turtleneck", "cloth": cloth("blue")},
        ),
        (
            "man with black hair and a white beard, burgundy cardigan",
            {"hair": hair("black"), "beard_colour": hair("white"), "cloth": cloth("burgundy")},
        ),
        ("woman with long, wavy auburn hair", {"hair": hair("auburn"), "hair_style": "waves"}),
        ("woman, short black hair, olive jacket", {"hair": hair("black"), "hair_style": "pixie", "outfit": "coat"}),
        ("boy, hair short and curly, red and white scarf", {"hair_style": "short curls", "accent": cloth("red")}),
        ("red-haired sailor without a hat", {"hair": hair("red"), "headwear": "none"}),
        ("captain, no hat, clean shaven", {"headwear": "none", "outfit": "uniform", "beard": "none"}),
        ("white shirt under a charcoal suit, red tie", {"outfit": "suit", "cloth": cloth("charcoal"),
                                                        "accent": cloth("red")}),
        ("woman in black, blonde bob", {"cloth": cloth("black"), "hair": hair("blonde"), "hair_style": "bob"}),
        ("sea captain, salt-and-pepper beard", {"beard_colour": hair("grey"), "headwear": "captain"}),
        ("scientist in a white coat", {"outfit": "white coat", "cloth": cloth("white")}),
        ("woman in a white wool coat", {"outfit": "coat", "cloth": cloth("white")}),
        ("man in a red knitted hat", {"headwear": "beanie", "headwear_colour": cloth("red")}),
        ("woman in her sixties, mustard dress, no glasses", {"age": "old", "outfit": "blouse", "glasses": "none"}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("seed", SEEDS)
def test_a_person_is_as_described_whatever_seed_and_style(
    description: str, looks: dict[str, object], seed: int
) -> None:
    person = asdict(portrait(description, seed))
    assert {name: person[name] for name in looks} == looks


@pytest.mark.parametrize(
    ("description", "skins"),
    [
        ("young woman, red curly hair, freckles", SKINS[:3]),
        ("old man, twinkling grey eyes", SKINS[:3]),
        ("Black woman in her thirties, green eyes", SKINS[5:]),
        ("man with dark brown skin", SKINS[5:]),
        ("pale man in a black coat, black hair", SKINS[:2]),
    ],
)
@pytest.mark.parametrize("seed", SEEDS)
def test_skin_follows_origin_and_else_hair_and_eyes(description: str, skins: tuple[RGB, ...], seed: int) -> None:
    assert portrait(description, seed).skin in skins


def test_a_colour_of_clothes_does_not_colour_the_person() -> None:
    # given many seeds; when black is of the coat or the nails alone
    for description in ("woman in a black coat", "woman with black nails"):
        people = [portrait(description, seed) for seed in range(40)]
        # then skins and hair are of all kinds
        assert {person.skin for person in people} & set(SKINS[:4])
        assert len({person.hair for person in people}) > 2


@pytest.mark.parametrize("seed", SEEDS)
def test_an_old_person_of_no_named_hair_colour_is_grey_also_under_a_cap(seed: int) -> None:
    person = portrait("elderly man, flat cap", seed)
    assert person.hair in (hair("grey"), hair("white"))
    assert person.headwear == "flat cap"


@pytest.mark.parametrize("description", ["lighthouse keeper", "chief financial officer", "man in a navy sweater"])
@pytest.mark.parametrize("seed", SEEDS)
def test_words_that_sound_like_service_give_no_uniform(description: str, seed: int) -> None:
    person = portrait(description, seed)
    assert person.outfit != "uniform"
    assert person.headwear != "captain"


@pytest.mark.parametrize("style", PRESETS.values(), ids=list(PRESETS))
def test_a_style_changes_neither_looks_nor_clothes(style: VisualStyle) -> None:
    described = "woman, short brown hair, cream blouse, blue eyes, round glasses, smiling, 30 years old"
    told = ("feminine", "age", "hair", "hair_style", "eyes", "glasses", "outfit", "cloth", "smile", "headwear")
    plain, styled = asdict(portrait(described, 1, "")), asdict(portrait(described, 1, style.style_prompt))
    assert {name: styled[name] for name in told} == {name: plain[name] for name in told}


@given(
    colour=st.sampled_from(sorted(set(CLOTH_COLOURS) - {"dark"})),
    between=st.lists(st.sampled_from(("smart", "wool", "vintage", "oversized", "long")), max_size=2),
    garment=st.sampled_from(("coat", "raincoat", "jacket", "sweater", "shirt", "dress", "suit", "hoodie", "cardigan")),
    seed=st.integers(0, 2**32),
)
def test_a_garment_has_its_colour_whatever_stands_between(
    colour: str, between: list[str], garment: str, seed: int
) -> None:
    phrase = " ".join((colour, *between, garment))
    assert portrait(f"woman, brown hair, {phrase}, old brown boots", seed).cloth == CLOTH_COLOURS[colour]


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("old man of eighty-four", "old"), ("34-year-old woman", "adult"), ("ten year old boy", "child"),
        ("woman in her late twenties", "young"), ("aged 71", "old"), ("man in his 50s", "adult"),
        ("man with two dogs", None),
    ],
)  # fmt: skip
def test_a_stated_age_is_understood(text: str, age: Age | None) -> None:
    assert stated_age(text) == age


def test_style_is_what_follows_the_first_sentence() -> None:
    words = PromptWords("Woman, short natural hair, by Dr. Chen. Cinematic film still. Clean.", 1)
    assert words.subject().text == "Woman, short natural hair, by Dr. Chen"
    assert not words.style().mentions("natural")
    assert words.style().mentions("cinematic")
    assert PromptWords("harbour, noir", 1).style().mentions("noir")


def test_tones_shade_the_colour_after_them() -> None:
    assert luma(named_colour(("dark", "blue"), CLOTH_COLOURS) or (0, 0, 0)) < luma(cloth("blue"))
    assert luma(named_colour(("light", "blue"), CLOTH_COLOURS) or (0, 0, 0)) > luma(cloth("blue"))
    assert named_colour(("mustard", "yellow"), CLOTH_COLOURS) == cloth("mustard")
    assert named_colour(("dark",), HAIR_COLOURS) == hair("dark")
    assert named_colour(("wool",), CLOTH_COLOURS) is None


def test_adjectives_go_with_the_next_noun_of_their_phrase() -> None:
    # when
    description = describe("old man of forty, red hair under a black felt hat, worn green coat, no beard, kind")
    # then
    assert description.qualities("hair") == ("red", "hair")
    assert description.qualities("headwear") == ("a", "black", "felt", "hat")
    assert description.qualities("garment") == ("worn", "green", "coat")
    assert description.lacks("beard")
    assert description.rest == "old man of forty , kind"


@pytest.mark.parametrize(
    ("prompt", "looks"),
    [
        ("round kitchen, warm lamp light, rain on a small window", {"time": "overcast", "rain": True, "lamps": True}),
        ("kitchen, storm outside, warm and cosy", {"time": "overcast", "rain": True, "lamps": True}),
        ("warm kitchen in the evening", {"time": "dusk", "lamps": True}),
        ("kitchen by lamplight", {"time": "night", "lamps": True}),
        ("sunny kitchen in the morning, unlit lamps", {"time": "dawn", "lamps": False}),
    ],
)
def test_hour_and_weather_win_over_a_rooms_warmth(prompt: str, looks: dict[str, object]) -> None:
    # given
    assert draw_kitchen in ROOMS
    # when
    light = choose_light(PromptWords(prompt, 1), indoors=True)
    # then
    assert {name: getattr(light, name) for name in looks} == looks


def test_out_of_doors_the_first_word_of_light_counts() -> None:
    assert choose_light(PromptWords("harbour at dawn, fog, later rain", 1), indoors=False).time == "dawn"


def test_a_lamplit_room_sees_a_darker_sky_than_an_unlit_one() -> None:
    lamplit, unlit = (choose_light(PromptWords(f"rain, {words}", 1), indoors=True) for words in ("lamplight", "plain"))
    assert luma(lamplit.sky_low) < luma(unlit.sky_low) - 40
    red, _, blue = lamplit.inside((200, 200, 200))
    assert red > blue + 20
