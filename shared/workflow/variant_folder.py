"""Make the folder of a variant: its source's files by copies within the bucket, and a script with the overrides."""

import mimetypes
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from shared.batches.manifest import Entry
from shared.batches.variants import (
    SCRIPT_NAME,
    Variant,
    VariantRecord,
    VariantRefused,
    refuse_what_is_not_ours,
    to_write,
)
from shared.keys import SCRIPT_NAMES, episode_folder, is_result, variant_key
from shared.script.files import script_files
from shared.script.overrides import script_with_overrides
from shared.script.parse import parse_script
from shared.script.problems import ScriptInvalid

if TYPE_CHECKING:
    from shared.ports import Bucket
    from shared.workflow.inputs import EpisodeInputs


@dataclass(frozen=True, slots=True)
class VariantFolder:
    """A variant's folder as it was found, which is the batch's to write to.

    Parameters
    ----------
    missing
        Files that only the variant's script names, and that the source does not have.
    writes
        The paths of what has to be written for it to be up to date.
    """

    entry: Entry
    variant: Variant
    record: VariantRecord | None
    missing: tuple[str, ...]
    writes: tuple[str, ...]


def look_at_variant(entry: Entry, source: "EpisodeInputs", batch: str, bucket: "Bucket") -> VariantFolder:
    """Compare a variant's folder with its source and the manifest.

    Parameters
    ----------
    source
        The source's inputs, whose script can be read.

    Raises
    ------
    VariantRefused
        The folder holds somebody's own files, or the overrides do not fit the script.
    """
    (name,) = (name for name in SCRIPT_NAMES if name in source.files)
    try:
        script = script_with_overrides(bucket.get(source.files[name].key), file_name=name, overrides=entry.overrides)
        files = script_files(parse_script(script, file_name=SCRIPT_NAME))
    except ScriptInvalid as error:
        raise VariantRefused(f"the overrides do not fit the script of {entry.source}: {error}") from error
    named = [file.path for file in files]
    variant = Variant(
        batch=batch,
        variant_of=entry.source,
        files={path: source.files[path].etag for path in named if path in source.files},
        script=script,
    )
    record, there = _found_in(entry.episode_id, bucket)
    refuse_what_is_not_ours(variant, record, there)
    return VariantFolder(
        entry=entry,
        variant=variant,
        record=record,
        missing=tuple(path for path in named if path not in source.files),
        writes=tuple(to_write(variant, record, there)),
    )


def bring_up_to_date(found: VariantFolder, source: "EpisodeInputs", bucket: "Bucket") -> None:
    """Write what has to be written into a variant's folder.

    What is about to be written is written down first: then uploads to the folder start no run of their own, and after
    a crash the next call finds what is ours.
    """
    episode_id, variant = found.entry.episode_id, found.variant
    folder = episode_folder(episode_id)
    before = found.record.stored if found.record else {}
    stored = {**before, **dict.fromkeys(found.writes)}
    _write_down(episode_id, variant.record(stored), bucket)
    for path in found.writes:
        if path == SCRIPT_NAME:
            bucket.put(folder + path, variant.script, "application/json")
        else:
            content_type = mimetypes.guess_type(path)[0] or "application/octet-stream"
            bucket.copy(source.files[path].key, folder + path, content_type)
    _, there = _found_in(episode_id, bucket)
    written = {path: there.get(path) if path in found.writes else etag for path, etag in stored.items()}
    _write_down(episode_id, variant.record(written), bucket)


def _write_down(episode_id: str, record: VariantRecord, bucket: "Bucket") -> None:
    bucket.put(variant_key(episode_id), record.model_dump_json(indent=2).encode(), "application/json")


def _found_in(episode_id: str, bucket: "Bucket") -> tuple[VariantRecord | None, dict[str, str]]:
    """Return what is written down in a folder, and the ETags of its files, without Showrunner's own."""
    folder = episode_folder(episode_id)
    listing = {stored.key.removeprefix(folder): stored.etag for stored in bucket.list(folder)}
    files = {path: etag for path, etag in listing.items() if path and not is_result(path)}
    if variant_key(episode_id).removeprefix(folder) not in listing:
        return None, files
    try:
        return VariantRecord.model_validate_json(bucket.get(variant_key(episode_id))), files
    except ValidationError as error:
        message = "its variant.json is none that a batch has written: give the variant another id"
        raise VariantRefused(message) from error
