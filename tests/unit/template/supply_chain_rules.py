"""What is installed and run by others' hands: locked with hashes, pinned to commits, with the least permissions.

Each rule returns what is wrong, one sentence for each fault.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_PINNED_PACKAGE = re.compile(r"[a-z0-9][a-z0-9._-]*(\[[a-z0-9,_-]+\])?==[^\s;]+( ; .+)?", re.IGNORECASE)
_HASH = re.compile(r"sha256:[0-9a-f]{64}")
_PINNED_ACTION = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
_TARGET = re.compile(r"make ([a-z-]+)")


def lock(text: str) -> list[str]:
    """Return what pip would not check, or fetch from where this machine's owner likes, by a ``requirements.txt``."""
    problems = []
    logical_lines = re.sub(r"\\\n\s*", "", text).splitlines()
    for line in (line.strip() for line in logical_lines if line.strip() and not line.lstrip().startswith("#")):
        package, *hashes = (part.strip() for part in line.split("--hash="))
        if "://" in line or line.startswith("-"):
            problems.append(f"{line} names a place to fetch packages from")
        elif not _PINNED_PACKAGE.fullmatch(package):
            problems.append(f"{package} is not pinned to a version")
        elif not hashes or not all(_HASH.fullmatch(entry) for entry in hashes):
            problems.append(f"{package} has no hash")
    return problems


def pinned_actions(workflow: Mapping[str, Any]) -> list[str]:
    """Return actions that a tag or branch names, which somebody may move."""
    return [f"{step['uses']} is not pinned to a commit" for step in _uses(workflow) if not _is_pinned(step["uses"])]


def workflow_permissions(workflow: Mapping[str, Any]) -> list[str]:
    """Return what a workflow may do beyond reading the code, and tokens that it leaves lying about."""
    problems = (
        [] if workflow.get("permissions") == {"contents": "read"} else ["the workflow may more than read the code"]
    )
    problems += [f"the job {name} has permissions of its own" for name, job in _jobs(workflow) if "permissions" in job]
    problems += [
        "a checkout keeps its token"
        for step in _uses(workflow)
        if step["uses"].startswith("actions/checkout@") and step.get("with", {}).get("persist-credentials") is not False
    ]
    # Its runs see secrets while they run the code of whoever sent the change.
    if "pull_request_target" in workflow["on"]:
        problems.append("strangers' changes run with the repository's secrets")
    return problems


def workflow_bounds(workflow: Mapping[str, Any]) -> list[str]:
    problems = [] if "concurrency" in workflow else ["the workflow has no concurrency group"]
    return problems + [
        f"the job {name} may run for ever" for name, job in _jobs(workflow) if "timeout-minutes" not in job
    ]


def make_targets(workflow: Mapping[str, Any], makefile: str) -> list[str]:
    """Return commands that a person would not run on their own machine, by ``make``."""
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    commands = [step["run"] for _, job in _jobs(workflow) for step in job["steps"] if "run" in step]
    return [
        f"{command!r} is no target of the Makefile"
        for command in commands
        if not (found := _TARGET.fullmatch(command)) or found[1] not in targets
    ]


def _jobs(workflow: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from workflow["jobs"].items()


def _uses(workflow: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [step for _, job in _jobs(workflow) for step in job["steps"] if "uses" in step]


def _is_pinned(action: str) -> bool:
    return _PINNED_ACTION.fullmatch(action) is not None
