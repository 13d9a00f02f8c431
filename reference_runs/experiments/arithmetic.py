"""Numbers of the document that must agree with each other. No job: nothing has to be run.

Settings of a claim: `statistic`, one of the functions below.
"""

from __future__ import annotations

from collections.abc import Mapping

from reference_runs.configs import documented
from reference_runs.records import Claim, Finding, Hardware, Job, NotTestable, Result
from scanner.records import Figure

_SCHEDULE = "get_cosine_schedule_with_warmup"


def jobs(claim: Claim, at_hand: Hardware) -> dict[str, Job]:
    """None."""
    return {}


def measure(claim: Claim, results: Mapping[str, Result], at_hand: Hardware) -> Finding:
    """What the numbers give."""
    return _warmup_share(claim) if claim.settings["statistic"] == "warmup_share" else _success_rate(claim)


def _warmup_share(claim: Claim) -> Finding:
    """Warm-up steps over all steps, as the source's own call of the scheduler has them."""
    document = documented.read(claim.source).document
    calls = [call.named for one in document.snippets if (call := one.call(_SCHEDULE)) is not None]
    steps = [(named.get("num_warmup_steps"), named.get("num_training_steps")) for named in calls]
    for warmup, training in steps:
        if isinstance(warmup, int) and isinstance(training, int) and training > 0:
            return Finding("computed", (Figure("share", warmup / training), Figure("steps", training)))
    raise NotTestable("not_stated")


def _success_rate(claim: Claim) -> Finding:
    """Of the stated results, how many the stated counts do not give: the rate to its last digit, and the sum."""
    success, failed, unknown = (claim.quantity[key] for key in ("success", "failed", "unknown"))
    rate, total = success / (success + failed), success + failed + unknown
    wrong = (round(rate, 3) != claim.quantity["rate"]) + (total != claim.quantity["total"])
    return Finding("computed", (Figure("disagreements", wrong), Figure("success_rate", rate), Figure("total", total)))
