"""What can be wrong when a provider is tried, and what helps, in words that fit that provider."""

from dataclasses import asdict, dataclass
from enum import StrEnum

from shared.providers.names import TITLES, ProviderName


class FaultKind(StrEnum):
    """What kind of fault it is, for machines."""

    KEY_MISSING = "key_missing"
    KEY_MALFORMED = "key_malformed"
    KEY_REFUSED = "key_refused"
    BALANCE = "balance_exhausted"
    MODEL_UNKNOWN = "model_unknown"
    INPUTS_REFUSED = "inputs_refused"
    RATE_LIMIT = "rate_limit"
    PROVIDER_DOWN = "provider_down"
    JOB_ENDED = "job_ended"
    NO_RESULT = "no_result"
    RESULT_ELSEWHERE = "result_elsewhere"
    RESULT_NOT_FETCHED = "result_not_fetched"
    TOO_SLOW = "too_slow"
    NO_ADDRESS = "network_dns"
    NO_TRUST = "network_tls"
    NOBODY_THERE = "network_refused"
    TIMEOUT = "network_timeout"
    CUT_OFF = "network_cut"


@dataclass(frozen=True, slots=True)
class Help:
    """Where a provider has what, and how it is configured here.

    Parameters
    ----------
    title, company
        The name in sentences of what is asked, and of whose it is.
    keys, billing, models, requests, status
        Its pages.
    key_variables
        What holds its key on this machine.
    key_form
        What a key of its looks like.
    addresses
        The settings that say where its API is.
    hosts
        The setting that says where its results may come from.
    can_cancel
        Whether a request can be ended.
    """

    title: str
    company: str
    keys: str
    billing: str
    models: str
    requests: str
    status: str
    key_variables: str
    key_form: str
    addresses: str
    hosts: str
    can_cancel: bool = True


HELP = {
    ProviderName.FAL: Help(
        title=TITLES[ProviderName.FAL],
        company="fal",
        keys="https://fal.ai/dashboard/keys",
        billing="https://fal.ai/dashboard/billing",
        models="https://fal.ai/models",
        requests="https://fal.ai/dashboard/requests",
        status="https://status.fal.ai",
        key_variables="FAL_KEY or FAL_API_KEY",
        key_form="<id>:<secret>",
        addresses="FAL_QUEUE_RUN_HOST and FAL_REST_URL",
        hosts="FAL_DOWNLOAD_HOSTS",
    ),
    ProviderName.REPLICATE: Help(
        title=TITLES[ProviderName.REPLICATE],
        company="Replicate",
        keys="https://replicate.com/account/api-tokens",
        billing="https://replicate.com/account/billing",
        models="https://replicate.com/explore",
        requests="https://replicate.com/predictions",
        status="https://www.replicatestatus.com",
        key_variables="REPLICATE_API_TOKEN",
        # https://replicate.com/docs/topics/security/api-tokens
        key_form="r8_...",
        addresses="REPLICATE_API_URL",
        hosts="REPLICATE_DOWNLOAD_HOSTS",
    ),
    ProviderName.HEDRA: Help(
        title=TITLES[ProviderName.HEDRA],
        company="Hedra",
        keys="https://www.hedra.com/develop/api-keys",
        billing="https://www.hedra.com/develop/billing",
        models="https://www.hedra.com/develop/models",
        requests="https://www.hedra.com/develop",
        status="https://status.hedra.com",
        key_variables="HEDRA_API_KEY",
        key_form="<key id>:<secret>",
        addresses="HEDRA_API_URL",
        hosts="HEDRA_DOWNLOAD_HOSTS",
        can_cancel=False,
    ),
}

_NETWORK = "look at the network, and try again"

_STEPS = {
    FaultKind.KEY_MISSING: "make a key at {keys}, and put it there",
    FaultKind.KEY_MALFORMED: "copy the whole key from {keys}: {key_form}, without quotes",
    FaultKind.KEY_REFUSED: "make a new key at {keys}: this one was revoked or mistyped",
    FaultKind.BALANCE: "top up the balance at {billing}",
    FaultKind.MODEL_UNKNOWN: "look at {models} whether the model is still there and open to the account",
    FaultKind.INPUTS_REFUSED: "the key and the model work; the model does not take what this test sends it",
    FaultKind.RATE_LIMIT: "wait until other jobs of the account are done, or have {company} raise its limit",
    FaultKind.PROVIDER_DOWN: "look at {status}, and try again later",
    FaultKind.JOB_ENDED: "try again; if it ends so once more, ask {company}, and name the request",
    FaultKind.NO_RESULT: "try again; if nothing comes once more, ask {company}, and name the request",
    FaultKind.RESULT_ELSEWHERE: "if that is a host of {company}, have {hosts} name it as well",
    FaultKind.RESULT_NOT_FETCHED: _NETWORK,
    FaultKind.TOO_SLOW: "look at {status}; --timeout waits longer",
    FaultKind.NO_ADDRESS: "look at the network and its name server, and at {addresses}, if set",
    FaultKind.NO_TRUST: "look at the clock, and at what is between here and {title}: a proxy's certificate goes into "
    "SSL_CERT_FILE",
    FaultKind.NOBODY_THERE: "look at the firewall and the proxy, and at {addresses}, if set",
    FaultKind.TIMEOUT: _NETWORK,
    FaultKind.CUT_OFF: _NETWORK,
}

_LOOK_FIRST = "{title} may have taken the request all the same: look at {requests} before trying again"

_OWN_STEPS = {
    # What pays for Studio does not pay for the API.
    (ProviderName.HEDRA, FaultKind.BALANCE): "top up the API's own balance at {billing}: Studio's does not count",
}

_MODEL_PARAMETERS = {"ideogram": "IdeogramEndpoint", "kontext": "KontextEndpoint", "hedra": "HedraEndpoint"}
"""The parameters of the stack that name fal's models; those of others are fixed."""


def next_step(kind: FaultKind, provider: ProviderName, model: str, *, is_unsure: bool = False) -> str:
    """Return what to do about a fault.

    Parameters
    ----------
    model
        What was tried; see `cli.api_trial.Choice`.
    is_unsure
        Whether nobody can tell if the provider has taken the request all the same.
    """
    step = _OWN_STEPS.get((provider, kind), _STEPS[kind])
    if kind is FaultKind.MODEL_UNKNOWN:
        step = _other_model(provider, model)
    return (f"{step}. {_LOOK_FIRST}" if is_unsure else step).format_map(asdict(HELP[provider]))


def _other_model(provider: ProviderName, model: str) -> str:
    others = "name other engines in the script: `engines: [fabric, still]`"
    if provider is ProviderName.FAL and model in _MODEL_PARAMETERS:
        step = f"look for the model at {{models}}, and give the stack its id as {_MODEL_PARAMETERS[model]}"
        return f"{step}; or {others}" if model == "hedra" else step
    return f"{_STEPS[FaultKind.MODEL_UNKNOWN]}; until it is, have the script name other `providers` or `engines`"
