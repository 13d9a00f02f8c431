"""The records of a replay. Standard library only; what the report reads of it is `scanner.records.Verdict`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from scanner.records import Basis, Figure, Scalar

Cost = Literal["quick", "full", "gpu"]
"""The least budget in which a claim is decided: minutes on two CPU cores, half an hour, or a GPU."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One documented claim, made testable."""

    id: str
    written: str
    """The words of the source, one line of it, for finding the place."""
    line: int
    """Line in the documented source that comes with the package."""
    asks: str
    """The testable wording, English."""
    experiment: str
    """Module of `experiments/` that tests it."""
    cost: Cost
    quantity: Mapping[str, float]
    """What the claim states: names and numbers in the unit that `asks` gives."""
    rule: str
    """Kind of decision rule, a key of `rules.RULES`."""
    rule_settings: Mapping[str, Any]
    settings: Mapping[str, Any]
    """What the experiment needs: shapes, grids, seeds, statistic."""
    source: Path | None = None
    """The document whose claim is replayed; None for the one that comes with the package."""


@dataclass(frozen=True, slots=True)
class Job:
    """One unit of work that runs in a process of its own and leaves `result.json` in a folder of its own.

    Two experiments that ask for the same kind and settings share the job.
    """

    kind: str
    """Module of `jobs/`, or another one by its dotted name; its `run(settings, folder)` returns the result."""
    settings: Mapping[str, Any]
    """JSON-able: strings, numbers, booleans, None, lists, mappings."""
    limit_s: float = 120.0
    """After this time the process is stopped and the result is an error."""
    expected_s: float = 10.0
    """For the remaining time shown; no decision rests on it."""
    alone: bool = False
    """Whether nothing else may run meanwhile: timings."""

    def digest(self) -> str:
        """Name of the job's folder: kind and settings, 12 hexadecimal digits."""
        text = json.dumps([self.kind, self.settings], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Result:
    """What a job left."""

    values: Mapping[str, Any]
    """What `run` returned."""
    error: str = ""
    """"Type: message" of the exception that ended it, "timeout", or "died with signal N"; "" when it ended well."""
    seconds: float = 0.0

    def __getitem__(self, name: str) -> Any:
        """A value; raises JobFailed when the job ended with an error, so that no experiment reads past one."""
        if self.error:
            raise JobFailed(self.error)
        return self.values[name]


@dataclass(frozen=True, slots=True)
class Hardware:
    """The hardware and software at hand."""

    cpu: str
    n_cores: int
    """Cores that this process may use."""
    memory_gib: float
    bf16_unit: bool
    """Whether the CPU multiplies bfloat16 natively (AVX512_BF16 or AMX)."""
    gpu: str
    """Name of the CUDA device, "" without one."""
    gpu_memory_gib: float
    versions: tuple[tuple[str, str], ...]
    """Python and the libraries, by name."""


class NotTestable(Exception):
    """Raised by an experiment: this claim cannot be decided here; its text is the reason's stable id ("no_gpu")."""


class JobFailed(Exception):
    """A value was asked of a job that left none; its text is the job's error."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What an experiment found, before the rule decides."""

    basis: Basis
    figures: tuple[Figure, ...]
    """The first is what the rule judges; `low` and `high` are its 95% interval where there is one."""
    scope: Mapping[str, Scalar] = field(default_factory=dict)
    errors: tuple[tuple[str, str], ...] = ()
    remedies: tuple[str, ...] = ()
    samples: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """Paired samples by variant (one a seed or round), for rules that order variants."""
