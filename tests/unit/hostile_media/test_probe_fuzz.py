"""Mutated files: nothing but facts or a refusal in words, in bounded time, and this process survives."""

import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.media.audio import AudioLimits, probe_audio
from shared.media.errors import MediaRefused
from tests.unit.media.media_samples import speech, write_sound

INPUTS_PER_FORMAT = 2_000
LONGEST_SECONDS = 5.0

PLACES = st.floats(0, 1, exclude_max=True)
# Most of a demuxer's and decoder's decisions hang on the first bytes.
NEAR_THE_START = st.floats(0, 0.1)
MUTATIONS = st.lists(
    st.tuples(
        st.sampled_from(["overwrite", "insert", "remove", "repeat"]),
        st.one_of(NEAR_THE_START, PLACES),
        st.one_of(
            st.binary(min_size=1, max_size=8),
            st.sampled_from([b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\0\0\0\x01"]),
        ),
    ),
    min_size=1,
    max_size=8,
)


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("originals")
    return {
        suffix: write_sound(folder / f"sound.{suffix}", speech(0.21)).read_bytes()
        for suffix in ("mp3", "wav", "m4a", "flac", "ogg")
    }


def mutated(data: bytes, mutations: list[tuple[str, float, bytes]]) -> bytes:
    changed = bytearray(data)
    for kind, place, content in mutations:
        position = int(place * len(changed))
        end = position + len(content)
        match kind:
            case "overwrite":
                changed[position:end] = content
            case "insert":
                changed[position:position] = content
            case "remove":
                del changed[position:end]
            case "repeat":
                changed[position:position] = changed[position : position + 64 * len(content)]
    return bytes(changed)


@pytest.mark.parametrize("suffix", ["mp3", "wav", "m4a", "flac", "ogg"])
@settings(
    max_examples=INPUTS_PER_FORMAT,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(mutations=MUTATIONS)
def test_any_mutation_ends_in_facts_or_a_refusal(
    originals: dict[str, bytes], tmp_path: Path, suffix: str, mutations: list[tuple[str, float, bytes]]
) -> None:
    path = tmp_path / "sound"
    path.write_bytes(mutated(originals[suffix], mutations))
    start = time.monotonic()
    with suppress(MediaRefused):
        assert probe_audio(path, limits=AudioLimits(max_seconds=60, deadline_seconds=2)).seconds > 0
    assert time.monotonic() - start < LONGEST_SECONDS
