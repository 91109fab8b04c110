"""Reading a SAM template: YAML with CloudFormation's short forms of the intrinsic functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from pathlib import Path

# A template is a tree of YAML values whose shape AWS defines; only CloudFormation can say whether it is right.
Template = dict[str, Any]


class _Loader(yaml.SafeLoader):
    """YAML as CloudFormation reads it: ``!Sub`` and the like, and dates left as the text they are."""


# `Version: 2012-10-17` in a policy is text for CloudFormation, a date for YAML 1.1.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _intrinsic(loader: _Loader, name: str, node: yaml.Node) -> dict[str, Any]:
    """Turn ``!Name value`` into its full form, ``{"Fn::Name": value}``.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
    """
    value: Any
    if isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    if name == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {name if name in {"Ref", "Condition"} else f"Fn::{name}": value}


_Loader.add_multi_constructor("!", _intrinsic)


def read_template(path: Path) -> Template:
    """Read a template, with every intrinsic function in its full form, so that it can be written as JSON.

    Raises
    ------
    ValueError
        The file is no mapping with ``Resources``.
    """
    with path.open(encoding="utf-8") as file:
        template = yaml.load(file, Loader=_Loader)  # noqa: S506  (a subclass of SafeLoader)
    if not isinstance(template, dict) or not isinstance(template.get("Resources"), dict):
        raise ValueError(f"{path} is not a CloudFormation template: it has no Resources.")  # noqa: TRY004  (bad content)
    return template
