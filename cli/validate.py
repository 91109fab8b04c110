"""The command `episode validate`."""

from pathlib import Path

from cli.endings import FAILED, stop
from cli.folder import files_of, paths_in_script
from cli.options import Folder, Json
from cli.output import counted, say, write_document
from shared.keys import SCRIPT_NAMES, is_result
from shared.script.file_sizes import too_large_files
from shared.script.files import script_files
from shared.script.models import Script
from shared.script.parse import parse_script
from shared.script.problems import enumerated
from shared.script.text import composed


def validate(folder: Folder, *, json: Json = False) -> None:  # noqa: ARG001 -- read by `cli.group`
    """Check an episode's script and whether its files are there, without uploading anything."""
    files = files_of(folder)
    *_, script = files
    if len(scripts := [name for name in SCRIPT_NAMES if (folder / name).is_file()]) > 1:
        stop(f"there are both {' and '.join(scripts)} in {folder}", FAILED, next_step="keep one of them")
    parsed = parse_script(script.read_bytes(), file_name=script.name)
    sizes = {name: path.stat().st_size for name, path in paths_in_script(folder, files).items()}
    missing = [file.path for file in script_files(parsed) if file.path not in sizes]
    if missing:
        stop(
            f"{script.name} names files that are not in {folder}: {', '.join(missing)}",
            FAILED,
            error="files_missing",
            next_step="put them there, or name the ones that are",
        )
    if problems := too_large_files(parsed, sizes):
        stop("; ".join(problems), FAILED, error="files_too_large")
    lines = sum(len(scene.lines) for scene in parsed.scenes)
    warnings = _warnings(parsed, folder, set(sizes))
    counts = ", ".join(
        counted(count, thing)
        for count, thing in ((len(parsed.characters), "character"), (len(parsed.scenes), "scene"), (lines, "line"))
    )
    say(f"{script}: {counts}: good")
    for warning in warnings:
        say(f"warning: {warning}")
    write_document(
        {
            "script": str(script),
            "title": parsed.title,
            "characters": len(parsed.characters),
            "scenes": len(parsed.scenes),
            "lines": lines,
            "warnings": warnings,
        }
    )


def _warnings(script: Script, folder: Path, used: set[str]) -> list[str]:
    """Return what is allowed, and perhaps not meant."""
    warnings = []
    present = {composed(path.relative_to(folder).as_posix()) for path in folder.rglob("*") if path.is_file()}
    if unused := sorted(name for name in present - used if not is_result(name)):
        warnings.append(f"the script names none of these, which stay here: {enumerated(unused)}")
    lines = [line for scene in script.scenes for line in scene.lines]
    silent = [str(number) for number, line in enumerate(lines, 1) if not line.text]
    if silent and len(silent) < len(lines):
        warnings.append(f"lines without a text have no captions: {enumerated(silent)}")
    elif silent:
        warnings.append("no line has a text, so that there will be no captions")
    speaking = {line.character for line in lines}
    if mute := [character.name for character in script.characters if character.name not in speaking]:
        warnings.append(f"nobody hears {enumerated(mute)}: no line is theirs")
    return warnings
