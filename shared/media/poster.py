"""A picture that stands for an episode before it plays."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageStat

from shared.media.errors import MediaRefused
from shared.media.output import replacing
from shared.media.reading import open_media
from shared.media.sniffing import MP4

_PLACES = 9
_QUALITY = 90
_DARK_LUMA = 24.0


def write_poster(video: Path, target: Path) -> None:
    """Write the key frame with the most contrast, of a few over the whole video, as a JPEG; a dark one only if all are.

    Raises
    ------
    MediaRefused
        If the video holds no frame that can be decoded.
    """
    best: tuple[tuple[bool, float], Image.Image] | None = None
    with open_media(video, MP4) as container:
        if not container.streams.video:
            raise MediaRefused("holds no video")
        stream = container.streams.video[0]
        stream.codec_context.skip_frame = "NONKEY"
        for place in range(_PLACES):
            container.seek((container.duration or 0) * place // _PLACES)
            frame = next(container.decode(stream), None)
            if frame is None:
                continue
            image = Image.fromarray(np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8))
            luma = ImageStat.Stat(image.convert("L"))
            merit = (luma.mean[0] > _DARK_LUMA, luma.stddev[0])
            if best is None or merit > best[0]:
                best = merit, image
    if best is None:
        raise MediaRefused("holds no frame of video that can be decoded")
    with replacing(target) as partial:
        best[1].save(partial, format="JPEG", quality=_QUALITY, optimize=True, progressive=True)
