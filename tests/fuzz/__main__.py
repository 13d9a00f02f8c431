"""`python -m tests.fuzz --minutes 10 --jobs 2 --seed 1 --out out/fuzz`: broken input until the time is over.

Prints how many inputs each target took, and writes what broke a promise, or took more than two seconds, to --out. The
counts so far stand in counts-SEED.json there. An input may take a minute of processor time and 4 GiB, so that none ends
the search.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from pathlib import Path

from tests.fuzz.findings import keep
from tests.fuzz.seeds import mutated, window
from tests.fuzz.targets import TARGETS, draw

SLOW_S = 2.0


def run(seed: int, minutes: float, out: Path) -> dict[str, int]:
    """Feed the targets for some minutes of clock; returns the number of inputs by target."""
    chance = random.Random(seed)
    counts: Counter[str] = Counter()
    names = [name for name, (_, weight) in TARGETS.items() for _ in range(weight)]
    _hold()
    end = time.monotonic() + 60 * minutes
    while time.monotonic() < end:
        chosen, other = draw(chance)
        base = window(chance, chosen.data) if chosen.candidate.kind not in ("binary", "weights") else chosen.data
        for _ in range(16):  # of one seed, so that little time goes into drawing
            name = chance.choice(names)
            data = mutated(chance, base, other.data)
            before = time.process_time()
            signal.setitimer(signal.ITIMER_PROF, 60)
            try:
                TARGETS[name][0](chosen, data)
            except Exception:
                keep(out, name, chosen.candidate.path, data, traceback.format_exc())
            signal.setitimer(signal.ITIMER_PROF, 0)
            if time.process_time() - before > SLOW_S:
                keep(out, f"{name}-slow", chosen.candidate.path, data, f"{time.process_time() - before:.1f} s")
            counts[name] += 1
        (out / f".counts-{seed}").write_text(json.dumps(counts), encoding="utf-8")
        (out / f".counts-{seed}").replace(out / f"counts-{seed}.json")
    return dict(counts)


def _hold() -> None:
    """Past these limits an input ends with an exception, as a finding."""

    def late(number: int, frame: object) -> None:
        raise TimeoutError("a minute of processor time")

    signal.signal(signal.SIGPROF, late)
    resource.setrlimit(resource.RLIMIT_DATA, (4 << 30, resource.RLIM_INFINITY))


def _job(arguments: tuple[int, float, Path]) -> dict[str, int]:
    return run(*arguments)


def main() -> int:
    """The command line; exits with 1 when anything was found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("out/fuzz"))
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    work = [(given.seed * 1000 + n, given.minutes, given.out) for n in range(given.jobs)]
    total: Counter[str] = Counter()
    with multiprocessing.Pool(given.jobs) as pool:
        for counts in pool.imap_unordered(_job, work):
            total.update(counts)
    found = sorted(path.name for path in given.out.iterdir() if path.is_dir())
    record = {
        "seed": given.seed,
        "minutes": given.minutes,
        "inputs": dict(total),
        "total": total.total(),
        "found": found,
    }
    with open(given.out / "counts.jsonl", "a", encoding="utf-8") as stream:
        stream.write(json.dumps(record) + "\n")
    print(json.dumps(record, indent=1))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
