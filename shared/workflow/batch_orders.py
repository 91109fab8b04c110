"""Which batches there are: their manifests, when they were asked for last, and how they stood then."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
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

_READ_AT_ONCE = 16

WHOLE_SECOND: "Seconds" = 1.0
"""S3 tells times in whole seconds: what failed within the second in which somebody asked did so before."""


@dataclass(frozen=True, slots=True)
class Order:
    """A batch that somebody has asked for.

    Parameters
    ----------
    manifest
        The ETag of its manifest.
    asked_by_hand_at, scheduled_at
        When a person asked for it last, and when the schedule did; 0 for never.
    batch
        What the manifest says; None where it cannot be used, and where the batch has ended: then nobody has to read it.
    problem
        Why it cannot be used, in words.
    summary
        The last one that was written; None where there is none that can be read.
    """

    name: str
    manifest: str
    asked_by_hand_at: "Seconds"
    scheduled_at: "Seconds"
    summary: BatchSummary | None
    batch: Batch | None = None
    problem: str | None = None

    @property
    def asked_at(self) -> "Seconds":
        """When it was asked for last."""
        return max(self.asked_by_hand_at, self.scheduled_at)

    @property
    def is_open(self) -> bool:
        """Whether it has not ended since it was asked for last."""
        last = self.summary
        is_told = last is not None and (last.manifest, last.state) == (self.manifest, BatchState.ENDED)
        return not is_told or last is None or last.asked_at < self.asked_at

    @property
    def episodes(self) -> "Mapping[str, str]":
        """The episodes that it makes, and of which episode each is made: of itself, unless it is a variant."""
        if self.batch:
            return {entry.episode_id: entry.source for entry in self.batch.entries}
        if self.summary and not self.is_open:
            return {entry.episode_id: entry.variant_of or entry.episode_id for entry in self.summary.episodes}
        return {}


def orders(bucket: "Bucket") -> list[Order]:
    """Return all batches, by their names."""
    listing = {stored.key.removeprefix(BATCHES): stored for stored in bucket.list(BATCHES)}
    keys = sorted(key.removesuffix(_MANIFEST) for key in listing if key.endswith(_MANIFEST))
    names = [name for name in keys if is_batch_name(name)]
    with ThreadPoolExecutor(_READ_AT_ONCE) as at_once:
        return list(at_once.map(lambda name: _order(name, listing, bucket), names))


def _order(name: str, listing: "Mapping[str, StoredObject]", bucket: "Bucket") -> Order:
    stored, again = listing[name + _MANIFEST], listing.get(name + _ASKED)
    manifest_at = stored.modified_at + WHOLE_SECOND
    by_schedule = name == SCHEDULED_BATCH
    order = Order(
        name=name,
        manifest=stored.etag,
        asked_by_hand_at=0.0 if by_schedule else manifest_at,
        scheduled_at=manifest_at if by_schedule else again.modified_at + WHOLE_SECOND if again else 0.0,
        summary=_summary(name, listing, bucket),
    )
    return _with_its_manifest(order, stored, bucket) if order.is_open else order


def _with_its_manifest(order: Order, stored: "StoredObject", bucket: "Bucket") -> Order:
    if stored.size > MAX_SCRIPT_BYTES:
        return replace(order, problem=str(too_large(stored.size)))
    try:
        file_name = manifest_key(order.name).rpartition("/")[2]
        return replace(order, batch=parse_manifest(bucket.get(stored.key), file_name=file_name))
    except ManifestInvalid as error:
        return replace(order, problem=str(error))
    except ObjectMissing:
        return replace(order, problem="the manifest was taken away just now")


def _summary(name: str, listing: "Mapping[str, StoredObject]", bucket: "Bucket") -> BatchSummary | None:
    key = summary_key(name, "json")
    if key.removeprefix(BATCHES) not in listing:
        return None
    try:
        return BatchSummary.model_validate_json(bucket.get(key))
    except (ValidationError, ObjectMissing):  # what an older version wrote is written anew
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
        if order.name == SCHEDULED_BATCH:
            continue
        made = order.episodes
        if order.is_open and inputs.episode_id in made:
            return True
        lends = lends or any(source == inputs.episode_id != episode_id for episode_id, source in made.items())
    return lends and ledger.newest_run(inputs.episode_id) is None
