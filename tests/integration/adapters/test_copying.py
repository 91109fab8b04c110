"""Copies within S3, which copies 5 GB at once and more in parts: an episode that large is published all the same."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from shared.aws.bucket import S3Bucket
from shared.ports import ObjectMissing


class RefusingS3:
    """S3 that copies nothing at once, for a reason."""

    def __init__(self, code: str) -> None:
        self._code = code
        self.in_parts: list[tuple[object, ...]] = []

    def copy_object(self, **_: object) -> None:
        raise ClientError({"Error": {"Code": self._code, "Message": "no"}}, "CopyObject")

    def copy(self, *args: Any, **kwargs: Any) -> None:
        self.in_parts.append((*args, kwargs))


def test_what_is_too_large_to_be_copied_at_once_is_copied_in_parts() -> None:
    s3 = RefusingS3("InvalidRequest")
    S3Bucket(s3, "bucket").copy("derived/episodes/a", "episodes/a/episode.mp4", "video/mp4")  # type: ignore[arg-type]
    assert s3.in_parts == [
        (
            {"Bucket": "bucket", "Key": "derived/episodes/a"},
            "bucket",
            "episodes/a/episode.mp4",
            {"ExtraArgs": {"ContentType": "video/mp4"}},
        )
    ]


@pytest.mark.parametrize(("code", "error"), [("NoSuchKey", ObjectMissing), ("AccessDenied", ClientError)])
def test_what_cannot_be_copied_for_another_reason_is_an_error(code: str, error: type[Exception]) -> None:
    s3 = RefusingS3(code)
    with pytest.raises(error):
        S3Bucket(s3, "bucket").copy("a", "b", "video/mp4")  # type: ignore[arg-type]
    assert s3.in_parts == []
