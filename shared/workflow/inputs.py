"""What lies in an episode's folder: its script, the files that the script names, and a digest of their state."""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.keys import SCRIPT_NAMES, episode_folder, is_result, variant_key
from shared.script.document import too_large
from shared.script.files import script_files
from shared.script.limits import MAX_OBJECTS, MAX_SCRIPT_BYTES
from shared.script.models import Script
from shared.script.parse import parse_script
from shared.script.problems import ScriptInvalid
from shared.script.text import composed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shared.ledger.records import Seconds
    from shared.ports import Bucket, StoredObject

_DIGEST_DIGITS = 16


@dataclass(frozen=True, slots=True)
class EpisodeInputs:
    """The state of an episode's inputs.

    Parameters
    ----------
    files
        What people put there, by path within the folder.
    script
        The script, where there is one and it can be read.
    problem
        Why there is no script to go by, in words for people; None when there is one.
    missing
        Paths that the script names and that are not there.
    digest
        Changes when, and only when, the script, a file that it names, or the configuration changes. No two episodes
        have the same, for runs are named after it.
    is_overfull
        Whether there are so many objects that nobody looked for a script among them.
    is_variant
        Whether a batch has made the folder, of another episode's.
    """

    episode_id: str
    files: "Mapping[str, StoredObject]"
    script: Script | None
    problem: str | None
    missing: tuple[str, ...]
    digest: str
    is_overfull: bool = False
    is_variant: bool = False

    @property
    def has_script(self) -> bool:
        """Whether somebody put a script there, good or bad, as far as can be told."""
        return self.is_overfull or any(name in self.files for name in SCRIPT_NAMES)

    @property
    def newest(self) -> "Seconds":
        """When the last of the files was uploaded."""
        return max((file.modified_at for file in self.files.values()), default=0.0)


def read_inputs(bucket: "Bucket", episode_id: str, configuration: str) -> EpisodeInputs:
    """Look at an episode's folder.

    Parameters
    ----------
    configuration
        Whatever beside the inputs decides what comes of them.
    """
    folder = episode_folder(episode_id)
    listing = bucket.list(folder, at_most=MAX_OBJECTS + 1)
    files = _files_in(folder, listing)
    if len(listing) > MAX_OBJECTS:
        return EpisodeInputs(
            episode_id=episode_id,
            files=files,
            script=None,
            problem=f"{folder} has more than {MAX_OBJECTS:,} objects: take out what the script does not name",
            missing=(),
            digest=_digest(configuration, episode_id, "overfull"),
            is_overfull=True,
        )
    names = [name for name in SCRIPT_NAMES if name in files]
    script, problem = None, None
    if not names:
        problem = f"there is no script: put {SCRIPT_NAMES[0]} or {SCRIPT_NAMES[-1]} into {folder}"
    elif len(names) > 1:
        problem = f"there are both {' and '.join(names)} in {folder}: keep one of them"
    else:
        try:
            script = _read_script(bucket, files[names[0]], names[0])
        except ScriptInvalid as error:
            problem = str(error)
    named = [file.path for file in script_files(script)] if script else []
    return EpisodeInputs(
        episode_id=episode_id,
        files=files,
        script=script,
        problem=problem,
        missing=tuple(path for path in named if path not in files),
        digest=_digest(configuration, episode_id, _state_of(files, [*names, *named])),
        is_variant=any(stored.key == variant_key(episode_id) for stored in listing),
    )


def _files_in(folder: str, listing: "Iterable[StoredObject]") -> "dict[str, StoredObject]":
    """Return an episode's files by their paths in composed form; of those with the same, the one uploaded last."""
    files: dict[str, StoredObject] = {}
    for stored in sorted(listing, key=lambda stored: stored.modified_at):
        path = composed(stored.key.removeprefix(folder))
        if path and not is_result(path):
            files[path] = stored
    return files


def _read_script(bucket: "Bucket", stored: "StoredObject", name: str) -> Script:
    if stored.size > MAX_SCRIPT_BYTES:
        raise ScriptInvalid(name, [too_large(stored.size)])
    return parse_script(bucket.get(stored.key), file_name=name)


def _state_of(files: "Mapping[str, StoredObject]", paths: list[str]) -> list[list[str | int]]:
    return [[path, files[path].etag, files[path].size] if path in files else [path] for path in sorted(set(paths))]


def _digest(*ingredients: object) -> str:
    return hashlib.sha256(json.dumps(ingredients).encode()).hexdigest()[:_DIGEST_DIGITS]


def execution_name(episode_id: str, digest: str, attempt: int) -> str:
    """Return the name of a run's execution: at most 80 characters of a-z, 0-9 and hyphen.

    Names are unique for 90 days (https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html),
    so that the same run cannot be started twice.
    """
    readable = re.sub(r"[^a-z0-9]+", "-", episode_id.lower()).strip("-")[:48]
    return f"{readable}-{digest}-{attempt}"
