"""What a batch puts into a variant's folder, and whether the folder is the batch's to write to: pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.addresses import address_of_content
from shared.frozen import Frozen
from shared.script.problems import enumerated, quoted

SCRIPT_NAME = "script.json"
"""Under which a variant's script is written, whatever the source's is called."""


class VariantRefused(Exception):
    """A variant cannot be made, or its folder is not the batch's to write to; the text says why."""


class VariantRecord(Frozen):
    """``variant.json``: what a batch has put into a folder, so that it touches nothing else.

    Parameters
    ----------
    files
        The ETags of the source's files that the script names, by their paths.
    script
        Hash of the script.
    stored
        The ETags of all that was ever written there, by the paths; None for what is being written.
    """

    batch: str
    variant_of: str
    files: dict[str, str]
    script: str
    stored: dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Variant:
    """What a variant's folder is to hold.

    Parameters
    ----------
    files
        The ETags of the source's files that its script names, by their paths.
    script
        Its script.
    """

    batch: str
    variant_of: str
    files: Mapping[str, str]
    script: bytes

    def record(self, stored: Mapping[str, str | None]) -> VariantRecord:
        """Return what is written down of it."""
        return VariantRecord(
            batch=self.batch,
            variant_of=self.variant_of,
            files=dict(self.files),
            script=address_of_content(self.script),
            stored=dict(stored),
        )


def refuse_what_is_not_ours(variant: Variant, record: VariantRecord | None, there: Mapping[str, str]) -> None:
    """Check that a folder holds nothing but what the batch has put there.

    Parameters
    ----------
    record
        What is written down there, if anything is.
    there
        The ETags of the files that lie there, by their paths, without Showrunner's own.

    Raises
    ------
    VariantRefused
        With what lies there, and what would be right.
    """
    if record is None:
        if there:
            raise VariantRefused(
                f"the folder holds files that no batch has put there ({enumerated(sorted(there))}): "
                "give the variant another id, or move them away"
            )
        return
    if (record.batch, record.variant_of) != (variant.batch, variant.variant_of):
        raise VariantRefused(
            f"the folder is a variant of {quoted(record.variant_of)} that the batch {quoted(record.batch)} has made: "
            "give this one another id"
        )
    foreign = sorted(path for path, etag in there.items() if record.stored.get(path, "") not in (None, etag))
    if foreign:
        raise VariantRefused(
            f"somebody has put {enumerated(foreign)} into the variant's folder: "
            "change the source or the manifest instead, and move the files away"
        )


def to_write(variant: Variant, record: VariantRecord | None, there: Mapping[str, str]) -> list[str]:
    """Return the paths of what has to be written for a folder to be up to date, the script last; empty when it is."""
    if record is None:
        return [*variant.files, SCRIPT_NAME]
    lying = {path for path, etag in there.items() if record.stored.get(path) == etag}
    files = [path for path, etag in variant.files.items() if path not in lying or record.files.get(path) != etag]
    script_lies = SCRIPT_NAME in lying and record.script == address_of_content(variant.script)
    return files if script_lies else [*files, SCRIPT_NAME]
