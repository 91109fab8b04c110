"""The voice of a talking clip: decoding, loudness, and how wide it opens a mouth."""

import io

import av
import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 44_100
FRAME_RATE = 25


def decode_mono(audio: bytes) -> NDArray[np.float32]:
    """
    Decode a sound file to mono samples at 44.1 kHz.

    Raises
    ------
    ValueError
        If the bytes hold no decodable sound.
    """
    resampler = av.AudioResampler("fltp", "mono", SAMPLE_RATE)
    blocks: list[NDArray[np.float32]] = []
    try:
        with av.open(
            io.BytesIO(audio), "r", options={"format_whitelist": "mp3,wav,mov,mp4,m4a,flac,ogg,aac,matroska,webm"}
        ) as container:
            if not container.streams.audio:
                raise ValueError("the file holds no sound")
            for frame in container.decode(container.streams.audio[0]):
                frame.pts = None
                blocks += [block.to_ndarray()[0] for block in resampler.resample(frame)]
        blocks += [block.to_ndarray()[0] for block in resampler.resample(None)]
    except av.error.FFmpegError as error:
        raise ValueError(f"not a readable MP3, WAV, M4A, FLAC or OGG file: {error.strerror}") from error
    if not blocks:
        raise ValueError("the file holds no sound")
    return np.concatenate(blocks)


def mouth_openness(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """
    Give how far the mouth is open in each video frame, 0 to 1.

    Loudness (RMS of the frame's 40 ms against the recording's 95th percentile) is followed quickly when it rises and
    slowly when it falls, as lips do.
    """
    per_frame = SAMPLE_RATE // FRAME_RATE
    count = max(1, -(-len(samples) // per_frame))
    padded = np.zeros(count * per_frame)
    padded[: len(samples)] = samples
    loudness = np.sqrt((padded.reshape(count, per_frame) ** 2).mean(1))
    loud = max(float(np.percentile(loudness, 95)), 1e-3)
    wanted = np.clip(loudness / loud, 0, 1) ** 0.8
    openness = np.zeros(count)
    level = 0.0
    for index, target in enumerate(wanted):
        level += (target - level) * (0.85 if target > level else 0.45)
        openness[index] = level
    return openness
