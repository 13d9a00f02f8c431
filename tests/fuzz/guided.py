"""Coverage-guided fuzzing of one target: `python -m tests.fuzz.guided formats out/fuzz -max_total_time=600`.

What breaks a promise is written to the named folder, and the search goes on. Of one folder more than one process may be
told; with `-print_final_stats=1` libFuzzer says how many inputs there were.
Needs the package `atheris` (CPython 3.11 to 3.13 on Linux); the seeds are those of `make fuzz`. The first two bytes of
an input choose the seed whose path and kind it takes.
"""

from __future__ import annotations

import sys
import tempfile
import traceback
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["scanner"]):
    from scanner.formats import all_formats
    from tests.fuzz.findings import keep
    from tests.fuzz.seeds import MAX_BYTES, seeds
    from tests.fuzz.targets import TARGETS

    all_formats()  # imports them: later they would come without counters


def main() -> None:
    """The command line: a target's name, a folder for findings, then libFuzzer's options."""
    name, out = sys.argv.pop(1), Path(sys.argv.pop(1))
    target, _ = TARGETS[name]
    known = seeds()

    def one(data: bytes) -> None:
        seed = known[int.from_bytes(data[:2], "little") % len(known)]
        try:
            target(seed, data[2:])
        except Exception:
            keep(out, name, seed.candidate.path, data[2:], traceback.format_exc())

    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(known):
            (Path(corpus) / str(number)).write_bytes(number.to_bytes(2, "little") + seed.data[:MAX_BYTES])
        atheris.Setup([*sys.argv, corpus, f"-max_len={MAX_BYTES + 2}"], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
