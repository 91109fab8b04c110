"""Our signing secret at Replicate: read seldom, looked for when it has changed, kept while it cannot be read."""

from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectTimeoutError

from shared.aws.secrets import get_secret
from shared.webhooks.scheme import KeysUnavailable
from shared.webhooks.signing_secret import MAX_AGE, MIN_INTERVAL, RETRY_INTERVAL, SecretUnreadable, SigningSecret
from tests.fakes.clock import Clock
from tests.unit.webhook.replicate_callbacks import OTHER_SECRET, SIGNING_SECRET, bytes_of
from tests.unit.webhook.webhook_function import SETTINGS, Secrets

ONE, OTHER = bytes_of(SIGNING_SECRET), bytes_of(OTHER_SECRET)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def secrets() -> Secrets:
    return Secrets()


@pytest.fixture
def secret(secrets: Secrets, clock: Clock) -> SigningSecret:
    return SigningSecret(lambda: secrets(SETTINGS.replicate_webhook_secret_name), clock)


def test_it_is_read_when_it_is_first_needed_and_kept(secret: SigningSecret, secrets: Secrets, clock: Clock) -> None:
    assert secrets.reads == 0
    for _ in range(5):
        assert secret.known() == ONE
        clock.forward(MAX_AGE / 5)
    assert secrets.reads == 1
    clock.forward(1)
    assert secret.known() == ONE
    assert secrets.reads == 2


def test_a_changed_secret_is_found_but_not_searched_for_all_the_time(
    secret: SigningSecret, secrets: Secrets, clock: Clock
) -> None:
    # given a secret that was read a moment ago, and changed since
    secret.known()
    secrets.secret = OTHER_SECRET
    # then it is looked for again after a minute
    for _ in range(5):
        assert secret.refreshed() == ONE
        clock.forward(MIN_INTERVAL / 5)
    clock.forward(1)
    assert [secret.refreshed() for _ in range(5)] == [OTHER] * 5
    assert secret.known() == OTHER
    assert secrets.reads == 2


def test_a_withdrawn_secret_is_no_longer_good(secret: SigningSecret, secrets: Secrets, clock: Clock) -> None:
    secret.known()
    secrets.secret = OTHER_SECRET
    clock.forward(MAX_AGE + 1)
    assert secret.known() == OTHER


@pytest.mark.parametrize("gone_wrong", [{"is_down": True}, {"secret": "unset"}], ids=["down", "overwritten"])
def test_a_secret_that_cannot_be_read_stays_as_it_was(
    secret: SigningSecret, secrets: Secrets, clock: Clock, gone_wrong: dict[str, Any]
) -> None:
    # given a secret that was read, and then the place where it is kept does not answer, or holds something else
    secret.known()
    vars(secrets).update(gone_wrong)
    clock.forward(MAX_AGE + 1)
    # then it still serves, and is asked for once a minute
    for _ in range(5):
        assert secret.known() == secret.refreshed() == ONE
    assert secrets.reads == 2
    clock.forward(MIN_INTERVAL + 1)
    secret.known()
    assert secrets.reads == 3


def test_without_any_secret_it_is_asked_for_soon_again(secret: SigningSecret, secrets: Secrets, clock: Clock) -> None:
    """Within the minute for which Replicate comes again."""
    # given a place that is down when the function starts
    secrets.is_down = True
    for ask in (secret.known, secret.refreshed, secret.known):
        with pytest.raises(KeysUnavailable):
            ask()
    assert secrets.reads == 1
    # when it is back some seconds later, then all is well
    secrets.is_down = False
    clock.forward(RETRY_INTERVAL + 1)
    assert secret.known() == ONE


class SecretsManager:
    """The client of AWS."""

    def __init__(self, answer: dict[str, Any] | Exception) -> None:
        self._answer = answer

    def get_secret_value(self, SecretId: str) -> dict[str, Any]:  # noqa: N803 - as boto3 has it
        assert SecretId == "replicate/signing"
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def read_from(answer: dict[str, Any] | Exception, monkeypatch: pytest.MonkeyPatch) -> str:
    config = Config()
    clients = {("secretsmanager", config): SecretsManager(answer)}
    monkeypatch.setattr(boto3, "client", lambda service, config: clients[service, config])
    return get_secret("replicate/signing", config)


def test_it_is_read_from_secrets_manager(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_from({"SecretString": SIGNING_SECRET}, monkeypatch) == SIGNING_SECRET


@pytest.mark.parametrize(
    "answer",
    [
        ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "none"}}, "GetSecretValue"),
        ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetSecretValue"),
        ConnectTimeoutError(endpoint_url="https://secretsmanager.eu-central-1.amazonaws.com"),
        {"SecretBinary": b"x"},
    ],
    ids=["missing", "forbidden", "unreachable", "no text"],
)
def test_why_it_cannot_be_read_is_said(answer: dict[str, Any] | Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SecretUnreadable, match="replicate/signing"):
        read_from(answer, monkeypatch)
