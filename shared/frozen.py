"""The base of every model: immutable, and closed to fields that it does not know."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A pydantic model whose instances cannot be changed and which refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")
