"""Figures depend on the runs that they name and on no others; a second scan writes the same bytes."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.cli import main
from scanner.learn import learn
from scanner.records import Learning, Scalar
from tests.made_runs import Made, a_bit_of_everything, made
from tests.test_cli import TREE
from tests.trees import lay_out

CHOSEN = frozenset({"configuration", "curve", "newest", "sequel", "sequels", "sequel_field", "try_again", "try_memory"})
"""Learnings that pick runs among others: taking one away may bring another forward. What they say is still about the
runs that they name."""

WHOLE = frozenset({"files", "stated", "format", "skip"})
"""Learnings over all runs or files that name none, or only those that lack something."""

FAILURES = ("oom_gpu", "nan_loss", "killed", "import_error")


@st.composite
def _runs(draw: st.DrawFn) -> list[Made]:
    found = []
    for at in range(draw(st.integers(1, 9))):
        status = draw(st.sampled_from(["success", "failed", "unknown", "declared"]))
        stated: dict[str, Scalar] = {
            "model": draw(st.sampled_from(["a", "b"])),
            "optimizer": draw(st.sampled_from(["AdamW", "SGD"])),
            "learning_rate": draw(st.sampled_from([1e-5, 3e-5, 1e-3, 0.1])),
            "batch_size": draw(st.sampled_from([2, 4, 64])),
            "device": draw(st.sampled_from(["cuda", "cpu"])),
            "gpu_name": "T4",
            "duration_s": draw(st.sampled_from([10.0, 20.0])),
            "steps_done": 100,
            "lora_r": 8,
            "train_samples": draw(st.sampled_from([10, 5000])),
            "dataset": "d",
        }
        kept = {name: stated[name] for name in stated if draw(st.booleans())}
        found.append(
            made(
                f"p/run{at}",
                status,
                failure=draw(st.sampled_from(FAILURES)),
                start=draw(st.sampled_from(["", "2026-01-01T00:00:00", "2026-02-01T00:00:00", "2026-03-01T00:00:00"])),
                script=draw(st.sampled_from(["", "p/train.py"])),
                curves=draw(st.sampled_from([None, {"train_loss": [5.0, 4, 3, 2, 1], "eval_loss": [3.0, 2, 4]}])),
                **kept,
            )
        )
    return found


def _learnings(runs: list[Made]) -> list[Learning]:
    files = a_bit_of_everything().files
    return list(learn([run for run, _ in runs], [outcome for _, outcome in runs], files, ()))


@settings(max_examples=150, deadline=None)
@given(_runs(), st.data())
def test_removing_a_run_changes_exactly_the_figures_that_name_it(runs: list[Made], data: st.DataObject) -> None:
    """Learnings that do not name it stay as they are; those that name it do not; nothing new appears by itself."""
    gone = data.draw(st.sampled_from(runs))
    name = gone[0].run_id
    before, after = _learnings(runs), _learnings([pair for pair in runs if pair is not gone])
    fixed = [x for x in before if x.id not in CHOSEN | WHOLE]
    assert not [x for x in after if name in x.run_ids]
    for learning in fixed:
        assert (learning in after) is (name not in learning.run_ids), learning
    subjects = {(x.id, x.subject) for x in fixed}
    # The rest of an experiment may be without a success now that its only one is gone, or within one decade of rates.
    new = {(x.id, x.subject) for x in after if x.id not in CHOSEN | WHOLE} - subjects
    assert {kind for kind, _ in new} <= {"unfinished", "try_recipe", "try_rates"}, new


@settings(max_examples=50, deadline=None)
@given(_runs())
def test_every_named_run_is_there_and_named_once(runs: list[Made]) -> None:
    """No learning names a run that the scan does not have, or the same one twice."""
    known = {run.run_id for run, _ in runs}
    for learning in _learnings(runs):
        assert set(learning.run_ids) <= known and len(set(learning.run_ids)) == len(learning.run_ids)


def test_a_second_scan_writes_the_same_bytes(tmp_path: Path) -> None:
    """Document, charts, page and tables; only the history grows."""
    lay_out(tmp_path / "tree", TREE)
    found = []
    for _ in range(2):
        done = CliRunner().invoke(main, [str(tmp_path / "tree"), "--out", str(tmp_path / "out"), "--jobs", "1"])
        assert done.exit_code == 0
        files = (
            p for p in sorted((tmp_path / "out").rglob("*")) if p.is_file() and not {"history", "cache"} & set(p.parts)
        )
        found.append({p.relative_to(tmp_path): p.read_bytes() for p in files})
    assert found[0] == found[1] and len(found[0]) > 10
