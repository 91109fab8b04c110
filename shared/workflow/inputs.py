"""What lies in an episode's folder: its script, the files that the script names, and a digest of their state."""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.keys import SCRIPT_NAMES, episode_folder, is_result
from shared.script.files import script_files
from shared.script.models import Script
from shared.script.parse import parse_script
from shared.script.problems import ScriptInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping

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
        Changes when, and only when, the script, a file that it names, or the configuration changes.
    """

    episode_id: str
    files: "Mapping[str, StoredObject]"
    script: Script | None
    problem: str | None
    missing: tuple[str, ...]
    digest: str

    @property
    def has_script(self) -> bool:
        """Whether somebody put a script there, good or bad."""
        return any(name in self.files for name in SCRIPT_NAMES)

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
    files = {
        path: stored
        for stored in bucket.list(folder)
        if (path := stored.key.removeprefix(folder)) and not is_result(path)
    }
    names = [name for name in SCRIPT_NAMES if name in files]
    script, problem = None, None
    if not names:
        problem = f"there is no script: put {SCRIPT_NAMES[0]} or {SCRIPT_NAMES[-1]} into {folder}"
    elif len(names) > 1:
        problem = f"there are both {' and '.join(names)} in {folder}: keep one of them"
    else:
        try:
            script = parse_script(bucket.get(folder + names[0]), file_name=names[0])
        except ScriptInvalid as error:
            problem = str(error)
    named = [file.path for file in script_files(script)] if script else []
    return EpisodeInputs(
        episode_id=episode_id,
        files=files,
        script=script,
        problem=problem,
        missing=tuple(path for path in named if path not in files),
        digest=_digest(files, [*names, *named], configuration),
    )


def _digest(files: "Mapping[str, StoredObject]", paths: list[str], configuration: str) -> str:
    state = [[path, files[path].etag, files[path].size] if path in files else [path] for path in sorted(set(paths))]
    return hashlib.sha256(json.dumps([configuration, state]).encode()).hexdigest()[:_DIGEST_DIGITS]


def execution_name(episode_id: str, digest: str, attempt: int) -> str:
    """Return the name of a run's execution: at most 80 characters of a-z, 0-9 and hyphen.

    Names are unique for 90 days (https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html),
    so that the same run cannot be started twice.
    """
    readable = re.sub(r"[^a-z0-9]+", "-", episode_id.lower()).strip("-")[:48]
    return f"{readable}-{digest}-{attempt}"
