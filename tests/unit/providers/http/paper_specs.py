"""Runway, HeyGen and D-ID as specifications: on paper, to see that a further provider needs data and no code.

Sources: the Python package runwayml 5.24.0 and https://docs.dev.runwayml.com; https://developers.heygen.com and
https://github.com/heygen-com/heygen-cli; for D-ID what its pages say, https://docs.d-id.com.
"""

from shared.providers.http.errors import (
    ACCOUNT_REFUSED,
    INPUTS_REFUSED,
    JOB_ENDED,
    NO_SUCH_MODEL,
    OUTAGE,
    TOO_SOON,
)
from shared.providers.http.spec import (
    CancelForm,
    ErrorForm,
    FileForm,
    JobForm,
    ProviderSpec,
    Standing,
    SubmitForm,
    UploadForm,
)
from shared.providers.media import FileLifetimes
from shared.providers.names import ProviderName

NAMELESS = ProviderName.FAL
"""None of the three has a name that scripts know; the adapter only hands it on."""

RUNWAY = ProviderSpec(
    name=NAMELESS,
    title="Runway",
    key_format="Bearer {key}",
    headers={"X-Runway-Version": "2024-11-06"},
    # What is an endpoint elsewhere is the path here, and the model is one of the arguments. Nobody is called back.
    submit=SubmitForm(path="/v1/{endpoint}"),
    status_path="/v1/tasks/{request_id}",
    job=JobForm(
        request_id=("id",),
        status=("status",),
        standings={
            "PENDING": Standing.QUEUED,
            "THROTTLED": Standing.QUEUED,
            "RUNNING": Standing.IN_PROGRESS,
            "SUCCEEDED": Standing.SUCCEEDED,
            "FAILED": Standing.FAILED,
            "CANCELLED": Standing.FAILED,
        },
        output=("output",),
        error=ErrorForm(codes=(("failureCode",),), messages=(("failure",),)),
    ),
    refusal=ErrorForm(messages=(("error",),)),
    meanings={
        "SAFETY": INPUTS_REFUSED,  # SAFETY.INPUT.* and SAFETY.OUTPUT.*
        "ASSET.INVALID": INPUTS_REFUSED,
        "INTERNAL": OUTAGE,  # and INTERNAL.BAD_OUTPUT
        "CANCELLED": JOB_ENDED,
    },
    cancel=CancelForm("DELETE", "/v1/tasks/{request_id}"),
    file=FileForm(url_field="uri"),
    lifetimes=FileLifetimes(upload=86_400, upload_margin=21_600, result=86_400, results_are_inputs=True),
)

HEYGEN = ProviderSpec(
    name=NAMELESS,
    title="HeyGen",
    key_header="X-Api-Key",
    key_format="{key}",
    submit=SubmitForm(
        path="/v3/{endpoint}",
        callback_field="callback_url",
        fields={"type": "image"},
        idempotency_header="Idempotency-Key",
    ),
    status_path="/v3/videos/{request_id}",
    job=JobForm(
        request_id=("data", "video_id"),
        status=("data", "status"),
        standings={
            "waiting": Standing.QUEUED,
            "pending": Standing.QUEUED,
            "processing": Standing.IN_PROGRESS,
            "completed": Standing.SUCCEEDED,
            "failed": Standing.FAILED,
        },
        output=("data", "video_url"),
        error=ErrorForm(codes=(("data", "failure_code"),), messages=(("data", "failure_message"),)),
    ),
    # A callback has a form of its own, with the word for the end in its type and no reason.
    callback=JobForm(
        request_id=("event_data", "video_id"),
        status=("event_type",),
        standings={"avatar_video.success": Standing.SUCCEEDED, "avatar_video.fail": Standing.FAILED},
        output=("event_data", "url"),
        error=ErrorForm(),
    ),
    refusal=ErrorForm(codes=(("error", "code"),), messages=(("error", "message"),)),
    meanings={
        "invalid_parameter": INPUTS_REFUSED,
        "payload_too_large": INPUTS_REFUSED,
        "authentication_failed": ACCOUNT_REFUSED,
        "unauthorized": ACCOUNT_REFUSED,
        "forbidden": ACCOUNT_REFUSED,
        "insufficient_credit": ACCOUNT_REFUSED,
        "not_found": NO_SUCH_MODEL,
        "rate_limit_exceeded": TOO_SOON,
    },
    file=FileForm(url_field="url", fields={"type": "url"}),
    lifetimes=FileLifetimes(upload=3600, upload_margin=600, result=86_400, results_are_inputs=False),
)

D_ID = ProviderSpec(
    name=NAMELESS,
    title="D-ID",
    key_format="Basic {key}",
    submit=SubmitForm(path="/{endpoint}", callback_field="webhook"),
    status_path="/talks/{request_id}",
    job=JobForm(
        request_id=("id",),
        status=("status",),
        standings={
            "created": Standing.QUEUED,
            "started": Standing.IN_PROGRESS,
            "done": Standing.SUCCEEDED,
            "error": Standing.FAILED,
            "rejected": Standing.FAILED,
        },
        output=("result_url",),
        error=ErrorForm(codes=(("error", "kind"),), messages=(("error", "description"),)),
    ),
    refusal=ErrorForm(codes=(("kind",),), messages=(("description",),)),
    meanings={"rejected": INPUTS_REFUSED, "InsufficientCreditsError": ACCOUNT_REFUSED},
    # The names of the parts, and where the answers name the file, are guesses.
    uploads=(
        UploadForm(content_types="image/", path="/images", part="image", url=("url",)),
        UploadForm(content_types="audio/", path="/audios", part="audio", url=("url",)),
    ),
    lifetimes=FileLifetimes(upload=86_400, upload_margin=21_600, result=86_400, results_are_inputs=False),
)
