"""Writing house clips: a fixed H.264 header, forced key frames, and whole AAC packets."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
from av.audio import AudioStream
from av.container import OutputContainer
from av.video.frame import PictureType
from av.video.stream import VideoStream

from shared.media.house_format import (
    AAC_PACKET,
    FRAME_RATE,
    HEAD_FRAMES,
    SOUND_RATE,
    VIDEO_TIMESCALE,
    HouseFormat,
)
from shared.media.output import replacing
from shared.media.pcm import Samples, to_frame

if TYPE_CHECKING:
    from av.packet import Packet

CLIP_OPTIONS = {"video_track_timescale": str(VIDEO_TIMESCALE), "movflags": "+faststart"}

_SOUND_BIT_RATE = 96_000
# A fresh AAC encoder needs a second to find its rates. It is given the clip's own sound and two packets of silence
# first, whose packets are dropped.
_WARM_UP_PACKETS = 22
_WARM_UP_SILENCE_PACKETS = 2

# Whatever would make the header depend on the picture is fixed. The colours are those of HD (ITU-R BT.709).
_X264_PARAMETERS = (
    "stitchable=1:open-gop=0:scenecut=0:keyint=125:min-keyint=1:bframes=2:ref=2:b-pyramid=none:weightp=1"
    ":colorprim=bt709:transfer=bt709:colormatrix=bt709"
)
# On people who talk, `veryfast` spends up to a fifth of its time on looking farther for motion, and for that of blocks
# of 8 x 8, and gains nothing by it: as many bytes, and the same likeness within 0.06 dB (docs/decisions.md).
_LEFT_OUT_OF_PRESET = {"veryfast": ":partitions=i8x8,i4x4:me=dia"}


@dataclass(frozen=True, slots=True)
class EncoderSettings:
    """x264's trade of speed, size and quality; all clips of an episode need the same preset.

    `threads` 0 uses all cores.
    """

    preset: str = "veryfast"
    crf: int = 21
    threads: int = 0


def encode_house_clip(
    target: Path, frames: Iterator[av.VideoFrame], sound: Samples, form: HouseFormat, settings: EncoderSettings
) -> int:
    """Write a house clip and return its number of frames.

    Parameters
    ----------
    target
        The MP4 to write.
    frames
        Pictures of the house format's size, at its frame rate. As many as the sound lasts are taken; if there are
        fewer, the last one is held.
    sound
        Shape (n,), at 48 kHz: a multiple of 8 frames that ends in a silent packet.
    form
        The size of the picture.
    settings
        How to encode.
    """
    count = len(sound) * FRAME_RATE // SOUND_RATE
    with (
        replacing(target) as partial,
        av.open(str(partial), "w", format="mp4", options=CLIP_OPTIONS) as container,
        ThreadPoolExecutor(1) as aside,
    ):
        picture_stream = _add_picture_stream(container, form, settings)
        sound_stream = container.add_stream("aac", rate=SOUND_RATE, layout="mono", options={"aac_coder": "fast"})
        sound_stream.bit_rate = _SOUND_BIT_RATE
        container.start_encoding()
        encoded_sound = aside.submit(lambda: deque(_sound_packets(sound_stream, sound)))
        for packet in _picture_packets(picture_stream, frames, count):
            waiting = encoded_sound.result()
            while waiting and _seconds(waiting[0]) <= _seconds(packet):
                container.mux_one(waiting.popleft())
            container.mux_one(packet)
        for sound_packet in encoded_sound.result():
            container.mux_one(sound_packet)
    return count


def encode_picture(
    target: Path, frames: Iterator[av.VideoFrame], count: int, form: HouseFormat, settings: EncoderSettings
) -> None:
    """Write `count` frames of picture, without sound, that can stand in a house clip in place of as many of its own."""
    with replacing(target) as partial, av.open(str(partial), "w", format="mp4", options=CLIP_OPTIONS) as container:
        stream = _add_picture_stream(container, form, settings)
        for packet in _picture_packets(stream, frames, count):
            container.mux_one(packet)


def _add_picture_stream(container: OutputContainer, form: HouseFormat, settings: EncoderSettings) -> VideoStream:
    options = {
        "preset": settings.preset,
        "crf": str(settings.crf),
        "forced-idr": "1",
        "x264-params": _X264_PARAMETERS + _LEFT_OUT_OF_PRESET.get(settings.preset, ""),
    }
    stream = container.add_stream("libx264", rate=FRAME_RATE, options=options)
    stream.width, stream.height, stream.pix_fmt = form.width, form.height, "yuv420p"
    stream.codec_context.profile = "High"
    stream.codec_context.thread_count = settings.threads
    return stream


def _picture_packets(
    stream: VideoStream, frames: Iterator[av.VideoFrame], count: int
) -> "Iterator[Packet[VideoStream]]":
    key_frames = {0, HEAD_FRAMES, count - HEAD_FRAMES}
    frame: av.VideoFrame | None = None
    for position in range(count):
        frame = next(frames, frame)
        if frame is None:
            raise ValueError("a house clip needs at least one frame")
        frame.pts, frame.time_base = position, Fraction(1, FRAME_RATE)
        frame.pict_type = PictureType.I if position in key_frames else PictureType.NONE
        yield from stream.encode(frame)
    yield from stream.encode(None)


def _sound_packets(stream: AudioStream, sound: Samples) -> "Iterator[Packet[AudioStream]]":
    """Encode to exactly the packets that the clip lasts.

    The first of them holds the encoder's delay of one packet, so the last, silent packet of sound is left out: when
    clips are joined, the first packet of the next one stands in its place.
    """
    warm_up = np.resize(sound[:-AAC_PACKET], _WARM_UP_PACKETS * AAC_PACKET)
    silence = np.zeros(_WARM_UP_SILENCE_PACKETS * AAC_PACKET, np.float32)
    dropped = _WARM_UP_PACKETS + _WARM_UP_SILENCE_PACKETS
    fed = np.concatenate([warm_up, silence, sound])
    wanted = range(dropped, dropped + len(sound) // AAC_PACKET)
    for number, packet in enumerate(_encoded(stream, fed)):
        if number in wanted and packet.pts is not None and packet.dts is not None:
            packet.pts -= dropped * AAC_PACKET
            packet.dts -= dropped * AAC_PACKET
            yield packet


def _encoded(stream: AudioStream, sound: Samples) -> "Iterator[Packet[AudioStream]]":
    for position in range(0, len(sound), AAC_PACKET):
        yield from stream.encode(to_frame(sound[position : position + AAC_PACKET], SOUND_RATE, position))
    yield from stream.encode(None)


def _seconds(packet: "Packet[VideoStream] | Packet[AudioStream]") -> Fraction:
    return (packet.dts or 0) * packet.time_base
