"""The price lists of the simulated providers."""

from local.fal.generation import ENDPOINTS
from local.hedra.models import MODELS as HEDRA
from local.replicate.models import MODELS as REPLICATE


def test_every_model_has_a_price_for_its_usual_inputs() -> None:
    for model in [*ENDPOINTS.values(), *HEDRA.values(), *REPLICATE.values()]:
        assert 0 < model.price.of_usual() < 1
        varies_by = model.price.varies_by
        if varies_by is not None:
            allowed = model.input_model.model_json_schema()["properties"][varies_by]["enum"]
            assert set(model.price.usd) == set(allowed)
