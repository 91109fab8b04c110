import json
import os
from typing import Any

import boto3


def handler(event: dict[str, Any], _context: object) -> None:
    for record in event["Records"]:
        key = json.loads(record["body"])["detail"]["object"]["key"]
        boto3.client("stepfunctions").start_execution(
            stateMachineArn=os.environ["STATE_MACHINE"], name=key.split("/")[1], input=json.dumps({"key": key})
        )
