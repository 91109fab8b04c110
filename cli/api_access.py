"""What a stack, or this machine's environment, says about a provider: for `episode test-api`."""

import json
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from cli.api_help import HELP
from cli.api_results import Results
from cli.api_trial import Asking
from shared.fal.endpoints import Endpoints
from shared.prices import LivePrice
from shared.providers.names import ProviderName
from shared.providers.outcomes import ProviderUnreachable
from shared.runtime.settings import EndpointSettings, ProviderSettings

if TYPE_CHECKING:
    from shared.ledger.records import Seconds
    from shared.providers.errors import SortedError
    from shared.providers.http.spec import ProviderSpec

_SECRETS = {
    ProviderName.FAL: ("FalKeySecretName", "showrunner/fal-key"),
    ProviderName.REPLICATE: ("ReplicateTokenSecretName", "showrunner/replicate-token"),
    ProviderName.HEDRA: ("HedraKeySecretName", "showrunner/hedra-key"),
}
"""The parameter of a stack that names the secret with the key, and what it is by default."""

ANSWER_WITHIN: "Seconds" = 15.0
"""As long as one answer may take."""


@dataclass(frozen=True, slots=True)
class Access:
    """How a provider is asked.

    Parameters
    ----------
    kept_in
        Where its key is kept, in words.
    endpoints
        fal's models.
    overrides
        The operator's own prices by endpoint.
    hosts
        Where its results may come from.
    """

    provider: ProviderName
    key: str
    kept_in: str
    endpoints: Endpoints
    overrides: dict[str, float]
    hosts: tuple[str, ...]


def access_to(
    provider: ProviderName, settings: ProviderSettings, stack: str | None, profile: str | None, region: str | None
) -> Access:
    """Return how a provider is asked by a stack, or without one from this machine; raises `StackMissing`."""
    here = Access(
        provider=provider,
        key=_key(provider, settings),
        kept_in=HELP[provider].key_variables,
        endpoints=EndpointSettings.from_environment().endpoints,
        overrides={},
        hosts=settings.download_hosts[provider],
    )
    if stack is None:
        return here
    from cli.target import deployed_target, endpoints_of

    parameters = deployed_target(stack, profile, region).parameters
    parameter, usual = _SECRETS[provider]
    secret = parameters.get(parameter, usual)
    deployed = replace(
        here,
        key=_secret(secret, profile, region),
        kept_in=f"the secret {secret} of the stack {stack}",
        endpoints=endpoints_of(parameters),
        overrides=json.loads(parameters.get("PriceOverrides") or "{}"),
    )
    if provider is ProviderName.HEDRA and (listed := parameters.get("HedraDownloadHosts")):
        return replace(deployed, hosts=tuple(filter(None, listed.split(","))))
    return deployed


def _key(provider: ProviderName, settings: ProviderSettings) -> str:
    keys = {
        ProviderName.FAL: settings.fal_key or settings.fal_api_key,
        ProviderName.REPLICATE: settings.replicate_api_token,
        ProviderName.HEDRA: settings.hedra_api_key,
    }
    return (keys[provider] or "").strip()


def _secret(name: str, profile: str | None, region: str | None) -> str:
    """Return what a secret holds; empty where there is none."""
    import boto3

    client = boto3.Session(profile_name=profile, region_name=region).client("secretsmanager")
    try:
        return client.get_secret_value(SecretId=name).get("SecretString", "").strip()
    except client.exceptions.ResourceNotFoundException:
        return ""


def live_prices(access: Access, settings: ProviderSettings, models: Sequence[str]) -> dict[str, LivePrice]:
    """Return what fal asks for its models today; nothing where it cannot be asked, and of others."""
    if access.provider is not ProviderName.FAL:
        return {}
    from shared.fal.platform import FalPlatform

    wanted = [endpoint for model, endpoint in access.endpoints if model in models]
    try:
        return FalPlatform(access.key, settings.fal_api_url, timeout=5).prices(wanted)
    except ProviderUnreachable:
        return {}  # the table knows them nearly as well; what is wrong is found out by the trial


def asking_of(access: Access, settings: ProviderSettings, patience: "Seconds") -> Asking:
    """Return what tries a provider's models.

    Parameters
    ----------
    patience
        How long one request may take.
    """
    results = Results(access.provider, access.hosts, from_loopback=settings.fal_download_from_loopback)
    match access.provider:
        case ProviderName.FAL:
            return _fal(access, settings, results, patience)
        case ProviderName.REPLICATE:
            from shared.providers.http.replicate import REPLICATE

            return _by_http(REPLICATE, settings.replicate_api_url, access, results, patience)
        case ProviderName.HEDRA:
            from shared.providers.http.hedra import HEDRA

            return _by_http(HEDRA, settings.hedra_api_url, access, results, patience)


def _fal(access: Access, settings: ProviderSettings, results: Results, patience: "Seconds") -> Asking:
    from shared.fal.client import FalHosts, FalQueue
    from shared.fal.platform import FalPlatform
    from shared.runtime.fal import Fal, FalClients
    from shared.runtime.keys import PresentClient

    queue = FalQueue(access.key, FalHosts(rest_url=settings.fal_rest_url, cdn_url=settings.fal_cdn_url))
    clients = FalClients(queue, FalPlatform(access.key, settings.fal_api_url))
    return Asking(
        provider=Fal(PresentClient(lambda: access.key, lambda _: clients)),
        results=results,
        new_key=_new_key,
        clock=time.monotonic,
        wait=time.sleep,
        patience=patience,
    )


def _by_http(spec: "ProviderSpec", base_url: str, access: Access, results: Results, patience: "Seconds") -> Asking:
    from shared.providers.http.provider import HttpProvider

    return Asking(
        provider=HttpProvider(spec, base_url, lambda: access.key, timeout=ANSWER_WITHIN),
        results=results,
        new_key=_new_key,
        clock=time.monotonic,
        wait=time.sleep,
        patience=patience,
        why_refused=lambda: _why_refused(spec, base_url, access.key),
    )


def _why_refused(spec: "ProviderSpec", base_url: str, key: str) -> "SortedError | None":
    """Return why a provider refuses a key, or an account; None where it does not.

    It is asked after a job that there is not: who may not ask is told that, and not that there is no such job.
    """
    from shared.providers.http.errors import sort_refusal
    from shared.providers.http.exchange import AnswerLost, Exchange, NotConnected

    exchange = Exchange(
        base_url,
        lambda: key,
        spec.key_header,
        spec.key_format,
        spec.headers,
        timeout=ANSWER_WITHIN,
        transport=None,
        clock=time.monotonic,
    )
    try:
        answer = exchange.ask("GET", spec.status_path.replace("{request_id}", "none"))
    except (NotConnected, AnswerLost):
        return None
    if answer.status not in {HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED}:
        return None
    return sort_refusal(answer.status, answer.document, spec)


def _new_key() -> str:
    return secrets.token_hex(32)
