"""Read the files that a script names: check them, keep them under their addresses, cut recordings into parts."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from shared.addresses import address_of, address_of_content
from shared.content_types import content_type_of
from shared.keys import FileKind, FileRef, episode_folder
from shared.media.audio import plan_cuts, probe_audio, write_part
from shared.media.clips import probe_clip
from shared.media.errors import MediaRefused
from shared.media.images import probe_image
from shared.media.parts import PART_RECIPE
from shared.plan.build import ReadInputs, RecordedPart
from shared.script.files import script_files
from shared.script.paths import FileKind as ScriptFileKind

if TYPE_CHECKING:
    from shared.media.cuts import Cut
    from shared.ports import Bucket
    from shared.script.files import ScriptFile
    from shared.script.models import Line, Script
    from shared.workflow.inputs import EpisodeInputs


class FilesRefused(Exception):
    """Files that cannot be used: one sentence for each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


def read_files(script: "Script", inputs: "EpisodeInputs", bucket: "Bucket", scratch: Path) -> ReadInputs:
    """Read every file that a script names.

    Parameters
    ----------
    scratch
        An empty folder, for as long as this takes.

    Raises
    ------
    FilesRefused
        With all that is wrong with any of them, so that a person mends them at once.
    """
    reader = _Reader(bucket, episode_folder(inputs.episode_id), scratch)
    for file in script_files(script):
        reader.read(file)
    lines = [line for scene in script.scenes for line in scene.lines]
    recordings = [reader.recorded_parts(line) for line in lines] if not reader.problems else []
    if reader.problems:
        raise FilesRefused(reader.problems)
    return ReadInputs(sources=reader.sources, recordings=recordings)


class _Reader:
    def __init__(self, bucket: "Bucket", folder: str, scratch: Path) -> None:
        self._bucket = bucket
        self._folder = folder
        self._scratch = scratch
        self._local: dict[str, Path] = {}
        self.sources: dict[str, FileRef] = {}
        self.problems: list[str] = []

    def read(self, file: "ScriptFile") -> None:
        local = self._scratch / f"source-{len(self._local)}"
        self._bucket.download(self._folder + file.path, local)
        self._local[file.path] = local
        try:
            _check(file.kind, local)
        except MediaRefused as refusal:
            self.problems.append(f"{file.path} {refusal}")
            return
        data = local.read_bytes()
        source = FileRef(kind=FileKind.SOURCE, address=address_of_content(data))
        self.sources[file.path] = source
        if not self._bucket.exists(source.key):
            self._bucket.upload(local, source.key, content_type_of(data[:16]))

    def recorded_parts(self, line: "Line") -> list[RecordedPart]:
        try:
            cuts = plan_cuts(self._local[line.audio], start=line.start, end=line.end)
            return [self._recorded_part(line.audio, cut) for cut in cuts]
        except MediaRefused as refusal:
            self.problems.append(f"{line.audio} {refusal}")
            return []

    def _recorded_part(self, path: str, cut: "Cut") -> RecordedPart:
        file = FileRef(
            kind=FileKind.PART,
            address=address_of(
                PART_RECIPE, FileKind.PART, source=self.sources[path].address, start=cut.start, end=cut.end
            ),
        )
        written = self._scratch / f"{file.address}.mp3"
        facts = write_part(self._local[path], cut, written)
        if not self._bucket.exists(file.key):
            self._bucket.upload(written, file.key, "audio/mpeg")
        written.unlink()
        return RecordedPart(file, facts.seconds, facts.recording_seconds, cut.ends_in_speech)


def _check(kind: ScriptFileKind, path: Path) -> None:
    match kind:
        case ScriptFileKind.AUDIO | ScriptFileKind.MUSIC:
            probe_audio(path)
        case ScriptFileKind.CLIP:
            probe_clip(path)
        case ScriptFileKind.PORTRAIT | ScriptFileKind.BACKGROUND | ScriptFileKind.STYLE_REFERENCE:
            probe_image(path.read_bytes())
