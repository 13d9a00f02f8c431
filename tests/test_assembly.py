"""Assembly on observations alone: linking, folding, resolving, and the same runs in whatever order files were read."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from scanner import assembly
from scanner.assembly.paths import FolderIndex, PathIndex
from scanner.records import Locator, Observation, Origin, Run, Scalar, Series, SourceFile


def _file(path: str, digest: str = "", size: int = 1000) -> SourceFile:
    return SourceFile(path, size, digest or path, "utf-8", (), 0, 0)


def _seen(
    path: str,
    name: str,
    value: Scalar,
    line: int = 1,
    origin: Origin = "reported",
    key: str = "",
    segment: int = 0,
    by: str = "test",
) -> Observation:
    return Observation(
        name, key or name, value, f"{name} = {value}", None, None, origin, by, Locator(path, line, line, "", segment)
    )


def _curve(
    path: str, values: Sequence[float], metric: str = "train_loss", by: str = "test", segment: int = 0
) -> Series:
    n = len(values)
    epochs = array("d", range(1, n + 1))
    return Series(metric, "loss", path, segment, by, "", array("d", [float("nan")] * n), epochs, array("d", values),
                  array("q", range(10, 10 + n)))  # fmt: skip


def _assemble(observations: list[Observation], series: list[Series], files: list[SourceFile]) -> list[Run]:
    return assembly.assemble(files, observations, series, [])


def test_a_run_folder_is_one_run() -> None:
    """Configuration, summary and console of one tracker folder are one run."""
    paths = ["wandb/run-1/files/config.yaml", "wandb/run-1/files/output.log"]
    observations = [_seen(p, "run_folder", "wandb/run-1") for p in paths] + [_seen(paths[0], "learning_rate", 0.1)]
    (run,) = _assemble(observations, [_curve(paths[1], [2.0, 1.0])], [_file(p) for p in paths])
    assert {e.path for e in run.evidence} == set(paths)
    assert run.values["learning_rate"].chosen.locator.path == paths[0]
    assert {link.reason for link in run.links} == {"same_run_folder"}


def test_keys_tell_executions_of_one_folder_apart() -> None:
    """One output folder can hold checkpoints of several executions."""
    observations, series = [], []
    for n, key in enumerate("aab"):
        path = f"out/checkpoint-{n}/trainer_state.json"
        observations += [_seen(path, "run_folder", "out"), _seen(path, "run_key", key)]
        series.append(_curve(path, [2.0, 1.0 + n]))
    runs = _assemble(observations, series, [_file(s.path) for s in series])
    assert sorted(len(run.evidence) for run in runs) == [1, 2]


def test_stdout_and_stderr_are_paired_in_order() -> None:
    """Two launches in train.out and two in train.err are two runs."""
    series = [_curve("job/train.out", [2.0, 1.0 + n], segment=n) for n in range(2)]
    observations = [_seen("job/train.err", "failure:oom_gpu", True, line=n + 1, segment=n) for n in range(2)]
    runs = _assemble(observations, series, [_file("job/train.out"), _file("job/train.err")])
    assert [[e.path for e in run.evidence] for run in runs] == [["job/train.out", "job/train.err"]] * 2


def test_the_same_curve_in_two_formats_is_one_run() -> None:
    """A console log and the trainer_state.json of one execution; two consoles with equal numbers stay two runs."""
    values = [2.0, 1.5, 1.25, 1.125]
    series = [
        _curve("train.log", values, by="hf_console"),
        _curve("out/trainer_state.json", values, by="trainer_state"),
    ]
    assert len(_assemble([], series, [_file(s.path) for s in series])) == 1
    series = [_curve("a/results.csv", values, by="csv"), _curve("b/results.csv", values, by="csv")]
    assert len(_assemble([], series, [_file(s.path) for s in series])) == 2


def test_equal_curves_of_two_folders_stay_with_their_folders() -> None:
    """Two optimizers that learn alike: each folder's console goes with the state beside it, not with the other's."""
    values = [2.0, 1.5, 1.25, 1.125]
    series = [
        _curve(f"{folder}/{name}", values, by=by)
        for folder in ("runs/adam", "runs/adamw")
        for name, by in (("console.log", "hf_console"), ("trainer_state.json", "trainer_state"))
    ]
    states = [s.path for s in series if s.found_by == "trainer_state"]
    observations = [_seen(p, "run_folder", p.rpartition("/")[0], by="trainer_state") for p in states]
    runs = _assemble(observations, series, [_file(s.path) for s in series])
    assert [sorted(e.path for e in run.evidence) for run in runs] == [
        [f"runs/{name}/console.log", f"runs/{name}/trainer_state.json"] for name in ("adam", "adamw")
    ]


def test_reported_wins_over_command_line_over_config_over_script() -> None:
    """Origins are ranked, and the losers stay with the value."""
    origins: list[tuple[Origin, float]] = [
        ("script", 0.4),
        ("config_file", 0.3),
        ("command_line", 0.2),
        ("reported", 0.1),
    ]
    observations = [
        _seen("train.log", "learning_rate", rate, line, origin) for line, (origin, rate) in enumerate(origins, 1)
    ]
    (run,) = _assemble(observations, [_curve("train.log", [2.0, 1.0])], [_file("train.log")])
    value = run.values["learning_rate"]
    assert (value.value, value.rule, [o.value for o in value.others]) == (0.1, "reported_wins", [0.2, 0.3, 0.4])


def test_the_more_specific_spelling_wins() -> None:
    """per_device_train_batch_size says more than batch_size, wherever they stand."""
    observations = [
        _seen("t.log", "batch_size", 8, 1, key="per_device_train_batch_size"),
        _seen("t.log", "batch_size", 64, 2, key="batch_size"),
    ]
    (run,) = _assemble(observations, [_curve("t.log", [2.0, 1.0])], [_file("t.log")])
    assert run.values["batch_size"].value == 8


def test_a_script_named_by_the_log_gives_its_values_and_is_absorbed() -> None:
    """What only the launched script states belongs to the run when the log names that file; else both stand."""
    recipe = [
        _seen("src/train.py", "trains", "loss.backward()", 9, "script", by="python_script"),
        _seen("src/train.py", "optimizer", "AdamW", 3, "script", by="python_script"),
        _seen("src/train.py", "epochs", 3.0, 4, "script", by="python_script"),
    ]
    files = [_file("src/train.py"), _file("train.log")]
    named = [_seen("train.log", "program", "/home/a/proje/src/train.py")]
    (run,) = _assemble(recipe + named, [_curve("train.log", [2.0, 1.0])], files)
    assert (run.kind, run.values["optimizer"].value) == ("executed", "AdamW")
    kinds = [run.kind for run in _assemble(recipe, [_curve("train.log", [2.0, 1.0])], files)]
    assert kinds == ["executed", "declared"]


def test_a_recipe_needs_a_plan_and_a_model_or_optimizer() -> None:
    """A script that states only a rate declares nothing."""
    recipe = [_seen("a.py", "trains", "fit", 9, "script"), _seen("a.py", "learning_rate", 0.1, 3, "script")]
    assert _assemble(recipe, [], [_file("a.py")]) == []


@settings(max_examples=50, deadline=None)
@given(st.permutations(range(6)), st.lists(st.floats(0.1, 10), min_size=2, max_size=6))
def test_order_of_files_changes_nothing(order: list[int], losses: list[float]) -> None:
    """The same runs with the same ids whatever worker finished first."""
    observations, series, files = [], [], []
    for n in range(6):
        path = f"exp{n // 2}/run{n}/train.log"
        observations += [
            _seen(path, "run_folder", f"exp{n // 2}"),
            _seen(path, "run_key", str(n % 2)),
            _seen(path, "seed", n),
        ]
        series.append(_curve(path, [loss + n for loss in losses]))
        files.append(_file(path))
    expected = _assemble(observations, series, files)
    shuffled = [o for n in order for o in observations[3 * n : 3 * n + 3]]
    assert repr(_assemble(shuffled, [series[n] for n in order], [files[n] for n in order])) == repr(expected)


def test_paths_written_elsewhere_are_found_here() -> None:
    """The longest shared ending decides, then nearness; a tie is no answer."""
    index = PathIndex(["a/train.py", "b/train.py", "b/sub/config.yaml", "c/model.py"])
    assert index.resolve("/home/x/proje/b/train.py", "z/run.log") == "b/train.py"
    assert index.resolve("train.py", "a/run.log") == "a/train.py"
    assert index.resolve("train.py", "z/run.log") is None
    assert index.resolve(r"C:\x\sub\config.yaml", "z/run.log") == "b/sub/config.yaml"
    assert index.resolve("yok.py", "z/run.log") is None


def test_equal_curves_join_formats_but_never_twins() -> None:
    """A deterministic training repeated leaves two folders with one curve; each keeps the event file next to it."""
    losses = [2.0, 1.5, 1.2, 1.1]
    observations, series = [], []
    for name in ("a", "b"):
        state, events = f"out/{name}/trainer_state.json", f"out/{name}/tb/events.out.tfevents.1"
        observations += [_seen(state, "run_folder", f"out/{name}"), _seen(events, "run_folder", f"out/{name}/tb")]
        series += [_curve(state, losses, by="trainer_state"), _curve(events, losses, by="tensorboard_events")]
    runs = _assemble(observations, series, [_file(s.path) for s in series])
    assert [{e.path.split("/")[1] for e in run.evidence} for run in runs] == [{"a"}, {"b"}]


def test_an_event_folder_belongs_to_the_run_folder_above() -> None:
    """`out/runs/.../events` is the output folder's, when it is the only one there; of two, none is."""
    state = "out/trainer_state.json"

    def runs(*events: str) -> list[Run]:
        observations = [_seen(state, "run_folder", "out")]
        observations += [_seen(e, "run_folder", e.rpartition("/")[0], by="tensorboard_events") for e in events]
        series = [_curve(state, [2.0, 1.5], by="trainer_state")]
        series += [_curve(e, [3.0, float(n)], by="tensorboard_events") for n, e in enumerate(events, 1)]
        return _assemble(observations, series, [_file(p) for p in (state, *events)])

    (run,) = runs("out/runs/Nov08/events.out.tfevents.1")
    assert [link.reason for link in run.links] == ["tracker_below_run_folder"]
    assert len(runs("out/runs/Nov08/events.out.tfevents.1", "out/runs/Nov09/events.out.tfevents.2")) == 3


def test_a_copy_in_a_backup_is_never_linked_as_evidence() -> None:
    """The console in a backup folder names the same output folder; it is a copy of the console, no second half."""
    observations = [_seen("p/train.log", "output_dir", "out"), _seen("yedek/p/train.log", "output_dir", "out")]
    observations += [_seen("p/out/trainer_state.json", "run_folder", "p/out")]
    series = [_curve("p/train.log", [2.0, 1.0]), _curve("yedek/p/train.log", [2.0, 1.0])]
    files = [_file("p/train.log", "same"), _file("yedek/p/train.log", "same"), _file("p/out/trainer_state.json")]
    (run,) = _assemble(observations, series, files)
    assert {e.path: e.role for e in run.evidence} == {
        "p/train.log": "execution",
        "p/out/trainer_state.json": "execution",
        "yedek/p/train.log": "copy",
    }


def test_an_output_folder_is_the_last_execution_s() -> None:
    """Two launches in one log name one folder: its state is of the last; of two logs that name it neither owns it."""
    state = "p/out/trainer_state.json"

    def links(*units: tuple[str, int], folder: str = "p/out") -> list[str]:
        path = state.replace("p/out", folder)
        observations = [_seen(path, "run_folder", folder)]
        series = [_curve(path, [3.0, 2.0], by="trainer_state")]
        for n, (log, segment) in enumerate(units):
            observations.append(_seen(log, "output_dir", folder.rpartition("/")[2], segment=segment))
            series.append(_curve(log, [5.0 + n, 4.0], segment=segment))
        runs = _assemble(observations, series, [_file(p) for p in {path, *(u[0] for u in units)}])
        return [run.name for run in runs if {"names_run_folder"} & {link.reason for link in run.links}]

    assert links(("p/train.log", 0)) == ["out"]
    assert links(("p/train.log", 0), ("p/train.log", 1)) == ["out"]
    assert links(("p/train.log", 0), ("p/again.log", 0)) == []
    assert links(("p/train.log", 0), ("p/again.log", 0), folder="p/Feb13_15-12-38") == ["Feb13_15-12-38"]
    assert links(("other/train.log", 0)) == []


def test_which_folder_a_path_means() -> None:
    """Beside the writer or above it; below it when there is one; on another machine by two parts; never a namesake."""
    index = FolderIndex(["a/out", "b/out", "b/deep/results", "c/runs/x", "yedek/c/runs/x"])
    assert index.resolve("./out", "a/train.log") == "a/out"
    assert index.resolve("out/", "a/logs/train.log") == "a/out"
    assert index.resolve("results", "b/train.log") == "b/deep/results"
    assert index.resolve("results", "a/train.log") is None
    assert index.resolve("/home/me/c/runs/x", "c/train.log") == "c/runs/x"
    assert index.resolve("C:\\work\\runs\\x", "yedek/c/train.log") == "yedek/c/runs/x"
    assert index.resolve("/other/out", "d/train.log") is None
