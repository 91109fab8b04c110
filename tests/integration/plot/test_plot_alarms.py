"""Every alarm of the template, tripped by the real functions; and none of them in an ordinary day."""

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from local.simulator.faults import WebhookFault
from shared.ledger.budgets import Usage
from shared.ledger.states import ACCEPT, DOUBT, SEND, Transition
from tests.builders import claim_job, claim_of
from tests.integration.plot.cloudwatch import AlarmState, CloudWatch
from tests.integration.plot.conftest import DeployPlot
from tests.integration.plot.deployment import client
from tests.integration.plot.functions import load_handler
from tests.integration.plot.template_values import ROOT, TemplateValues
from tests.integration.plot.watchtower import Watchtower

HOUR, DAY = 3600, 86_400
NO_SCRIPT = b'{"title": "No characters", "scenes": []}'

Files = dict[str, bytes]
Story = Callable[[Watchtower, Files], None]

STRANGER = {
    "X-Fal-Webhook-Request-Id": "r",
    "X-Fal-Webhook-User-Id": "somebody",
    "X-Fal-Webhook-Timestamp": "0",
    "X-Fal-Webhook-Signature": "00",
}


def open_a_job(tower: Watchtower, ago: float, *steps: Transition, usd: float = 0.06) -> None:
    ledger, at = tower.stage.ledger, time.time() - ago
    job = claim_job(ledger, claim_of(usage=Usage(usd=usd, images=1)), at)
    for step in steps:
        assert job is not None
        job = ledger.step(job, step, at, {"request_id": "unheard-of"} if step is ACCEPT else {"sent_input": "{}"})
    assert job is not None


def a_job_is_open_for_five_hours(tower: Watchtower, _tiny: Files) -> None:
    open_a_job(tower, 5 * HOUR, SEND, ACCEPT)
    tower.reconcile()


def nobody_knows_of_a_job_for_three_days(tower: Watchtower, _tiny: Files) -> None:
    open_a_job(tower, 3 * DAY, SEND, DOUBT)
    tower.reconcile()  # holds it
    tower.reconcile()


def the_balance_is_used_up(tower: Watchtower, tiny: Files) -> None:
    tower.stage.fal.control.set_balance(Decimal(0))
    tower.stage.upload("tiny", tiny)
    tower.stage.play_uploads()
    tower.stage.play_until(lambda: "status.json" in tower.stage.folder("tiny") and state_of_tiny(tower) == "paused")
    tower.reconcile()


def state_of_tiny(tower: Watchtower) -> object:
    return tower.stage.document("tiny", "status.json")["state"]


def much_is_spent_in_a_day(tower: Watchtower, _tiny: Files) -> None:
    open_a_job(tower, 0, usd=160)
    tower.reconcile()


def scripts_are_refused(tower: Watchtower, *, count: int) -> None:
    for number in range(count):
        tower.stage.upload(f"bad-{number}", {"script.json": NO_SCRIPT})
        tower.stage.play_uploads()
        assert tower.stage.play_out(tower.stage.run_name(f"bad-{number}")).status == "FAILED"


def three_episodes_fail(tower: Watchtower, _tiny: Files) -> None:
    scripts_are_refused(tower, count=3)


def an_execution_fails(tower: Watchtower, _tiny: Files) -> None:
    scripts_are_refused(tower, count=1)


def an_execution_times_out(tower: Watchtower, tiny: Files) -> None:
    tower.stage.upload("tiny", tiny)
    tower.stage.play_uploads()
    assert tower.stage.play_out(tower.stage.run_name("tiny")).status == "TIMED_OUT"


def callbacks_are_lost(tower: Watchtower, tiny: Files) -> None:
    tower.stage.fal.control.add_fault(WebhookFault(kind="drop"))
    tower.stage.upload("tiny", tiny)
    tower.stage.play_uploads()
    name = tower.stage.run_name("tiny")

    def over() -> bool:
        tower.reconcile()
        return tower.stage.execution(name).status != "RUNNING"

    tower.stage.play_until(over)
    assert tower.stage.execution(name).status == "SUCCEEDED"


def strangers_call(tower: Watchtower, _tiny: Files) -> None:
    assert {tower.call_back(STRANGER) for _ in range(5)} == {401}


def nobody_can_tell_who_calls(tower: Watchtower, _tiny: Files) -> None:
    # fal's keys are out of reach, and none is kept
    values = tower.stage.values
    folder = ROOT / values.of_type("AWS::Serverless::Function")["HedraWebhook"]["CodeUri"]
    environment = {**values.environment_of("HedraWebhook"), "FAL_REST_URL": "https://127.0.0.1:9"}
    tower.stage.functions.put("HedraWebhook", load_handler(folder, environment))
    ours = {"X-Fal-Webhook-User-Id": environment["FAL_USER_ID"], "X-Fal-Webhook-Timestamp": str(int(time.time()))}
    assert {tower.call_back({**STRANGER, **ours, "X-Fal-Webhook-Signature": "0" * 128}) for _ in range(5)} == {503}


def the_webhook_breaks(tower: Watchtower, _tiny: Files) -> None:
    def broken(_event: dict[str, Any], _context: Any) -> Any:
        raise ImportError("a package is missing")

    tower.stage.functions.put("HedraWebhook", broken)
    assert tower.call_back(STRANGER) == 502


def the_webhook_is_throttled(tower: Watchtower, _tiny: Files) -> None:
    # Nothing on this machine throttles: the metric is put as Lambda puts it.
    tower.cloud.put("AWS/Lambda", "Throttles", 1, FunctionName="HedraWebhook")


def reconcile_meets_what_it_cannot_read(tower: Watchtower, _tiny: Files) -> None:
    for is_visible in (True, False, True):  # having been read, it is hidden from the next cycle
        tower.pass_by(300)
        if is_visible:
            tower.bury("PortraitDeadLetters", "no request")
        tower.reconcile()


def reconcile_is_not_called(tower: Watchtower, _tiny: Files) -> None:
    tower.pass_by(HOUR)


def a_batch_meets_what_it_cannot_read(tower: Watchtower, tiny: Files) -> None:
    # given an episode whose record in the ledger is broken
    values = tower.stage.values
    broken = {"pk": {"S": "EPISODE#tiny"}, "sk": {"S": "NEWEST"}, "of": {"S": "another version"}}
    client("dynamodb").put_item(TableName=values.ref("Ledger"), Item=broken)
    tower.stage.upload("tiny", tiny)
    manifest = b"episodes: [{episode: tiny}]"
    client("s3").put_object(Bucket=values.ref("Bucket"), Key="batches/tonight.yaml", Body=manifest)
    for _ in range(2):
        tower.pass_by(300)
        tower.go_over_batches()


TRIPPED_BY: dict[str, Story] = {
    "OldestOpenJobAlarm": a_job_is_open_for_five_hours,
    "HeldJobsAlarm": nobody_knows_of_a_job_for_three_days,
    "AccountRefusedAlarm": the_balance_is_used_up,
    "DaySpendAlarm": much_is_spent_in_a_day,
    "EpisodesFailedAlarm": three_episodes_fail,
    "RunsFailedAlarm": an_execution_fails,
    "RunsTimedOutAlarm": an_execution_times_out,
    "CallbacksMissedAlarm": callbacks_are_lost,
    "WebhookRejectionsAlarm": strangers_call,
    "WebhookUnavailableAlarm": nobody_can_tell_who_calls,
    "WebhookErrorsAlarm": the_webhook_breaks,
    "WebhookThrottlesAlarm": the_webhook_is_throttled,
    "ReconcileFailingAlarm": reconcile_meets_what_it_cannot_read,
    "ReconcileSilentAlarm": reconcile_is_not_called,
    "BatchesFailingAlarm": a_batch_meets_what_it_cannot_read,
}


def give_up_after_a_second(definition: dict[str, Any]) -> None:
    definition["TimeoutSeconds"] = 1


@pytest.fixture
def tower(deploy_plot: DeployPlot, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Watchtower:
    """A stage on which nothing has gone wrong so far."""
    changed = getattr(request, "param", None) == "RunsTimedOutAlarm"
    stage = deploy_plot(give_up_after_a_second) if changed else deploy_plot()
    return Watchtower(stage, lambda: capsys.readouterr().out)


@pytest.mark.parametrize(
    ("tower", "alarm"), [(alarm, alarm) for alarm in TRIPPED_BY], ids=TRIPPED_BY, indirect=["tower"]
)
def test_an_alarm_goes_off(tower: Watchtower, alarm: str, tiny: Files) -> None:
    # given an ordinary cycle
    tower.reconcile()
    tower.look()
    assert tower.state(alarm) is AlarmState.OK
    # when what it is for happens
    TRIPPED_BY[alarm](tower, tiny)
    tower.look()
    # then it goes off
    assert tower.state(alarm) is AlarmState.ALARM


def dead_letter_queues() -> list[str]:
    queues = TemplateValues().of_type("AWS::SQS::Queue")
    return sorted(
        {q["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0] for q in queues.values() if "RedrivePolicy" in q}
    )


def test_every_dead_letter_queue_has_an_alarm_of_its_own(tower: Watchtower) -> None:
    tower.reconcile()
    for queue in dead_letter_queues():
        # given dead letters elsewhere at most
        tower.pass_by(60)
        tower.look()
        assert tower.state(f"{queue}Alarm") is AlarmState.OK
        # when a message is given up
        tower.bury(queue, {})
        tower.look()
        # then its queue's alarm goes off
        assert tower.state(f"{queue}Alarm") is AlarmState.ALARM


def test_no_alarm_of_the_template_is_untested() -> None:
    alarms = TemplateValues().of_type("AWS::CloudWatch::Alarm").keys()
    assert alarms == {*TRIPPED_BY, *(f"{queue}Alarm" for queue in dead_letter_queues())}


def test_no_alarm_goes_off_while_an_episode_is_made(tower: Watchtower, tiny: Files) -> None:
    # given an ordinary day
    tower.reconcile()
    tower.stage.upload("tiny", tiny)
    tower.stage.play_uploads()
    # when an episode is made, and somebody comes to the wrong door
    assert tower.stage.play_out(tower.stage.run_name("tiny")).status == "SUCCEEDED"
    assert tower.call_back(STRANGER) == 401
    tower.reconcile()
    tower.look()
    # then nobody is called, and the episode is counted
    assert set(tower.states().values()) == {AlarmState.OK}
    done = {"Namespace": "Showrunner", "MetricName": "EpisodesDone", "Statistic": "Sum", "Threshold": 1}
    counted = {**tower.alarms()["EpisodesFailedAlarm"], **done}
    assert tower.cloud.state(counted) is AlarmState.ALARM


ALARM = {
    "Namespace": "N",
    "MetricName": "M",
    "Dimensions": [],
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 2,
    "Threshold": 3,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "TreatMissingData": "notBreaching",
}


@pytest.mark.parametrize(
    ("minutes", "changes", "state"),
    [
        ([[3], [3]], {}, AlarmState.ALARM),
        ([[1, 2], [2, 1]], {}, AlarmState.ALARM),
        ([[1, 2], [2, 1]], {"Statistic": "Maximum"}, AlarmState.OK),
        ([[3], [2]], {}, AlarmState.OK),
        ([[3], [2]], {"DatapointsToAlarm": 1}, AlarmState.ALARM),
        ([[3], []], {}, AlarmState.OK),
        ([[3], []], {"TreatMissingData": "breaching"}, AlarmState.ALARM),
        ([[], []], {"TreatMissingData": "breaching"}, AlarmState.ALARM),
        ([[], []], {"TreatMissingData": "missing"}, AlarmState.INSUFFICIENT_DATA),
        ([[3], [3]], {"ComparisonOperator": "GreaterThanThreshold"}, AlarmState.OK),
        ([[3], [3]], {"Dimensions": [{"Name": "service", "Value": "another"}]}, AlarmState.OK),
    ],
)
def test_how_an_alarm_is_evaluated(minutes: list[list[float]], changes: dict[str, Any], state: AlarmState) -> None:
    # given what was measured, minute by minute
    cloud = CloudWatch()
    for values in minutes:
        cloud.now += 60
        for value in values:
            cloud.put("N", "M", value)
    # then
    assert cloud.state({**ALARM, **changes}) is state
