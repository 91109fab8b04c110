"""The command `episode validate`."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from cli.endings import FAILED, stop
from cli.folder import files_of, paths_in_script, require_good_script
from cli.options import Folder, Json
from cli.output import counted, say, write_document
from shared.keys import is_result
from shared.script.file_sizes import too_large_files
from shared.script.files import script_files
from shared.script.models import Script
from shared.script.paths import FileKind
from shared.script.problems import ScriptInvalid, enumerated
from shared.script.text import composed

_WHAT_IS_RIGHT = "mend that and ask again; docs/script.md says what a script may hold"


def validate(folder: Folder, *, json: Json = False) -> None:  # noqa: ARG001 -- read by `cli.group`
    """Check an episode's script and whether its files are there, without uploading anything."""
    script = _script_of(folder)
    *files, path = files_of(folder)
    present = paths_in_script(folder, files)
    missing = [file.path for file in script_files(script) if file.path not in present]
    if missing:
        stop(
            f"{path.name} names files that are not in {folder}: {', '.join(missing)}",
            FAILED,
            error="files_missing",
            next_step="put them there, or name the ones that are",
        )
    if problems := too_large_files(script, {name: file.stat().st_size for name, file in present.items()}):
        stop("; ".join(problems), FAILED, error="files_too_large")
    if refused := list(_unreadable(script, present)):
        stop("; ".join(refused), FAILED, error="files_refused", next_step="put the right files there")
    lines = sum(len(scene.lines) for scene in script.scenes)
    warnings = _warnings(script, folder, {path.name, *present})
    counts = ", ".join(
        counted(count, thing)
        for count, thing in ((len(script.characters), "character"), (len(script.scenes), "scene"), (lines, "line"))
    )
    say(f"{path}: {counts}: good")
    for warning in warnings:
        say(f"warning: {warning}")
    write_document(
        {
            "script": str(path),
            "title": script.title,
            "characters": len(script.characters),
            "scenes": len(script.scenes),
            "lines": lines,
            "warnings": warnings,
        }
    )


def _script_of(folder: Path) -> Script:
    """Return the script of a folder, or stop after telling all that is wrong with it."""
    try:
        return require_good_script(folder)
    except ScriptInvalid as invalid:
        *others, last = invalid.problems
        if not others:
            stop(f"{invalid.file_name}: {last}", FAILED, error="script_invalid", next_step=_WHAT_IS_RIGHT)
        for problem in invalid.problems:
            say(f"{invalid.file_name}: {problem}")
        write_document(
            {
                "script": str(folder / invalid.file_name),
                "problems": [
                    {"field": problem.path, "line": problem.line, "message": problem.message, "hint": problem.hint}
                    for problem in invalid.problems
                ],
            }
        )
        found = f"{invalid.file_name} has {counted(len(invalid.problems), 'problem')}"
        stop(found, FAILED, error="script_invalid", next_step=_WHAT_IS_RIGHT)


def _unreadable(script: Script, present: Mapping[str, Path]) -> Iterator[str]:
    """Yield a sentence for each sound and video that begins as none does; whether it can be played, decoding tells."""
    from shared.media.errors import MediaRefused
    from shared.media.reading import require_format  # takes a while to import
    from shared.media.sniffing import SOUND_FORMATS, VIDEO_FORMATS
    from shared.script.limits import MAX_SOUND_BYTES, MAX_VIDEO_BYTES

    sound = (SOUND_FORMATS, "sound file", MAX_SOUND_BYTES)
    kinds = {
        FileKind.AUDIO: sound,
        FileKind.MUSIC: sound,
        FileKind.CLIP: (VIDEO_FORMATS, "video", MAX_VIDEO_BYTES),
    }
    for file in script_files(script):
        if file.kind not in kinds:
            continue
        try:
            require_format(present[file.path], *kinds[file.kind])
        except MediaRefused as refusal:
            yield f"{file.path} {refusal}"


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
