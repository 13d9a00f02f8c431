"""The process that predicts: a shape a line in, a result a line out. A crash inside torch ends this process alone."""

from __future__ import annotations

import gc
import json
import os
import sys
from typing import Any

from scanner.errors import ReplayError


def main() -> None:
    """Answer until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is not an answer
    import reference_runs.memory.trace  # noqa: F401

    gc.freeze()  # the libraries' own objects need no looking through after each prediction
    for line in sys.stdin:
        answers.write(json.dumps(_answer(json.loads(line))) + "\n")
        answers.flush()


def _answer(settings: dict[str, Any]) -> dict[str, Any]:
    try:
        from reference_runs.memory.shape import TrainingShape
        from reference_runs.memory.trace import trace

        settings["lora_targets"] = tuple(settings["lora_targets"])
        return trace(TrainingShape(**settings))
    except ReplayError as error:
        return {"error": str(error)}
    except Exception as error:
        # Any failure of torch or transformers on this shape is an answer; the next shape may work.
        return {
            "error": f"{settings['model']}: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        }


if __name__ == "__main__":
    main()
