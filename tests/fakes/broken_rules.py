"""Rules of the ledger that are broken on purpose: tests of the tests, which have to find them out."""

from shared.ledger.records import Job, Seconds
from shared.ledger.rules import may_claim
from shared.ledger.states import JobState
from shared.ports import Claim


def claim_also_what_was_sent(job: Job, claim: Claim, now: Seconds) -> bool:
    """As `may_claim`, but for a lease that is also taken over from SUBMITTING, when fal may have the job."""
    return may_claim(job, claim, now) or (job.state is JobState.SUBMITTING and job.lease_until <= now)
