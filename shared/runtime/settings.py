"""The settings of each function: one model each, read once from the environment."""

import os
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Json

from shared.fal.endpoints import Endpoints
from shared.keys import AssetKind
from shared.ledger.budgets import Limits
from shared.providers.names import ProviderName
from shared.providers.routing import Router, configured_of, stack_routing

_FAL_MEDIA_HOSTS = ("fal.media", ".fal.media")
_REPLICATE_MEDIA_HOSTS = ("replicate.delivery", ".replicate.delivery")
_HEDRA_MEDIA_HOSTS = (".hedra.com",)


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
    fal_download_hosts
        Where results may come from: ``name``, ``.name`` for all below a name, or either with ``:port``.
    fal_download_from_loopback
        Whether results may come from this machine, if it is among those hosts; never on AWS.
    """

    fal_key: str | None = None
    fal_api_key: str | None = None
    fal_key_secret: str = ""
    fal_rest_url: str = "https://rest.fal.ai"
    fal_cdn_url: str = "https://v3.fal.media"
    fal_api_url: str = "https://api.fal.ai"
    fal_download_hosts: Names = _FAL_MEDIA_HOSTS
    fal_download_from_loopback: bool = False


class ProviderSettings(FalSettings):
    """Where all providers are, and how they are told who we are; one without a key is not asked.

    Parameters
    ----------
    stand_ins
        Who may be asked beside fal; ``none`` stands for nobody.
    replicate_api_token, hedra_api_key
        The keys themselves, on a laptop.
    replicate_api_token_secret, hedra_api_key_secret
        On AWS, the names of the secrets that hold them.
    replicate_download_hosts, hedra_download_hosts
        As `fal_download_hosts`. Hedra does not publish its hosts.
    """

    stand_ins: Names = ()
    replicate_api_token: str | None = None
    replicate_api_token_secret: str = ""
    replicate_api_url: str = "https://api.replicate.com"
    replicate_download_hosts: Names = _REPLICATE_MEDIA_HOSTS
    hedra_api_key: str | None = None
    hedra_api_key_secret: str = ""
    hedra_api_url: str = "https://api.hedra.com/v3"
    hedra_download_hosts: Names = _HEDRA_MEDIA_HOSTS

    @property
    def configured(self) -> frozenset[ProviderName]:
        """The providers that may be asked."""
        return configured_of(self.stand_ins)

    @property
    def download_hosts(self) -> dict[ProviderName, tuple[str, ...]]:
        """Where each provider's results may come from."""
        return {
            ProviderName.FAL: self.fal_download_hosts,
            ProviderName.REPLICATE: self.replicate_download_hosts,
            ProviderName.HEDRA: self.hedra_download_hosts,
        }


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
    """Settings that `start_batch` and `start_episode` have in common."""

    state_machine_arn: str
    quiet_period_seconds: float
    missing_files_seconds: float


class BatchSettings(StartSettings):
    """Settings of `start_batch`."""

    batch_concurrency: int


class UploadSettings(StartSettings):
    """Settings of `start_episode`."""

    start_queue_url: str


class PlanSettings(StoreSettings, EndpointSettings, ProviderSettings):
    """Settings of `plan_episode`.

    Parameters
    ----------
    price_overrides
        US dollars a unit by endpoint, as a JSON object: what the operator knows better than fal and the table.
    encoder_preset
        Of x264, for house clips.
    providers
        Who is asked for what, where the script does not say; see `shared.providers.routing.stack_routing`.
    """

    encoder_preset: str = "veryfast"
    providers: str = ProviderName.FAL
    price_overrides: Json[dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]]] = Field(default_factory=dict)

    @property
    def router(self) -> Router:
        """Who may be asked for what."""
        return Router(stack=stack_routing(self.providers), configured=self.configured)


class RequestQueueSettings(Settings):
    """The queues by which assets are asked for."""

    portrait_queue_url: str
    background_queue_url: str
    composite_queue_url: str
    clip_queue_url: str

    @property
    def request_queue_urls(self) -> dict[AssetKind, str]:
        """The queues' URLs by what is asked for."""
        return {
            AssetKind.PORTRAIT: self.portrait_queue_url,
            AssetKind.BACKGROUND: self.background_queue_url,
            AssetKind.COMPOSITE: self.composite_queue_url,
            AssetKind.CLIP: self.clip_queue_url,
        }


class DoubtSettings(Settings):
    """What becomes of jobs of which nobody can tell whether they were bought."""

    unconfirmed: Literal["hold", "rebuy"] = "hold"

    @property
    def rebuy(self) -> bool:
        """Whether they are bought once more without asking a person."""
        return self.unconfirmed == "rebuy"


class BuySettings(StoreSettings, ProviderSettings, RequestQueueSettings, DoubtSettings):
    """Settings of the functions that buy.

    Parameters
    ----------
    daily_usd, daily_images, daily_clip_seconds
        What the stack may buy in a day (UTC) at most; 0 for no limit.
    """

    queue_url: str
    webhook_url: str
    daily_usd: float = 0
    daily_images: int = 0
    daily_clip_seconds: float = 0

    @property
    def day_limits(self) -> Limits:
        """What the stack may buy in a day."""
        return Limits(
            usd=self.daily_usd or None,
            images=self.daily_images or None,
            clip_seconds=self.daily_clip_seconds or None,
        )


class CollectSettings(StoreSettings, ProviderSettings, RequestQueueSettings):
    """Settings of `collect_asset`."""

    inbox_queue_url: str


class ReviewSettings(StoreSettings):
    """Settings of `request_review`."""

    review_queue_url: str
    stack_name: str


class ReconcileSettings(StoreSettings, ProviderSettings, RequestQueueSettings, DoubtSettings):
    """Settings of `reconcile`."""

    state_machine_arn: str
    start_limit_seconds: float
    picture_run_seconds: float
    clip_run_seconds: float
    callback_seconds: float
    inbox_queue_url: str
    webhook_url: str
    dead_request_queue_urls: Names
