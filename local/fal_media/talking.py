"""
Talking clips: the few pictures that a clip needs are drawn and encoded once, and their packets repeated.

Every picture is encoded twice, as two neighbouring IDR pictures must differ in `idr_pic_id` (ITU-T H.264, 7.4.3); the
frames of a clip take the two in turn.
"""

import io
from collections.abc import Sequence
from fractions import Fraction

import av
import numpy as np
from numpy.typing import NDArray

from local.fal_media.compositing import Source
from local.fal_media.figure import HEAD_STEPS, MOUTH_STEPS, Figure, Look
from local.fal_media.voice import FRAME_RATE, SAMPLE_RATE, decode_mono, mouth_openness

_BLINK = (1, 2, 2, 1)  # the lids in the frames of a blink: half shut, shut, shut, half shut
# A constant quantiser: under rate control the two pictures of a look would differ, and the clip would flicker.
_X264 = {
    "preset": "ultrafast",
    "qp": "30",
    "x264-params": "keyint=1:rc-lookahead=0:sync-lookahead=0:colorprim=bt709:transfer=bt709:colormatrix=bt709",
}


def film(source: Source, audio: bytes, *, size: tuple[int, int], seed: int) -> bytes:
    """Film a picture that speaks the audio; see `studio.film_talking_head`."""
    if min(size) < 2 or size[0] % 2 or size[1] % 2:  # noqa: PLR2004 -- chroma is stored for blocks of 2 by 2
        raise ValueError(f"a clip's width and height must be even, not {size[0]}x{size[1]}")
    samples = decode_mono(audio)
    figure = Figure(source, size)
    looks = plan_looks(mouth_openness(samples), seed=seed, has_face=figure.has_face)
    return _mux(looks, _encode_looks(figure, sorted(set(looks)), size), samples, size)


def plan_looks(openness: NDArray[np.float64], *, seed: int, has_face: bool) -> list[Look]:
    """Choose the look of every frame: the mouth by the voice, blinks and slow head motion by chance."""
    mouths = np.minimum((openness * MOUTH_STEPS).astype(int), MOUTH_STEPS - 1).tolist()
    lids, heads = [0] * len(mouths), [0] * len(mouths)
    if has_face:
        chance = np.random.default_rng(seed & 0xFFFFFFFFFFFFFFFF)
        start = int(chance.integers(20, 70))
        while start + len(_BLINK) < len(mouths):
            start = _next_pause(mouths, start)
            lids[start : start + len(_BLINK)] = _BLINK
            start += int(chance.integers(60, 130))
        pace = int(chance.integers(30, 46))
        heads = [index // pace % HEAD_STEPS for index in range(len(mouths))]
    return [Look(head, lid, mouth) for head, lid, mouth in zip(heads, lids, mouths, strict=True)]


def _next_pause(mouths: Sequence[int], start: int) -> int:
    """Give the first pause within two seconds that a blink fits in, as people blink in pauses, or else `start`."""
    end = min(start + 2 * FRAME_RATE, len(mouths) - len(_BLINK))
    pauses = (index for index in range(start, end) if not any(mouths[index : index + len(_BLINK)]))
    return next(pauses, start)


def _encode_looks(figure: Figure, looks: Sequence[Look], size: tuple[int, int]) -> dict[Look, tuple[bytes, bytes]]:
    """Encode each look as two IDR pictures, with parameter sets, that differ in `idr_pic_id`."""
    encoder = av.VideoCodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = *size, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, FRAME_RATE), Fraction(FRAME_RATE)
    encoder.options, encoder.gop_size, encoder.thread_count = _X264, 1, 1
    packets: list[bytes] = []
    for index, look in enumerate(looks):
        picture = av.VideoFrame.from_ndarray(np.asarray(figure.draw(look)), format="rgb24")
        frame = picture.reformat(format="yuv420p", dst_colorspace="ITU709", threads=1)
        for parity in (0, 1):
            frame.pts = 2 * index + parity
            packets += map(bytes, encoder.encode(frame))
    packets += map(bytes, encoder.encode(None))
    return dict(zip(looks, zip(packets[::2], packets[1::2], strict=True), strict=True))


def _mux(
    looks: Sequence[Look], packets: dict[Look, tuple[bytes, bytes]], samples: NDArray[np.float32], size: tuple[int, int]
) -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        video = container.add_stream("libx264", rate=FRAME_RATE, options=_X264)
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        video.codec_context.thread_count = 1
        audio = container.add_stream("aac", rate=SAMPLE_RATE, layout="mono", options={"aac_coder": "fast"})
        audio.bit_rate = 96_000
        for index, look in enumerate(looks):
            packet = av.Packet(packets[look][index % 2])
            packet.stream, packet.time_base = video, Fraction(1, FRAME_RATE)
            packet.pts = packet.dts = index
            packet.duration, packet.is_keyframe = 1, True
            container.mux(packet)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None]), "fltp", "mono")
        frame.sample_rate, frame.pts = SAMPLE_RATE, 0
        fifo = av.AudioFifo()
        fifo.write(frame)
        while block := fifo.read(1024, partial=True):
            container.mux(audio.encode(block))
        container.mux(audio.encode(None))
    return buffer.getvalue()
