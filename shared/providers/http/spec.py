"""What the adapter has to know of a provider: everything in which providers differ, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from shared.providers.errors import Scope
from shared.providers.http.json_paths import JsonPath
from shared.providers.media import FileLifetimes
from shared.providers.names import ProviderName


class Standing(Enum):
    """How a job stands, in words that all providers share."""

    QUEUED = "queued"
    IN_PROGRESS = "in progress"
    SUCCEEDED = "succeeded"
    FAILED = "failed"  # over without a result, for whatever reason


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an error means; see `shared.providers.errors.SortedError`.

    Parameters
    ----------
    may_be_charged
        Whether a job that ended so may be billed; one that was refused never is.
    """

    scope: Scope
    retry: bool
    may_be_charged: bool = True


@dataclass(frozen=True, slots=True)
class ErrorForm:
    """Where an error says what it is.

    Parameters
    ----------
    codes
        Where its codes stand, the narrower before the wider.
    messages
        Where its words stand; the first that are there are taken.
    retryable
        Where the provider says whether to try again, true or false.
    code_in_message
        A regular expression whose first group is a code, for a provider that gives it only within the words.
    """

    codes: tuple[JsonPath, ...] = ()
    messages: tuple[JsonPath, ...] = ()
    retryable: JsonPath | None = None
    code_in_message: str | None = None


@dataclass(frozen=True, slots=True)
class ItemForm:
    """One output that is an object and not a mere URL: the names of its fields, and how it says that it is not there.

    Parameters
    ----------
    failed, expired
        What stands in the field `status` of an output that could not be made, and of one that is there no more.
    error
        Where the reason of the former stands, from the item on.
    """

    url: str
    content_type: str
    status: str
    failed: str
    expired: str
    error: ErrorForm


@dataclass(frozen=True, slots=True)
class JobForm:
    """Where an answer about a job has what.

    Parameters
    ----------
    standings
        What the words mean that stand at `status`.
    output
        Where the output is: a URL, a list of URLs, or a list of objects as `item` says.
    removed
        Where it says, true or false, that the output was deleted since.
    run_seconds
        Where it says how long the model worked on it.
    """

    request_id: JsonPath
    status: JsonPath
    standings: Mapping[str, Standing]
    output: JsonPath
    error: ErrorForm
    item: ItemForm | None = None
    removed: JsonPath | None = None
    run_seconds: JsonPath | None = None


@dataclass(frozen=True, slots=True)
class SubmitForm:
    """How a job is asked for.

    Parameters
    ----------
    path
        Where; ``{endpoint}`` stands for the model.
    input_field
        The field of the body that holds the model's arguments; None: they are the body.
    callback_field
        The field that names the URL to call at the end; None: nobody is called.
    fields
        What is in every body besides.
    idempotency_header
        The header by which the same request, sent again, is one job; None: there is none, and nothing is sent again.
    """

    path: str
    input_field: str | None = None
    callback_field: str | None = None
    fields: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    idempotency_header: str | None = None


@dataclass(frozen=True, slots=True)
class CancelForm:
    """How a job is cancelled; ``{request_id}`` in the path stands for it."""

    method: str
    path: str


@dataclass(frozen=True, slots=True)
class ListForm:
    """Where the account's jobs are listed, the newest first, and where a page and its items have what.

    Parameters
    ----------
    since_parameter, until_parameter
        The parameters of the query that bound when jobs were sent.
    next_page
        Where a page names the URL of the next one.
    """

    path: str
    since_parameter: str
    until_parameter: str
    items: JsonPath
    next_page: JsonPath
    endpoint: JsonPath
    input: JsonPath
    sent_at: JsonPath


@dataclass(frozen=True, slots=True)
class UploadForm:
    """How a file is handed over: by one POST of a form with one part.

    Parameters
    ----------
    content_types
        With what the content types begin that are handed over in this way; empty: all.
    part
        The name of the form's part.
    url
        Where the answer names the file.
    """

    path: str
    part: str
    url: JsonPath
    content_types: str = ""


@dataclass(frozen=True, slots=True)
class FileForm:
    """How a request names a file: by an object of these fields, one of which holds the URL."""

    url_field: str
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProviderSpec:
    """A provider.

    Parameters
    ----------
    title
        Its name in sentences.
    key_header, key_format
        The header that says who asks, and what stands in it; ``{key}`` stands for the key.
    headers
        What is sent with every request besides.
    refusal
        Where an answer that is no success says why.
    meanings
        What errors mean, by their code, or by the status of the answer, or by the word for a job that is over. A code
        with dots in it means what the code before its last dot means, unless it has a meaning of its own.
    status_path
        Where a job is asked after; ``{request_id}`` stands for it.
    callback
        What a callback says; None: the same as `job`.
    cancel, listing
        None: there is no such thing.
    file
        How a request names a file; None: by its URL.
    """

    name: ProviderName
    title: str
    key_format: str
    submit: SubmitForm
    status_path: str
    job: JobForm
    refusal: ErrorForm
    meanings: Mapping[int | str, Meaning]
    lifetimes: FileLifetimes
    key_header: str = "Authorization"
    headers: Mapping[str, str] = field(default_factory=dict)
    callback: JobForm | None = None
    cancel: CancelForm | None = None
    listing: ListForm | None = None
    uploads: tuple[UploadForm, ...] = ()
    file: FileForm | None = None
