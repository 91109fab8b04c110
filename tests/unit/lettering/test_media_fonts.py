from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from shared.media.errors import MediaRefused
from shared.media.fonts import (
    MAX_FONT_BYTES,
    SHIPPED_TYPEFACE,
    drawable,
    explain_missing,
    missing_characters,
    own_typeface,
)
from shared.media.house_format import HouseFormat
from shared.media.lettering import lower_third

FONT = SHIPPED_TYPEFACE.regular.read_bytes()


@pytest.mark.parametrize(
    "text",
    [
        "".join(map(chr, range(0x20, 0x7F))),
        "".join(map(chr, range(0xA0, 0x149))),
        "".join(map(chr, range(0x14A, 0x180))),
        "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ άέήίόύώΐΰϊϋς ᾧ ἄ",
        "".join(map(chr, range(0x410, 0x460))) + "ҐґЇїЄєІіЎўЉЊЋЏ",
        "Tiếng Việt: Trường Đại học",
        "“quoted” — ‘so’… «là» „da“ № € £ ₴ ₽ 1½ ×",  # noqa: RUF001 -- these marks are meant
        "a\u0301 e\u0308 \t\n\u00a0\u200b",
    ],
)
def test_the_shipped_font_covers_latin_greek_and_cyrillic(text: str) -> None:
    assert missing_characters(text) == ()
    assert drawable(text)


def test_what_cannot_be_drawn_is_named_with_what_to_do() -> None:
    # given characters that the font lacks
    missing = missing_characters("Mara 東京 東 ok")
    assert missing == ("東", "京")
    message = explain_missing(missing, "title")
    assert message.startswith("title: the font has no 東 (U+6771), 京 (U+4EAC). Name a font that has them")
    assert "`font: " in message
    # and scripts that need more than a font
    message = explain_missing(missing_characters("שלום नमस्ते"), "captions")
    assert "runs from right to left or joins its letters" in message
    assert "The caption files hold the text" in message
    # and very many
    assert "and 12 more" in explain_missing([chr(0x4E00 + n) for n in range(20)], "captions")


def test_emoji_are_left_out_and_are_no_reason_to_refuse() -> None:
    text = "Well done 👩🏽\u200d🚒 🎉 Tom ❤️"
    assert missing_characters(text) == ()
    assert drawable(text).startswith("Well done Tom")
    assert drawable("🎉🎉") == ""


@given(st.text(max_size=30))
def test_any_text_is_drawn_or_there_is_nothing_to_see(text: str) -> None:
    overlay = lower_third(text, HouseFormat(320, 180))
    assert (overlay is None) == (drawable(text) == "")


def test_marks_without_a_width_are_not_drawn() -> None:
    assert drawable("light\u00adhouse\u200b \u202etower") == "lighthouse tower"
    assert drawable("\u200b\u0301") == ""


def test_letters_and_their_accents_are_composed() -> None:
    assert drawable("Ame\u0301lie") == "Amélie"


def test_an_own_font_is_used_for_all_text(tmp_path: Path) -> None:
    path = tmp_path / "own.ttf"
    path.write_bytes(FONT)
    typeface = own_typeface(path)
    assert (typeface.regular, typeface.bold) == (path, path)
    assert missing_characters("Grüße, Жанна", typeface) == ()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is empty"),
        (b"just text", "is not a font .* it looks like text"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "it looks like a PNG picture"),
        (b"wOF2" + bytes(50), "for web pages"),
        (b"OTTO" + bytes(200), "cannot be used"),
        (FONT[:3000], "cannot be used"),
        (b"\x00\x01\x00\x00" + bytes(MAX_FONT_BYTES), "is too large: 20 MB"),
    ],
)
def test_files_that_are_no_fonts_are_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "own.ttf"
    path.write_bytes(data)
    with pytest.raises(MediaRefused, match=reason):
        own_typeface(path)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(
        st.tuples(st.integers(0, 2000) | st.integers(0, len(FONT) - 1), st.integers(0, 255)), min_size=1, max_size=40
    ),
    length=st.integers(100, len(FONT)) | st.just(len(FONT)),
)
def test_a_damaged_font_is_refused_or_draws(tmp_path: Path, changes: list[tuple[int, int]], length: int) -> None:
    # given a font with wrong bytes, most of them in its tables of contents
    data = bytearray(FONT)
    for place, value in changes:
        data[place] = value
    path = tmp_path / f"{abs(hash((tuple(changes), length)))}.otf"
    path.write_bytes(data[:length])
    # when, then nothing but a refusal comes of it
    try:
        overlay = lower_third("Mara Quill", HouseFormat(320, 180), typeface=own_typeface(path))
    except MediaRefused:
        pass
    else:
        assert overlay is not None
        assert max(Image.fromarray(overlay.picture).size) <= 2000
    finally:
        path.unlink()
