"""What the files of an episode turned out to be, once they were read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.keys import FileRef
from shared.ledger.records import Seconds


@dataclass(frozen=True, slots=True)
class RecordedPart:
    """A piece of a line's recording, ready to be sent.

    Parameters
    ----------
    seconds
        Its length as it is sent: padded to the grid of the house format.
    spoken_seconds
        The length of the recording in it.
    pauses
        Where nobody speaks in it: starts and ends, in seconds.
    """

    file: FileRef
    seconds: Seconds
    spoken_seconds: Seconds
    cut_in_speech: bool = False
    pauses: Sequence[tuple[Seconds, Seconds]] = ()


@dataclass(frozen=True, slots=True)
class ReadInputs:
    """What the files of an episode turned out to be.

    Parameters
    ----------
    sources
        Where each uploaded image, video, font and piece of music lies under its address, by its path in the script.
    recordings
        The parts of each line, in the script's order of lines.
    warnings
        What people should know of the files, a sentence each.
    """

    sources: Mapping[str, FileRef]
    recordings: Sequence[Sequence[RecordedPart]]
    warnings: Sequence[str] = ()
