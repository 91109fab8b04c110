"""Read the files that a script names: check them, keep them under their addresses, cut recordings into parts."""

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from shared.addresses import address_of, address_of_file
from shared.content_types import content_type_of
from shared.keys import FileKind, FileRef
from shared.media.audio import AudioLimits, expand_recording, plan_cuts, write_part
from shared.media.clips import ClipLimits
from shared.media.errors import MediaRefused
from shared.media.fonts import SHIPPED_TYPEFACE, explain_missing, missing_characters, own_typeface
from shared.media.house_format import PART_RECIPE
from shared.media.images import ImageLimits, probe_image_file
from shared.media.isolation import probe_audio_apart, probe_clip_apart
from shared.media.pauses import speech_pauses
from shared.media.reading import read_head
from shared.media.speech_quality import require_clean_speech
from shared.plan.recordings import ReadInputs, RecordedPart
from shared.script.drawn_texts import drawn_texts
from shared.script.files import script_files
from shared.script.limits import (
    MAX_EPISODE_SECONDS,
    MAX_IMAGE_BYTES,
    MAX_MEDIA_SECONDS,
    MAX_SOUND_BYTES,
    MAX_SOUND_SECONDS,
    MAX_VIDEO_BYTES,
    MAX_VIDEO_SECONDS,
)
from shared.script.paths import FileKind as ScriptFileKind
from shared.script.problems import enumerated

if TYPE_CHECKING:
    from concurrent.futures import Future

    from shared.media.cuts import Cut
    from shared.script.files import ScriptFile
    from shared.script.models import Line, Script
    from shared.workflow.inputs import EpisodeInputs
    from shared.workflow.transfers import Transfers

_MANY_LINES = 4
_LONG_SECONDS = 60
_SOUND_LIMITS = AudioLimits(max_bytes=MAX_SOUND_BYTES, max_seconds=MAX_SOUND_SECONDS)
_VIDEO_LIMITS = ClipLimits(max_bytes=MAX_VIDEO_BYTES, max_seconds=MAX_VIDEO_SECONDS)
_IMAGE_LIMITS = ImageLimits(max_bytes=MAX_IMAGE_BYTES)


class FilesRefused(Exception):
    """Files that cannot be used: one sentence for each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(enumerated(problems, "; "))
        self.problems = tuple(problems)


def read_files(script: "Script", inputs: "EpisodeInputs", scratch: Path, transfers: "Transfers") -> ReadInputs:
    """Read every file that a script names; what is kept of them is stored once `transfers` is left.

    Parameters
    ----------
    scratch
        An empty folder, for as long as `transfers` lasts.

    Raises
    ------
    FilesRefused
        With all that is wrong with any of them, so that a person mends them at once.
    """
    reader = _Reader(inputs, scratch, transfers)
    files = script_files(script)
    reader.begin_to_fetch(files)
    for file in files:
        reader.read(file)
    lines = [line for scene in script.scenes for line in scene.lines]
    if not reader.problems:
        reader.refuse_too_long_an_episode(lines)
    if not reader.problems:
        reader.expand_recordings_of_many(lines)
    recordings = [reader.recorded_parts(line) for line in lines] if not reader.problems else []
    missing_letters = reader.missing_letters(script) if not reader.problems else []
    if reader.problems:
        raise FilesRefused(reader.problems)
    return ReadInputs(sources=reader.sources, recordings=recordings, warnings=(*reader.warnings, *missing_letters))


class _Reader:
    def __init__(self, inputs: "EpisodeInputs", scratch: Path, transfers: "Transfers") -> None:
        self._inputs = inputs
        self._scratch = scratch
        self._transfers = transfers
        self._being_fetched: dict[str, Future[Path]] = {}
        self._parts_written = 0
        self._local: dict[str, Path] = {}
        self._seconds: dict[str, float] = {}
        self.sources: dict[str, FileRef] = {}
        self.problems: list[str] = []
        self.warnings: list[str] = []

    def begin_to_fetch(self, files: Sequence["ScriptFile"]) -> None:
        for number, file in enumerate(files):
            key = self._inputs.files[file.path].key
            self._being_fetched[file.path] = self._transfers.begin_fetching(key, self._scratch / f"source-{number}")

    def read(self, file: "ScriptFile") -> None:
        local = self._being_fetched[file.path].result()
        self._local[file.path] = local
        try:
            self._seconds[file.path] = self._checked_seconds(file, local)
        except MediaRefused as refusal:
            self.problems.append(f"{file.path} {refusal}")
            return
        if sum(self._seconds.values()) > MAX_MEDIA_SECONDS:
            self.problems.append(
                "the sounds and videos that the script names last longer together than the "
                f"{_minutes(MAX_MEDIA_SECONDS)} that are read: divide the episode, or cut the recordings shorter"
            )
            raise FilesRefused(self.problems)
        source = FileRef(kind=FileKind.SOURCE, address=address_of_file(local))
        self.sources[file.path] = source
        self._transfers.begin_storing(local, source, content_type_of(read_head(local)))

    def _checked_seconds(self, file: "ScriptFile", path: Path) -> float:
        """Check a file by its kind; return how long it lasts, which of a picture is not at all."""
        match file.kind:
            case ScriptFileKind.AUDIO:
                facts = probe_audio_apart(path, limits=_SOUND_LIMITS)
                self.warnings += [f"{file.path} {warning}" for warning in require_clean_speech(facts)]
                return facts.seconds
            case ScriptFileKind.MUSIC:
                return probe_audio_apart(path, limits=_SOUND_LIMITS).seconds
            case ScriptFileKind.CLIP:
                return probe_clip_apart(path, limits=_VIDEO_LIMITS).seconds
            case ScriptFileKind.FONT:
                own_typeface(path)
                return 0.0
            case ScriptFileKind.PORTRAIT | ScriptFileKind.BACKGROUND | ScriptFileKind.STYLE_REFERENCE:
                probe_image_file(path, limits=_IMAGE_LIMITS)
                return 0.0

    def refuse_too_long_an_episode(self, lines: Sequence["Line"]) -> None:
        """Add a problem if the lines last too long together, before any of them is cut into parts."""
        ends = (min(line.end or math.inf, self._seconds[line.audio]) for line in lines)
        total = sum(max(0.0, end - (line.start or 0.0)) for line, end in zip(lines, ends, strict=True))
        if total > MAX_EPISODE_SECONDS:
            self.problems.append(
                f"the lines last {_minutes(total)} together, and an episode at most {_minutes(MAX_EPISODE_SECONDS)}: "
                "divide it"
            )

    def expand_recordings_of_many(self, lines: Sequence["Line"]) -> None:
        """Decode a recording once from which many lines are cut, and not once for each of them."""
        for path, count in Counter(line.audio for line in lines).items():
            if count >= _MANY_LINES and self._seconds[path] > _LONG_SECONDS:
                expanded = self._local[path].with_suffix(".wav")
                expand_recording(self._local[path], expanded)
                self._local[path] = expanded

    def missing_letters(self, script: "Script") -> list[str]:
        """Return a sentence for each use of letters that the font lacks."""
        try:
            typeface = own_typeface(self._local[script.font]) if script.font else SHIPPED_TYPEFACE
            lacking = [(use, missing_characters(text, typeface)) for use, text in drawn_texts(script)]
        except MediaRefused as refusal:
            self.problems.append(f"{script.font} {refusal}")
            return []
        return [explain_missing(characters, use) for use, characters in lacking if characters]

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
        written = self._scratch / f"part-{self._parts_written}.mp3"
        self._parts_written += 1
        facts = write_part(self._local[path], cut, written)
        # Of hundreds of parts, each waits for the bucket while the next ones are cut.
        self._transfers.begin_storing(written, file, "audio/mpeg", then_delete=True)
        pauses = speech_pauses(self._local[path], cut)
        return RecordedPart(file, facts.seconds, facts.recording_seconds, cut.ends_in_speech, pauses)


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.1f} minutes"
