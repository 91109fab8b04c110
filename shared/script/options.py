"""Which inputs of a model hold where several levels of a script set them."""

from typing import Any, TypeVar

from shared.fal.models.request import FalRequest

Options = TypeVar("Options", bound=FalRequest)


def merged(general: Options, *specific: Options) -> Options:
    """Return the inputs of one model that hold where several levels of a script set them.

    Parameters
    ----------
    general, specific
        The levels, from the script's own to the most specific: script, character, scene, line. An input that a later
        level sets takes the place of an earlier level's, as a whole.

    Raises
    ------
    pydantic.ValidationError
        Levels set inputs that exclude each other. A `Script` has been checked for this.
    """
    inputs: dict[str, Any] = {}
    for level in (general, *specific):
        inputs |= inputs_of(level)
    return type(general).model_validate(inputs)


def inputs_of(options: FalRequest) -> dict[str, Any]:
    """Return the inputs that a level of a script sets."""
    inputs = ((name, getattr(options, name)) for name in type(options).model_fields)
    return {name: value for name, value in inputs if value is not None}
