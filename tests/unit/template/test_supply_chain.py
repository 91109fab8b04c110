"""Locks, workflow and its actions, read."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from tests.unit.template import supply_chain_rules as rules
from tests.unit.template.source import ROOT

Workflow = dict[str, Any]

WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"
LOCKS = sorted([*ROOT.glob("requirements/*.txt"), *ROOT.glob("shared/requirements/*.txt")])
GOOD = f"one==1.0 ; python_full_version < '3.12' \\\n    --hash=sha256:{'a' * 64}\n    # via -r requirements/any.in\n"


class _Workflow(yaml.SafeLoader):
    """YAML 1.2's booleans, as GitHub reads them: ``on`` is a name."""


_Workflow.yaml_implicit_resolvers = {
    first: [entry for entry in entries if entry[0] != "tag:yaml.org,2002:bool" or first in "tTfF"]
    for first, entries in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def workflow() -> Workflow:
    loaded = yaml.load(WORKFLOW.read_text(), Loader=_Workflow)  # noqa: S506  (a subclass of SafeLoader)
    assert isinstance(loaded, dict)
    return loaded


def make_targets(workflow: Workflow) -> list[str]:
    return rules.make_targets(workflow, (ROOT / "Makefile").read_text())


RULES = (rules.pinned_actions, rules.workflow_permissions, rules.workflow_bounds, make_targets)


def test_every_list_of_wanted_packages_is_locked() -> None:
    wanted = {
        path.with_suffix(".txt")
        for folder in ("requirements", "shared/requirements")
        for path in (ROOT / folder).glob("*.in")
    }
    assert wanted == set(LOCKS)


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_a_lock_has_hashes_and_no_registry(path: Any) -> None:
    assert rules.lock(path.read_text()) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (GOOD, []),
        (GOOD.replace("==", ">="), ["one>=1.0 ; python_full_version < '3.12' is not pinned to a version"]),
        ("one==1.0\n", ["one==1.0 has no hash"]),
        (f"one==1.0 --hash=md5:{'a' * 32}\n", ["one==1.0 has no hash"]),
        (f"{GOOD}--index-url https://an.example/simple\n", ["names a place to fetch packages from"]),
        ("one @ https://an.example/one.whl\n", ["names a place to fetch packages from"]),
        ("-e git+https://an.example/one\n", ["names a place to fetch packages from"]),
    ],
)
def test_a_careless_lock_is_found(text: str, found: list[str]) -> None:
    problems = rules.lock(text)
    assert len(problems) == len(found)
    assert all(problem.endswith(wanted) for problem, wanted in zip(problems, found, strict=True))


@pytest.mark.parametrize("rule", RULES)
def test_the_workflow_keeps_to_the_rule(rule: Callable[[Workflow], list[str]]) -> None:
    assert rule(workflow()) == []


def test_the_workflow_runs_what_a_change_must_pass() -> None:
    # given what `.ci/run` runs
    must = set(re.findall(r"^make [a-z-]+$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE))
    # then the workflow runs it too, on the oldest Python that is supported and on Lambda's
    jobs = workflow()["jobs"]
    assert must <= {step.get("run") for job in jobs.values() for step in job["steps"]}
    runtime = re.search(r"Runtime: python(\S+)", (ROOT / "template.yaml").read_text())
    assert runtime is not None
    assert jobs["test"]["strategy"]["matrix"]["python-version"] == ["3.11", runtime[1]]


def test_the_comment_beside_a_pinned_action_names_its_release() -> None:
    lines = [line for line in WORKFLOW.read_text().splitlines() if "uses:" in line]
    assert lines
    assert [line for line in lines if not re.search(r"@[0-9a-f]{40}  # v\d+\.\d+\.\d+$", line)] == []


def name_an_action_by_its_tag(spoilt: Workflow) -> None:
    spoilt["jobs"]["lint"]["steps"][0]["uses"] = "actions/checkout@v7"


def let_a_job_write(spoilt: Workflow) -> None:
    spoilt["jobs"]["test"]["permissions"] = {"contents": "write"}


def forget_the_permissions(spoilt: Workflow) -> None:
    del spoilt["permissions"]


def keep_the_token(spoilt: Workflow) -> None:
    del spoilt["jobs"]["audit"]["steps"][0]["with"]


def run_strangers_changes_with_secrets(spoilt: Workflow) -> None:
    spoilt["on"]["pull_request_target"] = None


def let_a_job_run_on(spoilt: Workflow) -> None:
    del spoilt["jobs"]["test"]["timeout-minutes"]


def run_a_script_of_its_own(spoilt: Workflow) -> None:
    spoilt["jobs"]["test"]["steps"][-1]["run"] = "make test || true"


@pytest.mark.parametrize(
    ("rule", "spoil", "found"),
    [
        (rules.pinned_actions, name_an_action_by_its_tag, "actions/checkout@v7 is not pinned to a commit"),
        (rules.workflow_permissions, let_a_job_write, "the job test has permissions of its own"),
        (rules.workflow_permissions, forget_the_permissions, "the workflow may more than read the code"),
        (rules.workflow_permissions, keep_the_token, "a checkout keeps its token"),
        (
            rules.workflow_permissions,
            run_strangers_changes_with_secrets,
            "strangers' changes run with the repository's secrets",
        ),
        (rules.workflow_bounds, let_a_job_run_on, "the job test may run for ever"),
        (make_targets, run_a_script_of_its_own, "'make test || true' is no target of the Makefile"),
    ],
)
def test_the_rules_find_a_planted_defect(
    rule: Callable[[Workflow], list[str]], spoil: Callable[[Workflow], None], found: str
) -> None:
    # given
    spoilt = workflow()
    # when
    spoil(spoilt)
    # then
    assert found in rule(spoilt)


def test_every_check_that_is_left_out_has_its_reason() -> None:
    # given the checks of the policy linter that do not apply
    lines = (ROOT / ".checkov.yaml").read_text().splitlines()
    skipped = [number for number, line in enumerate(lines) if line.startswith("  - CKV")]
    # then a comment stands before each of them, and nothing is left out anywhere else
    assert skipped
    assert [lines[number] for number in skipped if not lines[number - 1].startswith("  # ")] == []
    template = (ROOT / "template.yaml").read_text()
    assert not re.search(r"checkov:|cfn-lint:|cfn_nag:", template)
