"""Replicate, https://replicate.com.

Sources: its OpenAPI document (https://api.replicate.com/openapi.json) and the pages named below. What it says of a job
in a callback is what it says when asked.
"""

from types import MappingProxyType

from shared.providers.errors import Scope
from shared.providers.http.errors import INPUTS_REFUSED, JOB_ENDED, NO_SUCH_MODEL, OUTAGE
from shared.providers.http.spec import (
    CancelForm,
    ErrorForm,
    JobForm,
    ListForm,
    Meaning,
    ProviderSpec,
    Standing,
    SubmitForm,
    UploadForm,
)
from shared.providers.media import FileLifetimes
from shared.providers.names import TITLES, ProviderName

REPLICATE = ProviderSpec(
    name=ProviderName.REPLICATE,
    title=TITLES[ProviderName.REPLICATE],
    key_format="Bearer {key}",
    # For official models, which ours are. A model that is not there is a 404 here; at /v1/predictions, which takes any
    # model, it is a 422, as inputs are that are refused.
    submit=SubmitForm(
        path="/v1/models/{endpoint}/predictions",
        input_field="input",
        callback_field="webhook",
        fields={"webhook_events_filter": ["completed"]},
        # As long as we wait for a job to begin and to end. Replicate stops one that has run for 30 minutes in any case.
        # https://replicate.com/docs/topics/predictions/lifecycle
        headers={"Cancel-After": "4h"},
    ),
    status_path="/v1/predictions/{request_id}",
    job=JobForm(
        request_id=("id",),
        status=("status",),
        standings=MappingProxyType(
            {
                "starting": Standing.QUEUED,
                "processing": Standing.IN_PROGRESS,
                "succeeded": Standing.SUCCEEDED,
                "failed": Standing.FAILED,
                "canceled": Standing.FAILED,
                "aborted": Standing.FAILED,
            }
        ),
        output=("output",),
        removed=("data_removed",),
        run_seconds=("metrics", "predict_time"),
        # An error of a job is a sentence and nothing else: Replicate writes its code into it, in brackets, and in no
        # other place. https://replicate.com/docs/reference/error-codes
        error=ErrorForm(messages=(("error",),), code_in_message=r"\((E\d{3,4})\)"),
    ),
    refusal=ErrorForm(messages=(("detail",), ("title",))),
    meanings=MappingProxyType(
        {
            # Forbidden is one model, as far as is documented; a key that is refused is a 401.
            403: NO_SUCH_MODEL,
            # "The input or output was flagged as sensitive (E005)": the models' own, on no page of Replicate's.
            "E005": INPUTS_REFUSED,
            # https://replicate.com/docs/reference/error-codes; where nothing is said of money, it may have been taken.
            "E1000": OUTAGE,
            "E1001": JOB_ENDED,
            "E6716": OUTAGE,
            # "You're only charged for predictions with a canceled status, not for aborted ones."
            # https://replicate.com/changelog/2025-10-16-prediction-deadlines
            "canceled": JOB_ENDED,
            "aborted": Meaning(Scope.JOB, retry=False, may_be_charged=False),
        }
    ),
    cancel=CancelForm("POST", "/v1/predictions/{request_id}/cancel"),
    listing=ListForm(
        path="/v1/predictions",
        since_parameter="created_after",
        until_parameter="created_before",
        items=("results",),
        next_page=("next",),
        endpoint=("model",),
        input=("input",),
        sent_at=("created_at",),
    ),
    uploads=(UploadForm(path="/v1/files", part="content", url=("urls", "get")),),
    # Inputs and outputs go an hour after the job, which ends within four, unless an account has it otherwise. For files
    # that are handed over no span is documented; the example of the OpenAPI document has an hour.
    # https://replicate.com/docs/topics/predictions/data-retention
    lifetimes=FileLifetimes(upload=3600, upload_margin=1800, result=5 * 3600, results_are_inputs=False),
)
"""Its base URL is ``https://api.replicate.com``."""
