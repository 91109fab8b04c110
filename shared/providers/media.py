"""What models answer, whoever runs them: a file to fetch, or the named reasons why there is none."""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict


class NoMediaReturned(Exception):
    """A model answered that it succeeded, but its answer holds no file."""


class BlockedByContentPolicy(Exception):
    """A model answered with a picture that its content checker blocked."""


class MediaFile(BaseModel):
    """A file that a model made, and where it can be fetched: fields that are not used here may come and go."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    url: str
    content_type: str | None = None
    file_name: str | None = None
    file_size: int | None = None


@dataclass(frozen=True, slots=True)
class FileLifetimes:
    """How long files lie at a provider, in seconds.

    Parameters
    ----------
    upload
        A file that we handed over.
    upload_margin
        What lies there for less than this is handed over afresh: a job may wait that long before it fetches it.
    result
        A file that a job made, from when the job was asked for: so long it can be fetched.
    results_are_inputs
        Whether the address of a result can be given to the same provider as an input.
    """

    upload: float
    upload_margin: float
    result: float
    results_are_inputs: bool
