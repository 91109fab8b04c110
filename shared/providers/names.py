"""Who can be asked for pictures and clips."""

from enum import StrEnum

from shared.frozen import Frozen


class ProviderName(StrEnum):
    """A provider, as scripts, settings and the ledger name it."""

    FAL = "fal"
    REPLICATE = "replicate"
    HEDRA = "hedra"


TITLES = {ProviderName.FAL: "fal", ProviderName.REPLICATE: "Replicate", ProviderName.HEDRA: "Hedra's API"}
"""Their names in sentences; Hedra's models are also to be had at others."""


class Place(Frozen):
    """One endpoint of one provider: where a job is, or may be asked for.

    Parameters
    ----------
    endpoint
        The provider's own name of a model, for example ``fal-ai/ideogram/v3``.
    """

    provider: ProviderName
    endpoint: str

    @property
    def key(self) -> str:
        """Its name among prices: fal's endpoint as it is, another's after who has it, as ``hedra:hedra-avatar``."""
        return self.endpoint if self.provider is ProviderName.FAL else f"{self.provider}:{self.endpoint}"

    def __str__(self) -> str:
        """Return it in words, which are also the name under which its outages are noted."""
        return self.endpoint if self.provider is ProviderName.FAL else f"{self.endpoint} at {TITLES[self.provider]}"


class NotConfigured(KeyError):
    """A provider was to be asked that nobody has given a key for."""
