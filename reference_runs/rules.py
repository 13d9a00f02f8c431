"""The decision rules: what a finding must show for a claim to hold, fixed before anything is run.

Each rule is a pure function of a claim and a finding. The figure it judges is the finding's first, with its interval
(`low`, `high`) where it has one and as a point where not. A rule never sees how the figure came about, except that a
verdict keeps the finding's basis.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from reference_runs.records import Claim, Finding
from scanner.errors import ReplayError
from scanner.records import VerdictStatus


class Decision(NamedTuple):
    """A rule's word."""

    status: VerdictStatus
    reason: str = ""
    """Why it is inconclusive, as a stable id."""


def decide(claim: Claim, finding: Finding) -> Decision:
    """What the claim's rule says of a finding. Raises ReplayError when the rule's settings do not fit the claim."""
    try:
        return RULES[claim.rule](claim, finding)
    except (KeyError, IndexError) as error:
        raise ReplayError(f"claims/{claim.id}.toml: rule {claim.rule!r} lacks {error}") from error


def _interval(finding: Finding) -> tuple[float, float]:
    figure = finding.figures[0]
    value = float(figure.value or 0)
    return value if figure.low is None else figure.low, value if figure.high is None else figure.high


def _stated(claim: Claim) -> tuple[float, float]:
    """The stated range: the quantity that the rule's `stated` names, else `low` and `high`, else the only one."""
    quantity = claim.quantity
    if "stated" in claim.rule_settings:
        judged = quantity[claim.rule_settings["stated"]]
        return judged, judged
    if "low" in quantity or "high" in quantity:
        return quantity.get("low", float("-inf")), quantity.get("high", float("inf"))
    (only,) = quantity.values() if len(quantity) == 1 else (quantity["value"],)
    return only, only


def _near(claim: Claim, finding: Finding) -> Decision:
    """The whole interval lies in the stated range widened by `tolerance`; refuted when it lies wholly outside."""
    low, high = _interval(finding)
    least, most = _stated(claim)
    tolerance = float(claim.rule_settings.get("tolerance", 0.0))
    slack = 1e-9 * max(1.0, abs(least) if least != float("-inf") else 1.0)
    if least - tolerance - slack <= low and high <= most + tolerance + slack:
        return Decision("confirmed")
    if high < least - tolerance or low > most + tolerance:
        return Decision("refuted")
    return Decision("inconclusive", "interval_straddles")


def _at_least(claim: Claim, finding: Finding) -> Decision:
    """The interval lies at or above what is stated, less `tolerance`; refuted when it lies wholly below."""
    low, high = _interval(finding)
    least = _stated(claim)[0] - float(claim.rule_settings.get("tolerance", 0.0))
    if low >= least:
        return Decision("confirmed")
    return Decision("refuted") if high < least else Decision("inconclusive", "interval_straddles")


def _at_most(claim: Claim, finding: Finding) -> Decision:
    """The interval lies at or below what is stated, plus `tolerance`; refuted when it lies wholly above."""
    low, high = _interval(finding)
    most = _stated(claim)[1] + float(claim.rule_settings.get("tolerance", 0.0))
    if high <= most:
        return Decision("confirmed")
    return Decision("refuted") if low > most else Decision("inconclusive", "interval_straddles")


def _ordered(claim: Claim, finding: Finding) -> Decision:
    """The variant `better` has a lower sample than every variant of `worse`, by `margin`, in every pair.

    Refuted when some variant of `worse` is lower by the margin in every pair. Pairs are the samples at one position.
    """
    margin = float(claim.quantity["margin"])
    best = finding.samples[claim.rule_settings["better"]]
    gaps = [
        [other - own for own, other in zip(best, finding.samples[name], strict=True)]
        for name in claim.rule_settings["worse"]
    ]
    if all(gap >= margin for pairs in gaps for gap in pairs):
        return Decision("confirmed")
    if any(all(gap <= -margin for gap in pairs) for pairs in gaps):
        return Decision("refuted")
    return Decision("inconclusive", "no_difference_shown")


def _runs(claim: Claim, finding: Finding) -> Decision:
    """What is documented runs as written."""
    return Decision("refuted") if finding.errors else Decision("confirmed")


def _exists(claim: Claim, finding: Finding) -> Decision:
    """The judged extent is larger than zero."""
    low, high = _interval(finding)
    if low > 0:
        return Decision("confirmed")
    return Decision("refuted") if high <= 0 else Decision("inconclusive", "interval_straddles")


def _batch_range(claim: Claim, finding: Finding) -> Decision:
    """The largest batch that fits lies in the advised range or above it, and twice the range's end no longer fits."""
    certain, possible = _interval(finding)
    least, most = _stated(claim)
    if possible < least:
        return Decision("refuted")
    if certain < least:
        return Decision("inconclusive", "interval_straddles")
    return Decision("confirmed") if possible < 2 * most else Decision("inconclusive", "much_more_fits")


RULES: dict[str, Callable[[Claim, Finding], Decision]] = {
    "near": _near,
    "at_least": _at_least,
    "at_most": _at_most,
    "ordered": _ordered,
    "runs": _runs,
    "exists": _exists,
    "batch_range": _batch_range,
}
