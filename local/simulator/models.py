"""A model: what it accepts, what it makes of that, and what that costs."""

import hashlib
import mimetypes
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue

from local.simulator.files import Files
from local.simulator.input_files import InputFiles
from local.simulator.media import MediaWorkers
from local.simulator.prices import Price
from local.simulator.records import FileRecord


class ModelInput(BaseModel):
    """The base of all inputs. Unknown fields are ignored: what fal does with them is unverified."""

    model_config = ConfigDict(frozen=True, extra="ignore")


@dataclass(frozen=True, slots=True)
class Made:
    """What a model answers, and how many units of its price that is."""

    output: dict[str, JsonValue]
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Job:
    """A request while it runs, and what it runs with."""

    request_id: str
    endpoint_id: str
    file_seconds: float | None
    files: Files
    inputs: InputFiles
    workers: MediaWorkers

    def seed(self, requested: int | None) -> int:
        """Return the seed: the requested one, or one that follows from the request's id."""
        if requested is not None:
            return requested
        return int.from_bytes(hashlib.sha256(self.request_id.encode()).digest()[:4]) >> 1

    async def store(self, data: bytes, file_name: str) -> FileRecord:
        """Store a file that was made.

        Parameters
        ----------
        data
            The file.
        file_name
            Its name, which also says its type.
        """
        return await self.files.save(
            data,
            path=self.files.new_path(file_name),
            content_type=content_type_of(file_name),
            file_name=file_name,
            seconds=self.file_seconds,
            endpoint_id=self.endpoint_id,
        )


def content_type_of(file_name: str) -> str:
    """Return the type of a file by its name."""
    return mimetypes.guess_type(file_name)[0] or "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A model that can be called."""

    endpoint_id: str
    title: str
    category: str
    input_model: type[ModelInput]
    # The function takes exactly ``input_model``: each pair is written once, in a provider's list of models.
    generate: Callable[[Any, Job], Awaitable[Made]]
    price: Price

    def unknown_inputs(self, given: Mapping[str, JsonValue]) -> tuple[str, ...]:
        """Return the names of the given inputs that the model does not document."""
        return tuple(sorted(given.keys() - self.input_model.model_fields.keys()))
