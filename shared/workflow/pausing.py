"""Pause a run while the provider refuses the account, and say so; let it go on when it accepts again."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.ledger.records import Run
from shared.workflow.events import EpisodePaused, about, tell
from shared.workflow.status import EpisodeState, StatusBoard

if TYPE_CHECKING:
    from shared.ports import Events, Ledger


@dataclass(frozen=True, slots=True)
class Pauses:
    """What pausing needs from the world.

    Parameters
    ----------
    bucket_name
        The name by which people and events find the files.
    """

    ledger: "Ledger"
    status: StatusBoard
    events: "Events"
    bucket_name: str

    def pause(self, run: Run, reason: str) -> None:
        """Note that a run buys nothing for now, and tell it once."""
        if run.paused is not None:
            return
        message = f"paused: {reason}. What is under way is collected; the run goes on by itself once this is mended"
        self.status.of_run(run, EpisodeState.PAUSED, message)
        tell(EpisodePaused(**about(run, self.bucket_name), message=message, reason=reason), self.events)
        self.ledger.update_run(run, run.state, {"paused": reason})

    def resume(self, run: Run) -> None:
        """Note that a run buys again."""
        if run.paused is None:
            return
        self.ledger.update_run(run, run.state, {"paused": None})
        self.status.of_run(run, EpisodeState.RUNNING, "goes on")
