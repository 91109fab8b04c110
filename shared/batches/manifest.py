"""``batches/<name>.yaml``: the episodes of a batch, and what is otherwise in which of them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, JsonValue, ValidationError, model_validator

from shared.frozen import Frozen
from shared.keys import EPISODE_ID_RULE, is_episode_id
from shared.script.consistency import ContradictoryScript
from shared.script.document import Document, UnreadableDocument, checked, decoded
from shared.script.explain import problems_of
from shared.script.models import Usd
from shared.script.overrides import Overrides
from shared.script.problems import ScriptInvalid, ScriptProblem, path_of, quoted
from shared.script.yaml_document import read_yaml

MAX_ENTRIES = 200
MAX_CONCURRENCY = 100


def _episode_id(text: str) -> str:
    if not is_episode_id(text):
        raise ValueError(f"must be an episode's id, which has {EPISODE_ID_RULE}, found {quoted(text)}")
    return text


EpisodeId = Annotated[str, AfterValidator(_episode_id)]


class ManifestEntry(Frozen):
    """One entry as its author wrote it."""

    episode: EpisodeId
    made_as: EpisodeId | None = Field(default=None, alias="as")
    overrides: Overrides | None = None
    folder: str | None = Field(default=None, min_length=1)


class BatchCaps(Frozen):
    """What a batch may use before nothing more is started."""

    usd: Usd


class Manifest(Frozen):
    """The file as its author wrote it.

    Parameters
    ----------
    concurrency
        How many of the episodes are made at once, at most.
    """

    concurrency: int | None = Field(default=None, ge=1, le=MAX_CONCURRENCY)
    caps: BatchCaps | None = None
    episodes: tuple[ManifestEntry, ...] = Field(min_length=1, max_length=MAX_ENTRIES)

    @model_validator(mode="after")
    def _does_not_contradict_itself(self) -> Self:
        if problems := (*_half_variants(self), *_repeated(self), *_variants_of_variants(self)):
            raise ContradictoryScript(problems)
        return self


class ManifestInvalid(ScriptInvalid):
    """A manifest cannot be used; `problems` says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One episode of a batch.

    Parameters
    ----------
    episode_id
        The episode that is made.
    source
        The episode whose script and files it is made of: another one for a variant.
    overrides
        The fields of the script that a variant has otherwise, as they were written.
    folder
        Where the source's files lie on the machine of whoever asks, relative to the manifest.
    """

    episode_id: str
    source: str
    overrides: Mapping[str, JsonValue] = field(default_factory=dict)
    folder: str | None = None

    @property
    def is_variant(self) -> bool:
        """Whether it is made of another episode."""
        return self.source != self.episode_id


@dataclass(frozen=True, slots=True)
class Batch:
    """What is to be made.

    Parameters
    ----------
    concurrency
        How many of the episodes are made at once, at most; None for the stack's own limit.
    cap_usd
        Once the episodes together have used this much, no further one is started.
    """

    entries: tuple[Entry, ...]
    concurrency: int | None = None
    cap_usd: float | None = None


def parse_manifest(data: bytes, *, file_name: str) -> Batch:
    """Read and check a manifest.

    Parameters
    ----------
    data
        The file as it is stored: YAML, as a script is.
    file_name
        Its name, for what is said of it.

    Raises
    ------
    ManifestInvalid
        With everything that is wrong, as far as it can be told at once.
    """
    try:
        document = checked(read_yaml(decoded(data)))
    except UnreadableDocument as error:
        raise ManifestInvalid(file_name, [error.problem]) from error
    if not isinstance(document.value, dict):
        message = f"must begin with fields such as 'episodes:', found {quoted(document.value)}"
        raise ManifestInvalid(file_name, [ScriptProblem("", message)])
    try:
        manifest = Manifest.model_validate_json(json.dumps(document.value), strict=True)
    except ValidationError as error:
        problems = problems_of(error, Manifest)
        placed = (replace(problem, line=document.line_of(problem.path)) for problem in problems)
        raise ManifestInvalid(file_name, placed) from error
    return _batch_of(manifest, document)


def manifest_of(episode_ids: list[str], *, concurrency: int) -> bytes:
    """Return the manifest of episodes as they are."""
    manifest = {"concurrency": concurrency, "episodes": [{"episode": episode_id} for episode_id in episode_ids]}
    return json.dumps(manifest, indent=2).encode()  # JSON is YAML, too


def _batch_of(manifest: Manifest, document: Document) -> Batch:
    written: Any = document.value  # it has been checked
    return Batch(
        entries=tuple(
            Entry(
                episode_id=entry.made_as or entry.episode,
                source=entry.episode,
                overrides=raw.get("overrides", {}),
                folder=entry.folder,
            )
            for entry, raw in zip(manifest.episodes, written["episodes"], strict=True)
        ),
        concurrency=manifest.concurrency,
        cap_usd=float(manifest.caps.usd) if manifest.caps else None,
    )


def _half_variants(manifest: Manifest) -> Iterator[ScriptProblem]:
    for index, entry in enumerate(manifest.episodes):
        at = ("episodes", index)
        if entry.made_as == entry.episode:
            hint = "leave 'as' and 'overrides' out, or give the variant an id of its own"
            yield ScriptProblem(path_of((*at, "as")), f"is the id of the episode itself, {quoted(entry.episode)}", hint)
        elif entry.overrides is not None and entry.made_as is None:
            hint = "add 'as: <an id of its own>': the episode itself is never changed"
            yield ScriptProblem(path_of((*at, "overrides")), "make a variant, which has no id yet", hint)


def _repeated(manifest: Manifest) -> Iterator[ScriptProblem]:
    first_at: dict[str, int] = {}
    for index, entry in enumerate(manifest.episodes):
        made = entry.made_as or entry.episode
        if entry.made_as == entry.episode:
            continue
        first = first_at.setdefault(made, index)
        if first != index:
            path = path_of(("episodes", index, "as" if entry.made_as else "episode"))
            hint = "name each episode once; a second version of it needs 'as: <an id of its own>'"
            yield ScriptProblem(path, f"{quoted(made)} is made by episodes[{first}] already", hint)


def _variants_of_variants(manifest: Manifest) -> Iterator[ScriptProblem]:
    variants = {entry.made_as for entry in manifest.episodes if entry.made_as != entry.episode}
    for index, entry in enumerate(manifest.episodes):
        if entry.made_as and entry.episode in variants:
            message = f"{quoted(entry.episode)} is itself a variant that this manifest makes"
            yield ScriptProblem(path_of(("episodes", index, "episode")), message, "name the episode it is a variant of")
