"""The template's resources under fixed names, and its intrinsic functions resolved to the values AWS would give."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.aws.template import read_template

ROOT = Path(__file__).parents[3]
REGION = "us-east-1"
ACCOUNT = "123456789012"  # the one account of moto
WEBHOOK_URL = "https://plot.lambda-url.us-east-1.on.aws/"

_PSEUDO_PARAMETERS = {
    "AWS::Region": REGION,
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::StackName": "plot",
}
_NO_VALUE = {"Ref": "AWS::NoValue"}
_SERVICES = {
    "AWS::CloudWatch::Alarm": "cloudwatch:{region}:{account}:alarm:{name}",
    "AWS::DynamoDB::Table": "dynamodb:{region}:{account}:table/{name}",
    "AWS::Logs::LogGroup": "logs:{region}:{account}:log-group:{name}:*",
    "AWS::Events::Rule": "events:{region}:{account}:rule/{name}",
    "AWS::S3::Bucket": "s3:::{name}",
    "AWS::SNS::Topic": "sns:{region}:{account}:{name}",
    "AWS::SQS::Queue": "sqs:{region}:{account}:{name}",
    "AWS::Serverless::Function": "lambda:{region}:{account}:function:{name}",
    "AWS::Serverless::StateMachine": "states:{region}:{account}:stateMachine:{name}",
}


@dataclass(frozen=True)
class Mapped:
    """An event source mapping: whose messages a function reads, and how many at once."""

    function: str
    queue: str
    batch_size: int


@dataclass
class TemplateValues:
    """The template, every resource named after its logical id."""

    parameters: Mapping[str, object] = field(default_factory=dict)
    template: dict[str, Any] = field(default_factory=lambda: read_template(ROOT / "template.yaml"))

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the properties of all resources of a type that are made, as they stand."""
        return {
            name: resource.get("Properties", {})
            for name, resource in self.template["Resources"].items()
            if resource["Type"] == kind and ("Condition" not in resource or self._holds(resource["Condition"]))
        }

    def name(self, logical_id: str) -> str:
        """Return a resource's physical name; buckets' have no capitals, and the plot is named by the template."""
        match self._type(logical_id):
            case "AWS::S3::Bucket":
                return logical_id.lower()
            case "AWS::Serverless::StateMachine":
                return str(self.resolve(self.template["Resources"][logical_id]["Properties"]["Name"]))
            case _:
                return logical_id

    def arn(self, logical_id: str) -> str:
        pattern = _SERVICES[self._type(logical_id)]
        return "arn:aws:" + pattern.format(region=REGION, account=ACCOUNT, name=self.name(logical_id))

    def ref(self, name: str) -> object:
        """Return what ``!Ref`` gives."""
        if name in _PSEUDO_PARAMETERS:
            return _PSEUDO_PARAMETERS[name]
        if name in self.template["Parameters"]:
            return self.parameters.get(name, self.template["Parameters"][name]["Default"])
        match self._type(name):
            case "AWS::SQS::Queue":
                return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"
            case "AWS::Serverless::StateMachine" | "AWS::SNS::Topic":
                return self.arn(name)
            case _:
                return self.name(name)

    def attribute(self, name: str, attribute: str) -> object:
        """Return what ``!GetAtt`` gives."""
        match attribute:
            case "FunctionUrl":  # of the resource that SAM makes of FunctionUrlConfig
                return WEBHOOK_URL
            case "Arn":
                return self.arn(name)
            case "Name" | "QueueName":
                return self.name(name)
            case _:
                raise ValueError(f"no test needs {name}.{attribute} so far")

    def resolve(self, node: Any) -> Any:
        """Return a part of the template without intrinsic functions."""
        match node:
            case {"Ref": name}:
                return self.ref(name)
            case {"Fn::GetAtt": [name, attribute]}:
                return self.attribute(name, attribute)
            case {"Fn::Sub": str(text)}:
                return re.sub(r"\$\{([^}]+)\}", lambda found: self._substituted(found[1]), text)
            case {"Fn::Join": [separator, entries]}:
                return str(separator).join(str(self.resolve(entry)) for entry in entries)
            case {"Fn::If": [condition, then, otherwise]}:
                return self.resolve(then if self._holds(condition) else otherwise)
            case dict():
                return {key: self.resolve(value) for key, value in node.items() if not self._is_absent(value)}
            case list():
                return [self.resolve(entry) for entry in node]
            case _:
                return node

    def environment_of(self, function: str) -> dict[str, str]:
        """Return a function's environment, as Lambda sets it."""
        common = self.template["Globals"]["Function"]["Environment"]["Variables"]
        own = self.of_type("AWS::Serverless::Function")[function].get("Environment", {}).get("Variables", {})
        return {name: str(self.resolve(value)) for name, value in {**common, **own}.items()}

    def mappings(self) -> list[Mapped]:
        """Return the event source mappings of queues."""
        return [
            Mapped(function, event["Properties"]["Queue"]["Fn::GetAtt"][0], event["Properties"]["BatchSize"])
            for function, properties in self.of_type("AWS::Serverless::Function").items()
            for event in properties.get("Events", {}).values()
            if event["Type"] == "SQS"
        ]

    def definition(self) -> dict[str, Any]:
        """Return the state machine's definition with everything substituted."""
        (plot,) = self.of_type("AWS::Serverless::StateMachine").values()
        text = (ROOT / plot["DefinitionUri"]).read_text()
        for name, value in plot["DefinitionSubstitutions"].items():
            text = text.replace("${" + name + "}", str(self.resolve(value)))
        definition = json.loads(text)
        assert isinstance(definition, dict)
        return definition

    def _holds(self, condition: str) -> bool:
        """Tell whether a condition holds; all of the template's are of the one form."""
        match self.template["Conditions"][condition]:
            case {"Fn::Not": [{"Fn::Equals": [one, other]}]}:
                return bool(self.resolve(one) != self.resolve(other))
            case form:
                raise ValueError(f"no test needs a condition like {form} so far")

    def _is_absent(self, node: Any) -> bool:
        """Tell whether a property is as if it were not there."""
        match node:
            case {"Fn::If": [condition, then, otherwise]}:
                return bool((then if self._holds(condition) else otherwise) == _NO_VALUE)
            case _:
                return bool(node == _NO_VALUE)

    def _substituted(self, name: str) -> str:
        resource, dot, attribute = name.partition(".")
        return str(self.attribute(resource, attribute) if dot else self.ref(name))

    def _type(self, logical_id: str) -> str:
        return str(self.template["Resources"][logical_id]["Type"])
