"""Thumbnails: small, upright, on white, and of nothing but pictures."""

import io
from pathlib import Path

import pytest
from PIL import Image, ImageOps

from shared.media.errors import MediaRefused
from shared.media.thumbnails import thumbnail


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize("image_format", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize(
    ("size", "small"), [((1280, 720), (480, 270)), ((720, 1280), (360, 640)), ((64, 80), (64, 80))]
)
def test_a_picture_becomes_small_and_keeps_its_shape(
    tmp_path: Path, image_format: str, size: tuple[int, int], small: tuple[int, int]
) -> None:
    # given a picture of one colour
    Image.new("RGB", size, (200, 40, 90)).save(tmp_path / "picture", image_format)
    # when
    made = opened(thumbnail(tmp_path / "picture"))
    # then
    assert (made.format, made.size) == ("WEBP", small)
    assert made.convert("RGB").getpixel((small[0] // 2, small[1] // 2)) == pytest.approx((200, 40, 90), abs=6)


def test_a_picture_is_turned_as_its_camera_was(tmp_path: Path) -> None:
    turned = Image.new("RGB", (800, 400))
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(tmp_path / "picture", "JPEG", exif=exif)
    assert opened(thumbnail(tmp_path / "picture")).size == (320, 640)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P"])
def test_a_large_picture_is_made_small_before_it_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    # given a picture of which a function's memory holds few copies
    Image.new(mode, (3000, 2000)).save(tmp_path / "picture", "PNG")
    transposed: list[tuple[int, int]] = []
    transpose = ImageOps.exif_transpose

    def noting(image: Image.Image) -> Image.Image:
        transposed.append(image.size)
        return transpose(image)

    monkeypatch.setattr(ImageOps, "exif_transpose", noting)
    # when
    made = opened(thumbnail(tmp_path / "picture"))
    # then what is turned, and copied for it, is a small one
    assert made.size == (480, 320)
    assert transposed == [(1280, 853)]


def test_what_is_clear_becomes_white(tmp_path: Path) -> None:
    Image.new("RGBA", (100, 100), (0, 0, 0, 0)).save(tmp_path / "picture", "PNG")
    assert opened(thumbnail(tmp_path / "picture")).convert("RGB").getpixel((50, 50)) == (255, 255, 255)


def test_a_detailed_picture_takes_little(tmp_path: Path) -> None:
    Image.effect_mandelbrot((1280, 720), (-2, -1.2, 1, 1.2), 100).save(tmp_path / "picture", "PNG")
    assert len(thumbnail(tmp_path / "picture")) < 25_000


@pytest.mark.parametrize("data", [b"", b"no picture", b"\x89PNG\r\n\x1a\n broken", b"GIF89a"])
def test_what_is_no_picture_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "picture").write_bytes(data)
    with pytest.raises(MediaRefused, match="no picture that can be read"):
        thumbnail(tmp_path / "picture")
