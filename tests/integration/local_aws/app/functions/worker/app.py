import json
import os
from typing import Any

import boto3
from wording.greeting import greet  # type: ignore[import-not-found]  # the layer brings it


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    failures = []
    for record in event.get("Records", []):
        body = json.loads(record["body"])
        if "poison" in body:
            failures.append({"itemIdentifier": record["messageId"]})
        elif "silence" not in body["key"]:
            boto3.client("dynamodb").put_item(TableName=os.environ["TABLE"], Item={"pk": {"S": body["key"]}})
            output = json.dumps({"greeting": greet(body["key"])})
            boto3.client("stepfunctions").send_task_success(taskToken=body["token"], output=output)
    return {"batchItemFailures": failures}
