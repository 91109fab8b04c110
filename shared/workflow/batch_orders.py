"""Which batches there are: their manifests, when they were asked for last, and how they stood then."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from shared.batches.manifest import Batch, ManifestInvalid, parse_manifest
from shared.batches.summary import BatchState, BatchSummary
from shared.keys import BATCHES, SCHEDULED_BATCH, is_batch_name, manifest_key, summary_key
from shared.ports import ObjectMissing, StoredObject
from shared.script.document import too_large
from shared.script.limits import MAX_SCRIPT_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.ledger.records import Seconds
    from shared.ports import Bucket, Ledger
    from shared.workflow.inputs import EpisodeInputs

_MANIFEST = ".yaml"
_ASKED = ".asked"

_WHOLE_SECOND: "Seconds" = 1.0
"""S3 tells times in whole seconds: what failed within the second in which somebody asked did so before."""


@dataclass(frozen=True, slots=True)
class Order:
    """A batch that somebody has asked for.

    Parameters
    ----------
    manifest
        The ETag of its manifest.
    batch
        What the manifest says; None where it cannot be used.
    problem
        Why not, in words.
    summary
        The last one that was written; None where there is none that can be read.
    """

    name: str
    manifest: str
    asked_at: "Seconds"
    batch: Batch | None
    problem: str | None
    summary: BatchSummary | None

    @property
    def is_open(self) -> bool:
        """Whether it has not ended since it was asked for last."""
        last = self.summary
        is_told = last is not None and (last.manifest, last.state) == (self.manifest, BatchState.ENDED)
        return not is_told or last is None or last.asked_at < self.asked_at


def orders(bucket: "Bucket") -> list[Order]:
    """Return all batches, by their names."""
    listing = {stored.key.removeprefix(BATCHES): stored for stored in bucket.list(BATCHES)}
    names = sorted(key.removesuffix(_MANIFEST) for key in listing if key.endswith(_MANIFEST))
    return [_order(name, listing, bucket) for name in names if is_batch_name(name)]


def _order(name: str, listing: "Mapping[str, StoredObject]", bucket: "Bucket") -> Order:
    stored, again = listing[name + _MANIFEST], listing.get(name + _ASKED)
    batch, problem = None, None
    if stored.size > MAX_SCRIPT_BYTES:
        problem = str(too_large(stored.size))
    else:
        try:
            batch = parse_manifest(bucket.get(stored.key), file_name=manifest_key(name).rpartition("/")[2])
        except ManifestInvalid as error:
            problem = str(error)
        except ObjectMissing:
            problem = "the manifest was taken away just now"
    asked_at = max(stored.modified_at, again.modified_at if again else 0.0) + _WHOLE_SECOND
    return Order(name, stored.etag, asked_at, batch, problem, _summary(name, listing, bucket))


def _summary(name: str, listing: "Mapping[str, StoredObject]", bucket: "Bucket") -> BatchSummary | None:
    key = summary_key(name, "json")
    if key.removeprefix(BATCHES) not in listing:
        return None
    try:
        return BatchSummary.model_validate_json(bucket.get(key))
    except ValidationError:  # what an older version wrote is written anew
        return None


def is_left_to_a_batch(inputs: "EpisodeInputs", bucket: "Bucket", ledger: "Ledger") -> bool:
    """Tell whether uploads to an episode start no run, since a batch is to do so, or nobody wants it as it is.

    That is any variant, what an open batch makes, and what only lends its files to variants and was never made itself.
    The schedule's own batch holds nothing up.
    """
    if inputs.is_variant:
        return True
    lends = False
    for order in orders(bucket):
        entries = order.batch.entries if order.batch and order.name != SCHEDULED_BATCH else ()
        if order.is_open and any(entry.episode_id == inputs.episode_id for entry in entries):
            return True
        lends = lends or any(entry.is_variant and entry.source == inputs.episode_id for entry in entries)
    return lends and ledger.newest_run(inputs.episode_id) is None
