"""Every link of the documentation leads somewhere: to a file that is there, and to a heading that it has."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[3]
FOLDERS = ("benchmarks", "docs", "events", "shared", "tests")
PAGES = sorted([*ROOT.glob("*.md"), *(page for folder in FOLDERS for page in (ROOT / folder).rglob("*.md"))])
_LINK = re.compile(r"\]\(([^()\s]+)\)")
_BLOCK = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"`[^`\n]*`")
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)


def links_of(page: Path) -> list[str]:
    """Return the links of a page that stay in the repository."""
    text = _CODE.sub("", _BLOCK.sub("", page.read_text()))
    return sorted({link for link in _LINK.findall(text) if not re.match(r"[a-z]+:", link)})


def anchors_of(page: Path) -> set[str]:
    """Return the anchors that GitHub gives a page's headings."""
    headings = _HEADING.findall(_BLOCK.sub("", page.read_text()))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def fault_of(page: Path, link: str) -> str | None:
    """Return what is wrong with a link of a page."""
    path, _, anchor = unquote(link).partition("#")
    target = page.parent / path if path else page
    if not target.exists():
        return f"there is no {path}"
    return f"{target.name} has no heading {anchor}" if anchor and anchor not in anchors_of(target) else None


LINKS = [(page, link) for page in PAGES for link in links_of(page)]


def test_the_documentation_has_links() -> None:
    assert {page.name for page, _ in LINKS} >= {"README.md", "command-line.md", "security.md"}
    assert len(LINKS) > 30


@pytest.mark.parametrize(("page", "link"), LINKS, ids=lambda value: getattr(value, "name", value))
def test_a_link_leads_to_something(page: Path, link: str) -> None:
    assert fault_of(page, link) is None


@pytest.mark.parametrize(
    ("link", "fault"),
    [
        ("b.md", None),
        ("b.md#a-heading-of-its-own", None),
        ("#top", None),
        ("c.md", "there is no c.md"),
        ("b.md#another", "b.md has no heading another"),
        ("b.md#no-heading", "b.md has no heading no-heading"),
    ],
)
def test_a_link_that_leads_nowhere_is_found(tmp_path: Path, link: str, fault: str | None) -> None:
    # given a page with a link to another, which has a heading, and something like one within an example
    page = tmp_path / "a.md"
    page.write_text(f"# Top\n\nSee [b]({link}), [the web](https://example.com), and `[no](link)`.\n")
    (tmp_path / "b.md").write_text("# B\n\n## A heading, of its own\n\n```sh\n# no heading\n```\n")
    # then the link is found, and what is wrong with it
    assert links_of(page) == [link]
    assert fault_of(page, link) == fault
