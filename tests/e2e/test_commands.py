"""The commands, one after the other as a person types them, on the whole deployed template."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.exit_codes import DONE, OVER_CAP, STILL_RUNNING, WAITS_FOR_REVIEW
from cli.main import app
from cli.target import Target
from tests.e2e.conftest import Stage
from tests.e2e.episodes import FIRST, SECOND, SPEECH

runner = CliRunner()


class Person:
    """Types commands in a folder; standard output is read as the one document that ``--json`` promises."""

    def type(self, *words: str, ends_with: int = DONE) -> dict[str, Any]:
        result = runner.invoke(app, [*words, "--json"])
        assert result.exit_code == ends_with, result.output
        document: dict[str, Any] = json.loads(result.stdout or "{}")
        return document


@pytest.fixture
def person(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Person:
    """Somebody whose machine is the stage."""

    @contextmanager
    def stage_of_tests(_state: Path, *, use_real_fal: bool, stand_ins: bool) -> Iterator[Target]:
        assert not use_real_fal
        assert not stand_ins
        yield stage.target

    monkeypatch.delenv("FAL_KEY", raising=False)
    monkeypatch.delenv("FAL_API_KEY", raising=False)
    monkeypatch.setattr("cli.options.local_target", stage_of_tests)
    monkeypatch.setattr("cli.kept.kept_records", lambda _: stage.target)
    monkeypatch.chdir(tmp_path)
    return Person()


def different(script: str, colour: str) -> str:
    """Return a new script with pictures of its own: what another test has bought on the same stage is reused."""
    return script.replace("green sweater", f"{colour} sweater").replace("bright office", f"{colour} office")


def test_from_recordings_to_the_bill(person: Person, stage: Stage, tmp_path: Path) -> None:
    # given two recordings
    audio = tmp_path / "typed/audio"
    audio.mkdir(parents=True)
    for name in (FIRST, SECOND):
        shutil.copyfile(SPEECH / name, audio / name)
    # when a person begins an episode of them, and wants to see its pictures first
    assert person.type("new", "typed")["audio"] == [f"audio/{FIRST}", f"audio/{SECOND}"]
    script = tmp_path / "typed/script.yaml"
    script.write_text(different(script.read_text(), "orange").replace("review: none ", "review: storyboard "))
    assert person.type("validate", "typed")["lines"] == 2
    quote = person.type("quote", "typed")
    assert quote["reused"] == 0
    # then the run stops there
    before = stage.asked()
    person.type("run", "typed", ends_with=WAITS_FOR_REVIEW)
    assert stage.asked() - before == {"portrait": 1, "background": 1, "composite": 1}
    assert person.type("status", "typed", ends_with=WAITS_FOR_REVIEW)["state"] == "waiting_for_review"
    assert Path(person.type("open", "typed", "--storyboard")["path"]).exists()
    # and once it is approved, the episode is made
    made = person.type("approve", "typed")
    assert Path(made["video"]).stat().st_size > 0
    assert person.type("status", "typed")["state"] == "done"
    assert Path(person.type("open", "typed")["path"]) == Path(made["video"])
    # and the bill is what was quoted: pictures are of the same run here
    bill = person.type("report", "typed")
    assert bill["total_usd"] == pytest.approx(quote["expected_usd"])
    # and all of it is there now
    again = person.type("quote", "typed")
    assert (again["expected_usd"], again["reused"]) == (0, again["assets"])
    assert person.type("run", "typed")["was_done_before"] is True
    # a draft of it is made of stills, as an episode of its own, and of pictures that it buys itself
    draft = person.type("run", "typed", "--draft")
    assert draft["episode_id"] == "typed-draft"
    assert (stage.asked() - before)["clip"] == 2
    assert "review: storyboard" in script.read_text()


def test_a_cap_and_an_end_of_patience_have_codes_of_their_own(person: Person, tmp_path: Path) -> None:
    # given an episode of one line
    audio = tmp_path / "capped/audio"
    audio.mkdir(parents=True)
    shutil.copyfile(SPEECH / FIRST, audio / FIRST)
    person.type("new", "capped")
    script = tmp_path / "capped/script.yaml"
    good = different(script.read_text(), "purple")
    # when it may cost next to nothing
    script.write_text(good.replace("usd: 25", "usd: 0.01"))
    person.type("quote", "capped", ends_with=OVER_CAP)
    person.type("run", "capped", ends_with=OVER_CAP)
    person.type("status", "capped", ends_with=OVER_CAP)
    # or nobody waits for it
    script.write_text(good)
    person.type("run", "capped", "--timeout", "0", ends_with=STILL_RUNNING)
    # then it goes on, and whoever comes back finds it
    assert person.type("run", "capped")["attempt"] == 1
