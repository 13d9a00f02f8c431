"""Worker processes that may hang, run out of memory or die: the file at fault is lost, the scan goes on.

A batch that does not come back (its worker died, or took too long) is given out again one file at a time, so that the
file at fault is found; a file that fails alone becomes a skip. Results come in the order of the batches.
"""

from __future__ import annotations

import faulthandler
import math
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import NamedTuple

from scanner.intake.crawl import Candidate
from scanner.intake.engines.forked import interrupts_held, prepare_workers, process_context
from scanner.records import Findings, Skip

OUT_OF_TIME = -int(getattr(signal, "SIGXCPU", 24))
"""Exit code of a process that used up its time."""

START_SECONDS = 300
"""For a worker to come up: that is no file's fault."""

WINDOW = 16
"""Batches a worker that may be read ahead of the one that everybody waits for."""

Work = Callable[[Candidate], Findings]


class Limits(NamedTuple):
    """What one file may cost."""

    seconds: float
    """Of processor time, beside a second for every `bytes_a_second` of the file."""
    bytes_a_second: int
    most_bytes: int
    """Of a larger file only so many count: no more is read of it."""
    memory_bytes: int
    """Of a worker as a whole, where the system can hold a process to it."""

    patience: float
    """Seconds on the clock for each of processor time: a file that only waits ends too, on a busy machine none does."""

    def of(self, candidates: Iterable[Candidate]) -> float:
        """Seconds that the candidates may take together before each is tried alone."""
        n_bytes = sum(min(candidate.size, self.most_bytes) for candidate in candidates)
        return self.seconds + n_bytes / self.bytes_a_second


class _Task(NamedTuple):
    slot: int
    """The batch it is of."""
    first: int
    """Place of its first candidate in the batch."""
    candidates: list[Candidate]


class _Failure(NamedTuple):
    reason: str
    detail: str


def read_in_workers(batches: Iterable[list[Candidate]], work: Work, jobs: int, limits: Limits) -> Iterator[Findings]:
    """What `work` makes of every candidate, in order; `work` must be a function that can be pickled."""
    coming = iter(batches)
    queue: deque[_Task] = deque()
    slots: dict[int, list[Findings | None]] = {}
    given = due = 0
    crew = _Crew(work, jobs, limits)
    try:
        while True:
            while crew.has_room():
                if not queue and given - due < WINDOW * jobs:
                    batch = next(coming, None)
                    if batch is not None:
                        slots[given] = [None] * len(batch)
                        queue.append(_Task(given, 0, batch))
                        given += 1
                if not queue:
                    break
                crew.give(queue.popleft())
            if due == given:
                return
            for task, found in crew.wait():
                slot = slots[task.slot]
                if isinstance(found, list):
                    slot[task.first : task.first + len(found)] = found
                elif len(task.candidates) > 1:
                    alone = [_Task(task.slot, task.first + n, [one]) for n, one in enumerate(task.candidates)]
                    queue.extendleft(reversed(alone))
                else:
                    skip = Skip(task.candidates[0].path, "read", found.reason, found.detail, 1)
                    slot[task.first] = Findings(None, skips=(skip,))
            while due < given and None not in slots[due]:
                yield from (found for found in slots.pop(due) if found is not None)
                due += 1
    finally:
        crew.dismiss()


class _Worker:
    """A process and the task it is at."""

    def __init__(self, work: Work, limits: Limits) -> None:
        context = process_context()
        self.pipe, theirs = context.Pipe()
        prepare_workers()
        with interrupts_held():
            self.process = context.Process(target=_serve, args=(theirs, work, limits), daemon=True)
            self.process.start()
        theirs.close()
        self.task: _Task | None = None
        self.deadline = 0.0
        self._is_ready = False
        self._patience = 0.0
        self._limits = limits
        self._siblings: frozenset[str] | None = None

    def give(self, task: _Task, seconds: float) -> None:
        """Hand over a task. A folder's names, which may be a million, go over once for the files of the folder."""
        packed: list[tuple[Candidate, bool]] = []
        for candidate in task.candidates:
            is_known = candidate.siblings is self._siblings
            self._siblings = candidate.siblings
            packed.append((candidate._replace(siblings=frozenset()) if is_known else candidate, is_known))
        self.task, self._patience = task, seconds * self._limits.patience
        self.deadline = time.monotonic() + (self._patience if self._is_ready else START_SECONDS)
        with suppress(OSError):  # a worker that has died meanwhile is told by `wait`
            self.pipe.send((packed, seconds))

    def receive(self) -> list[Findings] | None:
        """The findings of its task; None from a worker that has only just come up, whose time begins now."""
        found: list[Findings] | None = self.pipe.recv()
        if found is None:
            self._is_ready, self.deadline = True, time.monotonic() + self._patience
        return found

    def end(self) -> int:
        """Kill the process where it still lives; returns its exit code."""
        self.process.kill()
        self.process.join()
        self.pipe.close()
        code = self.process.exitcode or 0
        self.process.close()
        return code


class _Crew:
    """The workers of one scan, started when there is something to do."""

    def __init__(self, work: Work, jobs: int, limits: Limits) -> None:
        self._work = work
        self._jobs = jobs
        self._limits = limits
        self._busy: list[_Worker] = []
        self._idle: list[_Worker] = []

    def has_room(self) -> bool:
        return len(self._busy) < self._jobs

    def give(self, task: _Task) -> None:
        worker = self._idle.pop() if self._idle else _Worker(self._work, self._limits)
        self._busy.append(worker)
        worker.give(task, self._limits.of(task.candidates))

    def wait(self) -> Iterator[tuple[_Task, list[Findings] | _Failure]]:
        """The next results; none when a worker has come up or a limit is only just reached."""
        now = time.monotonic()
        nearest = max(0.0, min(worker.deadline for worker in self._busy) - now)
        ready = set(wait([worker.pipe for worker in self._busy], nearest))
        for worker in list(self._busy):
            task = worker.task
            assert task is not None
            if worker.pipe in ready:
                try:
                    found = worker.receive()
                except (EOFError, OSError):
                    self._busy.remove(worker)
                    yield task, self._failure(task, worker.end())
                    continue
                if found is None:
                    continue
                self._busy.remove(worker)
                self._idle.append(worker)
                yield task, found
            elif time.monotonic() >= worker.deadline:
                self._busy.remove(worker)
                worker.end()
                yield task, self._failure(task, OUT_OF_TIME)

    def _failure(self, task: _Task, code: int) -> _Failure:
        """Why a worker has ended, by its exit code."""
        if code == OUT_OF_TIME:
            return _Failure("too_slow", f"{self._limits.of(task.candidates):.0f} s")
        return _Failure("worker_died", f"signal {-code}" if code < 0 else f"exit code {code}")

    def dismiss(self) -> None:
        for worker in (*self._busy, *self._idle):
            worker.end()
        self._busy, self._idle = [], []


def _serve(pipe: Connection, work: Work, limits: Limits) -> None:
    """The worker: tasks in, findings out, until the other end is closed or something breaks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _quiet()
    _hold_memory(limits.memory_bytes)
    siblings: frozenset[str] = frozenset()
    try:
        pipe.send(None)
        while True:
            packed, seconds = pipe.recv()
            _hold_time(seconds)
            # Ends this process even in the middle of a long call, should nobody be left to do so.
            faulthandler.dump_traceback_later(limits.patience * seconds + 10, exit=True)
            found = []
            for candidate, is_known in packed:
                siblings = siblings if is_known else candidate.siblings
                found.append(work(candidate._replace(siblings=siblings) if is_known else candidate))
            pipe.send(found)
            faulthandler.cancel_dump_traceback_later()
    except EOFError:
        os._exit(0)
    except BaseException:  # without its frames a MemoryError cannot even be told
        os._exit(1)


def _quiet() -> None:
    """What libraries say of broken files is nothing for the terminal of a scan."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def _hold_time(seconds: float) -> None:
    """Past this processor time the system ends the process, in the middle of whatever it does."""
    try:
        import resource
    except ImportError:  # Windows: the clock alone holds it
        return
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = math.ceil(time.process_time() + seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def _hold_memory(n_bytes: int) -> None:
    """Past the limit the next allocation fails, in this process alone; not every system knows such limits."""
    try:
        import resource
    except ImportError:  # Windows
        return
    with suppress(OSError, ValueError):
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        soft = n_bytes if hard == resource.RLIM_INFINITY else min(n_bytes, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
