"""Functions die after their n-th call, for every n: an exhaustive walk over the points at which a process can die."""

import pytest

from tests.chaos.episodes import Episode
from tests.chaos.rounds import finish, play_storm
from tests.chaos.stage import ChaosStage
from tests.chaos.theatre import Theatre
from tests.chaos.troubles import Kill
from tests.chaos.verdict import judge

_LAST_CALL = 23
_MORTALS = ("PlanEpisode", "GeneratePortrait", "Composite", "HedraSubmit", "CollectAsset", "HouseClip", "RecordOutcome")
_RECONCILE_CALLS = 29
"""How many calls reconcile makes in a cycle here, at most."""


def one_line() -> Episode:
    line = {"character": "Mara", "position": "standing", "audio": "audio/01-mara.mp3", "start": 0.0, "end": 0.6}
    script = {
        "title": "One line",
        "resolution": "540p",
        "characters": [{"name": "Mara", "prompt": "young woman, red curly hair"}],
        "scenes": [{"number": 1, "environment": "lamp room of a lighthouse", "lines": [line]}],
    }
    return Episode("one-line", script)


def play(stage: ChaosStage) -> None:
    episodes = [one_line()]
    play_storm(stage, episodes, ())
    stage.outgoing.troubles.clear()
    stage.fal.control.clear_faults()
    assert finish(stage, episodes, {}, stage.dice) == []
    verdict = judge(stage, undecidable=False)
    assert verdict.is_good, verdict


@pytest.mark.parametrize("number", range(1, _LAST_CALL + 1))
def test_functions_that_die_after_a_call_cost_nothing_twice(theatre: Theatre, number: int) -> None:
    # given every one of these functions dies after its n-th call
    stage = theatre.set_up(rebuy=False, seed=number)
    kills = [Kill(function, frozenset({number}), done=True) for function in _MORTALS]
    stage.outgoing.troubles += kills
    # when
    play(stage)
    # then
    assert any(kill.hits for kill in kills)


@pytest.mark.parametrize("number", range(1, _RECONCILE_CALLS + 1))
def test_a_reconcile_that_dies_after_a_call_costs_nothing_twice(theatre: Theatre, number: int) -> None:
    # given that only reconcile hears of what fal has made
    stage = theatre.set_up(rebuy=False, seed=number)
    stage.drop_callbacks()
    kill = Kill("Reconcile", frozenset({number}), done=True)
    stage.outgoing.troubles.append(kill)
    # when
    play(stage)
    # then
    assert kill.hits == 1


def test_the_walk_covers_every_call(theatre: Theatre) -> None:
    # given
    stage = theatre.set_up(rebuy=False, seed=0)
    stage.drop_callbacks()
    # when
    play(stage)
    # then
    assert {
        name: calls for name, calls in stage.outgoing.longest.items() if name in _MORTALS and calls > _LAST_CALL
    } == {}
    assert stage.outgoing.longest["Reconcile"] <= _RECONCILE_CALLS
