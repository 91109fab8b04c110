"""Every command that the documentation shows is one, with options that there are; the harmless ones are run."""

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cli.exit_codes import DONE, MEANINGS
from cli.main import app

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
EPISODE = ROOT / "tests" / "fixtures" / "tiny-episode"
COMMANDS = typer.main.get_command(app)
NEEDS_NOTHING = {"new", "validate", "quote"}
_BLOCK = re.compile(r"^```(?:sh|console)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`((?:\.venv/bin/)?episode (?:-|[a-z])[^`]*)`")

runner = CliRunner()


def shown_commands() -> Iterator[tuple[str, str]]:
    """Yield each command of the documentation with its page: in blocks, and in the text."""
    for page in PAGES:
        text = page.read_text()
        lines = [line.removeprefix("$ ") for block in _BLOCK.findall(text) for line in block.splitlines()]
        for line in [*lines, *_INLINE.findall(text)]:
            command = line.strip().removeprefix(".venv/bin/")
            if command.startswith("episode "):
                yield page.name, command


COMMAND_LINES = sorted(set(shown_commands()))


def arguments_of(command: str) -> list[str]:
    words = shlex.split(command, comments=True)[1:]
    placeholders = {"SECONDS": "60", "FILE": "FILE.yaml", "COMMAND": "run"}
    return [placeholders.get(word, word) for word in words]


def test_the_documentation_shows_commands() -> None:
    assert {page for page, _ in COMMAND_LINES} >= {"README.md", "command-line.md", "walkthrough.md"}
    assert len(COMMAND_LINES) > 30


@pytest.mark.parametrize(("page", "command"), COMMAND_LINES)
def test_a_command_of_the_documentation_can_be_typed(
    page: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given the folders and files that it names
    monkeypatch.chdir(tmp_path)
    words = arguments_of(command)
    name, *rest = words
    if not name.startswith("-"):
        for word in rest:
            if word.endswith(".yaml"):
                (tmp_path / word).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / word).touch()
            elif not word.startswith("-"):
                (tmp_path / word).mkdir(parents=True, exist_ok=True)
    # then it is understood
    assert isinstance(COMMANDS, typer.core.TyperGroup)
    if name.startswith("-"):
        options = {option for parameter in COMMANDS.params for option in parameter.opts}
        assert name in {*options, "--help"}
        return
    assert name in COMMANDS.commands, f"{page}: there is no command {name}"
    if rest and "--help" not in rest:  # a bare name is a mention
        COMMANDS.commands[name].make_context(name, rest)


def is_harmless(command: str) -> bool:
    name, *rest = arguments_of(command)
    return name in NEEDS_NOTHING and any(not word.startswith("-") for word in rest) and "--stack" not in rest


@pytest.mark.parametrize("command", sorted({command for _, command in COMMAND_LINES if is_harmless(command)}))
def test_a_command_that_needs_no_stack_is_run(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, *rest = arguments_of(command)
    folders = [word for word in rest if not word.startswith("-")]
    # given an episode where the command wants one
    monkeypatch.chdir(tmp_path)
    if name != "new":
        shutil.copytree(EPISODE, tmp_path / folders[0])
    # then it works
    result = runner.invoke(app, [name, *rest])
    assert result.exit_code == DONE, result.output


@pytest.mark.parametrize("name", sorted(COMMANDS.commands))  # type: ignore[attr-defined]  # it is a group
def test_every_command_has_help_with_examples_that_can_be_typed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # when its help is read
    result = runner.invoke(app, [name, "--help"], env={"COLUMNS": "200"})
    # then there are examples of itself
    assert result.exit_code == DONE
    examples = re.findall(r"^ \$ (.+?)\s*$", result.stdout, re.MULTILINE)
    assert examples
    # and each can be typed
    for example in examples:
        assert arguments_of(example)[0] == name
        test_a_command_of_the_documentation_can_be_typed("its help", example, tmp_path, monkeypatch)
    # and it writes for machines too, and is told of on the page of commands
    assert "--json" in result.stdout
    assert f"`episode {name}" in (ROOT / "docs/command-line.md").read_text()


def test_the_page_tells_every_exit_code_as_it_is() -> None:
    text = (ROOT / "docs/command-line.md").read_text()
    rows = dict(re.findall(r"^\| (\d+) \| (.+) \|$", text, re.MULTILINE))
    assert rows == {str(code): meaning for code, meaning in MEANINGS.items()}


def test_the_help_of_all_commands() -> None:
    result = runner.invoke(app, ["--help"])
    assert result.exit_code == DONE
    assert all(name in result.stdout for name in COMMANDS.commands)  # type: ignore[attr-defined]  # it is a group
