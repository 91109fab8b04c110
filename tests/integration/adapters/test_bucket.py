"""The bucket: the fake and S3 keep the same contract."""

from pathlib import Path

import pytest

from shared.ports import Bucket, ObjectMissing


def test_what_is_put_can_be_got(bucket: Bucket) -> None:
    bucket.put("a/b", b"one", "text/plain")
    bucket.put("a/b", b"two", "text/plain")
    assert bucket.get("a/b") == b"two"
    assert bucket.exists("a/b")


def test_what_is_missing_is_named(bucket: Bucket, tmp_path: Path) -> None:
    assert not bucket.exists("nowhere")
    with pytest.raises(ObjectMissing, match="nowhere"):
        bucket.get("nowhere")
    with pytest.raises(ObjectMissing, match="nowhere"):
        bucket.download("nowhere", tmp_path / "target")
    with pytest.raises(ObjectMissing, match="nowhere"):
        bucket.copy("nowhere", "elsewhere", "text/plain")
    assert not bucket.exists("elsewhere")


def test_files_go_there_and_back(bucket: Bucket, tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(bytes(range(256)))
    bucket.upload(source, "a/file", "video/mp4")
    bucket.download("a/file", target)
    assert target.read_bytes() == source.read_bytes()


def test_a_copy(bucket: Bucket) -> None:
    bucket.put("derived/episodes/x", b"film", "application/octet-stream")
    bucket.copy("derived/episodes/x", "episodes/a/episode.mp4", "video/mp4")
    assert bucket.get("episodes/a/episode.mp4") == b"film" == bucket.get("derived/episodes/x")


def test_a_listing_is_by_key_and_only_below_its_prefix(bucket: Bucket) -> None:
    # given objects in and beside a folder
    for key in ("a/2", "a/1", "ab/3", "a/10", "b"):
        bucket.put(key, key.encode(), "text/plain")
    # when the folder is listed
    found = bucket.list("a/")
    # then its objects come, by key, with size, and an ETag that tells contents apart
    assert [(stored.key, stored.size) for stored in found] == [("a/1", 3), ("a/10", 4), ("a/2", 3)]
    assert len({stored.etag for stored in found}) == 3
    assert not any('"' in stored.etag for stored in found)
    assert bucket.list("c/") == []


def test_a_listing_of_more_objects_than_a_page_holds(bucket: Bucket) -> None:
    keys = [f"many/{number:04d}" for number in range(1005)]
    for key in keys:
        bucket.put(key, b"", "text/plain")
    assert [stored.key for stored in bucket.list("many/")] == keys


def test_the_same_content_has_the_same_etag(bucket: Bucket) -> None:
    # given a file, taken away by another and brought back
    etags = []
    for content in (b"first", b"second", b"first"):
        bucket.put("a/1", content, "text/plain")
        etags.append(bucket.list("a/")[0].etag)
    # then the digest of an episode's inputs tells the states apart, and knows the first one again
    assert etags[0] == etags[2] != etags[1]


def test_what_is_deleted_is_gone_and_nothing_else(bucket: Bucket) -> None:
    # given more objects than one request deletes, and one beside them
    keys = [f"derived/house/{number:04d}" for number in range(1005)]
    for key in [*keys, "assets/clip/a"]:
        bucket.put(key, b"film", "video/mp4")
    # when they are deleted, one of them twice
    bucket.delete(key for key in [*keys, keys[0]])
    # then they are gone, and the other is there
    assert [stored.key for stored in bucket.list("")] == ["assets/clip/a"]
    # and deleting what is not there, or nothing, is no mistake
    bucket.delete(["nowhere"])
    bucket.delete([])
