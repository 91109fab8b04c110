"""Signing secrets, in AWS Secrets Manager."""

from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from shared.webhooks.signing_secret import SecretUnreadable

if TYPE_CHECKING:
    from botocore.config import Config


def get_secret(name: str, config: "Config") -> str:
    """Return a secret's text; raises `SecretUnreadable`.

    The client is made here, and not when the function starts: few stacks have such a secret, and few requests need it.
    """
    try:
        answer = boto3.client("secretsmanager", config=config).get_secret_value(SecretId=name)
    except (BotoCoreError, ClientError) as error:
        raise SecretUnreadable(f"{name}: {error}") from error
    if "SecretString" not in answer:
        raise SecretUnreadable(f"{name} holds no text")
    return answer["SecretString"]
