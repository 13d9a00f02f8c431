"""Records without the names of people and machines, for tables and reports that leave the house.

Done after assembly and before anything is stored: links and ids are those of the real names, so a run keeps its id,
and no table, document, page or listing can forget to ask. What is stored cannot be turned back; no list of the names
is kept. The numbers follow the order of the names and are those of one state of the tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from scanner.knowledge import PersonalKind, stands_alone, without_names
from scanner.records import (
    RAW_LIMIT,
    Evidence,
    Issue,
    Link,
    Locator,
    Observation,
    Outcome,
    Run,
    Series,
    Skip,
    SourceFile,
    Value,
)


class Pseudonyms:
    """`user-1` for a user's name and `host-1` for a machine's, the same one wherever it stands."""

    def __init__(self, names: Iterable[tuple[PersonalKind, str]]) -> None:
        self._known: dict[str, str] = {}
        counts: dict[str, int] = {"user": 0, "host": 0}
        # A name that is both is a user's; of the spellings of one name each is known by itself.
        for kind, name in sorted(set(names), key=lambda found: (found[0] != "user", found[1])):
            if name in self._known:
                continue
            counts[kind] += 1
            instead = f"{kind}-{counts[kind]}"
            short = name.partition(".")[0] if kind == "host" and not name[0].isdigit() else name
            for spelling in (name, short, short.capitalize(), short.upper()):
                self._known.setdefault(spelling, instead)
        alone = sorted((name for name in self._known if stands_alone(name)), key=lambda name: (-len(name), name))
        words = "|".join(map(re.escape, alone)) or "(?!)"
        self._alone = re.compile(rf"(?<![A-Za-z0-9])(?:{words})(?![A-Za-z0-9])")
        self._texts: dict[str, str] = {}

    def text(self, text: str) -> str:
        """The text with pseudonyms."""
        found = self._texts.get(text)
        if found is None:
            found = without_names(text, lambda kind, name: self._known.get(name))
            found = self._texts[text] = self._alone.sub(lambda match: self._known[match[0]], found)
        return found

    def quote(self, raw: str) -> str:
        """A quote with pseudonyms; a name that its cut left a part of goes."""
        if len(raw) == RAW_LIMIT and (tail := _TAIL.search(raw)):
            if any(name.startswith(tail[0]) and name != tail[0] for name in self._known):
                raw = raw[: tail.start()]
        return self.text(raw)


_TAIL = re.compile(r"[A-Za-z0-9_.-]+$")


def anonymous_files(names: Pseudonyms, files: Iterable[SourceFile]) -> list[SourceFile]:
    """Rows of the files table."""
    return [file._replace(path=names.text(file.path)) for file in files]


def anonymous_skips(names: Pseudonyms, skips: Iterable[Skip]) -> list[Skip]:
    """Rows of the skips table."""
    return [skip._replace(path=names.text(skip.path), detail=names.text(skip.detail)) for skip in skips]


def anonymous_series(names: Pseudonyms, series: Iterable[Series]) -> list[Series]:
    """Curves; their numbers are shared with the given ones."""
    return [
        replace(
            s,
            written=names.text(s.written),
            path=names.text(s.path),
            pointer=names.text(s.pointer),
            pointers=list(map(names.text, s.pointers)),
        )
        for s in series
    ]


def anonymous_observations(names: Pseudonyms, observations: Iterable[Observation]) -> list[Observation]:
    """What single places state."""
    return [_observation(names, o) for o in observations]


def anonymous_runs(names: Pseudonyms, runs: Sequence[Run]) -> list[Run]:
    """Runs under their ids."""
    return [
        replace(
            run,
            project=names.text(run.project),
            name=names.text(run.name),
            values={field: _value(names, value) for field, value in run.values.items()},
            series=tuple(anonymous_series(names, run.series)),
            signals=tuple(_observation(names, o) for o in run.signals),
            links=tuple(
                Link(names.text(x.path), x.segment, x.reason, x.because and _place(names, x.because)) for x in run.links
            ),
            evidence=tuple(Evidence(names.text(e.path), e.role) for e in run.evidence),
        )
        for run in runs
    ]


def anonymous_outcomes(names: Pseudonyms, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Outcomes of those runs."""
    return [
        replace(
            o,
            because=tuple(_observation(names, x) for x in o.because),
            against=tuple(_observation(names, x) for x in o.against),
            issues=tuple(Issue(i.id, i.kind, _place(names, i.because), names.quote(i.raw)) for i in o.issues),
        )
        for o in outcomes
    ]


def _place(names: Pseudonyms, place: Locator) -> Locator:
    return place._replace(path=names.text(place.path), pointer=names.text(place.pointer))


def _observation(names: Pseudonyms, o: Observation) -> Observation:
    value = names.text(o.value) if isinstance(o.value, str) else o.value
    return o._replace(key=names.text(o.key), value=value, raw=names.quote(o.raw), locator=_place(names, o.locator))


def _value(names: Pseudonyms, value: Value) -> Value:
    others = tuple(_observation(names, o) for o in value.others)
    return value._replace(chosen=_observation(names, value.chosen), others=others)
