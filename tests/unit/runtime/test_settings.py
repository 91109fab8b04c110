"""Settings from the environment, and the key of fal from where it is kept."""

from typing import Any

import pytest
from aws_lambda_powertools.utilities.parameters import GetParameterError
from pydantic import ValidationError

from shared.fal.endpoints import Endpoints
from shared.keys import AssetKind
from shared.ledger.budgets import Limits
from shared.runtime import fal
from shared.runtime import keys as provider_keys
from shared.runtime.settings import BuySettings, EndpointSettings, FalSettings, PlanSettings, ReconcileSettings

STORE = {"BUCKET": "b", "TABLE": "t"}
QUEUES = {f"{kind}_QUEUE_URL": kind.lower() for kind in ("PORTRAIT", "BACKGROUND", "COMPOSITE", "CLIP")}
BUY = STORE | QUEUES | {"QUEUE_URL": "q", "WEBHOOK_URL": "https://hooks"}
LIMITS = {
    f"{name}_SECONDS": str(seconds)
    for seconds, name in enumerate(("START_LIMIT", "PICTURE_RUN", "CLIP_RUN", "CALLBACK"), start=100)
}


def test_settings_are_read_from_the_environment() -> None:
    settings = BuySettings.from_environment(BUY | {"FAL_KEY": "id:secret", "PATH": "/bin"})
    assert (settings.bucket, settings.table, settings.webhook_url) == ("b", "t", "https://hooks")


def test_what_is_missing_is_named() -> None:
    with pytest.raises(ValidationError, match="webhook_url"):
        BuySettings.from_environment(STORE | {"QUEUE_URL": "q"})


def test_names_are_separated_by_commas() -> None:
    own = {"STATE_MACHINE_ARN": "a", "WEBHOOK_URL": "h", "INBOX_QUEUE_URL": "i", "DEAD_REQUEST_QUEUE_URLS": "one,two,"}
    assert ReconcileSettings.from_environment(STORE | QUEUES | LIMITS | own).dead_request_queue_urls == ("one", "two")
    hosts = FalSettings.from_environment({"FAL_DOWNLOAD_HOSTS": "media.example.test:8443"}).fal_download_hosts
    assert hosts == ("media.example.test:8443",)
    assert FalSettings.from_environment({}).fal_download_hosts == ("fal.media", ".fal.media")


def test_results_come_from_this_machine_only_if_that_is_said() -> None:
    assert not FalSettings.from_environment({"FAL_DOWNLOAD_HOSTS": "127.0.0.1:8443"}).fal_download_from_loopback
    assert FalSettings.from_environment({"FAL_DOWNLOAD_FROM_LOOPBACK": "true"}).fal_download_from_loopback


def test_the_queues_are_known_by_what_is_asked_for() -> None:
    urls = BuySettings.from_environment(BUY).request_queue_urls
    assert urls == {kind: str(kind) for kind in AssetKind}


def test_a_day_has_no_limit_unless_it_has_one() -> None:
    assert BuySettings.from_environment(BUY | {"DAILY_USD": "0", "DAILY_IMAGES": "0"}).day_limits == Limits()
    values = {"DAILY_USD": "200", "DAILY_IMAGES": "40", "DAILY_CLIP_SECONDS": "400"}
    assert BuySettings.from_environment(BUY | values).day_limits == Limits(usd=200, images=40, clip_seconds=400)


def test_what_is_in_doubt_is_held_unless_the_stack_says_otherwise() -> None:
    assert not BuySettings.from_environment(BUY).rebuy
    assert BuySettings.from_environment(BUY | {"UNCONFIRMED": "rebuy"}).rebuy
    with pytest.raises(ValidationError, match="unconfirmed"):
        BuySettings.from_environment(BUY | {"UNCONFIRMED": "guess"})


def test_endpoints_have_defaults_and_can_be_set() -> None:
    assert EndpointSettings.from_environment({}).endpoints == Endpoints()
    settings = PlanSettings.from_environment(STORE | {"HEDRA_ENDPOINT": "veed/other", "KONTEXT_ENDPOINT": "k"})
    assert settings.endpoints == Endpoints(hedra="veed/other", kontext="k")


def test_prices_that_the_operator_knows_are_a_json_object() -> None:
    assert PlanSettings.from_environment(STORE).price_overrides == {}
    settings = PlanSettings.from_environment(STORE | {"PRICE_OVERRIDES": '{"fal-ai/hedra-character-2": 0.04}'})
    assert settings.price_overrides == {"fal-ai/hedra-character-2": 0.04}


@pytest.mark.parametrize("value", ["", "0.04", "{'a': 1}", '{"a": -1}', '{"a": NaN}', '{"a": "dear"}'])
def test_what_is_no_list_of_prices_is_refused(value: str) -> None:
    with pytest.raises(ValidationError, match="price_overrides"):
        PlanSettings.from_environment(STORE | {"PRICE_OVERRIDES": value})


class Vault:
    """Stands for the parameter store's client."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def get_secret(self, name: str, **_: Any) -> str:
        self.asked.append(name)
        return "from:secret\n"


@pytest.mark.parametrize(
    ("environment", "key", "asked"),
    [
        ({"FAL_KEY": "from:key", "FAL_API_KEY": "from:api", "FAL_KEY_SECRET": "s"}, "from:key", []),
        ({"FAL_API_KEY": "from:api", "FAL_KEY_SECRET": "s"}, "from:api", []),
        ({"FAL_KEY": "", "FAL_API_KEY": "from:api"}, "from:api", []),
        ({"FAL_KEY_SECRET": "showrunner/fal-key"}, "from:secret", ["showrunner/fal-key"]),
    ],
)
def test_where_the_key_comes_from(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], key: str, asked: list[str]
) -> None:
    vault, keys = Vault(), list[str]()
    monkeypatch.setattr(provider_keys, "parameters", vault)
    monkeypatch.setattr(fal, "FalQueue", lambda key, _hosts: keys.append(key))
    fal.fal_of(FalSettings.from_environment(environment))
    assert (keys, vault.asked) == ([key], asked)


class Keys:
    """Stands for the secret, which may change, and may be out of reach."""

    def __init__(self) -> None:
        self.present: str | None = "old:key"

    def __call__(self) -> str:
        if self.present is None:
            raise GetParameterError("the secret cannot be read")
        return self.present


def test_a_changed_key_is_used_by_functions_that_run_already() -> None:
    # given a client that was made with a key that is refused meanwhile
    keys, made = Keys(), list[str]()

    def make(key: str) -> str:
        made.append(key)
        return f"client of {key}"

    client = provider_keys.PresentClient(keys, make)
    assert [client(), client()] == ["client of old:key"] * 2
    # when the secret is changed
    keys.present = "new:key"
    # then the next call has the new key, and a client is made once for each
    assert [client(), client()] == ["client of new:key"] * 2
    assert made == ["old:key", "new:key"]
    # and a secret that cannot be read leaves things as they are: nothing may fail between an announcement and its POST
    keys.present = None
    assert client() == "client of new:key"


def test_without_a_key_it_says_what_to_set() -> None:
    with pytest.raises(provider_keys.KeyMissing, match="FAL_KEY_SECRET"):
        fal.fal_of(FalSettings.from_environment({}))
