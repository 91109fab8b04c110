"""The sample episode made wholly by Replicate, and wholly by Hedra's own API."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from cli.target import target_of_studio
from local.simulator.process import SimulatorProcess
from local.studio import LocalStudio
from shared.bill import Bill
from shared.plan.models import Plan
from shared.providers.names import ProviderName
from tests.e2e.conftest import Stage
from tests.e2e.sample_watching import SAMPLE, shown_in_the_middles, tag_of

ENGINES = {ProviderName.REPLICATE: "kling", ProviderName.HEDRA: "hedra"}


@pytest.fixture(scope="module")
def resilient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The whole template with all three providers simulated."""
    folder = tmp_path_factory.mktemp("studio")
    with LocalStudio(folder, {"EncoderPreset": "ultrafast"}, stand_ins=True) as studio:
        yield Stage(studio, target_of_studio(studio))


def simulators(stage: Stage) -> dict[ProviderName, SimulatorProcess]:
    studio = stage.studio
    return {
        ProviderName.FAL: studio.fal,
        ProviderName.REPLICATE: studio.replicate,
        ProviderName.HEDRA: studio.hedra,
    }


def invoiced(stage: Stage) -> dict[ProviderName, float]:
    """Return what each provider has charged so far, in US dollars."""
    invoices = {name: simulated.control.invoice() for name, simulated in simulators(stage).items()}
    return {name: round(float(invoice.total_usd), 6) for name, invoice in invoices.items()}


@pytest.mark.parametrize("provider", ENGINES)
def test_the_sample_episode_is_made_wholly_by(provider: ProviderName, resilient: Stage, tmp_path: Path) -> None:
    # given the sample with one provider for everything, and an engine that it runs
    folder = tmp_path / "sample"
    shutil.copytree(SAMPLE, folder)
    script = yaml.safe_load((folder / "script.yaml").read_text())
    script |= {"providers": str(provider), "engines": [ENGINES[provider], "still"]}
    (folder / "script.yaml").write_text(yaml.safe_dump(script))
    before = invoiced(resilient)
    # when it is made
    made = resilient.make(folder, f"by-{provider}", tmp_path / "out")
    # then nobody else was paid, and that provider what the bill says
    bill = Bill.model_validate_json((made.video.parent / "bill.json").read_bytes())
    assert {line.provider for line in bill.lines} == {provider}
    assert (bill.failed, bill.unsettled, bill.stepped_down) == ((), (), ())
    paid = {name: round(total - before[name], 6) for name, total in invoiced(resilient).items()}
    assert paid == {name: pytest.approx(bill.total_usd if name is provider else 0) for name in ProviderName}
    # and every line shows its character in its scene, every frame of it good
    assert made.run.plan_key
    plan = Plan.model_validate_json(resilient.target.bucket.get(made.run.plan_key))
    shown, _ = shown_in_the_middles(made.video, plan)
    assert shown == {part.index: tag_of(part, plan) for part in plan.parts}
    # and a second run buys nothing
    again = resilient.make(folder, f"by-{provider}-again", tmp_path / "again")
    assert Bill.model_validate_json((again.video.parent / "bill.json").read_bytes()).total_usd == 0
