"""A storyboard page as a reader of HTML sees it."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

VOID = {"meta", "img", "rect", "br"}


@dataclass
class Node:
    """An element, with the text that is in it and in all within it."""

    name: str
    attributes: dict[str, str]
    children: list["Node"] = field(default_factory=list)
    text: str = ""

    def all(self, name: str | None = None, **attributes: str) -> list["Node"]:
        """Return the elements within this one that have this name and these attributes."""
        wanted = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
        found = []
        for child in self.children:
            if (name in (None, child.name)) and wanted.items() <= child.attributes.items():
                found.append(child)
            found += child.all(name, **attributes)
        return found

    def one(self, name: str | None = None, **attributes: str) -> "Node":
        (found,) = self.all(name, **attributes)
        return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("document", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"{tag} has an attribute twice"
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in VOID
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().name == tag, f"{tag} is closed and was not the last to be opened"

    def handle_data(self, data: str) -> None:
        for node in self.open:
            node.text += data


def read_page(page: str) -> Node:
    """Return a page as a tree; fails where elements are not closed, or not in order."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    assert [node.name for node in reader.open] == ["document"], "something is left open"
    return reader.root


def facts_of(node: Node) -> dict[str, Any]:
    """Return the entries of the lists of terms within an element."""
    terms, details = ([entry.text for entry in node.all(name)] for name in ("dt", "dd"))
    return dict(zip(terms, details, strict=True))
