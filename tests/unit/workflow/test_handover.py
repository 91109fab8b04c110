"""Handing input files over to fal: once, for as long as they lie there, and in the order that the request needs."""

import pytest

from shared.content_types import content_type_of
from shared.fal.lifetimes import LIFETIMES
from shared.keys import AssetKind
from shared.ledger.records import Handover
from shared.ports import ObjectMissing
from shared.providers.names import ProviderName
from shared.providers.outcomes import ProviderUnreachable
from shared.workflow.handover import Handovers
from tests.builders import TWO_SCENES, addresses_of, plan_of
from tests.world import World

PLAN = plan_of(TWO_SCENES)
COMPOSITE = PLAN.assets[min(addresses_of(PLAN, AssetKind.COMPOSITE))].first
CLIP = PLAN.assets[min(addresses_of(PLAN, AssetKind.CLIP))].first
HOUR = 3600.0


@pytest.fixture
def world() -> World:
    return World(PLAN)


@pytest.fixture
def handovers(world: World) -> Handovers:
    return Handovers(
        world.ledger, world.bucket, {ProviderName.FAL: world.provider}, lambda data: content_type_of(data[:16])
    )


def test_each_file_goes_where_its_request_takes_it(world: World, handovers: Handovers) -> None:
    # given a composite of two pictures, of which the ledger knows where they lie, and a clip
    for number, entry in enumerate(COMPOSITE.inputs):
        place = Handover(url=f"https://v3.fal.media/{number}", expires_at=world.clock() + LIFETIMES.upload)
        world.ledger.note_handover(entry.file.address, ProviderName.FAL, place)
    # then the portrait comes before the background
    filled = handovers.fill_in(COMPOSITE, world.clock())
    assert filled == {**COMPOSITE.arguments, "image_urls": ["https://v3.fal.media/0", "https://v3.fal.media/1"]}
    assert [entry.file.kind for entry in COMPOSITE.inputs] == ["portrait", "background"]
    # and a clip takes one picture and one recording
    assert set(handovers.fill_in(CLIP, world.clock())) - set(CLIP.arguments) == {"image_url", "audio_url"}
    # and the plan itself is as it was
    assert "image_urls" not in COMPOSITE.arguments


@pytest.mark.parametrize(("age", "uploads"), [(0.0, 1), (17.9 * HOUR, 1), (18 * HOUR, 2), (30 * HOUR, 2)])
def test_a_file_is_handed_over_afresh_before_it_expires(
    world: World, handovers: Handovers, age: float, uploads: int
) -> None:
    file = CLIP.inputs[0].file
    handovers.url_of(file, world.provider, world.clock())
    handovers.url_of(file, world.provider, world.clock() + age)
    assert len(world.provider.uploads) == uploads


def test_what_was_forgotten_is_handed_over_afresh(world: World, handovers: Handovers) -> None:
    before = handovers.fill_in(CLIP, world.clock())
    handovers.forget(CLIP)
    after = handovers.fill_in(CLIP, world.clock())
    assert {before[field] for field in ("image_url", "audio_url")}.isdisjoint(
        {after[field] for field in ("image_url", "audio_url")}
    )


def test_a_file_that_is_not_there_is_named(world: World, handovers: Handovers) -> None:
    world.bucket.remove(CLIP.inputs[1].file.key)
    with pytest.raises(ObjectMissing, match=CLIP.inputs[1].file.key):
        handovers.fill_in(CLIP, world.clock())


def test_what_could_not_be_handed_over_is_not_remembered(
    world: World, handovers: Handovers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: object) -> str:
        raise ProviderUnreachable("storage")

    monkeypatch.setattr(world.provider, "upload", down)
    with pytest.raises(ProviderUnreachable):
        handovers.url_of(CLIP.inputs[0].file, world.provider, world.clock())
    assert world.ledger.handover(CLIP.inputs[0].file.address, ProviderName.FAL) is None
