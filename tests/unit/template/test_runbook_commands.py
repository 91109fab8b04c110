"""What the runbook tells people to type exists: AWS's commands, parameters of the stack, functions and their logs."""

import re
import shlex

import boto3
import pytest
from botocore import xform_name

from tests.unit.template import source
from tests.unit.template.alarm_rules import RUNBOOK

GLOBAL_OPTIONS = {"query", "output", "profile", "region"}
CLI_ONLY = {  # https://docs.aws.amazon.com/cli/latest/reference/: not operations, but made of some
    ("s3", "ls"): {"recursive"},
    ("logs", "tail"): {"since", "filter-pattern", "follow"},
}


def typed(first: str) -> list[list[str]]:
    """Return the commands of the runbook's blocks that begin with a word."""
    blocks = re.findall(r"^```sh\n(.*?)^```", RUNBOOK.read_text(), re.MULTILINE | re.DOTALL)
    commands = [command for block in blocks for line in block.splitlines() for command in line.split(" && ")]
    return [words for command in commands if (words := shlex.split(command))[0] == first]


@pytest.mark.parametrize("words", typed("aws"), ids=" ".join)
def test_an_aws_command_exists_with_its_options(words: list[str]) -> None:
    _, service, operation, *rest = words
    options = {word.removeprefix("--") for word in rest if word.startswith("--")} - GLOBAL_OPTIONS
    if (service, operation) in CLI_ONLY:
        assert options <= CLI_ONLY[service, operation]
        return
    model = boto3.client(service, region_name="us-east-1").meta.service_model  # type: ignore[call-overload]
    operations = {xform_name(name, "-"): name for name in model.operation_names}
    shape = model.operation_model(operations[operation]).input_shape
    members = {xform_name(name, "-") for name in shape.members} if shape else set()
    needed = {xform_name(name, "-") for name in shape.required_members} if shape else set()
    assert needed <= options <= members | ({"max-results"} & members)


def test_a_log_that_is_shown_is_one_of_the_stack() -> None:
    named = {
        name.removeprefix("/aws/lambda/showrunner-") for words in typed("aws") if "tail" in words for name in words[3:4]
    }
    assert named
    assert named <= source.functions(source.template()).keys()


def test_a_parameter_that_is_set_is_one_of_the_stack() -> None:
    text = RUNBOOK.read_text()
    settings = re.findall(r"--parameter-overrides ((?:\w+=\S+ ?)+)", text)
    named = {name for entry in settings for name in re.findall(r"(\w+)=", entry)}
    assert named
    assert named <= source.template()["Parameters"].keys()


def test_a_resource_that_is_named_is_one_of_the_stack() -> None:
    asked = {
        words[words.index("--logical-resource-id") + 1] for words in typed("aws") if "--logical-resource-id" in words
    }
    assert asked
    assert asked <= source.template()["Resources"].keys()
