"""Which of fal's endpoints make what: configuration, since catalogues change."""

from pydantic import Field

from shared.fal.models import fabric, hedra, ideogram, kling, kontext
from shared.frozen import Frozen


class Endpoints(Frozen):
    """The endpoints in use."""

    ideogram: str = Field(default=ideogram.ENDPOINT, min_length=1)
    kontext: str = Field(default=kontext.MULTI_ENDPOINT, min_length=1)
    hedra: str = Field(default=hedra.ENDPOINT, min_length=1)
    fabric: str = Field(default=fabric.ENDPOINT, min_length=1)
    kling: str = Field(default=kling.ENDPOINT, min_length=1)
