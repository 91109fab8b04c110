"""The simulated Replicate, put together from its parts."""

import secrets

from starlette.applications import Starlette
from starlette.responses import Response

from local.replicate.account_api import AccountApi
from local.replicate.answers import throttled, unauthenticated, unavailable
from local.replicate.callbacks import ReplicateCallbacks, SigningSecret
from local.replicate.files import ReplicateFiles
from local.replicate.files_api import FilesApi
from local.replicate.models import MODELS
from local.replicate.predictions import Predictions
from local.replicate.predictions_api import PredictionsApi
from local.simulator.engine import Engine, Habits
from local.simulator.gate import Gate
from local.simulator.launch import Launch
from local.simulator.settings import Settings

_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
_ID_LETTERS = 26


def new_id() -> str:
    """Return a new id of a prediction or a file: 26 letters and digits."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_ID_LETTERS))


HABITS = Habits(
    name="replicate",
    settings=Settings(
        # All inputs, outputs and logs go after an hour, whatever their size
        # (https://replicate.com/docs/topics/predictions/data-retention).
        stored_result_seconds=3600,
        stored_large_result_seconds=3600,
        file_seconds=3600,
        # "Exponential backoff; the final retry is sent about a minute after the prediction completed."
        # (https://replicate.com/docs/topics/webhooks/receive-webhook). The steps are unverified.
        webhook_backoff_seconds=(1, 2, 4, 8, 16, 29),
        webhook_max_retries=6,
        webhook_give_up_seconds=61,
        webhook_first_timeout_seconds=15,
        webhook_retry_timeout_seconds=15,
    ),
    key_prefix="r8_",
    # "Token" is what Replicate's older pages say.
    key_schemes=("Bearer", "Token"),
    models=MODELS,
    open_files=lambda folder, store, settings, url, _: ReplicateFiles(folder, store, settings, url),
    new_id=new_id,
    usual_events=("start", "output", "logs", "completed"),
)
"""What Replicate does in its own way."""


class Simulator(Engine):
    """Everything behind one address: the API, outputs' files, and the simulator's own API."""

    def __init__(self, launch: Launch) -> None:
        secret = SigningSecret(launch.state_dir / "signing-secret")
        super().__init__(
            launch,
            HABITS,
            secret,
            lambda engine: ReplicateCallbacks(_predictions(engine), secret, engine.settings),
        )
        gate = Gate(
            self,
            unauthorized=unauthenticated,
            rate_limited=lambda allowance: throttled(allowance.resets_in),
        )
        self.app = Starlette(
            routes=[
                *self.routes(),
                *PredictionsApi(self, _predictions(self), gate).routes(),
                *FilesApi(self, gate).routes(),
                *AccountApi(self, secret, gate).routes(),
            ]
        )

    def unavailable(self) -> Response:
        """Answer that Replicate is not available, in its own words."""
        return unavailable()


def _predictions(engine: Engine) -> Predictions:
    return Predictions(engine.base_url, engine.files, engine.settings)
