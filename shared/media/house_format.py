"""The format of house clips, which makes joining them exact.

48 000 samples/s at 25 frames/s are 1920 samples per frame, and 8 frames are exactly 15 AAC packets of 1024 samples. So
clips of a multiple of 8 frames hold whole packets of sound, and are joined by copying packets, without any drift.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

AspectRatio = Literal["16:9", "9:16", "1:1", "4:3", "3:4"]
Resolution = Literal["540p", "720p", "1080p"]

FRAME_RATE = 25
VIDEO_TIMESCALE = 12_800
"""Ticks per second of the video track."""
FRAME_TICKS = VIDEO_TIMESCALE // FRAME_RATE
SOUND_RATE = 48_000
SAMPLES_PER_FRAME = SOUND_RATE // FRAME_RATE
AAC_PACKET = 1024
"""Samples in an AAC-LC packet."""
GRID_FRAMES = 8
GRID_SAMPLES = GRID_FRAMES * SAMPLES_PER_FRAME
GRID_SECONDS = Fraction(GRID_FRAMES, FRAME_RATE)
HEAD_FRAMES = 12
"""Key frames lie this far from both ends of a house clip, so that a dissolve has to encode no more than that."""
SILENT_TAIL_SAMPLES = AAC_PACKET
"""The end of every house clip is silent, so that AAC's overlap at a join is between zeros and does not click."""

PART_RECIPE = 2
"""Goes up whenever the part of the same cut comes out differently; it is an ingredient of what is bought."""

HOUSE_RECIPE = 3
"""Goes up whenever house clips of the same sources come out differently."""


@dataclass(frozen=True, slots=True)
class HouseFormat:
    """The size of an episode's picture, in pixels; both sides are even."""

    width: int
    height: int

    def __post_init__(self) -> None:
        if self.width < 16 or self.height < 16 or self.width % 2 or self.height % 2:  # noqa: PLR2004 -- a macroblock
            raise ValueError(f"{self.width}x{self.height} is no size for a video: even numbers from 16 on are")


def house_format(aspect_ratio: AspectRatio, resolution: Resolution) -> HouseFormat:
    """Return the size for an aspect ratio, where `resolution` names the shorter side."""
    across, down = (int(side) for side in aspect_ratio.split(":"))
    unit = Fraction(int(resolution.removesuffix("p")), min(across, down))
    return HouseFormat(width=int(across * unit), height=int(down * unit))
