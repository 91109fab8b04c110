"""A whole studio in memory, on which the workflow's functions are tried."""

import json
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from shared.content_types import content_type_of
from shared.fal.endpoints import Endpoints
from shared.keys import AssetKind, plan_key
from shared.ledger.budgets import Limits
from shared.ledger.records import Job, Run, RunState
from shared.plan.models import Plan
from shared.ports import Ledger
from shared.providers.names import ProviderName
from shared.providers.routing import Router
from shared.workflow.asking import AssetRequest
from shared.workflow.buy_asset import Shop
from shared.workflow.collect_asset import CollectingDesk, InboxMessage
from shared.workflow.handover import Handovers
from shared.workflow.open_jobs import JobDesk, Patience
from shared.workflow.pausing import Pauses
from shared.workflow.plan_episode import PlanningDesk
from shared.workflow.quoting import Prices
from shared.workflow.reconcile import ReconcileDesk
from shared.workflow.record_outcome import ClosingDesk
from shared.workflow.request_review import ReviewDesk
from shared.workflow.start_batch import BatchDesk
from shared.workflow.start_episode import UploadDesk
from shared.workflow.status import EpisodeStatus, StatusBoard
from tests.builders import CONFIGURATION, DIGEST, EPISODE, RUN, FilesAtFal, claimed_run
from tests.fakes.bucket import MemoryBucket
from tests.fakes.clock import Clock
from tests.fakes.faults import Fuse, Wired
from tests.fakes.ledger import MemoryLedger
from tests.fakes.messages import MemoryDeadLetters, MemoryEvents, MemoryQueue, MemoryRequests
from tests.fakes.provider import Invoiced, MemoryPlatform, MemoryProvider
from tests.fakes.step_functions import MemoryExecutions, MemoryTokens

BUCKET = "a-bucket"
WEBHOOK = "https://hooks.example.test/"
PATIENCE = Patience(start=7200, picture_run=900, clip_run=3600, callback=3600)
Call = Callable[..., Any]


class World:
    """Every port in memory; `fuse` sits in every call that a desk makes to one of them."""

    def __init__(self, plan: Plan | None = None, ledger: Ledger | None = None) -> None:
        self.clock = Clock()
        self.ledger: Ledger = ledger or MemoryLedger()
        self.bucket = MemoryBucket(self.clock)
        self.provider = MemoryProvider(clock=self.clock)
        self.tokens = MemoryTokens()
        self.executions = MemoryExecutions()
        self.events = MemoryEvents()
        self.start_queue = MemoryQueue()
        self.platform = MemoryPlatform(self.provider)
        self.stand_ins: dict[ProviderName, MemoryProvider] = {}
        self.router = Router()
        self.requests = MemoryRequests()
        self.inbox = MemoryQueue()
        self.dead_letters = MemoryDeadLetters()
        self.files = FilesAtFal()
        self.refuse_file: Exception | None = None
        self.rebuy = False
        self.day_limits = Limits()
        self.price_overrides: dict[str, float] = {}
        self.fuse = Fuse()
        self.configuration = CONFIGURATION
        self._secrets = count(1)
        self.plan = plan
        if plan:
            self.hold_inputs(plan)

    def hold_inputs(self, plan: Plan) -> None:
        """Put every file that an asset is made from into the bucket."""
        for asset in plan.assets.values():
            for entry in asset.first.inputs:
                self.bucket.put(entry.file.key, b"ID3 " + entry.file.address.encode(), "audio/mpeg")

    def begin(self, name: str = RUN, digest: str = DIGEST, *, rebuy: bool = False) -> Run:
        """Claim a run and let it run."""
        run = claimed_run(self.ledger, name, digest, now=self.clock(), rebuy=rebuy)
        changes = {"execution_arn": self.executions.start(name, {})}
        if self.plan:
            changes["plan_key"] = plan_key(EPISODE, name)
            self.bucket.put(changes["plan_key"], self.plan.model_dump_json().encode(), "application/json")
        running = self.ledger.update_run(run, RunState.RUNNING, changes)
        assert running
        return running

    def status(self) -> EpisodeStatus:
        return EpisodeStatus.model_validate_json(self.bucket.get(f"episodes/{EPISODE}/status.json"))

    def job(self, address: str) -> Job:
        job = self.ledger.job(address)
        assert job is not None
        return job

    # Desks

    def shop(self, call: Call | None = None) -> Shop:
        ledger, bucket, tokens, requests, events = (
            self._wired(port, call) for port in (self.ledger, self.bucket, self.tokens, self.requests, self.events)
        )
        providers = self._wired_providers(call)
        return Shop(
            ledger=ledger,
            tokens=tokens,
            providers=providers,
            handovers=Handovers(ledger, bucket, providers, lambda data: content_type_of(data[:16])),
            requests=requests,
            pauses=Pauses(ledger, StatusBoard(bucket, ledger, self.clock), events, BUCKET),
            load_plan=lambda key: Plan.model_validate_json(bucket.get(key)),
            webhook_url=WEBHOOK,
            day_limits=self.day_limits,
            rebuy=self.rebuy,
            clock=self.clock,
            new_secret=lambda: f"secret-{next(self._secrets)}",
        )

    def collecting(self) -> CollectingDesk:
        return CollectingDesk(
            ledger=self._wired(self.ledger),
            tokens=self._wired(self.tokens),
            bucket=self._wired(self.bucket),
            providers=self._wired_providers(),
            requests=self._wired(self.requests),
            downloaders=dict.fromkeys(ProviderName, self._wired(self.files)),
            check_file=self._check_file,
            clock=self.clock,
            jitter=lambda _, bound: bound,
        )

    def closing(self) -> ClosingDesk:
        ledger, bucket = self._wired(self.ledger), self._wired(self.bucket)
        status = StatusBoard(bucket, ledger, self.clock)
        return ClosingDesk(
            ledger=ledger,
            bucket=bucket,
            events=self._wired(self.events),
            status=status,
            bucket_name=BUCKET,
            clock=self.clock,
        )

    def reviewing(self) -> ReviewDesk:
        ledger, bucket = self._wired(self.ledger), self._wired(self.bucket)
        return ReviewDesk(
            ledger=ledger,
            bucket=bucket,
            tokens=self._wired(self.tokens),
            events=self._wired(self.events),
            status=StatusBoard(bucket, ledger, self.clock),
            load_plan=lambda key: Plan.model_validate_json(bucket.get(key)),
            bucket_name=BUCKET,
            stack_name="a-stack",
            clock=self.clock,
        )

    def reconciling(self) -> ReconcileDesk:
        requests = self._wired(self.requests)
        jobs = JobDesk(
            ledger=self._wired(self.ledger),
            tokens=self._wired(self.tokens),
            providers=self._wired_providers(),
            requests=requests,
            inbox=self._wired(self.inbox),
            patience=PATIENCE,
            rebuy=self.rebuy,
            webhook_url=WEBHOOK,
        )
        return ReconcileDesk(
            jobs=jobs,
            requests=requests,
            executions=self._wired(self.executions),
            dead_letters=self.dead_letters,
            closing=self.closing(),
            clock=self.clock,
            time_limit=150,
            workers=1,
        )

    def starting(self, *, quiet_period: float = 30.0, patience: float = 900.0) -> UploadDesk:
        ledger, bucket = self._wired(self.ledger), self._wired(self.bucket)
        return UploadDesk(
            bucket=bucket,
            ledger=ledger,
            executions=self._wired(self.executions),
            queue=self._wired(self.start_queue),
            status=StatusBoard(bucket, ledger, self.clock),
            clock=self.clock,
            quiet_period=quiet_period,
            patience=patience,
            configuration=self.configuration,
        )

    def batching(
        self,
        *,
        quiet_period: float = 30.0,
        patience: float = 900.0,
        concurrency: int = 10,
        call: Call | None = None,
    ) -> BatchDesk:
        return BatchDesk(
            bucket=self._wired(self.bucket, call),
            ledger=self._wired(self.ledger, call),
            executions=self._wired(self.executions, call),
            clock=self.clock,
            quiet_period=quiet_period,
            configuration=self.configuration,
            bucket_name=BUCKET,
            events=self._wired(self.events, call),
            patience=patience,
            concurrency=concurrency,
        )

    def planning(self) -> PlanningDesk:
        ledger, bucket = self._wired(self.ledger), self._wired(self.bucket)
        status = StatusBoard(bucket, ledger, self.clock)
        return PlanningDesk(
            bucket=bucket,
            ledger=ledger,
            status=status,
            endpoints=Endpoints(),
            router=self.router,
            prices=Prices(self._wired(self.platform).prices, self.price_overrides),
            is_running=self._wired(self.executions).is_running,
            clock=self.clock,
            encoder_preset="ultrafast",
        )

    def _wired_providers(self, call: Call | None = None) -> dict[ProviderName, Any]:
        providers = {ProviderName.FAL: self.provider, **self.stand_ins}
        return {name: self._wired(provider, call) for name, provider in providers.items()}

    def _wired(self, port: Any, call: Call | None = None) -> Any:
        return Wired(port, call or self.fuse.call)

    def _check_file(self, _kind: AssetKind, path: Path) -> str:
        if self.refuse_file:
            raise self.refuse_file
        return content_type_of(path.read_bytes()[:16])


def request_of(
    token: str, address: str, run: str = RUN, episode_id: str = EPISODE, kind: AssetKind = AssetKind.PORTRAIT
) -> AssetRequest:
    return AssetRequest(
        token=token, address=address, kind=kind, episode_id=episode_id, run=run, plan_key=plan_key(EPISODE, RUN)
    )


def answer_to(job: Invoiced, payload: dict[str, object] | None = None) -> InboxMessage:
    """Return the callback by which the provider delivers a job of its invoice."""
    body = {"request_id": job.request_id, "status": "OK", "payload": payload or _payload_of(job.endpoint)}
    return InboxMessage(provider=ProviderName.FAL, query=job.name.query, body=json.dumps(body))


def _payload_of(endpoint: str) -> dict[str, object]:
    file = {"url": "https://v3.fal.media/files/a/result"}
    is_picture = any(model in endpoint for model in ("ideogram", "kontext", "nano-banana"))
    return {"images": [file]} if is_picture else {"video": file}
