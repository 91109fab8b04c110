"""Receives every callback of fal, checks that fal made it for us, and puts it into the inbox."""

import functools
import os
import time
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from shared.aws.queue import SqsQueue
from shared.aws.webhook_store import S3WebhookStore
from shared.runtime.logs import quieten_libraries
from shared.webhooks.fal import FalScheme
from shared.webhooks.key_set import KeySet
from shared.webhooks.published_keys import fetch_keys
from shared.webhooks.scheme import CallbackRefused, KeysUnavailable
from shared.webhooks.store import FAL_KEYS, StoreUnavailable
from shared.workflow.receive_callback import raw_body, receive_callback

# fal waits 15 seconds for an answer: who cannot put a callback away by then says so, and fal comes again.
_CONFIG = Config(connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 2})

quieten_libraries()
# This function has its settings without pydantic: it answers fal, and pydantic is most of what it would import.
logger = Logger()
inbox = SqsQueue(boto3.client("sqs", config=_CONFIG), os.environ["INBOX_QUEUE_URL"])
store = S3WebhookStore(os.environ["BUCKET"], _CONFIG)
keys_url = os.environ.get("FAL_REST_URL", "https://rest.fal.ai") + "/.well-known/jwks.json"
keys = KeySet(functools.partial(fetch_keys, keys_url), store, FAL_KEYS, time.time)
scheme = FalScheme(os.environ.get("FAL_USER_ID", ""), keys)


@logger.inject_lambda_context(log_event=False)  # whatever the environment says: the query holds the job's secret
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, int]:
    """Answer 200 when the callback lies in the inbox, 401 when it is none of fal's, 503 when it is to come again."""
    try:
        receive_callback(
            event.get("headers") or {},
            event.get("rawQueryString") or "",
            raw_body(event.get("body") or "", is_base64=event.get("isBase64Encoded") is True),
            scheme=scheme,
            now=time.time(),
            inbox=inbox,
            store=store,
        )
    except CallbackRefused as refusal:
        logger.warning("callback refused", reason=str(refusal))
        return {"statusCode": 401}
    except KeysUnavailable as error:
        logger.warning("callback not verified: it is to come again", reason=str(error))
        return {"statusCode": 503}
    except (StoreUnavailable, BotoCoreError, ClientError) as error:
        logger.warning("callback not put into the inbox: it is to come again", reason=str(error))
        return {"statusCode": 503}
    return {"statusCode": 200}
