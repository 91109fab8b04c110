"""Starts a run when an episode's folder has come to rest and everything is there."""

import json
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.runtime.batches import handle_messages
from shared.runtime.clients import client
from shared.runtime.settings import UploadSettings
from shared.runtime.starting import upload_desk
from shared.workflow.start_episode import Considered, Patience, Upload, consider_again, consider_upload

settings = UploadSettings.from_environment()
desk = upload_desk(settings)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Consider each upload, and each folder that had to be looked at again."""
    return handle_messages(event, context, consider, sqs=client("sqs"), queue_url=settings.start_queue_url)


def consider(body: str) -> Considered:
    """Consider one message: an event of S3's, or one that this function sent to itself."""
    message = json.loads(body)
    if "detail" in message:
        return consider_upload(Upload(key=message["detail"]["object"]["key"]), desk)
    if "waiting_since" in message:
        return consider_again(Patience.model_validate(message), desk)
    return consider_upload(Upload.model_validate(message), desk)
