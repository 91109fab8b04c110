"""Receives every callback of every provider, checks that the provider made it, and puts it into the inbox."""

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
from shared.aws.secrets import get_secret
from shared.aws.webhook_store import S3WebhookStore
from shared.runtime.logs import quieten_libraries
from shared.webhooks.scheme import CallbackRefused, KeysUnavailable
from shared.webhooks.schemes import PROVIDERS, Schemes
from shared.webhooks.settings import WebhookSettings
from shared.webhooks.store import StoreUnavailable
from shared.workflow.receive_callback import raw_body, receive_callback

# Providers wait 15 seconds for an answer: who cannot put a callback away by then says so, and they come again.
_CONFIG = Config(connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 2})

quieten_libraries()
logger = Logger()
inbox = SqsQueue(boto3.client("sqs", config=_CONFIG), os.environ["INBOX_QUEUE_URL"])
store = S3WebhookStore(os.environ["BUCKET"], _CONFIG)
settings = WebhookSettings.from_environment(os.environ)
schemes = Schemes(settings, store, functools.partial(get_secret, config=_CONFIG), time.time)


@logger.inject_lambda_context(log_event=False)  # whatever the environment says: the query holds the job's secret
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, int]:
    """Answer 200 when the callback lies in the inbox, 401 when it is no provider's, 503 when it is to come again."""
    provider = PROVIDERS.get(event.get("rawPath") or "", "nobody")
    try:
        scheme = schemes.of(provider)
        receive_callback(
            event.get("headers") or {},
            event.get("rawQueryString") or "",
            raw_body(event.get("body") or "", is_base64=event.get("isBase64Encoded") is True),
            provider=provider,
            scheme=scheme,
            now=time.time(),
            inbox=inbox,
            store=store,
        )
    except CallbackRefused as refusal:
        logger.warning("callback refused", provider=provider, reason=str(refusal))
        return {"statusCode": 401}
    except (KeysUnavailable, StoreUnavailable, BotoCoreError, ClientError) as error:
        logger.warning("callback not put into the inbox: it is to come again", provider=provider, reason=str(error))
        return {"statusCode": 503}
    return {"statusCode": 200}
