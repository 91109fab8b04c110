"""The settings of each function: one model each, read once from the environment."""

import os
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict

from shared.fal.endpoints import Endpoints

_FAL_MEDIA_HOSTS = ("fal.media", ".fal.media")


def _split(value: object) -> object:
    return tuple(entry for entry in value.split(",") if entry) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_split)]
"""Names with commas between them."""


class Settings(BaseModel):
    """Settings whose names are those of the environment's variables, in lower case."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read them; raises `pydantic.ValidationError`, which names what is missing."""
        values: dict[str, Any] = {name.lower(): value for name, value in environment.items()}
        return cls.model_validate(values)


class StoreSettings(Settings):
    """Where the bucket and the ledger are."""

    bucket: str
    table: str


class FalSettings(Settings):
    """Where fal is, and how it is told who we are.

    Parameters
    ----------
    fal_key, fal_api_key
        The key itself, on a laptop; ``FAL_API_KEY`` is what some guides call it.
    fal_key_secret
        On AWS, the name of the secret that holds it.
    """

    fal_key: str | None = None
    fal_api_key: str | None = None
    fal_key_secret: str = ""
    fal_rest_url: str = "https://rest.fal.ai"
    fal_cdn_url: str = "https://v3.fal.media"
    fal_download_hosts: Names = _FAL_MEDIA_HOSTS


class EndpointSettings(Settings):
    """Which models are used."""

    ideogram_endpoint: str = Endpoints().ideogram
    kontext_endpoint: str = Endpoints().kontext
    hedra_endpoint: str = Endpoints().hedra

    @property
    def endpoints(self) -> Endpoints:
        """The endpoints in use."""
        return Endpoints(ideogram=self.ideogram_endpoint, kontext=self.kontext_endpoint, hedra=self.hedra_endpoint)


class StartSettings(StoreSettings, EndpointSettings):
    """Settings of `start_episode` and `start_batch`."""

    state_machine_arn: str
    start_queue_url: str
    quiet_period_seconds: float
    missing_files_seconds: float


class PlanSettings(StoreSettings, EndpointSettings):
    """Settings of `plan_episode`."""


class BuySettings(StoreSettings, FalSettings):
    """Settings of the functions that buy."""

    queue_url: str
    webhook_url: str


class CollectSettings(StoreSettings, FalSettings):
    """Settings of `collect_asset`."""

    inbox_queue_url: str


class HouseClipSettings(StoreSettings):
    """Settings of `house_clip`."""

    encoder_preset: str = "veryfast"


class ReconcileSettings(StoreSettings, FalSettings):
    """Settings of `reconcile`."""

    state_machine_arn: str
    inbox_queue_url: str
    dead_request_queue_urls: Names
