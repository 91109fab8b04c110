"""What receiving callbacks is told by its environment; without pydantic, which would take longer than all the rest."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self


@dataclass(frozen=True, slots=True, repr=False)
class WebhookSettings:
    """Settings whose names are those of the environment's variables, in lower case.

    Parameters
    ----------
    fal_user_id
        Who we are at fal.
    fal_rest_url
        Where fal publishes its keys.
    stand_ins
        Who may be asked beside fal, with commas between; nobody else's callbacks are looked at.
    replicate_webhook_secret
        Our signing secret at Replicate itself, on a laptop.
    replicate_webhook_secret_name
        On AWS, the name of the secret that holds it. Without either, Replicate is not configured.
    hedra_api_url
        Where Hedra's API is, which publishes its key.
    hedra_webhook_public_key
        Hedra's public key in base64, pinned: then nothing is fetched.
    """

    fal_user_id: str = ""
    fal_rest_url: str = "https://rest.fal.ai"
    stand_ins: str = ""
    replicate_webhook_secret: str = ""
    replicate_webhook_secret_name: str = ""
    hedra_api_url: str = "https://api.hedra.com/v3"
    hedra_webhook_public_key: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read them."""
        named = {field.name: environment.get(field.name.upper()) for field in fields(cls)}
        return cls(**{name: value for name, value in named.items() if value is not None})
