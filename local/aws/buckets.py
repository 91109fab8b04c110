"""Kept objects come back with their bucket: the second change to MiniStack, in the process that runs it.

With ``S3_PERSIST`` MiniStack writes every object to disk, and reads all of them when it starts. The buckets then exist
before the template is deployed, and CloudFormation rightly refuses to create a bucket of that name. Here an engine
starts without buckets, and reads a bucket's objects at the moment when CloudFormation creates it: with their ETags,
times, versions and tags, and without an event for each.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from local.aws.clients import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER_VARIABLE = "SHOWRUNNER_OBJECTS_FOLDER"


def install() -> None:
    """Make MiniStack, in this process, read a bucket's kept objects when the bucket is created by CloudFormation.

    ``S3_DATA_DIR`` must name a folder that does not exist, so that nothing was read at the start.
    """
    from ministack.services import s3
    from ministack.services.cloudformation import provisioners

    s3.DATA_DIR = os.environ[FOLDER_VARIABLE]
    handlers = provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]  # noqa: SLF001  (there is no public way in)
    create = handlers["create"]

    def create_with_kept_objects(
        logical_id: str, properties: Mapping[str, object], stack_name: str
    ) -> tuple[str, Mapping[str, object]]:
        name, attributes = create(logical_id, properties, stack_name)
        folder = Path(s3.DATA_DIR, ACCOUNT, name)
        if folder.is_dir():
            s3._load_persisted_bucket(ACCOUNT, name, str(folder))  # noqa: SLF001  (as above)
        return name, attributes

    handlers["create"] = create_with_kept_objects
