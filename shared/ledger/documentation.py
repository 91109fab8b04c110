"""Write the page about the ledger's states from their table: ``python -m shared.ledger.documentation``."""

from shared.ledger.states import OPEN, SETTLED, TRANSITIONS, JobState, Transition

_MEANINGS = {
    JobState.FREE: "Nobody is making it. So is every address that the ledger has never seen.",
    JobState.CLAIMED: "Somebody prepares it, and its cost is reserved; nothing was sent. A claim lapses after 90 s.",
    JobState.SUBMITTING: "The one POST is under way. When its sender is lost, nobody knows what became of it.",
    JobState.SUBMITTED: "Its provider has it.",
    JobState.UNCONFIRMED: "Its provider may or may not have it: it is looked for, and bought nowhere else.",
    JobState.HELD: "Every limit has passed, and still nobody knows; or it was made, and is lost: a person decides.",
    JobState.STORED: "Paid for, and in the bucket. It stays there.",
    JobState.FAILED: "Over. A later run may try again, unless the failure is for good.",
}


def page() -> str:
    """Return the page as Markdown."""
    return f"""# The states of a job

*Written from `shared/ledger/states.py` by `make schema`; the same table drives the ledger's conditional writes and its
tests.*

A job is one paid request for one asset, and lies in the ledger under the asset's address. Every step is a conditional
write that names the attempt and the states it may come from, so that of two who try, one is refused.

```mermaid
stateDiagram-v2
    [*] --> FREE
{chr(10).join(_arrows())}
```

| state | meaning | |
| --- | --- | --- |
{chr(10).join(f"| {state} | {_MEANINGS[state]} | {_kind(state)} |" for state in JobState)}

| step | from | to | when | |
| --- | --- | --- | --- | --- |
{chr(10).join(_row(step) for step in TRANSITIONS)}
"""


def _arrows() -> list[str]:
    # Storing is possible from everywhere, and would only clutter the picture.
    steps = [step for step in TRANSITIONS if step.name != "store"]
    arrows = [f"    {source} --> {step.target}: {step.name}" for step in steps for source in _in_order(step)]
    return [*arrows, f"    {JobState.SUBMITTED} --> {JobState.STORED}: store (and from every other state)"]


def _row(step: Transition) -> str:
    sources = ", ".join(_in_order(step))
    return f"| {step.name} | {sources} | {step.target} | {step.when} | {'gives back' if step.refunds else ''} |"


def _in_order(step: Transition) -> list[JobState]:
    return [state for state in JobState if state in step.sources]


def _kind(state: JobState) -> str:
    if state in SETTLED:
        return "settled: wakes all who wait"
    return "open: reconcile looks after it" if state in OPEN else ""


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201 - that is what it is for
