"""Reading an upload: a form as browsers send it (RFC 7578)."""

from dataclasses import dataclass
from email.message import Message


@dataclass(frozen=True, slots=True)
class Part:
    """One field of a form."""

    content: bytes
    content_type: str
    file_name: str | None


def read_form(content_type: str, body: bytes) -> dict[str, Part] | None:
    """Return the fields of a form by their names, or None if the body is not a form.

    Parameters
    ----------
    content_type
        The request's, which says what stands between the fields.
    """
    boundary = _header(content_type).get_param("boundary")
    if not content_type.startswith("multipart/form-data") or not isinstance(boundary, str):
        return None
    # What comes before the first boundary and after the last is no field.
    _, *fields = (b"\r\n" + body).split(b"\r\n--" + boundary.encode())
    if not fields or not fields[-1].startswith(b"--"):
        return None
    form: dict[str, Part] = {}
    for field in fields[:-1]:
        head, separator, content = field.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        headers = _headers(head)
        name = headers.get_param("name", header="content-disposition")
        if not separator or not isinstance(name, str):
            return None
        form[name] = Part(content, headers.get("content-type", "application/octet-stream"), headers.get_filename())
    return form


def _headers(head: bytes) -> Message:
    headers = Message()
    for line in head.decode(errors="replace").split("\r\n"):
        name, _, value = line.partition(":")
        headers[name.strip()] = value.strip()
    return headers


def _header(content_type: str) -> Message:
    headers = Message()
    headers["content-type"] = content_type
    return headers
