"""Joining house clips by copying packets: nothing is decoded, so nothing drifts and nothing is lost."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
from av.audio import AudioStream
from av.container import InputContainer, OutputContainer
from av.video.stream import VideoStream

from shared.media.errors import MediaRefused
from shared.media.house_encoder import CLIP_OPTIONS
from shared.media.house_format import (
    AAC_PACKET,
    FRAME_RATE,
    GRID_FRAMES,
    SAMPLES_PER_FRAME,
    SOUND_RATE,
    VIDEO_TIMESCALE,
)
from shared.media.output import replacing
from shared.media.reading import open_media
from shared.media.sniffing import MP4

if TYPE_CHECKING:
    from av.container.core import Chapter as ContainerChapter

_FRAME_TICKS = VIDEO_TIMESCALE // FRAME_RATE
_CHAPTER_TIME_BASE = Fraction(1, 1000)


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter of an episode: where it starts, in seconds, and its title. It ends where the next one starts."""

    start: float
    title: str


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
    clips: Sequence[Path], target: Path, *, title: str, chapters: Sequence[Chapter] = ()
) -> EpisodeFacts:
    """Join house clips to an MP4 that starts playing before it is loaded.

    Parameters
    ----------
    clips
        House clips of one format, in order.
    target
        The MP4 to write.
    title
        The episode's title, for players.
    chapters
        In order of their starts.

    Raises
    ------
    NotJoinable
        If a clip is not in the house format, or was encoded differently from the first one.
    """
    if not clips:
        raise ValueError("an episode needs at least one clip")
    frames = sum(_count_frames(clip) for clip in clips) if chapters else 0
    with replacing(target) as partial, av.open(str(partial), "w", format="mp4", options=CLIP_OPTIONS) as episode:
        episode.metadata["title"] = title
        if chapters:
            episode.set_chapters(_container_chapters(chapters, frames))
        with open_media(clips[0], MP4) as first:
            picture, sound = _streams(first, clips[0])
            output = (episode.add_stream_from_template(picture), episode.add_stream_from_template(sound))
            headers = _headers(picture, sound)
        frames = 0
        for clip in clips:
            frames += _append(clip, episode, output, headers, frames)
    return EpisodeFacts(frames, frames / FRAME_RATE)


def _append(
    clip: Path,
    episode: OutputContainer,
    output: tuple[VideoStream, AudioStream],
    headers: tuple[bytes | None, bytes | None],
    position: int,
) -> int:
    """Copy a clip's packets behind the first `position` frames, and return its number of frames."""
    with open_media(clip, MP4) as container:
        picture, sound = _streams(container, clip)
        if _headers(picture, sound) != headers:
            raise NotJoinable(clip, "was encoded differently from the first clip; make it again")
        count = picture.frames
        copied = {picture.index: 0, sound.index: 0}
        for packet in container.demux(picture, sound):
            if packet.pts is None or packet.dts is None:
                continue
            is_picture = packet.stream.index == picture.index
            copied[packet.stream.index] += 1
            shift = position * (_FRAME_TICKS if is_picture else SAMPLES_PER_FRAME)
            packet.stream = output[0] if is_picture else output[1]
            packet.pts += shift
            packet.dts += shift
            episode.mux_one(packet)
        if copied != {picture.index: count, sound.index: count * SAMPLES_PER_FRAME // AAC_PACKET}:
            raise NotJoinable(clip, "holds more or less sound than picture; make it again")
    return count


def _streams(container: InputContainer, clip: Path) -> tuple[VideoStream, AudioStream]:
    if len(container.streams.video) != 1 or len(container.streams.audio) != 1:
        raise NotJoinable(clip, "needs one picture and one sound track")
    picture, sound = container.streams.video[0], container.streams.audio[0]
    if (picture.time_base, sound.time_base) != (Fraction(1, VIDEO_TIMESCALE), Fraction(1, SOUND_RATE)):
        raise NotJoinable(clip, "is not in the house format: its clocks differ")
    if picture.frames == 0 or picture.frames % GRID_FRAMES:
        raise NotJoinable(clip, f"is not in the house format: {picture.frames} frames are no multiple of {GRID_FRAMES}")
    return picture, sound


def _headers(picture: VideoStream, sound: AudioStream) -> tuple[bytes | None, bytes | None]:
    """Return what decoders are set up with, once for the whole episode: avcC and AudioSpecificConfig."""
    return picture.codec_context.extradata, sound.codec_context.extradata


def _count_frames(clip: Path) -> int:
    with open_media(clip, MP4) as container:
        return _streams(container, clip)[0].frames


def _container_chapters(chapters: Sequence[Chapter], frames: int) -> "list[ContainerChapter]":
    starts = [round(chapter.start / _CHAPTER_TIME_BASE) for chapter in chapters]
    ends = [*starts[1:], round(Fraction(frames, FRAME_RATE) / _CHAPTER_TIME_BASE)]
    if any(end <= start for start, end in zip(starts, ends, strict=True)):
        raise ValueError("chapters must be in order and start before the episode's end")
    return [
        {
            "id": number,
            "start": start,
            "end": end,
            "time_base": _CHAPTER_TIME_BASE,
            "metadata": {"title": chapter.title},
        }
        for number, (start, end, chapter) in enumerate(zip(starts, ends, chapters, strict=True))
    ]
