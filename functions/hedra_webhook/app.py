"""Receives every callback of fal, checks that fal made it for us, and puts it into the inbox."""

import base64
import os
import time
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.aws.queue import SqsQueue
from shared.fal.key_set import KeySet, KeysUnavailable
from shared.fal.signatures import CallbackRefused
from shared.workflow.receive_callback import receive_callback

# This function has its settings without pydantic: it answers fal, and pydantic is most of what it would import.
logger = Logger()
inbox = SqsQueue(boto3.client("sqs"), os.environ["INBOX_QUEUE_URL"])
user_id = os.environ["FAL_USER_ID"]
keys = KeySet(os.environ.get("FAL_REST_URL", "https://rest.fal.ai") + "/.well-known/jwks.json", time.time)


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, int]:
    """Answer 200 when the callback lies in the inbox, 401 when it is none of fal's, 503 when it cannot be told."""
    text = event.get("body") or ""
    body = base64.b64decode(text) if event.get("isBase64Encoded") else text.encode()
    try:
        receive_callback(
            event.get("headers", {}),
            event.get("rawQueryString", ""),
            body,
            user_id=user_id,
            now=time.time(),
            keys=keys,
            inbox=inbox,
        )
    except CallbackRefused as refusal:
        logger.warning("callback refused", reason=str(refusal))
        return {"statusCode": 401}
    except KeysUnavailable as error:
        logger.warning("callback not verified", reason=str(error))
        return {"statusCode": 503}
    return {"statusCode": 200}
