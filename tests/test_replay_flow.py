"""A replay from the request to the stored verdicts."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner

from reference_runs import hardware
from reference_runs.claims import catalogue
from reference_runs.processes import stored_result
from reference_runs.records import Claim
from reference_runs.replay import Progress, Request, replay
from reference_runs.rules import decide
from scanner import cli_replay, store
from scanner.cli import main

pytest.importorskip("torch", reason="replays need the optional extra")
pytest.importorskip("peft", reason="replays need the optional extra")


def _silent(_: Progress) -> None:
    """Watch nothing."""


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which three claims were replayed: two of arithmetic and one that needs jobs."""
    out = tmp_path_factory.mktemp("replayed")
    replay(Request(out, "quick", ("S3", "X1", "P1")), _silent)
    return out


def _claim(identifier: str) -> Claim:
    return next(claim for claim in catalogue("quick") if claim.id == identifier)


def test_verdicts_are_stored_with_their_place_and_runs(done: Path) -> None:
    """In the order of their ids, each with the line of its source and the folders of its jobs."""
    verdicts = {verdict.claim: verdict for verdict in store.load_verdicts(done)}
    assert {name: (v.status, v.basis) for name, v in verdicts.items()} == {
        "P1": ("refuted", "computed"),
        "S3": ("confirmed", "computed"),
        "X1": ("confirmed", "computed"),
    }
    assert {name: str(v.place) for name, v in verdicts.items()} == {
        name: f"LEARNINGS.md:{_claim(name).line}" for name in verdicts
    }
    runs = done / "learnings" / "replay" / "runs"
    assert verdicts["P1"].runs
    assert {path.name for path in runs.iterdir()} == set(verdicts["P1"].runs)


@pytest.mark.parametrize(
    ("name", "changed", "before", "after"),
    [
        ("S3", {"ratio": 0.2}, "confirmed", "refuted"),
        ("X1", {"success": 88}, "confirmed", "refuted"),
        ("P1", {"share": 0.003}, "refuted", "confirmed"),
    ],
)
def test_a_changed_quantity_changes_the_verdict(
    name: str, changed: dict[str, float], before: str, after: str, done: Path
) -> None:
    """The same runs judged against another stated quantity: nothing about a verdict stands in code."""
    claim = _claim(name)
    other = replace(claim, quantity={**claim.quantity, **changed})
    experiment = import_module(f"reference_runs.experiments.{claim.experiment}")
    at_hand = hardware.at_hand()
    said = []
    for one in (claim, other):
        jobs = experiment.jobs(one, at_hand)
        results = {key: stored_result(done / "learnings/replay/runs" / job.digest()) for key, job in jobs.items()}
        said.append(decide(one, experiment.measure(one, results, at_hand)).status)
    assert said == [before, after]


def test_stored_runs_are_kept_unless_asked_for_again(done: Path) -> None:
    """The second replay makes no run; `again` makes each anew."""
    request = Request(done, "quick", ("P1",))
    jobs: list[tuple[int, int]] = []

    def watch(progress: Progress) -> None:
        jobs.append((progress.n_jobs, progress.n_done))

    first = replay(request, watch)
    assert jobs == [(len(first[0].runs), len(first[0].runs))]
    jobs.clear()
    assert replay(replace(request, again=True), watch) == first
    assert jobs[0] == (len(first[0].runs), 0)


def test_an_interrupt_keeps_the_verdicts_that_fell(tmp_path: Path) -> None:
    """What is decided when Ctrl-C comes is stored; nothing of what was running stays."""

    def interrupt(progress: Progress) -> None:
        assert [verdict.claim for verdict in progress.verdicts] == ["S3"]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replay(Request(tmp_path, "quick", ("S3", "V3")), interrupt)
    assert [verdict.claim for verdict in store.load_verdicts(tmp_path)] == ["S3"]
    assert list((tmp_path / "learnings" / "replay" / "runs").iterdir()) == []


def test_the_list_names_every_claim() -> None:
    """One line a claim, without torch."""
    listed = CliRunner().invoke(main, ["replay", "--list"])
    assert listed.exit_code == 0
    assert [line.split()[0] for line in listed.output.splitlines()] == [claim.id for claim in catalogue()]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--claim", "Z9"], "Z9: no such claim; `scan-trainings replay --list` lists them"),
        (["--claim", "S3", "--source", "{empty}"], "no documented configuration"),
    ],
    ids=["claim", "source"],
)
def test_bad_input_is_one_line(arguments: list[str], message: str, tmp_path: Path) -> None:
    """Exit code 2, the thing and the way out."""
    empty = tmp_path / "README.md"
    empty.write_text("# Nothing\n")
    given = [argument.format(empty=empty) for argument in arguments]
    said = CliRunner().invoke(main, ["replay", *given, "--out", str(tmp_path)])
    assert said.exit_code == 2
    assert message in said.output
    assert len(said.output.splitlines()) == 1


def test_without_torch_one_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Everything else works without the extra."""
    monkeypatch.setattr(cli_replay, "find_spec", lambda name: None)
    said = CliRunner().invoke(main, ["replay", "--out", str(tmp_path)])
    assert (said.exit_code, said.output) == (
        2,
        "scan-trainings: torch and transformers not installed: pip install 'scan-trainings[replay]'\n",
    )
