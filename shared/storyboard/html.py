"""HTML that is put together from elements, so that no text can become markup."""

import html
import json

_VOID = frozenset({"img", "link", "meta", "rect"})
"""Elements without content, of those that are used: https://html.spec.whatwg.org/multipage/syntax.html#void-elements"""


class Html(str):
    """Markup, as against text, which is escaped wherever it is put into markup."""

    __slots__ = ()


def element(name: str, /, *children: str | None, **attributes: str | float | bool | None) -> Html:
    """Return an element with its children.

    Parameters
    ----------
    children
        Text, which is escaped, or `Html`; None is left out.
    attributes
        True is an attribute without a value; None and False are left out. A trailing underscore is dropped, others are
        hyphens: ``class_``, ``aria_label``.
    """
    written = "".join(_attribute(key, value) for key, value in attributes.items() if value is not None)
    if name in _VOID:
        return Html(f"<{name}{written}>" if name != "rect" else f"<{name}{written}/>")
    return Html(f"<{name}{written}>{join(*children)}</{name}>")


def join(*children: str | None) -> Html:
    """Return texts, which are escaped, and markup behind one another."""
    return Html(
        "".join(
            child if isinstance(child, Html) else html.escape(child, quote=False)
            for child in children
            if child is not None
        )
    )


def data_script(identifier: str, value: object) -> Html:
    """Return a script element that holds a JSON value, in which nothing can end the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return element("script", Html(text), id=identifier, type="application/json")


def _attribute(key: str, value: object) -> str:
    name = key.removesuffix("_").replace("_", "-")
    if isinstance(value, bool):
        return f" {name}" if value else ""
    return f' {name}="{html.escape(str(value))}"'
