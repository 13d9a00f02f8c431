"""The verdicts of a replay as the templates read them; the words are in report_templates/claims.toml.

A predicted verdict has another mark and other words than a measured one, here and nowhere else decided.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from scanner.errors import ReportError
from scanner.records import Basis, Figure, Scalar, Verdict, VerdictStatus
from scanner.report import escape, locale_tr
from scanner.report.catalogue import template_text
from scanner.report.escape import Tree

FILE = "claims.toml"
_PLACEHOLDER = re.compile(r"\{(?P<name>\w+)(?::(?P<unit>\w+))?\}")

Relation = Literal["supports", "contradicts", "about"]


@cache
def words() -> Mapping[str, Any]:
    """The file. Raises ReportError for one that is no TOML."""
    try:
        return tomllib.loads(template_text(FILE))
    except tomllib.TOMLDecodeError as error:
        raise ReportError(f"report_templates/{FILE}: {error}; reinstall scan-trainings") from error


@dataclass(frozen=True, slots=True)
class Amount:
    """A figure with its name in Turkish and its unit."""

    title: str
    figure: Figure
    unit: str


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim and its verdict."""

    id: str
    theme: str
    """Id of its theme: the letters of the claim's id."""
    written: Tree
    place: Tree
    """Where the source writes it; empty where it does not."""
    gap: str
    """What the source leaves open; empty where the claim is tested as it is written, or has no words."""
    status: VerdictStatus
    basis: Basis
    rule: str
    reason: str
    stated: tuple[Amount, ...]
    judged: Amount | None
    """The figure that the rule judged."""
    others: tuple[Amount, ...]
    errors: tuple[tuple[str, Tree], ...]
    remedies: tuple[str, ...]
    scope: tuple[tuple[str, Scalar], ...]
    hardware: tuple[tuple[str, Scalar], ...]
    versions: tuple[tuple[str, str], ...]
    runs: tuple[str, ...]

    @property
    def subject(self) -> tuple[tuple[str, Scalar], ...]:
        """Of the scope what must stand beside the verdict: on which model, of what size, it was found."""
        return tuple((name, value) for name, value in self.scope if name in ("model", "parameters", "n_parameters"))

    @property
    def ground(self) -> tuple[object, object]:
        """What it was tested on: hardware and versions."""
        return self.hardware, self.versions

    @property
    def is_decided(self) -> bool:
        return self.status in ("confirmed", "refuted")

    @property
    def is_predicted(self) -> bool:
        return self.basis == "predicted" and self.status != "not_testable"

    @property
    def mark(self) -> str:
        """A sign beside the words: a prediction has its own, whatever it says."""
        return str(words()["mark"]["predicted" if self.is_predicted else self.status])

    @property
    def verdict(self) -> str:
        """The status in words; a prediction says that it is one."""
        status = str(words()["status"][self.status])
        return f"{status} ({words()['answer']['prediction']})" if self.is_predicted else status


def claims_of(verdicts: Sequence[Verdict]) -> tuple[Claim, ...]:
    """The claims in the order of the themes."""
    order = list(words()["theme"])
    made = [_claim(verdict) for verdict in verdicts]
    return tuple(sorted(made, key=lambda c: order.index(c.theme) if c.theme in order else len(order)))


def _claim(verdict: Verdict) -> Claim:
    own = _words_of(verdict.claim)
    unit = own.get("unit", "number")
    found = tuple(amount(figure, "number" if at else unit) for at, figure in enumerate(verdict.figures))
    return Claim(
        verdict.claim,
        verdict.claim.rstrip("0123456789"),
        Tree(verdict.written),
        Tree(str(verdict.place) if verdict.place is not None else ""),
        own.get("gap", ""),
        verdict.status,
        verdict.basis,
        verdict.rule,
        verdict.reason,
        tuple(amount(figure, unit) for figure in verdict.stated),
        found[0] if found else None,
        found[1:],
        tuple((what, Tree(error)) for what, error in verdict.errors),
        verdict.remedies,
        verdict.scope,
        verdict.hardware,
        verdict.versions,
        verdict.runs,
    )


def _words_of(claim: str) -> Mapping[str, str]:
    """A claim's own words, else those of its theme; none for an id without any."""
    known: Mapping[str, Mapping[str, str]] = words()["claim"]
    return known.get(claim) or known.get(claim.rstrip("0123456789")) or {}


def amount(figure: Figure, unit: str) -> Amount:
    """A figure with its words; `unit` is its unit where the words name none.

    A name may end with what it is about: `largest_batch_gpt2`, `saving: gpt2`. One without words stands for itself.
    """
    known = words()["figure"]
    stem, _, rest = figure.name.partition(": ")
    while stem and stem not in known:
        stem, _, last = stem.rpartition("_")
        rest = f"{last}_{rest}" if rest else last
    if not stem:
        return Amount(escape.cell(figure.name), figure, unit)
    title = known[stem]["title"] + (f" ({escape.cell(rest)})" if rest else "")
    return Amount(title, figure, known[stem]["unit"] or unit)


def stated(claim: Claim, style: str) -> str:
    """What the claim states, its range first; empty where it states no number."""
    found = {x.figure.name: x for x in claim.stated}
    parts = []
    if {"low", "high"} <= set(found):
        low, high = found.pop("low"), found.pop("high")
        parts.append(f"{shown(low.figure.value, _bare(low), style)} – {shown(high.figure.value, high.unit, style)}")
    parts += [f"{x.title}: {shown(x.figure.value, x.unit, style)}" for x in found.values()]
    return "; ".join(parts)


def _bare(found: Amount) -> str:
    """The unit of the lower end of a range, whose upper end names the unit."""
    return found.unit if found.unit in ("share", "rate") else "number"


def wording(claim: Claim, style: str) -> str:
    """What was tested, with the stated quantities in their places; empty for a claim without words."""
    stated = {x.figure.name: x for x in claim.stated}

    def fill(found: re.Match[str]) -> str:
        known = stated.get(found["name"])
        if known is None:
            return "…"
        return shown(known.figure.value, found["unit"] or known.unit, style)

    return _PLACEHOLDER.sub(fill, _words_of(claim.id).get("test", ""))


def placeholders(text: str) -> list[tuple[str, str | None]]:
    """Names and units (None: the figure's own) that a wording asks for."""
    return [(found["name"], found["unit"]) for found in _PLACEHOLDER.finditer(text)]


def shown(value: Scalar | None, unit: str, style: str) -> str:
    """A value in its unit."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return escape.cell(value)
    if unit == "yes_no" or isinstance(value, bool):
        return str(words()["answer"]["yes" if value else "no"])
    if unit == "share":
        return locale_tr.relative(value, style)
    if unit == "rate":
        return f"`{locale_tr.rate(float(value))}`"
    text = locale_tr.number(round(value, 3) if abs(value) >= 1 else value, style)
    return " ".join(part for part in (text, words()["unit"].get(unit, unit)) if part)


def measured(found: Amount, style: str) -> str:
    """A figure with its interval and the number of samples."""
    figure = found.figure
    notes = []
    if figure.low is not None and figure.high is not None and (figure.low, figure.high) != (figure.value, figure.value):
        bare = _bare(found)
        notes.append(f"{shown(figure.low, bare, style)} – {shown(figure.high, bare, style)}")
    if figure.n is not None:
        notes.append(f"n = {locale_tr.number(figure.n, style)}")
    return shown(figure.value, found.unit, style) + (f" ({', '.join(notes)})" if notes else "")


def concerning(claims: Sequence[Claim], place: str) -> list[tuple[Claim, Relation]]:
    """The tested claims that concern a piece of general advice, and what they say of it."""
    asked = words()["advice"].get(place, {})
    by_id = {claim.id: claim for claim in claims if claim.status != "not_testable"}
    found: list[tuple[Claim, Relation]] = []
    for side in ("for", "against", "about"):
        for claim in (by_id[name] for name in asked.get(side, ()) if name in by_id):
            holds = (claim.status == "confirmed") == (side == "for")
            is_told = claim.is_decided and side != "about"
            found.append((claim, ("supports" if holds else "contradicts") if is_told else "about"))
    return found


def table_of(claims: Sequence[Claim], style: str) -> list[list[str]]:
    """The claims for the page, a row each as `words()["page"]["heads"]` names the columns; code in backticks."""
    rows = []
    for claim in claims:
        reason = words()["reason"].get(claim.reason, claim.reason)
        basis = "" if claim.status == "not_testable" else words()["basis"][claim.basis]
        result = f"{claim.mark} {claim.verdict}" + (f": {reason}" if reason else "")
        judged = f"{claim.judged.title}: {measured(claim.judged, style)}" if claim.judged else ""
        written = escape.visible(claim.written)
        rows.append([claim.id, written, wording(claim, style), result, basis, judged, stated(claim, style)])
    return rows
