"""The roles, held against all that a run really calls: no engine here asks IAM.

Every other test of the plot is held against them as well, when it ends; see `deploy_plot`.
"""

import copy
from typing import Any

from tests.integration.plot.stage import Stage
from tests.integration.plot.template_values import TemplateValues
from tests.integration.plot.watched import WatchedCalls


def test_every_function_that_makes_an_episode_keeps_to_its_role(
    stage: Stage, watched_calls: WatchedCalls, tiny: dict[str, bytes]
) -> None:
    # given an episode that is made, a cycle of reconcile, and a batch
    stage.upload("tiny", tiny)
    stage.play_uploads()
    assert stage.play_out(stage.run_name("tiny")).status == "SUCCEEDED"
    for name in ("Reconcile", "StartBatch"):
        _, raised = stage.functions.invoke(name, {})
        assert not raised
    # then all were seen at work but the one that asks for reviews, and each within what its role allows
    functions = set(stage.values.of_type("AWS::Serverless::Function"))
    assert {caller for caller, _ in watched_calls.made} == functions - {"RequestReview"}
    assert watched_calls.forbidden(stage.values) == []
    # and what was seen is no trifle: uploads by threads of their own, every item of a transaction
    assert {
        ("Assemble", "s3:PutObject"),
        ("HouseClip", "dynamodb:PutItem"),
        ("HedraSubmit", "dynamodb:UpdateItem"),
        ("CollectAsset", "states:SendTaskSuccess"),
        ("RecordOutcome", "events:PutEvents"),
        ("Reconcile", "sqs:ReceiveMessage"),
    } <= {(caller, need.action) for caller, need in watched_calls.made}
    # and a role without one of its statements, or with a narrower one, stops its function
    for function in ("CollectAsset", "HouseClip", "RecordOutcome"):
        assert watched_calls.forbidden(without_writes(stage.values, function))
    stopped = {reason.partition(" on ")[0] for reason in watched_calls.forbidden(with_parts_elsewhere(stage.values))}
    assert stopped == {"HouseClip may not dynamodb:PutItem", "HouseClip may not dynamodb:Query"}


def statements_of(values: TemplateValues, function: str) -> tuple[TemplateValues, list[dict[str, Any]]]:
    """Return a copy of the template, and in it the statements of a function's role."""
    spoilt: dict[str, Any] = copy.deepcopy(values.template)
    (policy,) = spoilt["Resources"][f"{function}Role"]["Properties"]["Policies"]
    return TemplateValues(values.parameters, spoilt), policy["PolicyDocument"]["Statement"]


def without_writes(values: TemplateValues, function: str) -> TemplateValues:
    spoilt, statements = statements_of(values, function)
    statements[:] = [entry for entry in statements if "dynamodb:" not in str(entry["Action"])]
    return spoilt


def with_parts_elsewhere(values: TemplateValues) -> TemplateValues:
    spoilt, statements = statements_of(values, "HouseClip")
    for entry in statements:
        if "dynamodb:PutItem" in entry["Action"]:
            entry["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"] = ["PART#*"]
    return spoilt
