"""What the requests of all models have in common."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints

from shared.frozen import Frozen

MAX_SEED = 2**31 - 1

RequestPrompt = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

FileUrl = Annotated[str, StringConstraints(min_length=1)]
"""Where fal fetches an input file: a plain URL that needs no authorisation header."""

Seed = Annotated[int, Field(ge=0, le=MAX_SEED)]
"""Ideogram documents 0 to 2147483647; fal publishes no bounds for the others, so that the same hold for all."""


def _only_one_image(num_images: int) -> int:
    if num_images != 1:
        raise ValueError(
            f"num_images must be 1, found {num_images}: only one image can be used, and each one is paid for; "
            "for another variant raise the `take`"
        )
    return num_images


def _not_inline(sync_mode: bool) -> bool:  # noqa: FBT001 - a validator takes the value alone
    if sync_mode:
        raise ValueError(
            "sync_mode must be false: it puts the picture itself into the answer, which fal then keeps for minutes only"
        )
    return sync_mode


OneImage = Annotated[int, AfterValidator(_only_one_image), Field(json_schema_extra={"const": 1})]
NotInline = Annotated[bool, AfterValidator(_not_inline), Field(json_schema_extra={"const": False})]


class FalRequest(Frozen):
    """The input of a model on fal.ai."""

    def body(self) -> dict[str, Any]:
        """Return the JSON that is sent: the fields that are set, in the order of their declaration."""
        return self.model_dump(mode="json", exclude_none=True)
