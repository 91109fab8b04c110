"""What a provider sent has to be what was paid for, by its bytes."""

from pathlib import Path

import pytest

from shared.keys import AssetKind
from shared.media.errors import MediaRefused
from shared.workflow.check_result import check_result
from tests.unit.hostile_media.hostile_files import png
from tests.unit.media.media_samples import Video, write_picture, write_video


def test_a_result_has_the_type_of_its_bytes_whatever_its_name(tmp_path: Path) -> None:
    clip = write_video(tmp_path / "result.mp4", Video(0.4, size=(64, 48))).rename(tmp_path / "result.png")
    picture = write_picture(tmp_path / "picture.jpg").rename(tmp_path / "picture.mp4")
    assert check_result(AssetKind.CLIP, clip) == "video/mp4"
    assert check_result(AssetKind.PORTRAIT, picture) == "image/jpeg"


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (AssetKind.CLIP, png(100, 100, bytes(30_100))),
        (AssetKind.CLIP, b"#EXTM3U\n#EXTINF:10,\nhttp://169.254.169.254/\n"),
        (AssetKind.PORTRAIT, b"\0\0\0\x18ftypisom\0\0\2\0isomiso2"),
        (AssetKind.COMPOSITE, png(60_000, 60_000, b"")),
        (AssetKind.BACKGROUND, b"<html>not found</html>"),
        (AssetKind.BACKGROUND, b""),
    ],
)
def test_anything_else_is_refused(tmp_path: Path, kind: AssetKind, data: bytes) -> None:
    path = tmp_path / "result"
    path.write_bytes(data)
    with pytest.raises(MediaRefused):
        check_result(kind, path)


def test_a_clip_of_minutes_was_not_bought(tmp_path: Path) -> None:
    path = write_video(tmp_path / "result", Video(130, size=(32, 32), rate=1))
    with pytest.raises(MediaRefused, match="at most 120 s"):
        check_result(AssetKind.CLIP, path)
