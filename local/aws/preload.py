"""What the fork server imports before it makes the first worker: packages that read no settings when imported."""

import contextlib
import gc
import importlib
import os
import sys
from pathlib import Path

import boto3

from local.aws.clients import KEY_ID, REGION, SECRET_KEY
from local.aws.workers import GROUP_FILE_VARIABLE

_PACKAGES = [
    "aws_lambda_powertools",
    "boto3.dynamodb.conditions",
    "boto3.dynamodb.transform",
    "boto3.s3.inject",
    "cryptography.hazmat.primitives.asymmetric.ed25519",
    "httpx",
    "pydantic",
    "yaml",
]
if sys.platform == "linux":
    # Elsewhere these bring system frameworks along that do not survive a fork.
    _PACKAGES += ["av", "numpy", "PIL.Image"]

# A function's clients need modules that botocore imports only with the first client.
for _service in ("s3", "dynamodb", "sqs", "stepfunctions"):
    boto3.client(_service, region_name=REGION, aws_access_key_id=KEY_ID, aws_secret_access_key=SECRET_KEY)
# Each worker has its own credentials: its session must not be made from this process's environment.
boto3.DEFAULT_SESSION = None

for _package in _PACKAGES:
    # Only what the functions need is installed in a product's environment.
    with contextlib.suppress(ImportError):
        importlib.import_module(_package)

# The garbage collector of a worker need not walk, and by that copy, what it shares with all the others.
gc.freeze()

# The workers' process group is this process's.
os.setpgid(0, 0)
_group_file = Path(os.environ[GROUP_FILE_VARIABLE])
_group_file.with_suffix(".new").write_text(str(os.getpid()))
_group_file.with_suffix(".new").replace(_group_file)
