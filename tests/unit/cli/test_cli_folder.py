"""Which files of a folder are uploaded, where links and accents make it doubtful."""

import json
from pathlib import Path

import pytest

from cli.folder import LinkLeadsOut, files_of, paths_in_script
from tests.unit.script.script_examples import MINIMAL, changed

AUDIO = ("scenes", 0, "lines", 0, "audio")


def episode(folder: Path, audio: str) -> Path:
    folder.mkdir()
    (folder / "script.json").write_text(json.dumps(changed(MINIMAL, AUDIO, audio)))
    return folder


@pytest.mark.parametrize("link", ["audio/01.mp3", "audio", "script.json"])
def test_no_link_leads_out_of_the_folder(tmp_path: Path, link: str) -> None:
    # given a private file, and a link to it where the script names a recording, or as the script
    folder = episode(tmp_path / "episode", "audio/01.mp3")
    (tmp_path / "private").mkdir()
    private = tmp_path / "private" / "01.mp3"
    private.write_bytes((folder / "script.json").read_bytes())
    (folder / link).parent.mkdir(exist_ok=True)
    (folder / link).unlink(missing_ok=True)
    (folder / link).symlink_to(private.parent if link == "audio" else private)
    # then it is not uploaded
    with pytest.raises(LinkLeadsOut, match=r"leads out of .*: put the file itself there"):
        files_of(folder)


def test_a_link_within_the_folder_is_followed(tmp_path: Path) -> None:
    folder = episode(tmp_path / "episode", "01.mp3")
    (folder / "take-3.mp3").write_bytes(b"sound")
    (folder / "01.mp3").symlink_to(folder / "take-3.mp3")
    assert [path.name for path in files_of(folder)] == ["01.mp3", "script.json"]


@pytest.mark.parametrize(("named", "stored"), [("é.mp3", "e\u0301.mp3"), ("e\u0301.mp3", "é.mp3"), ("é.mp3", "é.mp3")])
def test_an_accent_may_be_stored_in_either_way(tmp_path: Path, named: str, stored: str) -> None:
    folder = episode(tmp_path / "episode", named)
    (folder / stored).write_bytes(b"sound")
    files = files_of(folder)
    assert [path.name for path in files] == [stored, "script.json"]
    assert paths_in_script(folder, files)["é.mp3"] == folder / stored
