"""Faults on demand: what goes wrong, where, how often, and how often it did."""

import random
import secrets
from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeVar

from pydantic import Field, NonNegativeFloat, PositiveInt, TypeAdapter, field_validator

from local.simulator.errors import INFRASTRUCTURE_ERRORS, MODEL_ERRORS
from shared.frozen import Frozen


class FaultRule(Frozen):
    """What every fault has in common: which endpoint it strikes, and how often."""

    endpoint: str | None = None
    """None: every endpoint."""
    count: PositiveInt | None = None
    """It strikes this many times and then no more. None: without end."""
    probability: float = Field(default=1, gt=0, le=1)
    seed: int = 0
    """Of the dice that ``probability`` throws."""


class SubmitFault(FaultRule):
    """The answer to a submit is not what it should be."""

    stage: Literal["submit"] = "submit"
    kind: Literal[
        "too_many_requests",
        "internal_error",
        "bad_gateway_html",
        "unavailable_json",
        "unavailable_html",
        "gateway_timeout_html",
        "exhausted_balance",
        "application_not_found",
        "garbage_json",
        "drop_connection",
        "slow_first_byte",
    ]
    accepts_job: bool = False
    """Whether the provider has, runs and bills the request all the same. A slow first byte always does."""
    seconds: NonNegativeFloat = 0
    """The wait before the first byte, for ``slow_first_byte``."""
    hint: bool | None = None
    """What fal's ``X-Fal-Needs-Retry`` says of an error. None: what it says usually, which is mostly nothing."""


class JobFault(FaultRule):
    """A request that was accepted does not end as it should."""

    stage: Literal["job"] = "job"
    kind: Literal["error", "nsfw", "no_images", "null_payload", "never_finish", "finish_late"]
    """``null_payload`` is a success whose result is JSON's null."""
    error_type: str = "internal_server_error"
    """For ``error``: one of fal's error types."""
    hint: bool | None = None
    """For ``error``: what fal's ``X-Fal-Needs-Retry`` says of it. None: no such header."""
    seconds: NonNegativeFloat = 0
    """For ``finish_late``: how long it stays in progress beyond its time."""

    @field_validator("error_type")
    @classmethod
    def _is_known(cls, error_type: str) -> str:
        if error_type not in MODEL_ERRORS and error_type not in INFRASTRUCTURE_ERRORS:
            known = ", ".join(sorted({*MODEL_ERRORS, *INFRASTRUCTURE_ERRORS}))
            raise ValueError(f"fal has no error type {error_type!r}; it has {known}")
        return error_type


class ResultFileFault(FaultRule):
    """A download of a result's file, each counted by itself, brings something else than the file."""

    stage: Literal["result_file"] = "result_file"
    kind: Literal["truncated", "cut_off", "garbage", "wrong_content", "missing"]
    """``truncated`` is half the file in a complete answer, ``cut_off`` a connection that ends half-way,
    ``wrong_content`` a web page."""


class WebhookFault(FaultRule):
    """A webhook is not delivered as it should be.

    ``drop``, ``delay``, ``duplicate`` and ``before_submit_response`` strike a delivery with all its attempts, the
    others a single attempt.
    """

    stage: Literal["webhook"] = "webhook"
    kind: Literal[
        "drop",
        "delay",
        "duplicate",
        "before_submit_response",
        "wrong_signature",
        "stale_timestamp",
        "forged_user",
        "error_payload",
        "null_payload",
    ]
    seconds: NonNegativeFloat = 0
    """For ``delay``."""
    times: PositiveInt = 1
    """For ``duplicate``: how many more deliveries."""


class UploadFault(FaultRule):
    """The provider does not take a file. It has no endpoint."""

    stage: Literal["upload"] = "upload"
    kind: Literal["token_unavailable", "upload_unavailable", "drop_connection"]


Fault = Annotated[SubmitFault | JobFault | ResultFileFault | WebhookFault | UploadFault, Field(discriminator="stage")]
FAULT: TypeAdapter[Fault] = TypeAdapter(Fault)


class ActiveFault(Frozen):
    """A fault and how often it struck."""

    fault_id: str
    fault: Fault
    hits: int


_SomeFault = TypeVar("_SomeFault", SubmitFault, JobFault, ResultFileFault, WebhookFault, UploadFault)


@dataclass(slots=True)
class _Armed:
    fault: Fault
    dice: random.Random
    fault_id: str = field(default_factory=lambda: secrets.token_hex(4))
    hits: int = 0

    def strikes(self) -> bool:
        if self.fault.count is not None and self.hits >= self.fault.count:
            return False
        if self.dice.random() >= self.fault.probability:
            return False
        self.hits += 1
        return True


class Faults:
    """The faults that were ordered, oldest first; the first that strikes is the one that happens."""

    def __init__(self) -> None:
        self._armed: list[_Armed] = []

    def add(self, fault: Fault) -> ActiveFault:
        """Order a fault."""
        # Reproducible by design: not for cryptography.
        armed = _Armed(fault, random.Random(fault.seed))  # noqa: S311
        self._armed.append(armed)
        return _active(armed)

    def remove(self, fault_id: str) -> bool:
        """Cancel a fault; False if there is none with this id."""
        before = len(self._armed)
        self._armed = [armed for armed in self._armed if armed.fault_id != fault_id]
        return len(self._armed) < before

    def clear(self) -> None:
        """Cancel all faults, and forget how often they struck."""
        self._armed.clear()

    def all(self) -> list[ActiveFault]:
        """Return every fault that was ordered, used up or not, with its hits."""
        return [_active(armed) for armed in self._armed]

    def take(
        self, stage: type[_SomeFault], endpoint_id: str | None = None, *, among: frozenset[str] | None = None
    ) -> _SomeFault | None:
        """Return the fault that strikes now, counted, or None.

        Parameters
        ----------
        stage
            The kind of step that is being done.
        endpoint_id
            Whose step it is.
        among
            Only faults of these kinds.
        """
        for armed in self._armed:
            fault = armed.fault
            if not isinstance(fault, stage) or fault.endpoint not in {None, endpoint_id}:
                continue
            if (among is None or fault.kind in among) and armed.strikes():
                return fault
        return None


def _active(armed: _Armed) -> ActiveFault:
    return ActiveFault(fault_id=armed.fault_id, fault=armed.fault, hits=armed.hits)
