"""A studio in memory whose episodes batches make."""

import json
from typing import Any

from shared.batches.summary import BatchSummary
from shared.ledger.records import Failure, Run, RunState
from shared.workflow.start_batch import go_over_open_batches
from shared.workflow.start_episode import Considered, Upload, consider_upload
from tests.world import World

SCRIPT: dict[str, Any] = {
    "title": "T",
    "characters": [{"name": "A", "prompt": "a person"}],
    "scenes": [
        {
            "number": 1,
            "environment": "a room",
            "lines": [{"character": "A", "position": "here", "audio": "audio/1.mp3"}],
        }
    ],
}
NOIR = {"episode": "source", "as": "noir", "overrides": {"style": "noir"}}


class Batches(World):
    """Episodes and manifests; runs end when a test says so."""

    def put(self, key: str, content: str | bytes) -> None:
        data = content.encode() if isinstance(content, str) else content
        self.bucket.put(key, data, "any")

    def episode(self, episode_id: str, **fields: object) -> None:
        self.put(f"episodes/{episode_id}/audio/1.mp3", "sound")
        self.put(f"episodes/{episode_id}/script.json", json.dumps({**SCRIPT, **fields}))

    def order(self, *entries: dict[str, Any], name: str = "b", **fields: object) -> None:
        """Put a manifest, as somebody does who asks for it."""
        self.clock.forward(10)
        self.put(f"batches/{name}.yaml", json.dumps({"episodes": entries, **fields}))
        self.clock.forward(1)

    def go(self) -> BatchSummary:
        """Go over all that is open, as an episode's end causes it."""
        go_over_open_batches(self.batching())
        return self.summary()

    def summary(self, name: str = "b") -> BatchSummary:
        return BatchSummary.model_validate_json(self.bucket.get(f"batches/{name}.summary.json"))

    def states(self) -> dict[str, str]:
        return {entry.episode_id: str(entry.state) for entry in self.go().episodes}

    def message(self, episode_id: str) -> str:
        return next(entry.message or "" for entry in self.go().episodes if entry.episode_id == episode_id)

    def end(self, episode_id: str, error: str | None = None) -> None:
        self.clock.forward(60)
        failure = Failure(error=error, message="it did not work") if error else None
        state = RunState.FAILED if error else RunState.DONE
        assert self.ledger.update_run(self.run(episode_id), state, {"ended_at": self.clock(), "failure": failure})

    def finish(self) -> None:
        """Let every run end, and each end cause a pass."""
        self.go()
        while running := self.ledger.open_runs():
            self.end(running[0].episode_id)
            self.go()

    def run(self, episode_id: str) -> Run:
        run = self.ledger.newest_run(episode_id)
        assert run is not None
        return run

    def files_of(self, episode_id: str) -> set[str]:
        folder = f"episodes/{episode_id}/"
        return {key.removeprefix(folder) for key in self.bucket.stored_keys if key.startswith(folder)}

    def script(self, episode_id: str) -> dict[str, Any]:
        script: dict[str, Any] = json.loads(self.bucket.get(f"episodes/{episode_id}/script.json"))
        return script

    def upload_to(self, episode_id: str) -> Considered:
        return consider_upload(Upload(key=f"episodes/{episode_id}/script.json"), self.starting())

    @property
    def told(self) -> list[str]:
        return [detail_type for detail_type, _ in self.events.published]
