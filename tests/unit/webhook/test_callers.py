"""What holds of the callbacks of every provider alike: the path says whose they are, and nothing else does."""

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import permutations

import pytest

from shared.providers.names import ProviderName
from shared.webhooks.schemes import PROVIDERS
from shared.webhooks.settings import WebhookSettings
from shared.webhooks.store import HEDRA_KEYS, callback_key
from shared.workflow.collect_asset import InboxMessage
from tests.unit.webhook import hedra_callbacks, replicate_callbacks
from tests.unit.webhook.callers import CALLERS, FAL, HEDRA, REPLICATE, Caller
from tests.unit.webhook.fal_callbacks import BODY, NOW, QUERY, ROOT, SECRET, event_of
from tests.unit.webhook.webhook_function import SETTINGS, Webhook, load_function, loaded_webhook

each = pytest.mark.parametrize("caller", CALLERS.values(), ids=CALLERS)
FORGERIES = {
    f"{caller.name}, {how}": (caller, forge) for caller in CALLERS.values() for how, forge in caller.forged.items()
}


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with loaded_webhook() as webhook:
        yield webhook


def call_back(webhook: Webhook, caller: Caller, body: bytes = BODY, *, path: str | None = None) -> int:
    at = int(webhook.clock.now)
    return webhook.call_back(caller.signed(body, at), body, path=caller.path if path is None else path, is_base64=True)


def unused(webhook: Webhook) -> bool:
    """Tell whether no key and no secret was asked for."""
    asked = webhook.published.fetches + webhook.published_by_hedra.fetches + webhook.secrets.reads
    return asked == webhook.store.reads == 0


def test_every_provider_has_a_path_of_its_own() -> None:
    assert list(PROVIDERS.values()) == list(ProviderName) == list(CALLERS)
    assert {caller.path: caller.name for caller in CALLERS.values()} == PROVIDERS


@each
def test_200_when_the_callback_lies_in_the_inbox_with_whose_it_is(webhook: Webhook, caller: Caller) -> None:
    assert call_back(webhook, caller) == 200
    [message] = map(InboxMessage.model_validate_json, webhook.inbox.bodies)
    assert message == InboxMessage(provider=ProviderName(caller.name), query=QUERY, body=BODY.decode())


@each
def test_a_long_body_is_kept_with_whose_it_is(webhook: Webhook, caller: Caller) -> None:
    body = b"x" * 300_000
    assert call_back(webhook, caller, body) == 200
    assert [json.loads(message) for message in webhook.inbox.bodies] == [
        {"provider": caller.name, "query": QUERY, "stored_body": callback_key(body)}
    ]


@pytest.mark.parametrize(("caller", "forge"), FORGERIES.values(), ids=FORGERIES)
def test_401_to_forgers(webhook: Webhook, caller: Caller, forge: Callable[[bytes, int], dict[str, str]]) -> None:
    assert webhook.call_back(forge(BODY, NOW), path=caller.path) == 401
    assert webhook.inbox.sent == []


@pytest.mark.parametrize(("caller", "other"), list(permutations(CALLERS.values(), 2)), ids=lambda caller: caller.name)
def test_a_callback_of_one_provider_is_none_of_another(webhook: Webhook, caller: Caller, other: Caller) -> None:
    assert call_back(webhook, caller, path=other.path) == 401
    assert unused(webhook)


@pytest.mark.parametrize("caller", [FAL, HEDRA], ids=["fal", "hedra"])
def test_a_key_of_one_provider_is_none_of_another(webhook: Webhook, caller: Caller) -> None:
    """Both sign with Ed25519: their keys are kept apart."""
    webhook.published.keys, webhook.published_by_hedra.keys = webhook.published_by_hedra.keys, webhook.published.keys
    assert call_back(webhook, caller) == 401
    assert webhook.inbox.sent == []


@each
@pytest.mark.parametrize(
    "path", ["", "/other", "//", "/Replicate", "/replicate/", "/hedra/x", "/%2F", "replicate", "*"]
)
def test_401_on_any_other_path_and_no_work(webhook: Webhook, caller: Caller, path: str) -> None:
    assert call_back(webhook, caller, path=path) == 401
    assert unused(webhook)
    assert "no provider calls this path" in webhook.log.getvalue()


@pytest.mark.parametrize(
    "stand_ins", ["", "none", "fal", "other", "{other}", "x{caller}", "{other},", "{other} {caller}"]
)
@pytest.mark.parametrize(("caller", "other"), [(REPLICATE, HEDRA), (HEDRA, REPLICATE)], ids=["replicate", "hedra"])
def test_a_provider_that_stands_in_for_nobody_is_refused(caller: Caller, other: Caller, stand_ins: str) -> None:
    # given a stack whose parameter names somebody else
    named = stand_ins.format(caller=caller.name, other=other.name)
    with loaded_webhook(settings=dataclasses.replace(SETTINGS, stand_ins=named)) as webhook:
        # then the callback is refused, the log says why, and fal's pass
        assert call_back(webhook, caller) == 401
        assert unused(webhook)
        assert "StandIns" in webhook.log.getvalue()
        assert call_back(webhook, FAL) == 200


def test_without_a_secret_replicate_is_not_configured() -> None:
    with loaded_webhook(settings=dataclasses.replace(SETTINGS, replicate_webhook_secret_name="")) as webhook:
        assert call_back(webhook, REPLICATE) == 401
        assert unused(webhook)
        assert "REPLICATE_WEBHOOK_SECRET_NAME" in webhook.log.getvalue()


@each
def test_503_while_keys_or_secret_cannot_be_had_and_then_200(webhook: Webhook, caller: Caller) -> None:
    webhook.published.is_down = webhook.published_by_hedra.is_down = webhook.secrets.is_down = True
    assert call_back(webhook, caller) == 503
    assert webhook.inbox.sent == []
    webhook.published.is_down = webhook.published_by_hedra.is_down = webhook.secrets.is_down = False
    webhook.clock.forward(61)
    assert call_back(webhook, caller) == 200


def test_503_while_a_pinned_key_is_none() -> None:
    settings = dataclasses.replace(SETTINGS, hedra_webhook_public_key="not a key")
    with loaded_webhook(settings=settings) as webhook:
        assert call_back(webhook, HEDRA) == 503
        assert "HEDRA_WEBHOOK_PUBLIC_KEY" in webhook.log.getvalue()


def test_a_pinned_key_is_the_one_that_counts_and_nothing_is_fetched() -> None:
    # given the key of Hedra in the configuration, whatever is published
    pinned = hedra_callbacks.base64_of(hedra_callbacks.KEY)
    with loaded_webhook(settings=dataclasses.replace(SETTINGS, hedra_webhook_public_key=pinned)) as webhook:
        webhook.published_by_hedra.keys = [hedra_callbacks.OTHER_KEY]
        assert call_back(webhook, HEDRA) == 200
        forged = hedra_callbacks.signed(key=hedra_callbacks.OTHER_KEY)
        assert webhook.call_back(forged, path=HEDRA.path) == 401
        assert unused(webhook)


def test_on_a_laptop_the_secret_itself_is_configured() -> None:
    settings = WebhookSettings(stand_ins="replicate", replicate_webhook_secret=replicate_callbacks.SIGNING_SECRET)
    with loaded_webhook(settings=settings) as webhook:
        assert call_back(webhook, REPLICATE) == 200
        assert unused(webhook)


@each
def test_a_callback_that_is_replayed_is_let_through_only_within_the_tolerance(webhook: Webhook, caller: Caller) -> None:
    headers = caller.signed(BODY, NOW)
    for late, status in ((0, 200), (300, 200), (1, 401), (9999, 401)):
        webhook.clock.forward(late)
        assert webhook.call_back(headers, path=caller.path) == status


def test_a_changed_signing_secret_is_found_by_a_warm_function(webhook: Webhook) -> None:
    assert call_back(webhook, REPLICATE) == 200
    webhook.clock.forward(61)
    webhook.secrets.secret = replicate_callbacks.OTHER_SECRET
    at = int(webhook.clock.now)
    changed = replicate_callbacks.signed(at=at, secret=replicate_callbacks.OTHER_SECRET)
    assert webhook.call_back(changed, path="/replicate") == 200
    assert call_back(webhook, REPLICATE) == 401
    assert webhook.secrets.reads == 2


def test_a_rotated_key_of_hedra_is_found_by_a_warm_function(webhook: Webhook) -> None:
    assert call_back(webhook, HEDRA) == 200
    webhook.clock.forward(61)
    webhook.published_by_hedra.keys = [hedra_callbacks.OTHER_KEY]
    rotated = hedra_callbacks.signed(at=int(webhook.clock.now), key=hedra_callbacks.OTHER_KEY)
    assert webhook.call_back(rotated, path="/hedra") == 200
    assert call_back(webhook, HEDRA) == 401
    assert set(webhook.store.objects) == {HEDRA_KEYS}


@pytest.mark.parametrize("caller", [REPLICATE, HEDRA], ids=["replicate", "hedra"])
def test_10_000_foreign_requests_cause_no_storm(webhook: Webhook, caller: Caller) -> None:
    # given an hour of requests of strangers, of which all but some can be told without a key
    old, forge = caller.signed(BODY, NOW - 9999), next(iter(caller.forged.values()))
    for number in range(3000):
        headers = ({}, old, FAL.signed(BODY, NOW))[number % 3]
        assert webhook.call_back(headers, path=caller.path) == 401
    assert unused(webhook)
    # when the others come, two a second, to one warm function
    for number in range(7000):
        webhook.clock.now = NOW + number * 3600 / 7000
        assert webhook.call_back(forge(BODY, int(webhook.clock.now)), path=caller.path) == 401
    # then keys and secret are looked for once a minute
    assert 50 <= webhook.published_by_hedra.fetches + webhook.secrets.reads <= 60
    assert webhook.inbox.sent == []
    # while a genuine callback passes
    assert call_back(webhook, caller) == 200


def test_a_burst_on_cold_functions_fetches_hedras_key_once_and_reads_the_secret_once_each(webhook: Webhook) -> None:
    for _ in range(100):
        webhook.start()
        for _ in range(5):
            assert webhook.call_back(hedra_callbacks.signed(key=hedra_callbacks.OTHER_KEY), path="/hedra") == 401
            assert webhook.call_back(REPLICATE.forged["another customer"](BODY, NOW), path="/replicate") == 401
    assert webhook.published_by_hedra.fetches == 1
    assert webhook.secrets.reads == 100


@each
def test_the_log_gives_nothing_away(webhook: Webhook, caller: Caller) -> None:
    # given callbacks of every fate
    forge = next(iter(caller.forged.values()))
    fates = [forge(BODY, NOW), caller.signed(BODY, NOW - 9999), {}, caller.signed(BODY, NOW)]
    for headers in fates:
        webhook.call_back(headers, path=caller.path)
    webhook.secrets.is_down = webhook.published.is_down = webhook.published_by_hedra.is_down = True
    webhook.store.objects.clear()
    webhook.start()
    assert call_back(webhook, caller) == 503
    # then the log says whose they were, and neither secrets, query, signatures nor bodies
    log = webhook.log.getvalue()
    assert f'"provider":"{caller.name}"' in log
    signatures = {headers.get(name, "-no-") for headers in fates for name in caller.headers if "signature" in name}
    for given_away in (SECRET, QUERY, "caf", replicate_callbacks.SIGNING_SECRET, *signatures):
        assert given_away not in log


def test_settings_are_read_from_the_environment_when_the_function_starts() -> None:
    function = load_function(
        FAL_USER_ID="us", STAND_INS="hedra", REPLICATE_WEBHOOK_SECRET_NAME="name", HEDRA_API_URL="https://hedra.test"
    )
    assert function.settings == WebhookSettings(
        fal_user_id="us", stand_ins="hedra", replicate_webhook_secret_name="name", hedra_api_url="https://hedra.test"
    )


def test_settings_do_not_show_the_secret() -> None:
    assert "whsec" not in repr(WebhookSettings(replicate_webhook_secret=replicate_callbacks.SIGNING_SECRET))


_LAZY = ("shared.webhooks.fal", "shared.webhooks.replicate", "shared.webhooks.hedra", "standardwebhooks")
_COLD_START = f"""
import json, sys
sys.path[:0] = ["functions/hedra_webhook", "."]
import app
loaded = lambda: [name for name in {_LAZY!r} if name in sys.modules]
context = type("Context", (), dict.fromkeys(
    ("function_name", "memory_limit_in_mb", "invoked_function_arn", "aws_request_id"), "1"))
seen = [loaded()]
for path in ("/other", "/hedra", "/replicate", "/"):
    assert app.handler({{"rawPath": path}}, context)["statusCode"] == 401
    seen.append(loaded())
print(json.dumps(seen), file=sys.stderr)
"""


def test_nothing_of_a_providers_scheme_is_loaded_before_its_first_callback() -> None:
    environment = {
        "INBOX_QUEUE_URL": "x",
        "BUCKET": "b",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "STAND_INS": "replicate,hedra",
        "REPLICATE_WEBHOOK_SECRET": replicate_callbacks.SIGNING_SECRET,
    }
    ended = subprocess.run(
        [sys.executable, "-c", _COLD_START], check=True, cwd=ROOT, env=os.environ | environment, capture_output=True
    )
    fal, replicate, hedra, library = _LAZY
    assert json.loads(ended.stderr.splitlines()[-1]) == [
        [],
        [],
        [hedra],
        [replicate, hedra, library],
        [fal, replicate, hedra, library],
    ]


def test_a_request_without_a_path_is_nobodys(webhook: Webhook) -> None:
    event = event_of(FAL.signed(BODY, NOW))
    del event["rawPath"]
    assert webhook.call(event) == 401
