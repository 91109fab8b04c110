"""What a terminal shows of a run: it fits, however long the episode is."""

import io

import pytest
from rich.console import Console

from cli.display import JsonLinesDisplay, LiveDisplay
from cli.progress import PartProgress, Progress, ShotProgress, Stage


def shot(number: int, *stages: Stage) -> ShotProgress:
    parts = tuple(PartProgress(f"{number}.{piece}", stage, "hedra") for piece, stage in enumerate(stages, 1))
    label = f"Mara Quill in scene {number}, at the window with a lamp"
    return ShotProgress(label, Stage.READY, Stage.READY, Stage.READY, parts)


def progress(*shots: ShotProgress) -> Progress:
    parts = [part for shot in shots for part in shot.parts]
    ready = sum(part.stage is Stage.READY for part in parts)
    return Progress(shots, {}, ready, len(parts), 3.2, 12.4, 30.2, 0)


def screen(shown: Progress, width: int, height: int = 24) -> list[str]:
    console = Console(width=width, height=height, force_terminal=True, record=True, file=io.StringIO())
    display = LiveDisplay(console)
    display.show("making the shots", shown)
    console.print(display._live.get_renderable())
    return console.export_text().splitlines()


LONG = progress(
    *(shot(number, Stage.READY, Stage.READY) for number in range(1, 21)),
    shot(21, Stage.MAKING, Stage.WAITING),
    shot(22, Stage.FAILED, Stage.MAKING),
    *(shot(number, Stage.WAITING, Stage.WAITING) for number in range(23, 31)),
)


@pytest.mark.parametrize("width", [80, 120])
def test_sixty_lines_fit_a_terminal_of_24_rows(width: int) -> None:
    lines = screen(LONG, width)
    # then it fits, with a row for the cursor
    assert len(lines) < 24
    assert max(map(len, lines)) <= width
    # and headings can be read, and shots told apart
    kinds = ["pictures"] if width == 80 else ["portrait", "background", "composite"]
    assert lines[1].split() == ["shot", *kinds, "lines"]
    assert any("Mara Quill in scene 21" in line for line in lines)


def test_what_is_at_work_or_in_trouble_is_shown_before_what_is_ready() -> None:
    text = "\n".join(screen(LONG, 120))
    assert "21.1 ◐ hedra" in text
    assert "22.1 ✗ hedra" in text
    # and what is not shown is counted
    assert "and 12 more shots: 12 ready" in text


def test_a_shot_of_many_lines_is_told_by_counts() -> None:
    text = "\n".join(screen(progress(shot(1, *[Stage.READY] * 9, *[Stage.MAKING] * 3)), 120))
    assert "1.1 to 1.12:" in text
    assert "◐ 3" in text
    assert "● 9" in text


def test_machines_get_a_line_for_each_change(capsys: pytest.CaptureFixture[str]) -> None:
    display = JsonLinesDisplay()
    with display:
        display.show("waiting", None)
        display.show("waiting", None)
        display.show("making the shots", progress(shot(1, Stage.MAKING)))
    waiting, making = capsys.readouterr().out.splitlines()
    assert waiting == '{"message": "waiting"}'
    assert '"line 1.1": "making"' in making
