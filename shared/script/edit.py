"""How an episode is cut together: what stands between, before and after its lines, and what is drawn over them."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema

from shared.frozen import Frozen
from shared.script.limits import MAX_TITLE
from shared.script.text import on_one_line

CardText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TITLE), AfterValidator(on_one_line)
]
CardSeconds = Annotated[float, Field(ge=1, le=15, description="How long it is shown.")]


class TitleCard(Frozen):
    """A picture with the episode's title, before its first line."""

    subtitle: CardText | None = None
    seconds: CardSeconds = 3.0


class EndCard(Frozen):
    """A picture with a text, after its last line."""

    title: CardText
    subtitle: CardText | None = None
    seconds: CardSeconds = 4.0


def _plain_switch(value: object) -> object:
    """Take ``true`` for a card as it is by default, and ``false`` for none."""
    if isinstance(value, bool):
        return {} if value else None
    return value


TitleCardField = Annotated[
    TitleCard | None,
    BeforeValidator(_plain_switch),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "boolean"},
                {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        "subtitle": {"type": "string", "minLength": 1, "maxLength": MAX_TITLE},
                        "seconds": {"type": "number", "minimum": 1, "maximum": 15},
                    },
                },
                {"type": "null"},
            ]
        }
    ),
]


class Edit(Frozen):
    """What is added to the lines; none of it has to be bought."""

    pause: float = Field(default=0.0, ge=0, le=10, description="Seconds of silence between two lines.")
    dissolve: bool = Field(default=False, description="One scene dissolves into the next, and so do cards.")
    title_card: TitleCardField = Field(default=None, description="A card with the title, before the first line.")
    end_card: EndCard | None = Field(default=None, description="A card with a text, after the last line.")
    lower_thirds: bool = Field(default=False, description="Show who speaks, where somebody does so for the first time.")
