"""Scripts, plans, jobs, requests and desks that tests start from."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from shared.addresses import address_of_content
from shared.configuration import configuration_of
from shared.downloads import Downloaded
from shared.fal.endpoints import Endpoints
from shared.keys import AssetKind, FileKind, FileRef, plan_key
from shared.ledger.budgets import Usage
from shared.ledger.records import Job, Run, Waiter
from shared.ledger.rules import AFTER_FAILURE
from shared.ledger.states import JobState
from shared.plan.build import build_plan
from shared.plan.catalogue import Catalogue
from shared.plan.models import Plan
from shared.plan.recordings import ReadInputs, RecordedPart
from shared.ports import Claim
from shared.providers.callbacks import CallbackName
from shared.providers.names import Place, ProviderName
from shared.providers.routing import Router
from shared.script.files import script_files
from shared.script.models import Script
from shared.script.parse import parse_script
from shared.script.paths import FileKind as ScriptFileKind
from shared.workflow.collect_asset import InboxMessage

EPISODE = "lighthouse"
RUN = "lighthouse-0123456789abcdef-1"
DIGEST = "0123456789abcdef"
CONFIGURATION = configuration_of(Endpoints())
ADDRESS = "a" * 40
FAL_ALONE = Router()
EVERYBODY = Router(configured=frozenset(ProviderName))
SECRET = "s3cret"

TWO_SCENES: dict[str, Any] = {
    "title": "The Last Lighthouse",
    "engines": ["hedra", "fabric", "still"],
    "characters": [
        {"name": "Alex", "prompt": "young tech entrepreneur"},
        {"name": "Mara", "prompt": "lighthouse keeper"},
    ],
    "scenes": [
        {
            "number": 1,
            "environment": "modern office",
            "lines": [
                {"character": "Alex", "position": "at the window", "audio": "audio/01.mp3", "text": "We could sell."},
                {"character": "Mara", "position": "at the table", "audio": "audio/02.mp3"},
                {"character": "Alex", "position": "at the window", "audio": "audio/03.mp3"},
            ],
        },
        {
            "number": 2,
            "environment": "lamp room",
            "lines": [{"character": "Mara", "position": "beside the lamp", "audio": "audio/04.mp3"}],
        },
    ],
}


def script_of(document: Mapping[str, Any]) -> Script:
    return parse_script(json.dumps(document).encode(), file_name="script.json")


def part_of(content: str, seconds: float = 4.8, *, cut_in_speech: bool = False) -> RecordedPart:
    file = FileRef(kind=FileKind.PART, address=address_of_content(content.encode()))
    return RecordedPart(file, seconds, seconds - 0.4, cut_in_speech)


def inputs_of(
    script: Script,
    *,
    contents: Mapping[str, str] | None = None,
    pieces: Mapping[int, Sequence[RecordedPart]] | None = None,
    seconds: float = 4.8,
) -> ReadInputs:
    """Return what a script's files turned out to be.

    Parameters
    ----------
    contents
        What a file holds, by its path; by default its path.
    pieces
        The parts of a line, by its number from 0; by default one part of `seconds`.
    """
    held = contents or {}
    lines = [line for scene in script.scenes for line in scene.lines]
    recordings = [
        (pieces or {}).get(
            number, [part_of(f"{held.get(line.audio, line.audio)} {line.start or 0} {line.end}", seconds)]
        )
        for number, line in enumerate(lines)
    ]
    sources = {
        file.path: FileRef(kind=FileKind.SOURCE, address=address_of_content(held.get(file.path, file.path).encode()))
        for file in script_files(script)
        if file.kind is not ScriptFileKind.AUDIO
    }
    return ReadInputs(sources=sources, recordings=recordings)


def plan_of(
    document: Mapping[str, Any],
    *,
    stored: frozenset[str] = frozenset(),
    refused: frozenset[str] = frozenset(),
    run: str = RUN,
    router: Router = FAL_ALONE,
    **inputs: Any,
) -> Plan:
    script = script_of(document)
    return build_plan(
        script,
        inputs_of(script, **inputs),
        episode_id=EPISODE,
        run=run,
        digest=DIGEST,
        catalogue=Catalogue(Endpoints(), router),
        stored=stored,
        refused=refused,
        encoder_preset="ultrafast",
    )


def addresses_of(plan: Plan, kind: AssetKind) -> set[str]:
    return {address for address, asset in plan.assets.items() if asset.kind is kind}


def claim_of(
    address: str = ADDRESS, *, run: str = RUN, secret: str = SECRET, lease: float = 90.0, **fields: Any
) -> Claim:
    values: dict[str, Any] = {"usage": Usage(usd=0.06, images=1), "episode_id": EPISODE} | fields
    return Claim(
        address=address,
        kind=AssetKind.PORTRAIT,
        run=run,
        place=Place(provider=ProviderName.FAL, endpoint="fal-ai/ideogram/v3"),
        secret=secret,
        lease=lease,
        **values,
    )


def claim_job(ledger: Any, claim: Claim, now: float) -> Job | None:
    """Claim a job that no budget keeps from being bought."""
    job = ledger.claim(claim, now)
    assert job is None or isinstance(job, Job)
    return job


def open_jobs(ledger: Any) -> list[Job]:
    """Return every open job that is looked after, the oldest first."""
    found = ledger.jobs([watch.address for watch in ledger.watched()])
    return sorted((job for job in found.values() if job.is_open), key=lambda job: job.claimed_at)


def job_of(state: JobState = JobState.SUBMITTED, address: str = ADDRESS, **fields: Any) -> Job:
    values: dict[str, Any] = {
        "address": address,
        "kind": AssetKind.PORTRAIT,
        "state": state,
        "attempt": 1,
        "secrets": {"1": SECRET},
        "run": RUN,
        "endpoint": "fal-ai/ideogram/v3",
        "episode_id": EPISODE,
        "price_usd": 0.06,
        "usage": Usage(usd=0.06, images=1),
        "day": "1970-01-01",
        "claimed_at": 1000.0,
        "lease_until": 1090.0,
    }
    return Job.model_validate(values | fields)


def waiter_of(token: str, address: str = ADDRESS, run: str = RUN) -> Waiter:
    return Waiter(
        address=address,
        kind=AssetKind.PORTRAIT,
        token=token,
        episode_id=EPISODE,
        run=run,
        plan_key=plan_key(EPISODE, run),
        since=1000.0,
    )


def claimed_run(ledger: Any, name: str = RUN, digest: str = DIGEST, *, now: float = 1000.0, rebuy: bool = False) -> Run:
    run = ledger.claim_run(EPISODE, digest, now, name=lambda _: name, again=AFTER_FAILURE, rebuy=rebuy)
    assert isinstance(run, Run)
    return run


def callback(
    *, address: str = ADDRESS, attempt: int = 1, secret: str = SECRET, body: Mapping[str, Any] | None = None
) -> InboxMessage:
    query = CallbackName(address=address, attempt=attempt, secret=secret).query
    return InboxMessage(provider=ProviderName.FAL, query=query, body=json.dumps(body or image_delivered()))


def image_delivered(request_id: str = "request-1", **payload: Any) -> dict[str, Any]:
    images = [{"url": "https://v3.fal.media/files/a/picture.png"}]
    return {"request_id": request_id, "status": "OK", "payload": {"images": images, **payload}}


def job_failed(error_type: str, request_id: str = "request-1") -> dict[str, Any]:
    detail = [{"type": error_type, "loc": ["body", "prompt"], "msg": "it cannot be done"}]
    return {"request_id": request_id, "status": "ERROR", "payload": {"detail": detail}}


class FilesAtFal:
    """Stands for the downloader: any URL of fal's holds `data`, unless told otherwise."""

    def __init__(self, data: bytes = b"\x89PNG\r\n\x1a\n a picture") -> None:
        self.data = data
        self.fetched: list[str] = []
        self.on_fetch: Callable[[], object] = lambda: None

    def fetch(self, url: str, target: Path) -> Downloaded:
        self.fetched.append(url)
        self.on_fetch()
        target.write_bytes(self.data)
        return Downloaded(len(self.data), hashlib.sha256(self.data).hexdigest())
