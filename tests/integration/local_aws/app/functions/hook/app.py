import json
from typing import Any


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    request = event["requestContext"]["http"]
    answer = {"method": request["method"], "path": event["rawPath"], "body": event.get("body")}
    return {"statusCode": 202, "headers": {"content-type": "application/json"}, "body": json.dumps(answer)}
