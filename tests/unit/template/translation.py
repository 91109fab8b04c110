"""The template as CloudFormation gets it: with the roles, permissions and policies that SAM adds."""

import boto3

from local.aws.template import Template

_CODE = {"Bucket": "any", "Key": "any"}
_PLACES_OF_CODE = {
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
    "AWS::Serverless::StateMachine": "DefinitionUri",
}


def translate(template: Template) -> Template:
    """Return the template as SAM's transform makes it."""
    from samtranslator.parser.parser import Parser  # type: ignore[import-untyped]  # it ships no types
    from samtranslator.translator.translator import Translator  # type: ignore[import-untyped]  # it ships no types

    resources = {
        name: {**resource, "Properties": {**resource["Properties"], _PLACES_OF_CODE[resource["Type"]]: _CODE}}
        if resource["Type"] in _PLACES_OF_CODE
        else resource
        for name, resource in template["Resources"].items()
    }
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name="us-east-1"))
    translated: Template = translator.translate({**template, "Resources": resources}, {})
    return translated
