"""How long it takes from clips to an episode: this project, moviepy, ffmpeg, and a plain copy of the bytes."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from benchmarks.material import CLIP_SECONDS, FORM, Line, make_lines, make_music
from benchmarks.measuring import Measurement, measured, measured_in_turn, step
from benchmarks.results import machine, table, write_section

WORKPLACE = Path(__file__).parents[1] / "build" / "benchmarks"
MINUTES = (1, 5, 20, 60)
RIVALS: tuple[tuple[str, list[str | Path], int, int], ...] = (
    ("moviepy, `concatenate_videoclips`, `compose`: clips of any size", ["moviepy_concatenate.py", "compose"], 1, 3),
    ("moviepy, `concatenate_videoclips`, `chain`: all of one size", ["moviepy_concatenate.py", "chain"], 1, 3),
    ("ffmpeg, filter `concat`, preset veryfast as here", ["ffmpeg_concat.py", "veryfast"], 1, 3),
    ("ffmpeg, filter `concat`, preset veryfast as here", ["ffmpeg_concat.py", "veryfast"], 5, 1),
    ("ffmpeg, filter `concat`, preset medium, its default", ["ffmpeg_concat.py", "medium"], 5, 1),
)
"""With the minutes of the episode, and how often it is made: once where that takes long, for it varies by a quarter."""

_SCRIPTS = Path(__file__).parent
_QUICK_RUNS = 5


@dataclass(frozen=True, slots=True)
class Bench:
    """The material of all measurements."""

    lines: list[Line]
    workplace: Path

    def count(self, minutes: int) -> int:
        """Return how many clips an episode of so many minutes has."""
        return max(2, round(minutes * 60 / CLIP_SECONDS))

    def episode(self, minutes: int) -> dict[str, object]:
        """Return the arguments of a step that makes an episode of so many minutes."""
        count = self.count(minutes)
        frames = sum(self.lines[number % len(self.lines)].frames for number in range(count))
        return {"folder": self.workplace / "filmed", "count": count, "frames": frames}

    def run(self, name: str, runs: int = 1, **arguments: object) -> Measurement:
        """Measure a step."""
        target = self.workplace / "target.mp4"
        return measured(step(name, target=target, **arguments), target, runs)


def main() -> None:
    """Measure, print the results and write them down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, nargs="*", default=MINUTES, help="lengths of the episodes")
    parser.add_argument("--rivals", type=Path, help="a Python that has moviepy and imageio-ffmpeg")
    options = parser.parse_args()
    bench = Bench(make_lines(WORKPLACE / "filmed"), WORKPLACE)
    where = machine()
    sections = [lengths(bench, options.minutes)]
    if options.rivals:
        sections.append(rivals(bench, options.rivals))
    sections.append(extras(bench))
    clips = (
        f"Clips of {CLIP_SECONDS:g} s, {FORM.width}x{FORM.height}, from the simulated talking head, with grain: "
        "some 1.7 Mb/s as house clips, and 0.4 without. Times are medians."
    )
    intro = f"## Assembling an episode\n\n{where}\n{clips}"
    text = "\n\n".join([intro, *sections])
    print(text)
    write_section("benchmarks/assemble.py", text)


def lengths(bench: Bench, minutes: list[int]) -> str:
    """Return a table of this project's times for episodes of several lengths."""
    rows = []
    for length in minutes:
        episode = bench.episode(length)
        copy = bench.run("copy_bytes", _QUICK_RUNS, folder=episode["folder"], count=episode["count"])
        size = (bench.workplace / "target.mp4").stat().st_size
        join = bench.run("join", _QUICK_RUNS, **episode)
        finished = bench.run("join", _QUICK_RUNS, **episode, captions=True, dissolves=True)
        last = bench.run("last_clip_to_episode", 3, **episode)
        rows.append(
            [
                f"{length} min, {episode['count']} clips, {size / 1e6:.0f} MB",
                _seconds(copy),
                f"{_seconds(join)} ({join.seconds / copy.seconds:.1f}x the copy)",
                _memory(join),
                _seconds(finished),
                f"{_seconds(last)}, {_memory(last)}",
            ]
        )
    header = ["episode", "plain copy", "join", "its memory", "join with captions and dissolves", "last clip to episode"]
    return "### This project\n\n" + table(header, rows)


def rivals(bench: Bench, python: Path) -> str:
    """Return a table of what other ways take for the same clips, each measured in turn with this project's way."""
    rows = []
    for name, script, length, rounds in RIVALS:
        clips: list[str | Path] = [bench.lines[number % len(bench.lines)].clip for number in range(bench.count(length))]
        target = bench.workplace / "target.mp4"
        their_way = [python, _SCRIPTS / script[0], target, *script[1:], *clips]
        our_way = step("last_clip_to_episode", target=target, **bench.episode(length))
        theirs, ours = measured_in_turn(their_way, our_way, target, rounds)
        ratio = f"{theirs.seconds / ours.seconds:.0f}x as long"
        rows.append([name, f"{length} min", _all_times(theirs), _memory(theirs), _all_times(ours), ratio])
    header = [
        "way",
        "episode",
        "times",
        "memory of its largest process",
        "this project, last clip to episode",
        "medians",
    ]
    return "### Other ways, from the same clips, in turn\n\n" + table(header, rows)


def extras(bench: Bench) -> str:
    """Return a table of what each addition to an episode costs."""
    episode = bench.episode(5)
    joined, picture = bench.workplace / "episode.mp4", bench.workplace / "card.png"
    measured(step("join", target=joined, **episode, captions=True), joined)
    Image.new("RGB", (FORM.width, FORM.height), (30, 40, 60)).save(picture)
    folder = episode["folder"]
    plain, captioned = (bench.run("house_clip", 3, folder=folder, captions=each) for each in (False, True))
    without, soft = (bench.run("join", _QUICK_RUNS, **episode, captions=each) for each in (False, True))
    music = bench.run("music", 1, episode=joined, music=make_music(bench.workplace / "music.wav"))
    rows = [
        ["a clip of 7.7 s brought to the house format", _seconds(plain), _memory(plain)],
        ["... with captions burned in", _seconds(captioned), _memory(captioned)],
        ["captions as a track, 5 minutes", f"{max(0.0, soft.seconds - without.seconds):.3f} s more", _memory(soft)],
        ["one dissolve", *_both(bench.run("dissolve", 3, folder=folder))],
        ["one title card of 3 s", *_both(bench.run("card", 3, picture=picture))],
        ["music under 5 minutes", _seconds(music), _memory(music)],
    ]
    return "### Additions\n\n" + table(["what", "time", "memory"], rows)


def _both(measurement: Measurement) -> tuple[str, str]:
    return _seconds(measurement), _memory(measurement)


def _all_times(measurement: Measurement) -> str:
    return ", ".join(f"{seconds:.1f}" for seconds in measurement.times) + " s"


def _seconds(measurement: Measurement) -> str:
    return f"{measurement.seconds:.3f} s" if measurement.seconds < 1 else f"{measurement.seconds:.1f} s"


def _memory(measurement: Measurement) -> str:
    return f"{measurement.memory / 1e6:.0f} MB"


if __name__ == "__main__":
    main()
