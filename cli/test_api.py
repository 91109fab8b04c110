"""The command `episode test-api`."""

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cli.endings import CREDENTIALS, FAILED, USAGE, stop
from cli.options import Json, Profile, Region, StackName
from cli.output import output, say, write_document
from shared.providers.names import TITLES, ProviderName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cli.api_trial import Model, Trial, Tried


class Choice(StrEnum):
    """What is tried; `cli.api_trial.MODELS` says what there is at whom."""

    ALL = "all"
    IDEOGRAM = "ideogram"
    KONTEXT = "kontext"
    PORTRAIT = "portrait"
    COMPOSITE = "composite"
    HEDRA = "hedra"
    KLING = "kling"
    FABRIC = "fabric"


def try_provider(
    *,
    provider: Annotated[ProviderName, typer.Option("--provider", help="Whose models are tried.")] = ProviderName.FAL,
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
    """Try a provider's models: one cheap real request each, as an episode makes it, and what is wrong where one fails.

    The key is FAL_KEY (or FAL_API_KEY), REPLICATE_API_TOKEN or HEDRA_API_KEY; with --stack the one in the secret that
    the stack names.
    """
    # The models' requests need the media library, for which no other command has to wait.
    from cli.api_access import access_to, asking_of, live_prices
    from cli.api_faults import fault_of_key
    from cli.api_trial import trials_of, try_models
    from shared.plan.catalogue import Catalogue
    from shared.runtime.settings import ProviderSettings

    models = _models_of(provider, test)
    settings = ProviderSettings.from_environment()
    access = access_to(provider, settings, stack, profile, region)
    if fault := fault_of_key(provider, access.key, access.kept_in):
        stop(fault.message, CREDENTIALS, error=fault.kind, next_step=fault.next_step(provider))
    live = live_prices(access, settings, models)
    trials = trials_of(provider, models, Catalogue(access.endpoints, live=live, overrides=access.overrides))
    _say_what_it_costs(trials)
    if not yes and output.is_terminal and sys.stdin.isatty() and not typer.confirm("Spend it?", err=output.stderr):
        stop("nothing was bought", FAILED, error="not_confirmed")
    tried: list[Tried] = []
    for each in try_models(trials, asking_of(access, settings, timeout)):
        _say_what_came(each)
        tried.append(each)
    for trial in trials[len(tried) :]:
        say(f"{trial.model}: not tried, since the same would happen")
    _end(provider, tried)


def _models_of(provider: ProviderName, test: Choice) -> "tuple[Model, ...]":
    """Return what is tried, or stop where the provider does not have it."""
    from cli.api_trial import MODELS, TRIED_BY_DEFAULT

    models = MODELS[provider]
    if test is Choice.ALL:
        return models[:TRIED_BY_DEFAULT]
    chosen = tuple(model for model in models if model == test.value)
    if not chosen:
        there = ", ".join((Choice.ALL, *models))
        stop(f"{TITLES[provider]} has no '{test}': --test may be {there} with --provider {provider}", USAGE)
    return chosen


def _say_what_it_costs(trials: "Sequence[Trial]") -> None:
    for trial in trials:
        offer = trial.offer
        say(f"{trial.model}: {offer.place}, about ${offer.price_usd:.2f} ({offer.price_source})")
    total = sum(trial.offer.price_usd for trial in trials)
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
        said = f"{tried.message.removesuffix('.')}{told}"
        say(f"{tried.model}: {said}. Next: {tried.next_step}")


def _end(provider: ProviderName, tried: "Sequence[Tried]") -> None:
    """Write the document for machines, and end with the exit code that the worst of the outcomes has."""
    from cli.api_faults import is_of_the_key

    faults = [each.fault for each in tried if each.fault]
    write_document(
        {
            "provider": provider,
            "good": not faults,
            "tried": [each.model_dump(mode="json") for each in tried],
            "price_usd": round(sum(each.price_usd or 0.0 for each in tried), 4),
        }
    )
    if faults:
        raise typer.Exit(CREDENTIALS if any(map(is_of_the_key, faults)) else FAILED)
