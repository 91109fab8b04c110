"""Pruning: only what can be made again for nothing is deleted, and nothing that an open run needs."""

import pytest

from shared.keys import DERIVED, FileKind, FileRef, folder_of
from shared.ledger.records import RunState
from shared.workflow.prune import prune, what_to_prune
from tests.builders import EPISODE, TWO_SCENES, plan_of
from tests.unit.workflow.two_scenes import PLAN
from tests.world import World

ALL_DERIVED = (FileKind.PART, FileKind.HOUSE, FileKind.DISSOLVE, FileKind.EPISODE, FileKind.THUMBNAIL)
NEEDED = {part.recording.key for part in PLAN.parts} | {
    house.key for part in PLAN.parts for engine in part.engines for house in engine.houses.values()
}
LATER = 2_000_000_000.0


def put_one_of_each_kind(world: World) -> set[str]:
    """Put a file of every kind, which no plan names, and one of every other that is kept; return those derived."""
    for kind in FileKind:
        world.bucket.put(FileRef(kind=kind, address="f" * 40).key, b"file", "video/mp4")
    for key in (f"episodes/{EPISODE}/episode.mp4", "plans/a/b.json", f"bills/{EPISODE}/c.json", "batches/d.yaml"):
        world.bucket.put(key, b"file", "application/json")
    return {FileRef(kind=kind, address="f" * 40).key for kind in ALL_DERIVED}


def end_run(world: World) -> None:
    run = world.ledger.newest_run(EPISODE)
    assert run
    assert world.ledger.update_run(run, RunState.DONE, {"ended_at": world.clock()})


def keys_to_prune(world: World, before: float = LATER) -> set[str]:
    return {stored.key for stored in what_to_prune(world.bucket, world.ledger, before).files}


def test_every_derived_file_is_deleted_and_nothing_else(world: World) -> None:
    # given a file of each kind, and no open run
    end_run(world)
    derived = put_one_of_each_kind(world)
    before = set(world.bucket.stored_keys)
    # when they are pruned
    pruning = what_to_prune(world.bucket, world.ledger, LATER)
    assert prune(pruning, world.bucket, world.ledger) == ()
    # then what is left is all but the derived ones
    assert before - set(world.bucket.stored_keys) == {key for key in before if key.startswith(DERIVED)} >= derived
    assert pruning.size == sum(stored.size for stored in pruning.files) >= len(b"file") * len(derived)


def test_assets_and_sources_do_not_lie_where_is_pruned() -> None:
    kept = [kind for kind in FileKind if kind not in ALL_DERIVED]
    assert not [kind for kind in kept if folder_of(kind).startswith(DERIVED)]
    assert all(folder_of(kind).startswith(DERIVED) for kind in ALL_DERIVED)


def test_what_the_plan_of_an_open_run_names_is_left_and_so_is_what_no_plan_names(world: World) -> None:
    # given the files that an open run's plan names, and one of each kind beside them
    put_one_of_each_kind(world)
    for key in NEEDED:
        world.bucket.put(key, b"file", "video/mp4")
    # then only recordings and house clips that it does not name are deleted
    named_by_none = {FileRef(kind=kind, address="f" * 40).key for kind in (FileKind.PART, FileKind.HOUSE)}
    assert keys_to_prune(world) == named_by_none
    pruning = what_to_prune(world.bucket, world.ledger, LATER)
    run = world.ledger.newest_run(EPISODE)
    assert run
    assert (pruning.kept, pruning.open_runs) == (len(NEEDED) + 3, (run.name,))


@pytest.mark.parametrize("plan", ["not there yet", "gone", "of another version"])
def test_everything_is_left_while_nobody_knows_what_an_open_run_needs(plan: str) -> None:
    world = World(None if plan == "not there yet" else PLAN)
    run = world.begin()
    put_one_of_each_kind(world)
    if plan == "gone":
        world.bucket.remove(str(run.plan_key))
    elif plan == "of another version":
        world.bucket.put(str(run.plan_key), b'{"episode_id": "lighthouse"}', "application/json")
    assert keys_to_prune(world) == set()


def test_only_what_is_old_enough_is_deleted(world: World) -> None:
    end_run(world)
    old, new = (FileRef(kind=FileKind.HOUSE, address=letter * 40).key for letter in "de")
    world.bucket.put(old, b"file", "video/mp4")
    world.clock.forward(86_400)
    world.bucket.put(new, b"file", "video/mp4")
    assert new not in keys_to_prune(world, world.clock())
    assert old in keys_to_prune(world, world.clock())


def test_a_run_that_begins_meanwhile_is_named(world: World) -> None:
    # given files that are about to be deleted
    end_run(world)
    put_one_of_each_kind(world)
    pruning = what_to_prune(world.bucket, world.ledger, LATER)
    # when a run begins before they are
    world.begin("lighthouse-2", "another digest")
    # then it is said which, since it may miss one
    assert prune(pruning, world.bucket, world.ledger) == ("lighthouse-2",)


def test_the_cards_of_a_plan_are_among_what_it_names() -> None:
    plan = plan_of({**TWO_SCENES, "edit": {"title_card": {"seconds": 2}}})
    card = plan.edit.title_card
    assert card
    world = World(plan)
    world.begin()
    for house in card.houses.values():
        world.bucket.put(house.key, b"card", "video/mp4")
    assert not keys_to_prune(world) & {house.key for house in card.houses.values()}
    assert what_to_prune(world.bucket, world.ledger, LATER).kept >= len(card.houses)
