"""Reading candidates on this machine: in the calling process, or in a pool of worker processes.

Results come in the order of the candidates, whatever the number of workers.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice

from scanner.intake.crawl import Candidate
from scanner.intake.read_file import read_file
from scanner.records import Findings, Skip

BATCH_FILES = 64
BATCH_BYTES = 24 * 1024 * 1024


def read_all(candidates: Iterable[Candidate], jobs: int) -> Iterator[Findings]:
    """Findings of every candidate, in order."""
    if jobs <= 1:
        yield from map(read_file, candidates)
        return
    batches = _batches(candidates)
    context = multiprocessing.get_context(
        "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else None
    )
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        pending = [(batch, pool.submit(_read_batch, batch)) for batch in islice(batches, 2 * jobs)]
        while pending:
            batch, future = pending.pop(0)
            try:
                yield from future.result()
            except BrokenProcessPool as error:
                for candidate in batch:
                    yield Findings(None, skips=(Skip(candidate.path, "read", "worker_died", str(error)[:120], 1),))
                for lost, _ in pending:
                    yield from map(read_file, lost)
                yield from map(read_file, (c for rest in batches for c in rest))
                return
            pending.extend((batch, pool.submit(_read_batch, batch)) for batch in islice(batches, 1))


def _read_batch(batch: list[Candidate]) -> list[Findings]:
    return [read_file(candidate) for candidate in batch]


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
