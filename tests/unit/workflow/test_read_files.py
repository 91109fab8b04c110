"""Files are read as they come: what people should know of them stands in the plan and in the status."""

import io
import json
import wave
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Barrier
from typing import Any, Literal

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from shared.ledger.records import Run, RunState
from shared.media.audio import expand_recording
from shared.media.errors import MediaRefused
from shared.media.fonts import SHIPPED_TYPEFACE
from shared.plan.models import Plan
from shared.workflow import read_files
from shared.workflow.plan_answer import PlanAnswer, PlanOutcome
from shared.workflow.plan_episode import PlanInput, PlanRequest, plan_episode
from tests.builders import EPISODE
from tests.fakes.bucket import MemoryBucket
from tests.fakes.ledger import MemoryLedger
from tests.world import World

RATE = 16_000
FOLDER = f"episodes/{EPISODE}/"


def voice(seconds: float) -> NDArray[np.float64]:
    """Return a hum with the rhythm of syllables, which never pauses."""
    times = np.arange(round(seconds * RATE)) / RATE
    harmonics = sum((np.sin(2 * np.pi * 130 * k * times + k * k) / k for k in range(1, 12)), np.zeros_like(times))
    return np.asarray(0.2 * harmonics * (0.7 + 0.3 * np.sin(2 * np.pi * 3.1 * times)))


def wav(samples: NDArray[np.float64]) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return buffer.getvalue()


def plan_of_one_line(sound: bytes, **line: Any) -> tuple[World, PlanAnswer]:
    return plan_of_lines(sound, [line])


def plan_with(fields: dict[str, Any], font: bytes | None = None, **line: Any) -> tuple[World, PlanAnswer]:
    """Plan an episode of one line with some more fields, and perhaps a font of its own."""
    files = {} if font is None else {"fonts/own.otf": font}
    own_font = {} if font is None else {"font": "fonts/own.otf"}
    return plan_of_lines(wav(voice(4)), [line], fields=fields | own_font, files=files)


def plan_of_lines(
    sound: bytes,
    lines: list[dict[str, Any]],
    audio: str = "audio/line.wav",
    *,
    fields: dict[str, Any] | None = None,
    files: dict[str, bytes] | None = None,
) -> tuple[World, PlanAnswer]:
    world = World()
    script = {
        "title": "The Last Lighthouse",
        **(fields or {}),
        "characters": [{"name": "Mara", "prompt": "lighthouse keeper"}],
        "scenes": [
            {
                "number": 1,
                "environment": "lamp room",
                "lines": [{"character": "Mara", "position": "at the lamp", "audio": audio} | line for line in lines],
            }
        ],
    }
    world.bucket.put(FOLDER + "script.json", json.dumps(script).encode(), "application/json")
    for path, content in {audio: sound, **(files or {})}.items():
        world.bucket.put(FOLDER + path, content, "application/octet-stream")
    request = PlanRequest(
        episode_id=EPISODE, run="execution-1", execution_arn="arn:1", input=PlanInput(episode_id=EPISODE)
    )
    return world, plan_episode(request, world.planning())


def warnings_of(world: World, answer: PlanAnswer) -> list[str]:
    assert answer.outcome is PlanOutcome.PLANNED, answer.message
    plan = Plan.model_validate_json(world.bucket.get(answer.plan_key))
    assert list(world.status().warnings) == list(plan.warnings)
    return [warning for warning in plan.warnings if "price" not in warning]


def is_part(key: str) -> bool:
    return key.startswith("derived/parts/")


def is_plan(key: str) -> bool:
    return key.startswith("plans/")


def is_status(key: str) -> bool:
    return key.endswith("status.json")


def meeting(monkeypatch: pytest.MonkeyPatch, before: Callable[[str], object], stored: list[str] | None = None) -> None:
    """Have something done before each object is stored, and its key noted afterwards."""
    put = MemoryBucket.put

    def watched(bucket: MemoryBucket, key: str, data: bytes, content_type: str) -> None:
        before(key)
        put(bucket, key, data, content_type)
        if stored is not None:
            stored.append(key)

    monkeypatch.setattr(MemoryBucket, "put", watched)


def test_a_cut_in_speech_is_said_in_the_status() -> None:
    # given a line of 40 s without a pause
    (warning,) = warnings_of(*plan_of_one_line(wav(voice(40))))
    # then it says which line is cut where somebody speaks
    assert warning.startswith("line 1 is cut after piece 1 of 2 where somebody is speaking")


def test_a_cut_in_a_pause_is_nothing_to_speak_of() -> None:
    samples = voice(40)
    samples[19 * RATE : 20 * RATE] = 0
    assert warnings_of(*plan_of_one_line(wav(samples))) == []


def test_a_faint_recording_is_said_in_the_status() -> None:
    (warning,) = warnings_of(*plan_of_one_line(wav(voice(4) * 0.006)))
    assert warning.startswith("audio/line.wav is very quiet")


@pytest.mark.parametrize(
    ("sound", "line", "reason"),
    [
        (wav(voice(4) * 30), {}, "audio/line.wav is heavily clipped"),
        (wav(np.concatenate([voice(2), np.zeros(2 * RATE)])), {"start": 2.2, "end": 3.8}, "holds no sound from 2.20 s"),
    ],
)
def test_what_no_face_can_speak_is_refused_before_anything_is_bought(
    sound: bytes, line: dict[str, float], reason: str
) -> None:
    _, answer = plan_of_one_line(sound, **line)
    assert answer.outcome is PlanOutcome.REJECTED
    assert answer.error == "FileRefused"
    assert reason in answer.message


@pytest.mark.parametrize("container", ["mp3", "flac"])
def test_a_recording_that_is_expanded_for_its_many_lines_gives_the_same_sound(
    monkeypatch: pytest.MonkeyPatch, container: str
) -> None:
    # given a recording of 80 seconds, from which six lines are cut
    samples = np.concatenate([np.concatenate([voice(11), np.zeros(5 * RATE)]) for _ in range(5)])
    lines: list[dict[str, Any]] = [
        {"start": start, "end": end}
        for start, end in [(0.0, 3.0), (3.0, 10.0), (16.0, 27.0), (32.5, 40.1), (48.0, 59.0), (64.123, 75.0)]
    ]
    parts, expanded = [], []

    def watch(source: Path, target: Path) -> None:
        expanded.append(source)
        expand_recording(source, target)

    monkeypatch.setattr(read_files, "expand_recording", watch)
    # when it is read as it is, and expanded
    for many in (len(lines) + 1, len(lines)):
        monkeypatch.setattr(read_files, "_MANY_LINES", many)
        world, answer = plan_of_lines(encoded(samples, container), lines, f"audio/all.{container}")
        assert answer.outcome is PlanOutcome.PLANNED, answer.message
        plan = Plan.model_validate_json(world.bucket.get(answer.plan_key))
        parts.append([decoded(world.bucket.get(part.recording.key)) for part in plan.parts])
    # then it was expanded once, and the parts sound the same
    assert len(expanded) == 1
    assert len(parts[0]) == len(lines)
    for plain, cut_from_expanded in zip(*parts, strict=True):
        assert len(plain) == len(cut_from_expanded)
        # where resampling begins elsewhere, samples lie up to half a step of 1/44100 s apart
        assert np.corrcoef(plain, cut_from_expanded)[0, 1] > 0.999


def decoded(mp3: bytes) -> NDArray[np.float32]:
    with av.open(io.BytesIO(mp3), "r") as file:
        return np.concatenate([frame.to_ndarray()[0] for frame in file.decode(audio=0)])


def encoded(samples: NDArray[np.float64], container: str) -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as file:
        codec: Literal["libmp3lame", "flac"] = "libmp3lame" if container == "mp3" else "flac"
        stream = file.add_stream(codec, rate=RATE, layout="mono")
        for position in range(0, len(samples), 1152):
            block = np.ascontiguousarray(samples[None, position : position + 1152], np.float32)
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="mono")
            frame.sample_rate, frame.pts = RATE, position
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return buffer.getvalue()


# Letters


OWN_FONT = SHIPPED_TYPEFACE.regular.read_bytes()
CARD = {"edit": {"title_card": True}}


def test_an_own_font_is_kept_under_its_address() -> None:
    # given a script with a font of its own
    world, answer = plan_with(CARD, OWN_FONT)
    assert warnings_of(world, answer) == []
    # then the plan names it, and it lies where house clips are made from
    font = Plan.model_validate_json(world.bucket.get(answer.plan_key)).edit.font
    assert font
    assert world.bucket.get(font.key) == OWN_FONT


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (OWN_FONT[:2000], "fonts/own.otf is a font that cannot be used"),
        (b"", "fonts/own.otf is not a font that can be read (.ttf, .otf and .ttc are); it is empty"),
        (b"just some text\n" * 50, "fonts/own.otf is not a font that can be read"),
        (b"wOF2" + bytes(500), "fonts/own.otf is a font for web pages (WOFF)"),
    ],
    ids=["cut off", "empty", "text", "for web pages"],
)
def test_a_font_that_cannot_be_read_is_refused_before_anything_is_bought(content: bytes, reason: str) -> None:
    _, answer = plan_with(CARD, content)
    assert (answer.outcome, answer.error) == (PlanOutcome.REJECTED, "FileRefused")
    assert reason in answer.message


def test_a_font_that_fails_at_a_letter_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    # given a font that passes for one, and whose glyph of a letter of the title is damaged
    def fail(*_: object) -> None:
        raise MediaRefused("is a font that cannot be used (broken outline); another one is needed")

    monkeypatch.setattr("shared.workflow.read_files.missing_characters", fail)
    _, answer = plan_with(CARD, OWN_FONT)
    assert (answer.outcome, answer.error) == (PlanOutcome.REJECTED, "FileRefused")
    assert "fonts/own.otf is a font that cannot be used (broken outline)" in answer.message


USES: dict[str, tuple[dict[str, Any], str]] = {
    "title": ({"title": "灯台", **CARD}, "the title card: the font has no 灯 (U+706F), 台 (U+53F0)"),
    "subtitle": ({"edit": {"title_card": {"subtitle": "灯"}}}, "the title card: the font has no 灯 (U+706F)"),
    "end card": ({"edit": {"end_card": {"title": "終"}}}, "the end card: the font has no 終 (U+7D42)"),
    "right to left": (
        {"edit": {"end_card": {"title": "\u05e9\u05dc"}}},
        "the end card: \u05e9 (U+05E9), \u05dc (U+05DC) cannot be drawn into the picture",
    ),
}


@pytest.mark.parametrize("font", [None, OWN_FONT], ids=["shipped font", "own font"])
@pytest.mark.parametrize(("fields", "begin"), USES.values(), ids=USES)
def test_letters_that_the_font_lacks_are_said_in_the_status(
    fields: dict[str, Any], begin: str, font: bytes | None
) -> None:
    (warning,) = warnings_of(*plan_with(fields, font))
    assert warning.startswith(begin)


def test_letters_of_captions_count_only_where_they_are_burned_in() -> None:
    assert warnings_of(*plan_with({}, text="灯台在哪里")) == []
    (warning,) = warnings_of(*plan_with({"captions": {"burn_in": True}}, text="灯台在哪里"))
    assert warning.startswith("burned-in captions: the font has no 灯 (U+706F)")


@pytest.mark.parametrize("title", ["L'Été à Łódź", "Маяк", "Φάρος", "Light \N{ELECTRIC LIGHT BULB}"])
def test_letters_that_the_shipped_font_has_are_nothing_to_speak_of(title: str) -> None:
    assert warnings_of(*plan_with({"title": title, **CARD})) == []


# When they are stored


def test_plan_status_and_parts_are_stored_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    # given a part, a plan and a status of which each is stored only when all the others are
    together = Barrier(3, timeout=10)
    meeting(monkeypatch, lambda key: together.wait() if is_part(key) or is_plan(key) or is_status(key) else None)
    # when an episode is planned, then none of them waits in vain
    _, answer = plan_of_one_line(wav(voice(4)))
    assert answer.outcome is PlanOutcome.PLANNED
    assert not together.broken


def test_a_run_gets_its_plan_when_all_that_it_names_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    # given every object noted once it is stored, and the ledger
    stored: list[str] = []
    update_run = MemoryLedger.update_run

    def noting(ledger: MemoryLedger, run: Run, state: RunState, changes: Mapping[str, object] | None = None) -> Any:
        stored.extend(["the run's plan"] if "plan_key" in (changes or {}) else [])
        return update_run(ledger, run, state, changes)

    monkeypatch.setattr(MemoryLedger, "update_run", noting)
    meeting(monkeypatch, lambda _: None, stored)
    # when an episode of twelve lines is planned
    plan_of_lines(wav(voice(20)), [{"start": float(n), "end": n + 1.2} for n in range(12)])
    # then the last of all is what sends the execution on its way
    assert len([key for key in stored if is_part(key)]) == 12
    assert stored[-1] == "the run's plan"


@pytest.mark.parametrize("missing", [is_part, is_plan, is_status])
def test_a_run_whose_files_are_not_stored_gets_no_plan(
    monkeypatch: pytest.MonkeyPatch, missing: Callable[[str], bool]
) -> None:
    ledgers: list[MemoryLedger] = []
    make = MemoryLedger.__init__

    def noted(ledger: MemoryLedger) -> None:
        make(ledger)
        ledgers.append(ledger)

    def refuse(key: str) -> None:
        if missing(key):
            raise OSError("not today")

    monkeypatch.setattr(MemoryLedger, "__init__", noted)
    meeting(monkeypatch, refuse)
    # when one of its files cannot be stored, then planning fails, and is tried again by the plot
    with pytest.raises(OSError, match="not today"):
        plan_of_one_line(wav(voice(4)))
    (ledger,) = ledgers
    run = ledger.newest_run(EPISODE)
    assert run
    assert run.plan_key is None
