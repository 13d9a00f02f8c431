"""Predictions, made in a child process that is kept for the next one; nothing of torch is imported here."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from reference_runs.memory.shape import TrainingShape
from scanner.errors import ReplayError

LIMIT_S = 600.0
"""A prediction that takes longer is given up; the slowest known takes about 20 s, on a crowded machine minutes."""

NEEDED = ("torch", "transformers")


@dataclass(frozen=True, slots=True)
class Prediction:
    """The predicted peak of a training step; GiB are 2**30 bytes."""

    allocated_gib: float
    """Peak of what tensors hold, as `torch.cuda.max_memory_allocated` counts it."""
    reserved_gib: float
    """Peak of what the caching allocator has taken from the device (`max_memory_reserved`), without the context."""
    requested_gib: float
    """The allocated peak before rounding to blocks."""
    parts: Mapping[str, float]
    """The allocated peak by what holds it: weights, gradients, optimizer, activations, logits, other (GiB)."""
    phase: str
    """Where the peak stands: "forward", "backward" or "optimizer"."""
    n_parameters: int
    n_trainable: int
    seconds: float
    """CPU time that the prediction took, without starting the process: the wall time of an idle core."""


class Predictor:
    """A child process that predicts; started at the first question, and again after one that it did not survive.

    A shape that was asked before is answered from memory. Use as a context, or `close` it.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._messages: IO[bytes] | None = None
        self._known: dict[TrainingShape, Prediction] = {}

    def __enter__(self) -> Predictor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def predict(self, shape: TrainingShape) -> Prediction:
        """The prediction for one shape, or a ReplayError that says why there is none."""
        if shape not in self._known:
            self._known[shape] = self._ask(shape)
        return self._known[shape]

    def close(self) -> None:
        """End the child process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()
        if self._messages is not None:
            self._messages.close()
            self._messages = None

    def _ask(self, shape: TrainingShape) -> Prediction:
        process = self._process or self._start()
        assert process.stdin is not None and process.stdout is not None
        late = threading.Event()

        def give_up() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(LIMIT_S, give_up)
        timer.start()
        try:
            process.stdin.write(json.dumps(asdict(shape)) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            timer.cancel()
        if not line:
            raise ReplayError(self._last_words(shape, process, late.is_set()))
        found: dict[str, Any] = json.loads(line)
        if "error" in found:
            raise ReplayError(found["error"])
        return Prediction(**found)

    def _start(self) -> subprocess.Popen[str]:
        missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
        if missing:
            raise ReplayError(f"{' and '.join(missing)} not installed: pip install 'scan-trainings[replay]'")
        self._messages = tempfile.TemporaryFile()
        root = str(Path(__file__).parents[2])
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        # Nothing is computed, so one thread; the tensors are fake ones on the CPU; models are built, never fetched.
        own = {"PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
        quiet = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error", "PYTHONIOENCODING": "utf-8"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "reference_runs.memory.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._messages,
            env={**os.environ, **own, **quiet},
            encoding="utf-8",
        )
        return self._process

    def _last_words(self, shape: TrainingShape, process: subprocess.Popen[str], was_late: bool) -> str:
        status = process.wait()
        assert self._messages is not None
        self._messages.seek(0)
        lines = self._messages.read().decode("utf-8", "replace").strip().splitlines()
        self.close()
        if was_late:
            return f"{shape.model}: the prediction took longer than {LIMIT_S:g} s and was given up"
        how = f"signal {-status}" if status < 0 else f"exit code {status}"
        return f"{shape.model}: the predicting process died ({how}){': ' + lines[-1][:300] if lines else ''}"


def predict(shape: TrainingShape) -> Prediction:
    """The predicted peak of one training step; the process takes about 4 s to start: ask for many by `predict_all`."""
    return predict_all([shape])[0]


def predict_all(shapes: Iterable[TrainingShape]) -> list[Prediction]:
    """Predictions in the order of the shapes, all by one child process; the first that fails raises a ReplayError."""
    with Predictor() as predictor:
        return [predictor.predict(shape) for shape in shapes]
