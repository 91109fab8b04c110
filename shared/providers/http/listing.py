"""Go through a provider's list of the account's jobs, page by page, from the newest on."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from shared.providers.http.jobs import is_removed, outcome_in, request_id_in
from shared.providers.http.json_paths import text_at, time_at, time_text, value_at
from shared.providers.outcomes import InProgress, ListedRequest, ProviderUnreachable, Queued

if TYPE_CHECKING:
    from shared.providers.http.exchange import Answer
    from shared.providers.http.spec import ListForm, ProviderSpec

_MAX_PAGES = 20


def listed_requests(
    ask: "Callable[[str, str, Mapping[str, str]], Answer]",
    form: "ListForm",
    spec: "ProviderSpec",
    endpoint: str,
    since: float,
    until: float,
) -> list[ListedRequest]:
    """Return the requests for a model that were sent in a span of time.

    Of the address of a next page only the query is used, so that the key goes nowhere else, whatever a page says.

    Parameters
    ----------
    ask
        Sends a request by its method, path and query; raises `ProviderUnreachable`.
    since, until
        Seconds since 1970-01-01T00:00Z.

    Raises
    ------
    ProviderUnreachable
        When the provider could not be asked, or a page is no list.
    """
    query = {form.since_parameter: time_text(since), form.until_parameter: time_text(until)}
    found: list[ListedRequest] = []
    for _ in range(_MAX_PAGES):
        answer = ask("GET", form.path, query)
        items = value_at(answer.document, form.items)
        if not answer.is_success or not isinstance(items, list):
            raise ProviderUnreachable(f"{spec.title} answered with status {answer.status}, and no list of its jobs")
        sent_at = [time_at(item, form.sent_at) for item in items]
        requests = (_listed(item, form, spec) for item in items if text_at(item, form.endpoint) == endpoint)
        found += [request for request in requests if request and since <= request.sent_at <= until]
        query = dict(parse_qsl(_query_of(text_at(answer.document, form.next_page) or "")))
        if not query or any(time is not None and time < since for time in sent_at):
            break
    return found


def _listed(item: object, form: "ListForm", spec: "ProviderSpec") -> ListedRequest | None:
    request_id, sent_at = request_id_in(item, spec.job), time_at(item, form.sent_at)
    if request_id is None or sent_at is None:
        return None
    sent = value_at(item, form.input)
    outcome = outcome_in(item, spec.job, spec)
    return ListedRequest(
        request_id=request_id,
        sent_at=sent_at,
        input=sent if isinstance(sent, Mapping) and not is_removed(item, spec.job) else None,
        outcome=None if isinstance(outcome, Queued | InProgress) else outcome,
    )


def _query_of(url: str) -> str:
    try:
        return urlsplit(url).query
    except ValueError:
        return ""
