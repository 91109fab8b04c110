"""Delete derived files, which the next run that needs them makes again for nothing; never what was bought or put there.

What an open run needs is left: the files that its plan names, and, since no plan names what is made last (first frames
of dissolves, joined episodes, thumbnails), all of those. While a run is only being planned, nobody knows what it needs,
and everything is left.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from pydantic import ValidationError

from shared.keys import DERIVED, FileKind, FileRef, folder_of
from shared.ledger.records import Run, Seconds
from shared.plan.models import Plan
from shared.ports import ObjectMissing, StoredObject

if TYPE_CHECKING:
    from shared.ports import Bucket, Ledger

_NAMED_BY_PLANS = (FileKind.PART, FileKind.HOUSE)


@dataclass(frozen=True, slots=True)
class Pruning:
    """What there is to delete.

    Parameters
    ----------
    files
        What is deleted, by key.
    kept
        How many derived files are left since open runs need them, or may.
    open_runs
        The names of the runs for which they are left.
    """

    files: tuple[StoredObject, ...]
    kept: int
    open_runs: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes of what is deleted."""
        return sum(stored.size for stored in self.files)


def what_to_prune(bucket: "Bucket", ledger: "Ledger", before: Seconds) -> Pruning:
    """Return which derived files were written before a time, and are needed by no open run."""
    derived = [stored for stored in bucket.list(DERIVED) if stored.modified_at < before]
    # Read after the files: who began meanwhile finds what was listed, and is asked here what of it is needed.
    open_runs = ledger.open_runs()
    if not open_runs:
        return Pruning(tuple(derived), 0, ())
    may_need = _needs_of(open_runs, bucket)
    files = tuple(stored for stored in derived if not may_need(stored.key))
    return Pruning(files, len(derived) - len(files), tuple(run.name for run in open_runs))


def prune(pruning: Pruning, bucket: "Bucket", ledger: "Ledger") -> tuple[str, ...]:
    """Delete the files; return the names of runs that have begun since they were chosen, and may miss one of them."""
    bucket.delete(stored.key for stored in pruning.files)
    return tuple(run.name for run in ledger.open_runs() if run.name not in pruning.open_runs)


def _needs_of(runs: Sequence[Run], bucket: "Bucket") -> Callable[[str], bool]:
    """Return what tells of a key whether an open run needs it, or may."""
    plans = [_plan_of(run, bucket) for run in runs]
    if None in plans:
        return lambda _: True
    named = {file.key for plan in plans if plan for file in _derived_files_of(plan)}
    folders = tuple(f"{folder_of(kind)}/" for kind in _NAMED_BY_PLANS)
    return lambda key: key in named or not key.startswith(folders)


def _plan_of(run: Run, bucket: "Bucket") -> Plan | None:
    if run.plan_key is None:
        return None
    try:
        return Plan.model_validate_json(bucket.get(run.plan_key))
    except (ObjectMissing, ValidationError):
        return None  # it is not there, or from another version: nobody knows what it names


def _derived_files_of(plan: Plan) -> Iterator[FileRef]:
    for part in plan.parts:
        yield part.recording
        yield from chain.from_iterable(engine.houses.values() for engine in part.engines)
    for card in (plan.edit.title_card, plan.edit.end_card):
        yield from card.houses.values() if card else ()
