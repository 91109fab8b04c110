"""An episode with another sound: picture, captions and chapters are copied, and nothing is decoded."""

from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from shared.media.mp4.boxes import DamagedBox
from shared.media.mp4.movie import Track, preroll_groups
from shared.media.mp4.reading import read_movie
from shared.media.mp4.samples import SampleTable, one_behind_another
from shared.media.mp4.writing import MovieWriter, index_bytes
from shared.media.output import replacing


def with_new_sound(video: Path, sound: Path, target: Path) -> None:
    """Write a video again with the sound of another file, in turns of a second, so that it plays while it loads.

    Raises
    ------
    DamagedBox
        If one of the two has no index, or not the track that it is read for.
    """
    movie = read_movie(video)
    picture, old_sound, new_sound = movie.track(b"vide"), movie.track(b"soun"), read_movie(sound).track(b"soun")
    if picture is None or old_sound is None or new_sound is None:
        raise DamagedBox("needs one picture and one sound track")
    texts = [track for track in movie.tracks if track not in (picture, old_sound)]
    room = index_bytes(len(picture.samples), movie.title, sum(len(track.samples) for track in texts))
    with (
        replacing(target) as partial,
        partial.open("wb") as file,
        video.open("rb") as old_media,
        sound.open("rb") as new_media,
    ):
        writer = MovieWriter(file, room)
        moved_texts = [replace(track, samples=_copied(track.samples, old_media, writer)) for track in texts]
        pictures, sounds = [], []
        for second in range(max(_seconds(picture), _seconds(new_sound))):
            pictures.append(_copied(_of_second(picture, second), old_media, writer))
            sounds.append(_copied(_of_second(new_sound, second), new_media, writer))
        moved_sound = replace(
            new_sound,
            samples=one_behind_another(sounds),
            language=old_sound.language,
            groups=preroll_groups(len(new_sound.samples)),
        )
        moved_picture = replace(picture, samples=one_behind_another(pictures))
        writer.finish([moved_picture, moved_sound, *moved_texts], movie.title)


def _seconds(track: Track) -> int:
    """Return a track's length in seconds, rounded up."""
    return -(-track.media_ticks // track.timescale)


def _of_second(track: Track, second: int) -> SampleTable:
    """Return the samples, all of the same length, that are decoded in a second of a track."""
    if not isinstance(track.ticks, int):
        raise DamagedBox("is not in the house format: its samples do not follow in even steps")
    first, end = (-(-at * track.timescale // track.ticks) for at in (second, second + 1))
    return track.samples.first(end).without_first(first)


def _copied(samples: SampleTable, source: BinaryIO, target: MovieWriter) -> SampleTable:
    """Copy samples that lie near each other, and return the table of the copies."""
    if not len(samples):
        return samples
    start, end = int(samples.offsets.min()), int((samples.offsets + samples.sizes).max())
    source.seek(start)
    data = memoryview(source.read(end - start))
    ranges = zip(samples.offsets.tolist(), samples.sizes.tolist(), strict=True)
    offsets = [target.append(data[offset - start : offset - start + size]) for offset, size in ranges]
    return replace(samples, offsets=np.array(offsets, np.int64))
