"""Reading candidates on this machine: in the calling process, or in worker processes under limits.

Results come in the order of the candidates, whatever the number of workers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scanner.intake.crawl import Candidate
from scanner.intake.engines.workers import Limits, read_in_workers
from scanner.intake.read_file import read_file
from scanner.knowledge import walk_rules
from scanner.records import Findings

BATCH_FILES = 64
BATCH_BYTES = 24 * 1024 * 1024


def read_all(candidates: Iterable[Candidate], jobs: int) -> Iterator[Findings]:
    """Findings of every candidate, in order. Without jobs all is read in this process, and nothing ends a slow file."""
    if jobs < 1:
        yield from map(read_file, candidates)
        return
    rules = walk_rules()
    limits = Limits(rules.file_seconds, rules.bytes_a_second, rules.text_bytes, rules.memory_bytes, rules.patience)
    yield from read_in_workers(_batches(candidates), read_file, jobs, limits)


def _batches(candidates: Iterable[Candidate]) -> Iterator[list[Candidate]]:
    batch: list[Candidate] = []
    size = 0
    for candidate in candidates:
        batch.append(candidate)
        size += candidate.size
        if len(batch) >= BATCH_FILES or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
