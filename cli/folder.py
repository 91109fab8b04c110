"""An episode's folder on this machine, and its way into the bucket."""

import mimetypes
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import JsonValue

from shared.keys import SCRIPT_NAMES, episode_folder, is_result
from shared.script.files import script_files
from shared.script.models import Script
from shared.script.overrides import script_with_overrides
from shared.script.parse import parse_script
from shared.script.problems import ScriptInvalid
from shared.script.text import composed

if TYPE_CHECKING:
    from shared.ports import Bucket


class FolderEmpty(Exception):
    """There is nothing to make an episode of."""


class TwoScripts(Exception):
    """A folder holds more than one script."""


class LinkLeadsOut(Exception):
    """A file of the folder is a link to one elsewhere, which nobody may have meant to upload."""


def files_of(folder: Path) -> list[Path]:
    """Return the files of an episode's folder that are to be uploaded, the script last.

    Beside the script, that is what the script names; of a script that cannot be read, all that is there.

    Raises
    ------
    FolderEmpty
        When the folder holds no script.
    LinkLeadsOut
        When one of the files lies elsewhere.
    """
    scripts = [folder / name for name in SCRIPT_NAMES if (folder / name).is_file()]
    if not scripts:
        raise FolderEmpty(f"{folder} holds no script: put {SCRIPT_NAMES[0]} there, or start from the sample episode")
    try:
        named = {
            file.path
            for script in scripts
            for file in script_files(parse_script(script.read_bytes(), file_name=script.name))
        }
    except ScriptInvalid:
        named = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    others = [name for name in sorted(named) if name not in SCRIPT_NAMES and not is_result(name)]
    files = [*(path for name in others if (path := _find(folder, name))), *scripts]
    for path in files:
        if not path.resolve().is_relative_to(folder.resolve()):
            raise LinkLeadsOut(f"{path} is a link that leads out of {folder}: put the file itself there")
    return files


def require_good_script(folder: Path) -> Script:
    """Return the script of an episode's folder.

    Raises
    ------
    FolderEmpty, LinkLeadsOut, ScriptInvalid, TwoScripts
        When no episode can be made of it, whatever else is in the folder.
    """
    *_, script = files_of(folder)
    names = [name for name in SCRIPT_NAMES if (folder / name).is_file()]
    if len(names) > 1:
        raise TwoScripts(f"there are both {' and '.join(names)} in {folder}")
    return parse_script(script.read_bytes(), file_name=script.name)


def paths_in_script(folder: Path, files: list[Path]) -> dict[str, Path]:
    """Return an episode's files by the paths by which a script names them."""
    return {composed(path.relative_to(folder).as_posix()): path for path in files}


def _find(folder: Path, name: str) -> Path | None:
    """Return the file of a name, however its accents are stored here."""
    if (folder / name).is_file():
        return folder / name
    return paths_in_script(folder, [path for path in folder.rglob("*") if path.is_file()]).get(name)


def upload(folder: Path, episode_id: str, bucket: "Bucket", overrides: Mapping[str, JsonValue] | None = None) -> int:
    """Put an episode's files into the bucket, the script last; return how many there were.

    A script of another name that lies there, where this one has taken its place, is deleted.

    Parameters
    ----------
    overrides
        Fields of the script that are otherwise in what is uploaded; the folder's own script stays as it is.

    Raises
    ------
    FolderEmpty, LinkLeadsOut
        As `files_of` does.
    ScriptInvalid
        When there are overrides, and the script cannot be used with them.
    """
    files = files_of(folder)
    if overrides:
        *others, script = files
        changed = script_with_overrides(script.read_bytes(), file_name=script.name, overrides=overrides)
        _upload(others, folder, episode_id, bucket)
        bucket.put(f"{episode_folder(episode_id)}script.json", changed, "application/json")
        _delete_other_scripts({"script.json"}, episode_id, bucket)
    else:
        _upload(files, folder, episode_id, bucket)
        _delete_other_scripts({path.name for path in files}, episode_id, bucket)
    return len(files)


def _delete_other_scripts(uploaded: AbstractSet[str], episode_id: str, bucket: "Bucket") -> None:
    keys = (f"{episode_folder(episode_id)}{name}" for name in SCRIPT_NAMES if name not in uploaded)
    if stale := [key for key in keys if bucket.exists(key)]:
        bucket.delete(stale)


def _upload(files: list[Path], folder: Path, episode_id: str, bucket: "Bucket") -> None:
    for path in files:
        content_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        bucket.upload(path, episode_folder(episode_id) + path.relative_to(folder).as_posix(), content_type)
