"""What orchestrating costs, in time and in requests to AWS, and what other ways of making the same episode take."""

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.aws_latencies import LATENCIES, S3_SECONDS, assembling, expected_seconds, on_path, slowest_s3
from benchmarks.counted_run import Counts, count_run, counting_theatre
from benchmarks.critical_path import jobs_of, longest_chain, makespan
from benchmarks.local_engine import LocalEngine, LocalRun, local_engine
from benchmarks.long_episode import SECONDS
from benchmarks.other_ways import PLAN
from benchmarks.results import machine, table, write_section
from shared.keys import AssetKind

LINES = (1, 10, 60, 300)
_SLOTS = 40
"""What fal raises an account to: https://fal.ai/docs/documentation/model-apis/concurrency-limits."""

_WANTED = 1.1
"""Of the critical path, an execution on AWS is to take no more."""

_MAX_EVENTS = 25_000
_MAX_PAYLOAD = 262_144
"""Bytes; both: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html."""


@dataclass(frozen=True, slots=True)
class Timed:
    """An episode that was made here and, where that does not take too long, in other ways; times in seconds.

    Parameters
    ----------
    chain
        The longest chain of fal's times, with as many slots as there are jobs.
    at_best
        When the last job would be done with fal's slots, and nothing between the jobs.
    one_by_one
        All of fal's times.
    """

    lines: int
    run: LocalRun
    chain: float
    at_best: float
    one_by_one: float
    polling: float | None
    script: float


def main() -> None:
    """Measure and count, print the results and write them down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, nargs="*", default=LINES, help="lengths of the episodes")
    parser.add_argument("--polling", type=int, default=10, help="the longest episode to make one asset after another")
    parser.add_argument("--slots", type=int, default=_SLOTS, help="how many requests fal works on at once")
    parser.add_argument("--workers", type=int, default=5, help="how many messages of a queue are handled at once")
    options = parser.parse_args()
    where = machine()
    timed = measure(options.lines, options.polling, options.slots, options.workers)
    counted = count(options.lines)
    text = "\n\n".join(
        [
            "## Orchestrating an episode",
            f"{where}\nfal is simulated: {_latencies()}; at most {options.slots} requests at once.",
            times(timed),
            requests(counted, timed),
            on_aws(counted, timed),
        ]
    )
    print(text)
    write_section("benchmarks/orchestration.py", text)


def measure(lengths: Sequence[int], polling: int, slots: int, workers: int) -> list[Timed]:
    """Make episodes on the local engine and in other ways, of the same fal, one after the other."""
    measured = []
    with local_engine(slots, workers) as engine:
        for lines in lengths:
            print(f"making an episode of {_lines(lines)}", flush=True)
            run = engine.make(lines, f"lines-{lines}")
            jobs = jobs_of(run.plan, SECONDS)
            measured.append(
                Timed(
                    lines,
                    run,
                    longest_chain(jobs),
                    makespan(jobs, slots),
                    makespan(jobs, 1),
                    otherwise("polling", run, engine) if lines <= polling else None,
                    otherwise("asyncio", run, engine),
                )
            )
    return measured


def count(lengths: Sequence[int]) -> list[Counts]:
    """Count what an episode of each length asks of AWS."""
    counted = []
    with counting_theatre() as theatre:
        for lines in lengths:
            print(f"counting an episode of {_lines(lines)}", flush=True)
            counted.append(count_run(theatre, lines))
    return counted


def otherwise(way: str, run: LocalRun, engine: LocalEngine) -> float:
    """Make the episode of a run in another way; return the seconds.

    Raises
    ------
    subprocess.CalledProcessError
        If that fails.
    """
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / PLAN).write_text(run.plan.model_dump_json())
        for part in run.plan.parts:
            recording = folder / part.recording.key
            recording.parent.mkdir(parents=True, exist_ok=True)
            engine.target.bucket.download(part.recording.key, recording)
        command = [sys.executable, "-m", "benchmarks.other_ways", way, scratch]
        environment = {**os.environ, **engine.studio.fal.environment()}
        return float(subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout)


def times(timed: Sequence[Timed]) -> str:
    """Return a table of how long episodes took."""
    header = [
        "lines",
        "chain of fal's times + assembly",
        "the same with fal's slots",
        "execution",
        "of the chain",
        "of the chain with slots",
        "one after another, polling",
        "asyncio, gather, polling",
    ]
    rows = []
    for each in timed:
        took, assembly = each.run.seconds, each.run.assembly_seconds
        if each.polling is None:
            polled = f"not run: {each.one_by_one:.0f} s at the least"
        else:
            polled = f"{each.polling:.1f} s, {each.polling / took:.1f}x as long"
        rows.append(
            [
                str(each.lines),
                f"{each.chain:.0f} + {assembly:.1f} s",
                f"{each.at_best:.0f} + {assembly:.1f} s",
                f"{took:.1f} s",
                f"{took / (each.chain + assembly):.2f}x",
                f"{took / (each.at_best + assembly):.2f}x",
                polled,
                f"{each.script:.1f} s, {each.script / took:.2f}x as long",
            ]
        )
    return (
        "### Time, on the local engine\n\nFrom the start of an execution to its end; functions are warm. The other "
        "ways are given the plan, buy the same assets of the same fal, and borrow the media code.\n\n"
        + table(header, rows)
    )


def requests(counted: Sequence[Counts], timed: Sequence[Timed]) -> str:
    """Return a table of what an execution asks of AWS."""
    header = [
        "lines",
        "states entered",
        "Lambda invocations",
        "GB-seconds",
        "ledger calls",
        "SQS messages",
        "S3 requests",
        f"events of at most {_MAX_EVENTS:,}",
        f"largest payload of at most {_MAX_PAYLOAD:,} bytes",
    ]
    rows = []
    for counts, each in zip(counted, timed, strict=True):
        billed = sum(function.gigabyte_seconds for function in each.run.invocations.values())
        figures = (
            counts.transitions,
            sum(counts.invocations.values()),
            billed,
            counts.of_service("dynamodb"),
            counts.messages,
            counts.of_service("s3"),
        )
        rows.append(
            [
                str(counts.parts),
                *(_per_part(figure, counts.parts) for figure in figures),
                f"{counts.events:,}",
                f"{counts.largest_payload:,}",
            ]
        )
    return (
        "### Requests, all together and for each part\n\nCounted where the state machine runs on moto, whose history "
        "is complete. Requests to S3 are the most that there may be: each invocation reads its run's plan, which an "
        "instance of a function otherwise keeps. GB-seconds are those of the local engine, whose functions share this "
        "machine's cores.\n\n" + table(header, rows)
    )


def on_aws(counted: Sequence[Counts], timed: Sequence[Timed]) -> str:
    """Return tables of what follows one another on AWS, and how long that takes by what AWS publishes."""
    paths = [on_path(counts) for counts in counted]
    header = ["on the critical path", "each", *(_lines(counts.parts) for counts in counted), "source"]
    rows = [
        [
            latency.what,
            _range(1000 * latency.low, 1000 * latency.high, "ms", 0),
            *(f"{path[latency]:.0f}" for path in paths),
            latency.source,
        ]
        for latency in LATENCIES
    ]
    overheads = [expected_seconds(path) for path in paths]
    rows.append(["**overhead**", "", *(_range(*overhead, "s", 1) for overhead in overheads), ""])
    chains = {"the chain": [each.chain for each in timed], "the chain with slots": [each.at_best for each in timed]}
    for what, bests in chains.items():
        works = [best + each.run.assembly_seconds for best, each in zip(bests, timed, strict=True)]
        for s3 in S3_SECONDS:
            ratios = [_ratio(counts, work, s3) for counts, work in zip(counted, works, strict=True)]
            rows.append([f"**of {what}**, a request to S3 taking", f"{1000 * s3:.0f} ms", *ratios, ""])
        limits = [
            slowest_s3(path, assembling(counts), work, _WANTED)
            for counts, path, work in zip(counted, paths, works, strict=True)
        ]
        met = [_limit(*limit) for limit in limits]
        rows.append([f"at most {_WANTED} x {what}, as long as a request to S3 takes no more than", "", *met, ""])
    return (
        "### Expected on AWS, by what it publishes\n\nWhat follows one another from the start of an execution to its "
        "end, but for assembling, whose own requests are added to the time that it took here. Of each function the "
        "invocation counts that waits longest; it is warm, but has to read its run's plan. Left out is what any way "
        "has to do: requests to fal, and what functions compute. Ratios are for several latencies of S3, since AWS "
        "publishes two; their ranges are those of all else.\n\n" + table(header, rows)
    )


def _ratio(counts: Counts, work: float, s3: float) -> str:
    overhead, waits = expected_seconds(on_path(counts), s3), expected_seconds(assembling(counts), s3)
    low, high = (1 + extra / (work + wait) for extra, wait in zip(overhead, waits, strict=True))
    return _range(low, high, "x", 2)


def _limit(low: float, high: float) -> str:
    if high <= 0:
        return "never"
    return _range(1000 * max(low, 0.0), 1000 * high, "ms", 0)


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count} lines"


def _per_part(figure: float, parts: int) -> str:
    return f"{figure:,.0f} ({figure / parts:.1f})"


def _range(low: float, high: float, unit: str, digits: int) -> str:
    return f"{low:.{digits}f}-{high:.{digits}f} {unit}"


def _latencies() -> str:
    named: Mapping[str, float] = {
        "a picture": SECONDS[AssetKind.PORTRAIT],
        "a composite": SECONDS[AssetKind.COMPOSITE],
        "a clip": SECONDS[AssetKind.CLIP],
    }
    return ", ".join(f"{what} takes {seconds:g} s" for what, seconds in named.items())


if __name__ == "__main__":
    main()
