"""Read what a provider says about a job: how it stands, what it made, or why there is nothing."""

import re
from collections.abc import Mapping

from shared.keys import AssetKind
from shared.providers.http.errors import no_output, sort_failure
from shared.providers.http.json_paths import seconds_at, text_at, value_at
from shared.providers.http.spec import ItemForm, JobForm, ProviderSpec, Standing
from shared.providers.media import MediaFile, NoMediaReturned
from shared.providers.outcomes import Failed, Finished, Gone, InProgress, JobOutcome, Queued

_OUTPUT = "output"
"""The one field of a payload: what stood at the place of the output, as it stood there."""

_REQUEST_ID = re.compile(r"(?!\.+$)[\w.:~-]{1,200}", re.ASCII)


def request_id_in(document: object, form: JobForm) -> str | None:
    """Return which job a document is about; None where it names none, or none that can stand in a URL's path."""
    request_id = text_at(document, form.request_id)
    return request_id if request_id and _REQUEST_ID.fullmatch(request_id) else None


def outcome_in(document: object, form: JobForm, spec: ProviderSpec) -> JobOutcome | None:
    """Return how a job stands; None where the document does not say it in any word that is known."""
    status = text_at(document, form.status) or ""
    match form.standings.get(status):
        case Standing.QUEUED:
            return Queued()
        case Standing.IN_PROGRESS:
            return InProgress()
        case Standing.FAILED:
            return Failed(sort_failure(document, form.error, spec, status))
        case Standing.SUCCEEDED:
            return _result(document, form, spec)
        case None:
            return None


def is_removed(document: object, form: JobForm) -> bool:
    """Tell whether a job's input and output were deleted."""
    return form.removed is not None and value_at(document, form.removed) is True


def media_in(kind: AssetKind, payload: object, endpoint: str, item: ItemForm | None) -> MediaFile:
    """Return the file in a payload; raises `NoMediaReturned`."""
    first = _first(value_at(payload, (_OUTPUT,)))
    url, content_type = first, None
    if item and isinstance(first, Mapping):
        url, content_type = text_at(first, (item.url,)), text_at(first, (item.content_type,))
    if not isinstance(url, str) or not url:
        raise NoMediaReturned(f"{endpoint} answered without the file of a {kind}")
    return MediaFile(url=url, content_type=content_type)


def _result(document: object, form: JobForm, spec: ProviderSpec) -> JobOutcome:
    output = value_at(document, form.output)
    first = _first(output)
    if is_removed(document, form):
        return Gone(is_deleted=True)
    if form.item and isinstance(first, Mapping):
        status = text_at(first, (form.item.status,))
        if status == form.item.failed:
            return Failed(sort_failure(first, form.item.error, spec, status))
        if status == form.item.expired:
            return Gone(is_deleted=True)
        if first.get(form.item.url) is None:
            return Gone()
    if not first:
        return Failed(no_output(spec.title))
    return Finished({_OUTPUT: output}, seconds_at(document, form.run_seconds) if form.run_seconds else None)


def _first(output: object) -> object:
    if isinstance(output, list):
        return output[0] if output else None
    return output
