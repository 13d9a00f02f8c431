"""The tables: names, columns, and the version of the whole.

SCHEMA_VERSION history
    1  2026-11  first version
       2026-11  verdicts and forecasts: files of their own, which no scan writes; the tables of a scan are the same
"""

from __future__ import annotations

import pyarrow as pa

SCHEMA_VERSION = 1

TEXT, INT, REAL, BOOL = pa.string(), pa.int64(), pa.float64(), pa.bool_()

FIELDS: dict[str, pa.DataType] = {
    "model": TEXT,
    "framework": TEXT,
    "optimizer": TEXT,
    "learning_rate": REAL,
    "scheduler": TEXT,
    "warmup_steps": INT,
    "warmup_ratio": REAL,
    "weight_decay": REAL,
    "max_grad_norm": REAL,
    "dropout": REAL,
    "seed": INT,
    "batch_size": INT,
    "gradient_accumulation_steps": INT,
    "num_devices": INT,
    "epochs": REAL,
    "max_steps": INT,
    "sequence_length": INT,
    "precision": TEXT,
    "quantization": TEXT,
    "lora_r": INT,
    "lora_alpha": REAL,
    "lora_dropout": REAL,
    "gradient_checkpointing": BOOL,
    "device": TEXT,
    "gpu_name": TEXT,
    "gpu_memory_gib": REAL,
    "dataset": TEXT,
    "train_samples": INT,
    "final_train_loss": REAL,
    "final_eval_loss": REAL,
    "best_metric_name": TEXT,
    "best_metric_value": REAL,
    "steps_done": INT,
    "epochs_done": REAL,
    "duration_s": REAL,
}
"""RUN_SEMANTICS section 2: column name -> type."""

DERIVED: dict[str, pa.DataType] = {"effective_batch_size": INT, "model_family": TEXT}

PLACE = [("path", TEXT), ("start_line", INT), ("end_line", INT), ("pointer", TEXT), ("segment", INT)]
"""A Locator's columns."""

STATED = [
    ("id", TEXT),  # field, fact or signal
    ("key", TEXT),  # as written
    ("type", TEXT),  # str | float | int | bool: what `value` was
    ("value", TEXT),  # the value as text; floats by repr, so that reading it back loses nothing
    ("raw", TEXT),
    ("step", REAL),
    ("epoch", REAL),
    ("origin", TEXT),
    ("found_by", TEXT),
    *PLACE,
]
"""An Observation's columns."""

TABLES: dict[str, pa.Schema] = {
    # One row a file that was read.
    "files": pa.schema(
        [
            ("path", TEXT),
            ("size", INT),
            ("digest", TEXT),
            ("encoding", TEXT),
            ("formats", pa.list_(TEXT)),
            ("n_observations", INT),
            ("n_points", INT),
        ]
    ),
    # One row a file, folder or part of a file that was met and not read.
    "skips": pa.schema([("path", TEXT), ("stage", TEXT), ("reason", TEXT), ("detail", TEXT), ("n_files", INT)]),
    # What single places state, whether or not a run uses it.
    "observations": pa.schema(STATED),
    # One row a curve; the columns of points are lists of equal length (pointers may be empty).
    "series": pa.schema(
        [
            ("path", TEXT),
            ("segment", INT),
            ("metric", TEXT),
            ("written", TEXT),
            ("found_by", TEXT),
            ("pointer", TEXT),
            ("steps", pa.list_(REAL)),
            ("epochs", pa.list_(REAL)),
            ("values", pa.list_(REAL)),
            ("lines", pa.list_(INT)),
            ("pointers", pa.list_(TEXT)),
        ]
    ),
    # One row a run, the table people open.
    "runs": pa.schema(
        [
            ("run_id", TEXT),
            ("project", TEXT),
            ("name", TEXT),
            ("kind", TEXT),
            ("outcome", TEXT),
            ("outcome_rule", TEXT),
            ("failures", pa.list_(TEXT)),
            *FIELDS.items(),
            *DERIVED.items(),
            ("started_at", TEXT),
            ("ended_at", TEXT),
            ("first_seen", INT),  # number of the scan (history/NNNN) that met the run first
            ("evidence", pa.list_(TEXT)),
            ("evidence_roles", pa.list_(TEXT)),
        ]
    ),
    # What stands behind a run: chosen values, losing ones, signals; and behind its outcome.
    "run_evidence": pa.schema(
        [
            ("run_id", TEXT),
            ("role", TEXT),  # value | other | signal | because | against
            ("field", TEXT),
            ("rule", TEXT),
            *STATED,
        ]
    ),
    "links": pa.schema(
        [
            ("run_id", TEXT),
            ("linked_path", TEXT),
            ("linked_segment", INT),
            ("reason", TEXT),
            *PLACE,  # the place that gives the reason; path null where there is none
        ]
    ),
    "outcomes": pa.schema(
        [
            ("run_id", TEXT),
            ("kind", TEXT),
            ("status", TEXT),
            ("rule", TEXT),
            ("failures", pa.list_(TEXT)),
            ("missing", pa.list_(TEXT)),
        ]
    ),
    "issues": pa.schema([("run_id", TEXT), ("id", TEXT), ("kind", TEXT), ("raw", TEXT), *PLACE]),
    # One row a figure of a learning.
    "learnings": pa.schema(
        [
            ("number", INT),
            ("id", TEXT),
            ("subject", TEXT),
            ("figure", TEXT),
            ("type", TEXT),
            ("value", TEXT),
            ("low", REAL),
            ("high", REAL),
            ("n", INT),
            ("run_ids", pa.list_(TEXT)),
        ]
    ),
}

_SETTINGS = pa.list_(pa.struct([("name", TEXT), ("type", TEXT), ("value", TEXT)]))
"""Names and typed values, as text."""
_FIGURES = pa.list_(
    pa.struct([("name", TEXT), ("type", TEXT), ("value", TEXT), ("low", REAL), ("high", REAL), ("n", INT)])
)

REPLAY_TABLES: dict[str, pa.Schema] = {
    # One row a documented claim: what the last replay of it says.
    "verdicts": pa.schema(
        [
            ("claim", TEXT),
            ("status", TEXT),  # confirmed | refuted | inconclusive | not_testable
            ("basis", TEXT),  # measured | predicted | computed
            ("written", TEXT),
            *PLACE,  # where the source writes it; path null where it does not
            ("rule", TEXT),
            ("reason", TEXT),
            ("stated", _FIGURES),
            ("figures", _FIGURES),  # the first is the one that the rule judged
            ("errors", pa.list_(pa.struct([("what", TEXT), ("error", TEXT)]))),
            ("remedies", pa.list_(TEXT)),
            ("scope", _SETTINGS),
            ("hardware", _SETTINGS),
            ("versions", pa.list_(pa.struct([("name", TEXT), ("version", TEXT)]))),
            ("runs", pa.list_(TEXT)),
        ]
    ),
    # One row a run: the predicted peak of its memory, never a measurement.
    "forecasts": pa.schema(
        [
            ("run_id", TEXT),
            ("answer", TEXT),  # fits | borderline | does_not_fit
            ("gpu_memory_gib", REAL),
            ("allocated_gib", REAL),
            ("reserved_gib", REAL),
            ("settings", _SETTINGS),
            ("assumed", pa.list_(TEXT)),
            ("parts", _FIGURES),
            (
                "changes",
                pa.list_(
                    pa.struct(
                        [("settings", _SETTINGS), ("allocated_gib", REAL), ("reserved_gib", REAL), ("answer", TEXT)]
                    )
                ),
            ),
        ]
    ),
}
"""Tables of replays and forecasts: they stand beside a scan's, and no scan replaces them."""
