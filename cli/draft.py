"""What `run` and `quote` have in common: drafts."""

from collections.abc import Mapping
from typing import Annotated

import typer
from pydantic import JsonValue

DRAFT: Mapping[str, JsonValue] = {"rendering_speed": "TURBO", "engines": ["still"]}
"""What a draft has otherwise: the quickest pictures, and no talking clips at all."""

Draft = Annotated[
    bool,
    typer.Option("--draft", help="Quick pictures and stills instead of clips, as ID-draft: cents instead of dollars."),
]
