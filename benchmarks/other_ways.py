"""What else people make such an episode with: ``python -m benchmarks.other_ways polling|asyncio FOLDER``.

Both buy what the plan in the folder names, of the same fal, and end with an episode of the same house clips: they
borrow the plan, which spares them every asset that is used twice, and the media code. What differs is who waits for
whom. They keep nothing of what they do: a crash loses what is paid for and not yet there.
"""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import fal_client
import fal_client.client
import httpx

from shared.keys import AssetKind
from shared.media.house import make_house_clip
from shared.media.house_encoder import EncoderSettings
from shared.media.house_format import FRAME_RATE, house_format
from shared.media.join import Segment, join_house_clips
from shared.plan.models import Plan, PlannedAsset, PlannedPart

PLAN = "plan.json"
_POLL_SECONDS = 1.0
_AT_ONCE = 40
_ORDER = (AssetKind.PORTRAIT, AssetKind.BACKGROUND, AssetKind.COMPOSITE, AssetKind.CLIP)


def one_after_another(plan: Plan, folder: Path) -> None:
    """Ask for an asset, look every second whether it is there, fetch it, go on to the next: the guides' way."""
    client = fal_client.SyncClient()
    for kind in _ORDER:
        for asset in plan.assets.values():
            if asset.kind is not kind:
                continue
            urls = [client.upload_file(folder / entry.file.key) for entry in asset.first.inputs]
            handle = client.submit(asset.first.endpoint, _filled_in(asset, urls))
            while not isinstance(handle.status(), fal_client.Completed):
                time.sleep(_POLL_SECONDS)
            answer = httpx.get(_media_url(handle.get()), verify=_verify())
            _save(folder, asset, answer)
    for part in plan.parts:
        _make_house_clip(plan, part, folder)
    _join(plan, folder)


async def all_at_once(plan: Plan, folder: Path) -> None:
    """Ask for everything as soon as what it needs is there, at most 40 at a time, and look every second: asyncio."""
    client, slots = fal_client.AsyncClient(), asyncio.Semaphore(_AT_ONCE)
    uploads: dict[str, asyncio.Task[str]] = {}
    done: dict[str, asyncio.Task[None]] = {}

    async def upload(key: str) -> str:
        return await client.upload_file(folder / key)

    async def buy(asset: PlannedAsset, download: Callable[[str], Awaitable[httpx.Response]]) -> None:
        needs = [done[entry.file.address] for entry in asset.first.inputs if entry.file.address in done]
        await asyncio.gather(*needs)
        for entry in asset.first.inputs:
            if entry.file.key not in uploads:
                uploads[entry.file.key] = asyncio.create_task(upload(entry.file.key))
        urls = [await uploads[entry.file.key] for entry in asset.first.inputs]
        async with slots:
            handle = await client.submit(asset.first.endpoint, _filled_in(asset, urls))
            while not isinstance(await handle.status(), fal_client.Completed):  # noqa: ASYNC110 - polling is its way
                await asyncio.sleep(_POLL_SECONDS)
            result = await handle.get()
        _save(folder, asset, await download(_media_url(result)))

    async def make(part: PlannedPart) -> None:
        await done[_clip(part)]
        await asyncio.to_thread(_make_house_clip, plan, part, folder)

    async with httpx.AsyncClient(verify=_verify()) as downloads:
        for kind in _ORDER:
            for asset in plan.assets.values():
                if asset.kind is kind:
                    done[asset.address] = asyncio.create_task(buy(asset, downloads.get))
        await asyncio.gather(*map(make, plan.parts))
    await asyncio.to_thread(_join, plan, folder)


def _filled_in(asset: PlannedAsset, urls: list[str]) -> dict[str, Any]:
    arguments: dict[str, Any] = dict(asset.first.arguments)
    for entry, url in zip(asset.first.inputs, urls, strict=True):
        arguments[entry.field] = [*arguments.get(entry.field, ()), url] if entry.listed else url
    return arguments


def _media_url(result: dict[str, Any]) -> str:
    file = result["video"] if "video" in result else result["images"][0]
    return str(file["url"])


def _save(folder: Path, asset: PlannedAsset, answer: httpx.Response) -> None:
    target = folder / asset.file.key
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(answer.raise_for_status().content)


def _clip(part: PlannedPart) -> str:
    clip = part.engines[0].clip
    if clip is None:
        raise ValueError("a part of such an episode is a clip")
    return clip.address


def _house(part: PlannedPart, folder: Path) -> Path:
    return folder / f"house-{part.index}.mp4"


def _make_house_clip(plan: Plan, part: PlannedPart, folder: Path) -> None:
    clip, form = folder / f"assets/clip/{_clip(part)}", house_format(plan.edit.outputs[0], plan.resolution)
    settings = EncoderSettings(preset=plan.edit.encoder_preset)
    recording = folder / part.recording.key
    make_house_clip(clip, recording, _house(part, folder), form, settings, pause_seconds=part.pause_seconds)


def _join(plan: Plan, folder: Path) -> None:
    frames = round(FRAME_RATE * sum(part.seconds + part.pause_seconds for part in plan.parts))
    segments = [Segment(_house(part, folder)) for part in plan.parts]
    join_house_clips(segments, folder / "episode.mp4", frames=frames, title=plan.title)


def _verify() -> str:
    return os.environ["SSL_CERT_FILE"]


if __name__ == "__main__":
    way, place = sys.argv[1], Path(sys.argv[2])
    fal_client.client.REST_URL, fal_client.client.CDN_URL = os.environ["FAL_REST_URL"], os.environ["FAL_CDN_URL"]
    wanted = Plan.model_validate_json((place / PLAN).read_bytes())
    start = time.perf_counter()
    if way == "polling":
        one_after_another(wanted, place)
    else:
        asyncio.run(all_at_once(wanted, place))
    print(time.perf_counter() - start)
