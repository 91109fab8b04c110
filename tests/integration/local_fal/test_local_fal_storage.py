"""fal's storage, through the real fal_client."""

import asyncio

import fal_client
import pytest

from local.simulator.faults import UploadFault
from tests.integration.local_fal.harness import Fal


def test_upload_is_public(fal: Fal) -> None:
    url = fal.client.upload(b"line", "audio/mpeg", "../my line.mp3")
    answer = fal.http.get(url)
    assert url.startswith(f"https://{fal.simulator.facts.host}/files/")
    assert url.endswith("_my_line.mp3")
    assert (answer.content, answer.headers["content-type"]) == (b"line", "audio/mpeg")


def test_upload_in_parts_keeps_their_order(fal: Fal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fal_client.client, "MULTIPART_THRESHOLD", 10_000)
    monkeypatch.setattr(fal_client.client, "MULTIPART_CHUNK_SIZE", 3_000)
    data = bytes(number * 7 % 256 for number in range(32_000))

    assert fal.http.get(fal.client.upload(data, "video/mp4")).content == data

    async def upload() -> str:
        return await fal_client.AsyncClient(key=fal.simulator.facts.key).upload(data, "video/mp4")

    assert fal.http.get(asyncio.run(upload())).content == data


def test_parts_must_be_those_that_were_uploaded(fal: Fal) -> None:
    token = fal.http.post("/storage/auth/token", json={}, headers=fal.authorization).json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    upload = fal.http.post("/files/upload/multipart", headers=headers).json()
    part = f"{upload['access_url']}/multipart/{upload['uploadId']}"
    etag = fal.http.put(f"{part}/1", content=b"x", headers=headers).headers["etag"]

    wrong = fal.http.post(f"{part}/complete", json={"parts": [{"partNumber": 1, "etag": "y"}]}, headers=headers)
    assert wrong.status_code == 400
    assert fal.http.get(upload["access_url"]).status_code == 404
    right = fal.http.post(f"{part}/complete", json={"parts": [{"partNumber": 1, "etag": etag}]}, headers=headers)
    assert right.status_code == 200
    assert fal.http.get(upload["access_url"]).content == b"x"


def test_second_way_of_uploading_steps_in(fal: Fal) -> None:
    # given a storage that fails once: fal_client falls back to the presigned upload
    ordered = fal.control.add_fault(UploadFault(kind="upload_unavailable", count=1))
    url = fal.client.upload(b"x", "text/plain", "a.txt")
    assert fal.control.hits(ordered) == 1
    assert fal.http.get(url).content == b"x"


def test_file_expires(fal: Fal) -> None:
    kept = fal.client.upload(b"x", "text/plain", lifecycle=fal_client.client.StorageSettings(expires_in="1d"))
    fal.control.change_settings(file_seconds=0.001)
    short = fal.client.upload(b"x", "text/plain")
    assert fal.http.get(kept).status_code == 200
    assert fal.http.get(short).status_code == 404


def test_storage_needs_the_key_and_then_the_token(fal: Fal) -> None:
    answer = fal.http.post("/storage/auth/token", json={})
    assert (answer.status_code, answer.json()) == (401, {"detail": "Authorization header is required"})
    token = fal.http.post("/storage/auth/token", json={}, headers=fal.authorization).json()["token"]
    forged = token.replace("20", "21", 1)
    for authorization in (fal.authorization["Authorization"], f"Key {token}", f"Bearer {forged}", "Bearer x"):
        refused = fal.http.post("/files/upload", content=b"x", headers={"Authorization": authorization})
        assert refused.status_code == 401
    headers = {"Authorization": f"Bearer {token}"}
    assert fal.http.post("/files/upload", content=b"x", headers=headers).status_code == 200
    assert fal.http.get("/files/b/none/none").status_code == 404
