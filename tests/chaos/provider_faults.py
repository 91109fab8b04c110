"""How faults of providers are put on a stage: each simulator's own, and what befalls its account."""

import time
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from typing import get_args

from local.replicate.process import SimulatedReplicate
from local.simulator.control import SimulatorControl
from local.simulator.faults import Fault, SubmitFault, WebhookFault
from local.simulator.settings import Outage
from shared.fal.models import fabric, hedra, ideogram, kontext
from shared.ledger.outages import account_of
from shared.providers.endpoints import (
    AVATAR_AT_HEDRA,
    FABRIC_AT_HEDRA,
    FABRIC_AT_REPLICATE,
    NANO_BANANA_AT_HEDRA,
    NANO_BANANA_AT_REPLICATE,
)
from shared.providers.names import ProviderName
from tests.chaos.arming import Arm, Armed, Scene
from tests.integration.plot.deployment import client

ENDPOINTS_OF_FAL = (ideogram.ENDPOINT, kontext.MULTI_ENDPOINT, hedra.ENDPOINT, fabric.ENDPOINT)
ENDPOINTS = {
    ProviderName.FAL: ENDPOINTS_OF_FAL,
    ProviderName.REPLICATE: (NANO_BANANA_AT_REPLICATE, FABRIC_AT_REPLICATE),
    ProviderName.HEDRA: (NANO_BANANA_AT_HEDRA, FABRIC_AT_HEDRA, AVATAR_AT_HEDRA),
}
CALLBACK_PATH = {ProviderName.FAL: "/", ProviderName.REPLICATE: "/replicate", ProviderName.HEDRA: "/hedra"}

_PICTURES_AND_ONE_ENGINE = slice(0, 3)
_LIST_NEVER = 1e9
_UPLOAD_GOOD_FOR = 0.05
_AT_ONCE = 0.01
_SOON = 2.0
_USUALLY = 3600
_REQUESTS_A_MINUTE = 4


def ordered(provider: ProviderName, *faults: Fault) -> Arm:
    """Return what orders faults of a simulator; all of them together are one fault, which strikes when all do."""

    def arm(name: str, scene: Scene) -> Armed:
        control = _control(scene, provider)
        ids = [control.add_fault(fault) for fault in faults]
        return Armed(name, lambda: min(control.hits(fault_id) for fault_id in ids))

    return arm


def somewhere(provider: ProviderName, fault: Fault) -> Arm:
    """Return what orders a fault of a simulator: for one of its models, or for all."""

    def arm(name: str, scene: Scene) -> Armed:
        endpoint = scene.dice.choice((None, *ENDPOINTS[provider][_PICTURES_AND_ONE_ENGINE]))
        return ordered(provider, fault.model_copy(update={"endpoint": endpoint}))(name, scene)

    return arm


def answer_and_callback_dropped(provider: ProviderName, *, listed: bool, answers: int | None = 1) -> Arm:
    """Let a provider have a job, and nothing tell of it but its list of requests, or not even that.

    Parameters
    ----------
    answers
        How many answers to submits are lost; None: all.
    """

    def arm(name: str, scene: Scene) -> Armed:
        endpoint = scene.dice.choice(ENDPOINTS[provider][_PICTURES_AND_ONE_ENGINE])
        if not listed:
            _control(scene, provider).change_settings(request_list_delay_seconds=_LIST_NEVER)
        return ordered(
            provider,
            SubmitFault(endpoint=endpoint, kind="drop_connection", accepts_job=True, count=answers),
            WebhookFault(endpoint=endpoint, kind="drop"),
        )(name, scene)

    return arm


def balance(provider: ProviderName) -> Arm:
    """Return what leaves little on the account."""

    def arm(name: str, scene: Scene) -> Armed:
        control = _control(scene, provider)
        control.set_balance(Decimal(str(scene.dice.choice(("0.01", "0.1", "0.2")))))
        noticed: list[int] = []

        def tick() -> None:
            if not noticed and scene.stage.ledger.outages((account_of(provider),)):
                noticed.append(1)

        return Armed(name, lambda: len(noticed), tick, lambda: control.set_balance(None))

    return arm


def results_forgotten(name: str, scene: Scene) -> Armed:
    """Let fal's queue forget results at once; its list of requests has them."""
    _control(scene, ProviderName.FAL).change_settings(
        stored_result_seconds=_AT_ONCE, stored_large_result_seconds=_AT_ONCE
    )
    return ordered(ProviderName.FAL, WebhookFault(kind="drop", count=2))(name, scene)


def results_gone(provider: ProviderName) -> Arm:
    """Return what lets a provider delete results of which we hear too late: what happens to Replicate's in an hour."""

    def arm(name: str, scene: Scene) -> Armed:
        _control(scene, provider).change_settings(stored_result_seconds=_SOON, stored_large_result_seconds=_SOON)
        dropped = ordered(provider, WebhookFault(kind="drop", count=2))(name, scene)
        waited: list[int] = []

        def tick() -> None:
            if not waited and dropped.hits():
                waited.append(1)
                time.sleep(_SOON)  # providers live in real time

        return Armed(name, dropped.hits, tick)

    return arm


def uploads_expired(name: str, scene: Scene) -> Armed:
    """Let Hedra take no upload's address, until it has refused one: handed over afresh, they are good."""
    control = _control(scene, ProviderName.HEDRA)
    control.change_settings(upload_url_seconds=_UPLOAD_GOOD_FOR)

    def refused() -> int:
        return _answered(scene, ProviderName.HEDRA, HTTPStatus.BAD_REQUEST, "POST /v3/models/")

    def be_good() -> None:
        control.change_settings(upload_url_seconds=_USUALLY)

    return Armed(name, refused, tick=lambda: be_good() if refused() else None, disarm=be_good)


def too_many_requests(provider: ProviderName) -> Arm:
    """Return what lets a provider take only a few requests in a minute, of whatever kind."""

    def arm(name: str, scene: Scene) -> Armed:
        control = _control(scene, provider)
        control.change_settings(requests_per_minute=_REQUESTS_A_MINUTE)
        return Armed(
            name,
            lambda: _answered(scene, provider, HTTPStatus.TOO_MANY_REQUESTS),
            disarm=lambda: control.change_settings(requests_per_minute=None),
        )

    return arm


@dataclass
class _Down:
    """A provider is gone for a while: whatever it is asked, and wherever."""

    scene: Scene
    provider: ProviderName
    at: int
    seconds: float
    began: float | None = None
    is_over: bool = False

    def tick(self) -> None:
        stage = self.scene.stage
        if self.began is None and stage.served >= self.at:
            self.began = stage.clock()
            how = self.scene.dice.choice(get_args(Outage))
            _control(self.scene, self.provider).go_down(how)
        elif self.began is not None and not self.is_over and stage.clock() - self.began > self.seconds:
            self.come_up()

    def come_up(self) -> None:
        self.is_over = True
        _control(self.scene, self.provider).come_up()


def down(provider: ProviderName) -> Arm:
    """Return what lets a provider be down for a while: shorter, or longer, than anything is waited for."""

    def arm(name: str, scene: Scene) -> Armed:
        outage = _Down(scene, provider, scene.dice.randint(0, 15), 60 * 200 ** scene.dice.random())
        outages_before = scene.stage.outgoing.unserved(provider)
        return Armed(
            name,
            lambda: scene.stage.outgoing.unserved(provider) - outages_before if outage.began is not None else 0,
            outage.tick,
            outage.come_up,
        )

    return arm


def signing_key_rotated(provider: ProviderName) -> Arm:
    """Return what lets a provider sign with something new; Replicate's secret a person puts into its place later."""

    def arm(name: str, scene: Scene) -> Armed:
        stage, at = scene.stage, scene.dice.randint(3, 12)
        refused_before: list[int] = []

        def refused() -> int:
            return stage.callback_answers[CALLBACK_PATH[provider], HTTPStatus.UNAUTHORIZED]

        def tick() -> None:
            if not refused_before and stage.served >= at:
                refused_before.append(refused())
                _control(scene, provider).rotate_signing_keys()

        def put_secret() -> None:
            simulator = stage.simulators[provider]
            if isinstance(simulator, SimulatedReplicate):
                secret = stage.values.ref("ReplicateWebhookSecretName")
                client("secretsmanager").put_secret_value(SecretId=secret, SecretString=simulator.signing_secret())

        return Armed(name, lambda: refused() - refused_before[0] if refused_before else 0, tick, put_secret)

    return arm


def _control(scene: Scene, provider: ProviderName) -> SimulatorControl:
    return scene.stage.simulators[provider].control


def _answered(scene: Scene, provider: ProviderName, status: int, operations: str = "") -> int:
    answers = scene.stage.outgoing.answers
    return sum(
        times
        for (who, operation, answer), times in answers.items()
        if who is provider and answer == status and operation.startswith(operations)
    )
