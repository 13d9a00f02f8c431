"""Reading what has changed, and remembering the rest: in the order of the candidates, as if all had been read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scanner.intake.cache import Cache
from scanner.intake.crawl import Candidate
from scanner.intake.engines.local import read_all
from scanner.records import Findings


def read_changed(candidates: Sequence[Candidate], jobs: int, cache: Cache) -> Iterator[Findings]:
    """Findings of every candidate, in order; what is read goes into the cache as it comes."""
    rows = cache.rows_of(candidates)
    fresh = read_all([one for one, row in zip(candidates, rows, strict=True) if row is None], jobs)
    for n, (candidate, row) in enumerate(zip(candidates, rows, strict=True)):
        findings = None
        if row is not None:
            findings = cache.get(row)
            if findings is None:  # the cache is none: all that it promised is read after all
                yield from _read(candidates[n:], jobs, cache)
                return
        else:
            findings = next(fresh)
            cache.put(candidate, findings)
        yield findings


def _read(candidates: Sequence[Candidate], jobs: int, cache: Cache) -> Iterator[Findings]:
    for candidate, findings in zip(candidates, read_all(candidates, jobs), strict=True):
        cache.put(candidate, findings)
        yield findings
