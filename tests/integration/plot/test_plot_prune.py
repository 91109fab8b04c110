"""An operator prunes: the next run makes again what it needs, and pays nothing for it."""

import json
from collections.abc import Callable

from shared.keys import DERIVED
from tests.integration.plot.stage import Stage
from tests.integration.plot.typed_commands import Operator, operator

__all__ = ["operator"]

ScriptWith = Callable[..., dict[str, bytes]]
PRUNE = ("prune", "--stack", "a-stack", "--json")


def derived(stage: Stage) -> set[str]:
    return {key for key in stage.stored_keys() if key.startswith(DERIVED)}


def test_what_is_pruned_is_made_again_for_nothing(stage: Stage, operator: Operator, one_line_with: ScriptWith) -> None:
    # given an episode that is done
    stage.upload("tiny", one_line_with())
    stage.play_uploads()
    assert stage.play_out(stage.run_name("tiny")).status == "SUCCEEDED"
    bought, made, everything = stage.bought(), derived(stage), stage.stored_keys()
    first = stage.result("tiny", "episode.mp4")
    # when it is looked what could be pruned
    looked = json.loads(operator.types(*PRUNE, "--dry-run").stdout)
    # then that is said, and nothing is deleted
    assert (looked["files"], looked["deleted"]) == (len(made), False)
    assert stage.stored_keys() == everything
    # and where nobody can be asked, nothing is deleted either
    assert operator.types(*PRUNE).exit_code == 2
    assert stage.stored_keys() == everything
    # and what was written lately is left, if only older files are to go
    assert json.loads(operator.types(*PRUNE, "--older-than", "1", "--yes").stdout)["files"] == 0
    # and with --yes all of it is deleted, and nothing else
    pruned = json.loads(operator.types(*PRUNE, "--yes").stdout)
    assert (pruned["files"], pruned["deleted"]) == (len(made), True)
    assert stage.stored_keys() == everything - made
    # when the episode gets another title
    stage.upload("tiny", one_line_with(title="Another title"))
    stage.play_uploads()
    ended = stage.play_out(stage.run_name("tiny"))
    # then what it needs is made again, and nothing is bought
    assert ended.status == "SUCCEEDED"
    assert stage.bought() == bought
    assert derived(stage)
    assert stage.result("tiny", "episode.mp4") != first
    assert stage.document("tiny", "bill.json")["total_usd"] == 0
