"""From findings to verdicts, the records that the report reads."""

from __future__ import annotations

from collections.abc import Iterable

from reference_runs.records import Claim, Finding, Hardware, Job
from reference_runs.rules import decide
from scanner.records import Basis, Figure, Locator, Scalar, Verdict, VerdictStatus


def verdict_of(
    claim: Claim, finding: Finding, place: Locator | None, at_hand: Hardware, jobs: Iterable[Job]
) -> Verdict:
    """The verdict that the claim's rule gives a finding."""
    status, reason = decide(claim, finding)
    return Verdict(
        claim=claim.id,
        written=claim.written,
        place=place,
        status=status,
        basis=finding.basis,
        rule=claim.rule,
        reason=reason,
        stated=_stated(claim),
        figures=finding.figures,
        errors=finding.errors,
        remedies=finding.remedies,
        scope=tuple(sorted(finding.scope.items())),
        hardware=_described(at_hand),
        versions=at_hand.versions,
        runs=tuple(sorted({job.digest() for job in jobs})),
    )


def undecided(
    claim: Claim,
    status: VerdictStatus,
    reason: str,
    place: Locator | None,
    at_hand: Hardware,
    jobs: Iterable[Job] = (),
    error: str = "",
) -> Verdict:
    """A verdict without a finding: not testable on this hardware, or a run that left nothing to judge."""
    basis: Basis = "measured"
    return Verdict(
        claim=claim.id,
        written=claim.written,
        place=place,
        status=status,
        basis=basis,
        rule=claim.rule,
        reason=reason,
        stated=_stated(claim),
        figures=(),
        errors=((claim.experiment, error),) if error else (),
        hardware=_described(at_hand),
        versions=at_hand.versions,
        runs=tuple(sorted({job.digest() for job in jobs})),
    )


def _stated(claim: Claim) -> tuple[Figure, ...]:
    return tuple(Figure(name, value) for name, value in claim.quantity.items())


def _described(at_hand: Hardware) -> tuple[tuple[str, Scalar], ...]:
    return (
        ("cpu", at_hand.cpu),
        ("n_cores", at_hand.n_cores),
        ("memory_gib", round(at_hand.memory_gib, 1)),
        ("bf16_unit", at_hand.bf16_unit),
        ("gpu", at_hand.gpu),
        ("gpu_memory_gib", round(at_hand.gpu_memory_gib, 1)),
    )
