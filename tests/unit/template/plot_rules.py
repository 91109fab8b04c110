"""What the state machine's definition must keep to, beside what its data flow is checked for: pure structure.

Each rule returns what is wrong, one sentence for each fault.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

State = dict[str, Any]

INVOKE = "arn:aws:states:::lambda:invoke"
ASK = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"

_KINDS = {"Task", "Pass", "Choice", "Map", "Fail", "Succeed"}
_CRASHES = frozenset({"States.TaskFailed"})
"""Every function that the plot invokes may be called again with the same request, also after it crashed."""
_RETRIED = {INVOKE: "Lambda.", ASK: "SQS."}
_NUMBERS = {"TimeoutSeconds", "MaxConcurrency", "IntervalSeconds", "MaxAttempts", "MaxDelaySeconds"}
# What the engines that run the plot do not agree on.
_AVOIDED = {"Assign", "Arguments", "Output", "QueryLanguage", "TimeoutSecondsPath", "HeartbeatSeconds", "InputPath"}
_AVOIDED_PATHS = re.compile(r"\.\.|\[")


@dataclass(frozen=True)
class Machine:
    """A state machine, or the one inside a Map.

    Parameters
    ----------
    caught
        Whether some Map around it catches whatever fails in it.
    """

    start: str
    states: Mapping[str, State]
    caught: bool


def machines(definition: Mapping[str, Any], *, caught: bool = False) -> Iterator[Machine]:
    """Return the state machine and all that are inside its Maps."""
    yield Machine(definition["StartAt"], definition["States"], caught)
    for state in definition["States"].values():
        if state["Type"] == "Map":
            yield from machines(state["ItemProcessor"], caught=caught or catches_all(state))


def states(definition: Mapping[str, Any]) -> Iterator[tuple[str, State]]:
    """Return every state with its name, also those inside of Maps."""
    for machine in machines(definition):
        yield from machine.states.items()


def catches_all(state: State) -> bool:
    return any("States.ALL" in catcher["ErrorEquals"] for catcher in state.get("Catch", []))


def targets(state: State) -> list[str]:
    """Return the names of the states that may come next."""
    following = [state.get("Next"), state.get("Default")]
    following += [branch["Next"] for branch in (*state.get("Choices", ()), *state.get("Catch", ()))]
    return [name for name in following if name is not None]


def dangling_and_unreachable(definition: Mapping[str, Any]) -> list[str]:
    problems = []
    for machine in machines(definition):
        reached, waiting = set[str](), [machine.start]
        while waiting:
            name = waiting.pop()
            if name not in machine.states:
                problems.append(f"there is no state {name} beside {machine.start}")
            elif name not in reached:
                reached.add(name)
                waiting += targets(machine.states[name])
        problems += [f"{name} is never reached" for name in machine.states if name not in reached]
    return problems


def ambiguous_names(definition: Mapping[str, Any]) -> list[str]:
    """Return names that occur twice: they must be unique in the whole definition."""
    names = [name for name, _ in states(definition)]
    return [f"{name} is the name of several states" for name in sorted(set(names)) if names.count(name) > 1]


def unfinished(definition: Mapping[str, Any]) -> list[str]:
    problems = []
    for name, state in states(definition):
        if state["Type"] not in _KINDS:
            problems.append(f"{name} is of the type {state['Type']}, on which the engines differ")
        if state["Type"] in {"Task", "Pass", "Map"} and ("Next" in state) == ("End" in state):
            problems.append(f"{name} needs either Next or End")
        if state["Type"] == "Choice" and "Default" not in state:
            problems.append(f"{name} has no Default")
        if str(state.get("Error", "")).startswith("States."):
            problems.append(f"{name} fails with an error of Step Functions' own")
    return problems


def endless(definition: Mapping[str, Any]) -> list[str]:
    """Return a plot without an end: Step Functions itself gives up only after a year."""
    return [] if definition.get("TimeoutSeconds", 0) > 0 else ["the plot may run for ever"]


def careless_tasks(definition: Mapping[str, Any]) -> list[str]:
    problems = []
    for machine in machines(definition):
        for name, state in machine.states.items():
            if state["Type"] != "Task":
                continue
            if state["Resource"] not in _RETRIED:
                problems.append(f"{name} calls {state['Resource']}, which no rule knows")
                continue
            if "TimeoutSeconds" not in state:
                problems.append(f"{name} may wait for ever")
            if not (catches_all(state) or machine.caught):
                problems.append(f"nobody catches what fails in {name}")
            problems += _careless_retries(name, state)
    return problems


def _careless_retries(name: str, state: State) -> list[str]:
    prefix = _RETRIED[state["Resource"]]
    problems = [] if state.get("Retry") else [f"{name} gives up when {prefix[:-1]} is busy"]
    for retry in state.get("Retry", []):
        allowed = _CRASHES if state["Resource"] == INVOKE else frozenset()
        wrong = [error for error in retry["ErrorEquals"] if not error.startswith(prefix) and error not in allowed]
        # A waiting state that is tried again keeps its token on one engine, and fails at once on another.
        problems += [f"{name} retries on {error}, and may only on {prefix}*" for error in wrong]
        if retry.get("BackoffRate", 0) <= 1 or "MaxDelaySeconds" not in retry:
            problems.append(f"{name} retries without backing off")
        if retry.get("JitterStrategy") != "FULL":
            problems.append(f"{name} retries without jitter")
    return problems


def engine_dependent(definition: Mapping[str, Any]) -> list[str]:
    """Return what the engines that run the plot understand differently."""
    problems = []

    def visit(node: object, where: str) -> None:
        if isinstance(node, list):
            for entry in node:
                visit(entry, where)
        if not isinstance(node, dict):
            return
        for key, value in node.items():
            if key in _AVOIDED:
                problems.append(f"{where} uses {key}")
            if key in _NUMBERS and type(value) is not int:
                problems.append(f"{where}: {key} is not a whole number but {value!r}")
            is_path = key.endswith((".$", "Path")) or key == "Variable"
            if is_path and isinstance(value, str) and _AVOIDED_PATHS.search(value):
                problems.append(f"{where}: the path {value} is understood differently by the engines")
            visit(value, key if key in names else where)

    names = {name for name, _ in states(definition)}
    visit(definition, "the definition")
    return problems


def substitutions(text: str, declared: Mapping[str, object]) -> list[str]:
    """Compare the placeholders in a definition's text with those that the template fills in."""
    used = set(re.findall(r"\$\{(\w+)\}", text))
    return [f"${{{name}}} is filled in by nobody" for name in sorted(used - declared.keys())] + [
        f"{name} is filled in and not used" for name in sorted(declared.keys() - used)
    ]


RULES = (dangling_and_unreachable, ambiguous_names, unfinished, endless, careless_tasks, engine_dependent)
