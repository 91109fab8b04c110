"""What the simulated Replicate reads of models, inputs and durations, and how it signs."""

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from local.replicate import models
from local.replicate.callbacks import sign
from local.replicate.predictions_api import duration_seconds


def test_unknown_inputs_are_ignored() -> None:
    assert models.MODELS["google/nano-banana-2"].unknown_inputs({"prompt": "x", "speed": 1}) == ("speed",)


def test_model_is_found_by_name_and_version_only() -> None:
    for model in models.MODELS:
        version = models.version_of(model)
        assert models.model_named(model) == model
        assert models.model_named(f"{model}:{version}") == model
        assert models.model_named(version) == model
        assert models.model_named(f"{model}:{version[:-1]}") is None
    assert models.model_named("") is None


@given(key=st.binary(min_size=1, max_size=64), body=st.text(max_size=100), timestamp=st.integers(0, 2**33))
def test_signature_is_that_of_the_specification(key: bytes, body: str, timestamp: int) -> None:
    secret = f"whsec_{base64.b64encode(key).decode()}"
    moment = datetime.fromtimestamp(timestamp, UTC)
    assert sign(secret, "msg_1", str(timestamp), body.encode()) == Webhook(secret).sign("msg_1", moment, body)


@given(hours=st.integers(0, 99), minutes=st.integers(0, 99), seconds=st.integers(0, 99))
def test_durations_are_read_in_all_documented_ways(hours: int, minutes: int, seconds: int) -> None:
    assert duration_seconds(f"{hours}h{minutes}m{seconds}s") == hours * 3600 + minutes * 60 + seconds
    assert duration_seconds(f"{minutes}m") == minutes * 60
    assert duration_seconds(str(seconds)) == duration_seconds(f"{seconds}s") == seconds


@pytest.mark.parametrize("text", ["", "s", "m", "-5", "5.5", "1d", "5 m", "1m1h"])
def test_other_durations_are_none(text: str) -> None:
    assert duration_seconds(text) is None
