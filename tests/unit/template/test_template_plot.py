"""The state machine, read and not run: where it leads, what it waits for, what it reads."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from pydantic import BaseModel

from shared.workflow.asking import AssetRequest
from shared.workflow.assemble_episode import Assembled, AssembleRequest
from shared.workflow.make_house_clip import HouseClipAnswer, HouseClipRequest
from shared.workflow.plan_answer import PlanAnswer
from shared.workflow.plan_episode import PlanRequest
from shared.workflow.record_outcome import ClosedRun, RunEnd
from shared.workflow.request_review import REVIEW_SECONDS, Approved, ReviewRequest
from tests.unit.template import plot_rules as rules
from tests.unit.template import source
from tests.unit.template.data_flow import Function, Walk, shape_of
from tests.unit.template.plot_rules import substitutions, targets

Definition = dict[str, Any]

FUNCTIONS = {
    "${PlanEpisode}": Function(PlanRequest, shape_of(PlanAnswer)),
    "${HouseClip}": Function(HouseClipRequest, shape_of(HouseClipAnswer)),
    "${Assemble}": Function(AssembleRequest, {"outcome": Assembled}),
    "${RecordOutcome}": Function(RunEnd, shape_of(ClosedRun)),
    "${RequestReview}": Function(Approved, {}),
}
MESSAGES: dict[str, type[BaseModel]] = {
    **dict.fromkeys(
        ("${PortraitQueueUrl}", "${BackgroundQueueUrl}", "${CompositeQueueUrl}", "${ClipQueueUrl}"), AssetRequest
    ),
    "${ReviewQueueUrl}": ReviewRequest,
}


def flow_problems(definition: Definition, functions: Mapping[str, Function] = FUNCTIONS) -> list[str]:
    walk = Walk(functions, MESSAGES)
    walk.machine(definition, {"episode_id": str})
    return walk.problems


@pytest.mark.parametrize("rule", [*rules.RULES, flow_problems])
def test_the_plot_keeps_to_the_rule(rule: Callable[[Definition], list[str]]) -> None:
    assert rule(source.definition()) == []


def test_the_template_fills_in_what_the_plot_leaves_open() -> None:
    (plot,) = source.of_type(source.template(), "AWS::Serverless::StateMachine").values()
    assert substitutions(source.DEFINITION.read_text(), plot["DefinitionSubstitutions"]) == []


def test_the_plot_is_of_the_type_that_may_wait_for_tokens() -> None:
    (plot,) = source.of_type(source.template(), "AWS::Serverless::StateMachine").values()
    assert plot["Type"] == "STANDARD"
    assert source.ROOT / plot["DefinitionUri"] == source.DEFINITION
    assert source.definition()["TimeoutSeconds"] > 0


def test_a_review_ends_and_the_plot_outlasts_it() -> None:
    plot = source.definition()
    review = plot["States"]["AskReview"]
    assert review["TimeoutSeconds"] == REVIEW_SECONDS
    # a day each for pictures, composites and clips, on both sides of the review
    assert plot["TimeoutSeconds"] >= REVIEW_SECONDS + 3 * 86_400
    (late,) = [catch["Next"] for catch in review["Catch"] if catch["ErrorEquals"] == ["States.Timeout"]]
    assert plot["States"][late]["Result"]["Error"] == "ReviewTimedOut"


def test_no_way_leads_past_the_review_to_a_clip() -> None:
    # given the shots' states, in the phase of the pictures
    states = source.definition()["States"]["Shots"]["ItemProcessor"]["States"]

    def following(name: str) -> list[str]:
        pictures = [
            choice["Next"]
            for choice in states[name].get("Choices", ())
            if choice["Variable"] == "$.phase" and choice["StringEquals"] == "pictures"
        ]
        clips = [choice["Next"] for choice in states[name].get("Choices", ()) if choice.get("StringEquals") == "clips"]
        return pictures or [target for target in targets(states[name]) if target not in clips]

    # when every way is gone
    reached, waiting = set[str](), ["PicturesNeeded"]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += following(name)
    # then none comes to a clip
    assert "Parts" not in reached
    assert {"Images", "AskComposite", "PicturesMade"} <= reached


def inner(definition: Definition, *names: str) -> Definition:
    """Return a state, by the names of the Maps around it and its own."""
    states = definition["States"]
    for name in names[:-1]:
        states = states[name]["ItemProcessor"]["States"]
    state: Definition = states[names[-1]]
    return state


def lose_a_target(plot: Definition) -> None:
    inner(plot, "Shots", "PicturesOnly")["Default"] = "Part"


def strand_a_state(plot: Definition) -> None:
    inner(plot, "Shots", "Parts", "HouseClipMade")["Default"] = "PartDone"


def wait_for_ever(plot: Definition) -> None:
    del inner(plot, "Shots", "Parts", "AskClip")["TimeoutSeconds"]


def try_a_token_again(plot: Definition) -> None:
    inner(plot, "Shots", "AskComposite")["Retry"][0]["ErrorEquals"] = ["States.Timeout"]


def let_a_failure_through(plot: Definition) -> None:
    del plot["States"]["Assemble"]["Catch"]


def give_up_at_once(plot: Definition) -> None:
    del inner(plot, "Shots", "Parts", "HouseClip")["Retry"]


def retry_without_jitter(plot: Definition) -> None:
    del plot["States"]["Plan"]["Retry"][0]["JitterStrategy"]


def retry_at_full_speed(plot: Definition) -> None:
    plot["States"]["Plan"]["Retry"][0]["BackoffRate"] = 1


def call_a_service_past_its_function(plot: Definition) -> None:
    plot["States"]["Assemble"]["Resource"] = "arn:aws:states:::s3:putObject"


def let_the_plot_run_on(plot: Definition) -> None:
    del plot["TimeoutSeconds"]


def name_two_states_alike(plot: Definition) -> None:
    inner(plot, "Shots", "Parts")["ItemProcessor"]["States"]["Done"] = {"Type": "Succeed"}


def end_nowhere(plot: Definition) -> None:
    del plot["States"]["ClipsNext"]["Next"]


def leave_a_choice_open(plot: Definition) -> None:
    del plot["States"]["Closed"]["Default"]


def fail_as_step_functions_does(plot: Definition) -> None:
    plot["States"]["FailedByService"]["Error"] = "States.TaskFailed"


def wait_in_a_parallel(plot: Definition) -> None:
    inner(plot, "Shots", "PicturesMade")["Type"] = "Parallel"


def assign_a_variable(plot: Definition) -> None:
    plot["States"]["Begin"]["Assign"] = {"n": 1}


def write_a_number_as_text(plot: Definition) -> None:
    plot["States"]["Plan"]["TimeoutSeconds"] = "${Seconds}"


def misspell_a_field_of_the_plan(plot: Definition) -> None:
    inner(plot, "Shots", "PicturesNeeded")["Choices"][1]["Variable"] = "$.shot.composite_wanted"


def misspell_a_field_of_a_request(plot: Definition) -> None:
    payload = inner(plot, "Shots", "Parts", "HouseClip")["Parameters"]["Payload"]
    payload["number.$"] = payload.pop("part.$")


def compare_with_an_outcome_that_is_none(plot: Definition) -> None:
    plot["States"]["Assembled"]["Choices"][0]["StringEquals"] = "done"


def misspell_a_field_of_the_review(plot: Definition) -> None:
    body = plot["States"]["AskReview"]["Parameters"]["MessageBody"]
    body["task.$"] = body.pop("token.$")


def forget_the_phase(plot: Definition) -> None:
    plot["States"]["EverythingAtOnce"]["ResultPath"] = None


def forget_a_field_in_the_loop(plot: Definition) -> None:
    del inner(plot, "Shots", "Parts", "StepDown")["Parameters"]["plan_key.$"]


PLANTED: list[tuple[Callable[[Definition], list[str]], Callable[[Definition], None], str]] = [
    (rules.dangling_and_unreachable, lose_a_target, "there is no state Part beside PicturesNeeded"),
    (rules.dangling_and_unreachable, strand_a_state, "ClipRefused is never reached"),
    (rules.ambiguous_names, name_two_states_alike, "Done is the name of several states"),
    (rules.unfinished, end_nowhere, "ClipsNext needs either Next or End"),
    (rules.unfinished, leave_a_choice_open, "Closed has no Default"),
    (rules.unfinished, fail_as_step_functions_does, "FailedByService fails with an error of Step Functions' own"),
    (rules.unfinished, wait_in_a_parallel, "PicturesMade is of the type Parallel, on which the engines differ"),
    (rules.endless, let_the_plot_run_on, "the plot may run for ever"),
    (rules.careless_tasks, wait_for_ever, "AskClip may wait for ever"),
    (rules.careless_tasks, try_a_token_again, "AskComposite retries on States.Timeout, and may only on SQS.*"),
    (rules.careless_tasks, let_a_failure_through, "nobody catches what fails in Assemble"),
    (rules.careless_tasks, give_up_at_once, "HouseClip gives up when Lambda is busy"),
    (rules.careless_tasks, retry_without_jitter, "Plan retries without jitter"),
    (rules.careless_tasks, retry_at_full_speed, "Plan retries without backing off"),
    (
        rules.careless_tasks,
        call_a_service_past_its_function,
        "Assemble calls arn:aws:states:::s3:putObject, which no rule knows",
    ),
    (
        rules.engine_dependent,
        write_a_number_as_text,
        "Plan: TimeoutSeconds is not a whole number but '${Seconds}'",
    ),
    (rules.engine_dependent, assign_a_variable, "Begin uses Assign"),
    (
        flow_problems,
        misspell_a_field_of_the_plan,
        "PicturesNeeded: nothing has put anything at $.shot.composite_wanted",
    ),
    (flow_problems, misspell_a_field_of_a_request, "HouseClip: HouseClipRequest has no field number"),
    (flow_problems, compare_with_an_outcome_that_is_none, "Assembled: $.assembled.outcome is never 'done'"),
    (flow_problems, misspell_a_field_of_the_review, "AskReview: ReviewRequest has no field task"),
    (flow_problems, forget_the_phase, "Shots: nothing has put anything at $.phase"),
    (flow_problems, forget_a_field_in_the_loop, "PickEngine: nothing has put anything at $.plan_key"),
]


@pytest.mark.parametrize(("rule", "spoil", "found"), PLANTED)
def test_the_rules_find_a_planted_defect(
    rule: Callable[[Definition], list[str]], spoil: Callable[[Definition], None], found: str
) -> None:
    # given
    plot = source.definition()
    # when
    spoil(plot)
    problems = rule(plot)
    # then
    assert [problem for problem in problems if problem.startswith(found)], problems


def test_every_rule_has_a_planted_defect() -> None:
    assert {rule for rule, _, _ in PLANTED} == {*rules.RULES, flow_problems}


@pytest.mark.parametrize(
    ("function", "lost", "found"),
    [
        ("${PlanEpisode}", "shots", "Plan: nothing has put anything at $.Payload.shots"),
        ("${HouseClip}", "message", "HouseClip: nothing has put anything at $.Payload.message"),
        ("${RecordOutcome}", "state", "RecordFailure: nothing has put anything at $.Payload.state"),
    ],
)
def test_a_field_that_a_function_gives_no_more_is_missed(function: str, lost: str, found: str) -> None:
    # given
    known = FUNCTIONS[function]
    assert isinstance(known.answer, dict)
    answer = {name: shape for name, shape in known.answer.items() if name != lost}
    # when
    problems = flow_problems(source.definition(), {**FUNCTIONS, function: Function(known.request, answer)})
    # then
    assert found in problems
