"""Pictures that are made to do harm."""

import time
import tracemalloc
from pathlib import Path

import pytest

from shared.media.errors import MediaRefused
from shared.media.images import ImageLimits, probe_image, probe_image_file
from tests.unit.hostile_media.hostile_files import (
    colour_profile,
    compressed_texts,
    jpeg_with_scans,
    png,
    webp_with_canvas,
)

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (png(60_000, 60_000, bytes(1_000_000)), "has too many pixels"),
        (png(12_000, 12_000, bytes(1_000_000)), "has too many pixels"),
        (png(6_400, 6_400, bytes(1_000_000)), "has too many pixels: 6400 x 6400"),
        (png(100_000_000, 1, b""), "has too many pixels"),
        (png(100, 100, bytes(30_000)), "is a damaged picture"),  # too few pixels
        (png(100, 100, bytes(30_100), compressed_texts(1, 100_000_000)), "MAX_TEXT_CHUNK"),
        (png(100, 100, bytes(30_100), compressed_texts(100, 1_000_000)), "MAX_TEXT_MEMORY"),
        (png(100, 100, bytes(30_100), colour_profile(100_000_000)), "MAX_TEXT_CHUNK"),
        (webp_with_canvas(16_384, 16_384), "has too many pixels"),
        (webp_with_canvas(16_777_216, 255), "has too many pixels"),
        (webp_with_canvas(16_384, 16_384, animated=True), "has too many pixels"),
        (jpeg_with_scans(400, 6_000), "is a JPEG of more than 64 scans"),
        (b"GIF89a" + bytes(200), "it looks like a GIF picture"),
        (SVG, "it looks like an SVG drawing"),
        (b'<?xml version="1.0"?>' + SVG, "it looks like an SVG drawing"),
    ],
    ids=lambda value: None if isinstance(value, bytes) else value,
)
def test_it_is_refused_at_once_whatever_its_name(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "portrait.png"
    path.write_bytes(data)
    start = time.monotonic()
    with pytest.raises(MediaRefused, match=reason):
        probe_image_file(path)
    assert time.monotonic() - start < 2


def test_pixels_beyond_the_picture_are_not_unpacked() -> None:
    # given a small picture with 500 MB of pixels
    data = png(100, 100, bytes(500_000_000))
    # when it is probed
    tracemalloc.start()
    facts = probe_image(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # then only its own were taken
    assert (facts.width, facts.height) == (100, 100)
    assert peak < 20_000_000


def test_a_file_over_the_limit_of_bytes_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "portrait.png"
    with path.open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(MediaRefused, match="is too large: 1000000 MB"):
        probe_image_file(path)


def test_a_progressive_jpeg_as_encoders_write_it_is_taken() -> None:
    assert probe_image(jpeg_with_scans(0, 100)).format == "JPEG"
    assert probe_image(jpeg_with_scans(50, 100), limits=ImageLimits()).width == 100
