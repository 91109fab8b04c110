"""What a house clip holds, and what decoders are set up with."""

import struct
from dataclasses import dataclass
from pathlib import Path

from shared.media.house_format import AAC_PACKET, FRAME_TICKS, SOUND_RATE, VIDEO_TIMESCALE
from shared.media.mp4.boxes import DamagedBox, FileBox, box_within
from shared.media.mp4.movie import Track
from shared.media.mp4.reading import read_movie

# How much of a sample entry comes before the boxes in it (ISO/IEC 14496-12, 12.1.3 and 12.2.3).
_VISUAL_ENTRY, _AUDIO_ENTRY = 78, 28
_DESCRIPTION_FIELDS = 8
_PICTURE_SIZE = struct.Struct(">HH")
_PICTURE_SIZE_AT = 24
# The MPEG-4 descriptors around AAC's setup, and how much comes before the next one (ISO/IEC 14496-1, 7.2.6).
_STREAM_DESCRIPTOR, _DECODER_DESCRIPTOR, _SETUP_DESCRIPTOR = 3, 4, 5
_STREAM_FIELDS, _DECODER_FIELDS = 3, 13


@dataclass(frozen=True, slots=True, eq=False)
class ClipIndex:
    """A house clip's tracks, and where its media lie in the file.

    Tracks can follow each other if decoders are set up in the same way, by `picture_setup` and `sound_setup`.
    """

    picture: Track
    picture_setup: bytes
    sound: Track | None
    sound_setup: bytes
    media: FileBox


def read_clip_index(clip: Path) -> ClipIndex:
    """Read the index of a house clip, or of the head of one, which has no sound.

    Raises
    ------
    DamagedBox
        If it is none, or damaged; the text is the rest of a sentence about the clip.
    """
    movie = read_movie(clip)
    picture, sound = movie.track(b"vide"), movie.track(b"soun")
    if picture is None or len(movie.tracks) != 1 + (sound is not None):
        raise DamagedBox("needs one picture and one sound track")
    _require_pace(picture, VIDEO_TIMESCALE, FRAME_TICKS)
    if sound is not None:
        _require_pace(sound, SOUND_RATE, AAC_PACKET)
    try:
        return ClipIndex(
            picture=picture,
            picture_setup=_avc_setup(memoryview(picture.description)),
            sound=sound,
            sound_setup=_aac_setup(memoryview(sound.description)) if sound else b"",
            media=movie.media,
        )
    except IndexError as error:
        raise DamagedBox("is damaged: it does not say how it is coded") from error


def _require_pace(track: Track, timescale: int, ticks: int) -> None:
    if track.timescale != timescale or not isinstance(track.ticks, int) or track.ticks != ticks:
        raise DamagedBox("is not in the house format: its clocks differ")


def _avc_setup(description: memoryview) -> bytes:
    """Return the size in pixels and the AVCDecoderConfigurationRecord."""
    entry = box_within(description[_DESCRIPTION_FIELDS:], b"avc1")
    size = entry[_PICTURE_SIZE_AT : _PICTURE_SIZE_AT + _PICTURE_SIZE.size]
    return bytes(size) + bytes(box_within(entry[_VISUAL_ENTRY:], b"avcC"))


def _aac_setup(description: memoryview) -> bytes:
    """Return the AudioSpecificConfig. What is around it tells bit rates, which differ from clip to clip."""
    esds = box_within(box_within(description[_DESCRIPTION_FIELDS:], b"mp4a")[_AUDIO_ENTRY:], b"esds")
    stream = _descriptor(esds[4:], _STREAM_DESCRIPTOR)
    decoder = _descriptor(stream[_STREAM_FIELDS:], _DECODER_DESCRIPTOR)
    return bytes(_descriptor(decoder[_DECODER_FIELDS:], _SETUP_DESCRIPTOR))


def _descriptor(data: memoryview, tag: int) -> memoryview:
    """Return the contents of a descriptor; seven bits of its length are in each byte up to the first one below 128."""
    if not data or data[0] != tag:
        raise DamagedBox("does not say how its sound is coded")
    length, position = 0, 1
    while position < len(data):
        length = length << 7 | data[position] & 0x7F
        position += 1
        if data[position - 1] < 0x80:  # noqa: PLR2004 -- the bit that says that more follows
            return data[position : position + length]
    raise DamagedBox("does not say how its sound is coded")
