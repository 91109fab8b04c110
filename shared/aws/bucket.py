"""The bucket, in S3."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.ports import ObjectMissing, StoredObject

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

_MISSING = frozenset({"NoSuchKey", "404", "NotFound"})


class S3Bucket:
    """`shared.ports.Bucket` in S3.

    Parameters
    ----------
    client
        A boto3 S3 client.
    name
        The bucket's name.
    """

    def __init__(self, client: "S3Client", name: str) -> None:
        self._client = client
        self._name = name

    def get(self, key: str) -> bytes:
        """Return an object's bytes; raises `ObjectMissing`."""
        try:
            return self._client.get_object(Bucket=self._name, Key=key)["Body"].read()
        except ClientError as error:
            raise _named(error, key) from error

    def put(self, key: str, data: bytes, content_type: str) -> None:
        """Store an object whole, replacing one that is there."""
        self._client.put_object(Bucket=self._name, Key=key, Body=data, ContentType=content_type)

    def exists(self, key: str) -> bool:
        """Tell whether there is such an object."""
        try:
            self._client.head_object(Bucket=self._name, Key=key)
        except ClientError as error:
            if isinstance(_named(error, key), ObjectMissing):
                return False
            raise
        return True

    def size(self, key: str) -> int:
        """Return an object's size in bytes; raises `ObjectMissing`."""
        try:
            return self._client.head_object(Bucket=self._name, Key=key)["ContentLength"]
        except ClientError as error:
            raise _named(error, key) from error

    def list(self, prefix: str, at_most: int | None = None) -> "Sequence[StoredObject]":
        """Return all objects whose keys begin with `prefix`, or the first `at_most` of them, by key."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._name, Prefix=prefix, PaginationConfig={"MaxItems": at_most} if at_most else {}
        )
        return [
            StoredObject(entry["Key"], entry["ETag"].strip('"'), entry["Size"], entry["LastModified"].timestamp())
            for page in pages
            for entry in page.get("Contents", [])
        ]

    def download(self, key: str, target: "Path") -> None:
        """Write an object to a file; raises `ObjectMissing`."""
        try:
            self._client.download_file(self._name, key, str(target))
        except ClientError as error:
            raise _named(error, key) from error

    def upload(self, source: "Path", key: str, content_type: str) -> None:
        """Store a file as an object."""
        self._client.upload_file(str(source), self._name, key, ExtraArgs={"ContentType": content_type})

    def copy(self, source_key: str, target_key: str, content_type: str) -> None:
        """Copy an object within the bucket."""
        self._client.copy(
            {"Bucket": self._name, "Key": source_key},
            self._name,
            target_key,
            ExtraArgs={"ContentType": content_type, "MetadataDirective": "REPLACE"},
        )


def _named(error: ClientError, key: str) -> Exception:
    code = error.response.get("Error", {}).get("Code", "")
    return ObjectMissing(f"the bucket has no object {key}") if code in _MISSING else error
