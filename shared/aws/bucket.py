"""The bucket, in S3."""

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from shared.ports import ObjectMissing, StoredObject

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CopySourceTypeDef, ObjectIdentifierTypeDef

_MISSING = frozenset({"NoSuchKey", "404", "NotFound"})
_TOO_LARGE_TO_COPY = "InvalidRequest"
_DELETED_AT_ONCE = 1000  # https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
_CHUNK_BYTES = 1 << 20
_MULTIPART_BYTES = 8 << 20
_ATTEMPTS = 4
"""So often a download is begun, whose connection may break halfway: boto3 repeats requests, but not reading a body."""


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
        """Write an object to a file, by one request; a file that is there stays until all has come.

        boto3's own ``download_file`` asks for the size first, which doubles the time that a small file takes.

        Raises
        ------
        ObjectMissing
            If there is no such object.
        """
        partial = target.with_name(f"{target.name}.partial")
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                body = self._client.get_object(Bucket=self._name, Key=key)["Body"]
                with partial.open("wb") as file:
                    for chunk in body.iter_chunks(_CHUNK_BYTES):
                        file.write(chunk)
            except ClientError as error:
                raise _named(error, key) from error
            except (BotoCoreError, ConnectionError):
                if attempt == _ATTEMPTS:
                    raise
            else:
                partial.replace(target)
                return

    def upload(self, source: "Path", key: str, content_type: str) -> None:
        """Store a file as an object; a large one in parts, several at once."""
        if source.stat().st_size < _MULTIPART_BYTES:
            with source.open("rb") as file:
                self._client.put_object(Bucket=self._name, Key=key, Body=file, ContentType=content_type)
        else:
            self._client.upload_file(str(source), self._name, key, ExtraArgs={"ContentType": content_type})

    def copy(self, source_key: str, target_key: str, content_type: str) -> None:
        """Copy an object within the bucket, by one request; in parts where it is larger than 5 GB.

        Source of the limit: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html

        Raises
        ------
        ObjectMissing
            If there is no such object.
        """
        source: CopySourceTypeDef = {"Bucket": self._name, "Key": source_key}
        try:
            self._client.copy_object(
                Bucket=self._name,
                Key=target_key,
                CopySource=source,
                ContentType=content_type,
                MetadataDirective="REPLACE",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != _TOO_LARGE_TO_COPY:
                raise _named(error, source_key) from error
            self._client.copy(source, self._name, target_key, ExtraArgs={"ContentType": content_type})

    def delete(self, keys: "Iterable[str]") -> None:
        """Delete objects; those that are not there are as good as deleted.

        Raises
        ------
        botocore.exceptions.ClientError
            If S3 refuses to delete one of them; others may be deleted.
        """
        objects: list[ObjectIdentifierTypeDef] = [{"Key": key} for key in keys]
        for start in range(0, len(objects), _DELETED_AT_ONCE):
            some = objects[start : start + _DELETED_AT_ONCE]
            answer = self._client.delete_objects(Bucket=self._name, Delete={"Objects": some, "Quiet": True})
            for refusal in answer.get("Errors", []):
                message = f"{refusal.get('Key')}: {refusal.get('Message')}"
                raise ClientError({"Error": {"Code": refusal.get("Code", ""), "Message": message}}, "DeleteObjects")


def _named(error: ClientError, key: str) -> Exception:
    code = error.response.get("Error", {}).get("Code", "")
    return ObjectMissing(f"the bucket has no object {key}") if code in _MISSING else error
