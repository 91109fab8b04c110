"""The command `episode test-api`."""

import json as json_text
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cli.api_faults import Fault, fault_of_key
from cli.endings import CREDENTIALS, FAILED, stop
from cli.options import Json, Profile, Region, StackName
from cli.output import output, say, write_document
from shared.fal.endpoints import Endpoints
from shared.fal.outcomes import FalUnreachable
from shared.fal.platform import FalPlatform
from shared.prices import LivePrice
from shared.runtime.settings import EndpointSettings, FalSettings

if TYPE_CHECKING:
    from cli.api_trial import Trial, Tried


class Choice(StrEnum):
    """What is tried."""

    ALL = "all"
    IDEOGRAM = "ideogram"
    KONTEXT = "kontext"
    HEDRA = "hedra"


def try_fal(
    *,
    test: Annotated[Choice, typer.Option("--test", help="Which model is tried.")] = Choice.ALL,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Spend money without asking.")] = False,
    timeout: Annotated[
        float, typer.Option("--timeout", min=1, help="How many seconds one request may take at most.")
    ] = 600,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
    json: Json = False,  # noqa: ARG001 -- read by `cli.group`
) -> None:
    """Try fal's models: one cheap real request each, made as an episode makes it, and what is wrong where one fails.

    The key is FAL_KEY (or FAL_API_KEY); with --stack the one in the secret that the stack names.
    """
    from cli.api_trial import Fal, Model, trials_of, try_models
    from shared.fal.client import FalHosts, FalQueue

    settings = FalSettings.from_environment()
    given = _given(settings, stack, profile, region)
    if fault := fault_of_key(given.key, given.kept_in):
        stop(fault.message, CREDENTIALS, error=fault.kind, next_step=fault.next_step(""))
    models = list(Model) if test is Choice.ALL else [Model(test)]
    trials = trials_of(models, given.endpoints, _live_prices(given, settings, models), given.overrides)
    _say_what_it_costs(trials)
    if not yes and output.is_terminal and sys.stdin.isatty() and not typer.confirm("Spend it?", err=output.stderr):
        stop("nothing was bought", FAILED, error="not_confirmed")
    queue = FalQueue(given.key, FalHosts(rest_url=settings.fal_rest_url, cdn_url=settings.fal_cdn_url))
    tried: list[Tried] = []
    for each in try_models(trials, Fal(queue, time.monotonic, time.sleep, timeout)):
        _say_what_came(each)
        tried.append(each)
    for trial in trials[len(tried) :]:
        say(f"{trial.model}: not tried, since the same would happen")
    _end(tried)


@dataclass(frozen=True, slots=True)
class _Given:
    """The key, where it is kept, the models, and the operator's own prices by endpoint."""

    key: str
    kept_in: str
    endpoints: Endpoints
    overrides: dict[str, float]


def _given(settings: FalSettings, stack: str | None, profile: str | None, region: str | None) -> _Given:
    """Return what a stack, or this machine's environment, says about fal."""
    if stack is None:
        key = (settings.fal_key or settings.fal_api_key or "").strip()
        return _Given(key, "FAL_KEY or FAL_API_KEY", EndpointSettings.from_environment().endpoints, {})
    from cli.target import deployed_target, endpoints_of

    parameters = deployed_target(stack, profile, region).parameters
    name = parameters.get("FalKeySecretName", "showrunner/fal-key")
    overrides = json_text.loads(parameters.get("PriceOverrides") or "{}")
    return _Given(
        _secret(name, profile, region), f"the secret {name} of the stack {stack}", endpoints_of(parameters), overrides
    )


def _secret(name: str, profile: str | None, region: str | None) -> str:
    """Return what a secret holds; empty where there is none."""
    import boto3

    secrets = boto3.Session(profile_name=profile, region_name=region).client("secretsmanager")
    try:
        return secrets.get_secret_value(SecretId=name).get("SecretString", "").strip()
    except secrets.exceptions.ResourceNotFoundException:
        return ""


def _live_prices(given: _Given, settings: FalSettings, models: Sequence[str]) -> dict[str, LivePrice]:
    wanted = [endpoint for model, endpoint in given.endpoints if model in models]
    try:
        return FalPlatform(given.key, settings.fal_api_url, timeout=5).prices(wanted)
    except FalUnreachable:
        return {}  # the table knows them nearly as well; what is wrong is found out by the trial


def _say_what_it_costs(trials: "Sequence[Trial]") -> None:
    for trial in trials:
        say(f"{trial.model}: {trial.endpoint}, about ${trial.price_usd:.2f} ({trial.price_source})")
    total = sum(trial.price_usd for trial in trials)
    requests = "1 request" if len(trials) == 1 else f"{len(trials)} requests"
    say(f"{requests}, at most ${total:.2f} together")


def _say_what_came(tried: "Tried") -> None:
    details = [] if tried.request_id is None else [f"request {tried.request_id}"]
    if tried.queued_seconds is not None:
        details.append(f"{tried.queued_seconds:.1f} s in the queue")
    if tried.run_seconds is not None:
        details.append(f"{tried.run_seconds:.1f} s of work")
    if tried.price_usd is not None:
        details.append(f"{'' if tried.good else 'perhaps '}${tried.price_usd:.2f}")
    told = f" ({', '.join(details)})" if details else ""
    if tried.good:
        say(f"{tried.model}: good{told}")
    else:
        say(f"{tried.model}: {tried.message}{told}. Next: {tried.next_step}")


def _end(tried: "Sequence[Tried]") -> None:
    """Write the document for machines, and end with the exit code that the worst of the outcomes has."""
    faults = [Fault(each.fault, "") for each in tried if each.fault]
    write_document(
        {
            "good": not faults,
            "tried": [each.model_dump(mode="json") for each in tried],
            "price_usd": round(sum(each.price_usd or 0.0 for each in tried), 4),
        }
    )
    if faults:
        raise typer.Exit(CREDENTIALS if any(fault.is_of_the_key for fault in faults) else FAILED)
