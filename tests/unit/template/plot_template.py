"""The state machine within a template of its own, so that cfn-lint checks it against AWS's schema of the language.

Where a SAM template names the definition's file, cfn-lint does not open it: ``make lint`` hands it this one instead.
"""

import json
import sys
from typing import Any

from tests.unit.template.source import definition, of_type, template


def plot_template() -> dict[str, Any]:
    """Return a CloudFormation template with nothing in it but the state machine, its definition inline."""
    (plot,) = of_type(template(), "AWS::Serverless::StateMachine").values()
    properties = {
        "RoleArn": "arn:aws:iam::123456789012:role/any",
        "Definition": definition(),
        "DefinitionSubstitutions": dict.fromkeys(plot["DefinitionSubstitutions"], "any"),
    }
    return {"Resources": {"Plot": {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}}}


if __name__ == "__main__":
    json.dump(plot_template(), sys.stdout, indent=2)
