"""Why a run may do nothing more."""

from shared.ledger.records import Failure, Run

SUPERSEDED = "Superseded"
"""The error under which a run ends that a newer one has taken over from."""

TAKEN_OVER = Failure(error=SUPERSEDED, message="a newer run of this episode has taken over")


def why_run_is_over(name: str, newest: Run | None) -> Failure | None:
    """Tell why the run of a name may do nothing more: a newer one took over, or it has ended; None where it goes on.

    Parameters
    ----------
    newest
        The newest run of its episode.
    """
    if newest is None or newest.name != name:
        return TAKEN_OVER
    if newest.ended_at is not None:
        return Failure(error="RunEnded", message=f"this run has ended as {newest.state}")
    return None
