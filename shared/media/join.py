"""Joining house clips: their media are copied as they are, and one index is made of theirs.

Nothing is decoded, so nothing drifts and nothing is lost. The index comes first, so that the episode plays before it is
loaded; its place is kept free while the media are copied, so that each clip is read once, and may be gone thereafter.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from shared.captions.cues import Cue
from shared.media.errors import MediaRefused
from shared.media.house_format import (
    AAC_PACKET,
    FRAME_RATE,
    GRID_FRAMES,
    HEAD_FRAMES,
    SAMPLES_PER_FRAME,
)
from shared.media.mp4.boxes import DamagedBox, FileBox
from shared.media.mp4.clip_index import ClipIndex, read_clip_index
from shared.media.mp4.movie import Track, preroll_groups
from shared.media.mp4.samples import SampleTable, one_behind_another
from shared.media.mp4.text import Chapter, TimedText, caption_samples, caption_track, chapter_samples, chapter_track
from shared.media.mp4.writing import MovieWriter, index_bytes
from shared.media.output import replacing

__all__ = ["Chapter", "EpisodeFacts", "NotJoinable", "Segment", "join_house_clips"]

_COPY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Segment:
    """A house clip of an episode, and perhaps what is shown instead of its first frames: see `write_dissolve`.

    The frames that are not shown stay in the file, some 50 kB a dissolve: taking them out would cost more than a copy.
    """

    clip: Path
    head: Path | None = None


@dataclass(frozen=True, slots=True)
class EpisodeFacts:
    """A joined episode."""

    frames: int
    seconds: float


class NotJoinable(MediaRefused):
    """A clip that does not fit the others of an episode; made again in the house format, it will."""

    def __init__(self, clip: Path, reason: str) -> None:
        super().__init__(f"cannot be joined: {clip.name} {reason}")
        self.clip = clip


def join_house_clips(
    segments: Iterable[Segment],
    target: Path,
    *,
    frames: int,
    title: str,
    chapters: Sequence[Chapter] = (),
    cues: Sequence[Cue] = (),
    language: str = "und",
) -> EpisodeFacts:
    """Join house clips to an MP4 that starts playing before it is loaded.

    Parameters
    ----------
    segments
        House clips of one format, in order. A clip is read between the moment at which it is yielded and the one at
        which the next is asked for: a generator may fetch each clip when it is its turn, and delete it afterwards.
    target
        The MP4 to write.
    frames
        How many frames the clips have together.
    title
        The episode's title, for players.
    chapters
        In order of their starts, the first at 0.
    cues
        Captions, in order, for a track that can be switched on and off.
    language
        That of sound and captions: three letters after ISO 639-2.

    Raises
    ------
    NotJoinable
        If a clip is not in the house format, or was encoded differently from the first one.
    ValueError
        If the clips do not have `frames` frames together, or chapters or captions are not in order.
    """
    seconds = Fraction(frames, FRAME_RATE)
    texts = _Texts(
        caption_samples(cues, seconds) if cues else None, chapter_samples(chapters, seconds) if chapters else None
    )
    with replacing(target) as partial, partial.open("wb") as file:
        episode = MovieWriter(file, index_bytes(frames, title, texts.count))
        texts_start = episode.append(texts.data)
        reel = _Reel()
        for segment in segments:
            reel.append(segment, file)
        if reel.frames != frames:
            raise ValueError(f"the clips last {reel.frames} frames, and {frames} were planned")
        episode.finish(_tracks(reel, texts, texts_start, language), title)
    return EpisodeFacts(frames, float(seconds))


@dataclass(frozen=True, slots=True)
class _Texts:
    """What is written before the media of the clips."""

    captions: TimedText | None
    chapters: TimedText | None

    @property
    def data(self) -> bytes:
        return b"".join(text.data for text in (self.captions, self.chapters) if text)

    @property
    def count(self) -> int:
        return sum(len(text.samples) for text in (self.captions, self.chapters) if text)


class _Reel:
    """The clips joined so far: their media are in the episode, and their samples are noted here."""

    def __init__(self) -> None:
        self.frames = 0
        self.first: ClipIndex | None = None
        self._pictures: list[SampleTable] = []
        self._sounds: list[SampleTable] = []
        self._buffer = memoryview(bytearray(_COPY_BYTES))  # for all clips: new memory takes as long as a copy

    def append(self, segment: Segment, episode: BinaryIO) -> None:
        index = _read_index(segment.clip)
        sound = _require_house_format(index, segment.clip)
        if self.first is None:
            self.first = index
        _require_same_setup(index, self.first, segment.clip)
        picture = index.picture.samples
        if segment.head is not None:
            head = _read_index(segment.head)
            _require_same_setup(head, self.first, segment.head)
            replaced = len(head.picture.samples)
            if replaced != min(HEAD_FRAMES, len(picture)) or not picture.is_key[replaced : replaced + 1].all():
                raise NotJoinable(segment.head, f"does not fit {segment.clip.name}; make it again")
            moved = _copy_media(segment.head, head.media, episode, self._buffer)
            self._pictures.append(head.picture.samples.moved(moved))
            picture = picture.without_first(replaced)
        moved = _copy_media(segment.clip, index.media, episode, self._buffer)
        self._pictures.append(picture.moved(moved))
        self._sounds.append(sound.samples.moved(moved))
        self.frames += len(index.picture.samples)

    @property
    def picture(self) -> SampleTable:
        return one_behind_another(self._pictures)

    @property
    def sound(self) -> SampleTable:
        return one_behind_another(self._sounds)


def _read_index(clip: Path) -> ClipIndex:
    try:
        return read_clip_index(clip)
    except DamagedBox as damage:
        raise NotJoinable(clip, f"{damage}; make it again") from damage


def _require_same_setup(index: ClipIndex, first: ClipIndex, clip: Path) -> None:
    """Raise `NotJoinable` if a decoder that was set up for the first clip cannot go on with this one."""
    setup = index.picture_setup, index.picture.first_shown
    same = setup == (first.picture_setup, first.picture.first_shown)
    if index.sound is not None and first.sound is not None:
        same = same and index.sound_setup == first.sound_setup and index.sound.first_shown == first.sound.first_shown
    if not same:
        raise NotJoinable(clip, "was encoded differently from the first clip; make it again")


def _require_house_format(index: ClipIndex, clip: Path) -> Track:
    """Return a clip's sound, or raise `NotJoinable` if it has none, or not as much as picture."""
    frames = len(index.picture.samples)
    if index.sound is None:
        raise NotJoinable(clip, "needs one picture and one sound track")
    if frames == 0 or frames % GRID_FRAMES:
        raise NotJoinable(clip, f"is not in the house format: {frames} frames are no multiple of {GRID_FRAMES}")
    if len(index.sound.samples) != frames * SAMPLES_PER_FRAME // AAC_PACKET:
        raise NotJoinable(clip, "holds more or less sound than picture; make it again")
    return index.sound


def _copy_media(clip: Path, media: FileBox, episode: BinaryIO, buffer: memoryview) -> int:
    """Copy a clip's media to the end of the episode, and return by how much farther on they lie than in the clip."""
    start, end = episode.tell(), media.start + media.length
    with clip.open("rb", buffering=0) as file:
        file.seek(media.start)
        while (position := file.tell()) < end:
            count = file.readinto(buffer[: end - position])
            if not count:
                raise NotJoinable(clip, "was cut off while it was read")
            episode.write(buffer[:count])
    return start - media.start


def _tracks(reel: _Reel, texts: _Texts, texts_start: int, language: str) -> list[Track]:
    if reel.first is None or reel.first.sound is None:
        raise ValueError("an episode needs at least one clip")
    picture, sound = reel.picture, reel.sound
    width, height = reel.first.picture.width, reel.first.picture.height
    tracks = [
        replace(
            reel.first.picture, samples=picture, chapters=3 + (texts.captions is not None) if texts.chapters else None
        ),
        replace(reel.first.sound, samples=sound, language=language, groups=preroll_groups(len(sound))),
    ]
    if texts.captions:
        tracks.append(caption_track(texts.captions, texts_start, width, height, language))
    if texts.chapters:
        after_captions = texts_start + (len(texts.captions.data) if texts.captions else 0)
        tracks.append(chapter_track(texts.chapters, after_captions))
    return tracks
