"""Hedra's own API, version 3, https://www.hedra.com/docs.

Sources: its OpenAPI document (https://api.hedra.com/v3/openapi.json) and the types of hedra-sdk 7.0.0
(https://github.com/hedra-labs/hedra-python). It has no way to cancel a job. It lists jobs, but not what they were
asked for: which one is ours is found by sending the submit again under its key, which answers as it did the first
time.
"""

from dataclasses import replace
from types import MappingProxyType

from shared.providers.http.errors import (
    ACCOUNT_REFUSED,
    FILE_LOST,
    INPUTS_REFUSED,
    JOB_ENDED,
    NO_SUCH_MODEL,
    OUTAGE,
    TOO_SOON,
)
from shared.providers.http.spec import (
    ErrorForm,
    FileForm,
    ItemForm,
    JobForm,
    ProviderSpec,
    Standing,
    SubmitForm,
    UploadForm,
)
from shared.providers.media import FileLifetimes
from shared.providers.names import TITLES, ProviderName

_ERROR = ErrorForm(
    codes=(("error", "details", ..., "reason"), ("error", "code")),
    # The message itself only counts the fields that are wrong.
    messages=(("error", "details", ..., "message"), ("error", "message")),
    retryable=("error", "retryable"),
)
"""The same in an answer that is no success, in a job, and in one output of a job."""

HEDRA = ProviderSpec(
    name=ProviderName.HEDRA,
    title=TITLES[ProviderName.HEDRA],
    key_format="Bearer {key}",
    submit=SubmitForm(
        path="/models/{endpoint}",
        input_field="input",
        callback_field="webhook",
        # "Replays the original ack for a retried submit instead of enqueueing a duplicate job."
        idempotency_header="Idempotency-Key",
    ),
    status_path="/jobs/{request_id}",
    job=JobForm(
        request_id=("job_id",),
        status=("status",),
        standings=MappingProxyType(
            {
                "IN_QUEUE": Standing.QUEUED,
                "IN_PROGRESS": Standing.IN_PROGRESS,
                "COMPLETED": Standing.SUCCEEDED,
                "FAILED": Standing.FAILED,
            }
        ),
        output=("outputs",),
        item=ItemForm(
            url="url", content_type="content_type", status="status", failed="FAILED", expired="EXPIRED", error=_ERROR
        ),
        error=_ERROR,
        # `metrics.processing_time_ms` is no `run_seconds`: it counts the waiting and the attempts that failed as well.
    ),
    # A submit that failed inside Hedra says of itself not to be sent again: other ones may well be.
    refusal=replace(_ERROR, retryable=None),
    meanings=MappingProxyType(
        {
            # A file that was handed over more than an hour ago. It stands beside the code INVALID_ARGUMENT.
            "expired": FILE_LOST,
            "INVALID_ARGUMENT": INPUTS_REFUSED,
            "MODERATION_FAILED": INPUTS_REFUSED,
            "UNAUTHORIZED": ACCOUNT_REFUSED,
            "PERMISSION_DENIED": ACCOUNT_REFUSED,
            "INSUFFICIENT_BALANCE": ACCOUNT_REFUSED,
            "NOT_FOUND": NO_SUCH_MODEL,
            "GONE": NO_SUCH_MODEL,
            "FAILED_PRECONDITION": NO_SUCH_MODEL,  # "The model exists but isn't wired to v3 yet."
            "RESOURCE_EXHAUSTED": TOO_SOON,
            "DEADLINE_EXCEEDED": OUTAGE,
            "UNAVAILABLE": OUTAGE,
            "INTERNAL": OUTAGE,
            "UNKNOWN": OUTAGE,
            "CANCELLED": JOB_ENDED,
        }
    ),
    uploads=(UploadForm(path="/files", part="file", url=("url",)),),
    file=FileForm(url_field="url", fields={"source": "url"}),
    # A file is accepted for an hour, and lies there for a day: it need only last until the submit. How long results
    # stay is not said; they go when `url` is null. Only addresses of uploads are accepted in every published version.
    lifetimes=FileLifetimes(upload=3600, upload_margin=600, result=86_400, results_are_inputs=False),
)
"""Its base URL is ``https://api.hedra.com/v3``."""
