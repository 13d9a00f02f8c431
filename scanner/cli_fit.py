"""The command `fit`: would a training fit into a GPU's memory. A child process predicts; no torch is loaded here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.cli import numbers_option, out_option
from scanner.cli_replay import need_torch, write_into_document
from scanner.errors import ReplayError, SettingsError
from scanner.terminal import one_line

if TYPE_CHECKING:
    from reference_runs.memory.forecast import Reading
    from reference_runs.memory.predict import Predictor
    from scanner.records import Change, Forecast, Run

ANSWERS = {"fits": "fits", "borderline": "may or may not fit", "does_not_fit": "does not fit"}


@click.command()
@click.argument("subject", metavar="CONFIG|RUN", required=False)
@click.option("--gpu-memory", type=click.FloatRange(min=0.1), metavar="GIB", help="Memory of the GPU in GiB.")
@click.option("--failed", is_flag=True, help="Predict every stored run that ran out of GPU memory and store that.")
@out_option
@numbers_option
def fit(subject: str | None, gpu_memory: float | None, failed: bool, out: Path, numbers: str) -> None:
    """Predict whether a training fits into a GPU's memory, what takes it, and what would make it fit.

    CONFIG is a configuration file or a training script; RUN is the id of a stored run or its beginning, whose own GPU
    counts unless --gpu-memory names another. Nothing is trained and nothing is fetched; a prediction is no
    measurement. `fit --failed` stores its forecasts and writes them into the document.
    """
    if failed == (subject is not None):
        raise SettingsError("fit: name a configuration file or a run, or give --failed")
    need_torch()
    from reference_runs.memory.forecast import forecast, memory_of, read_run, read_settings
    from reference_runs.memory.predict import Predictor
    from scanner import pipeline

    with Predictor() as predictor:
        if subject is None:
            _forecast_failed(out, gpu_memory, numbers, predictor)
            return
        path = Path(subject)
        if path.is_file():
            reading, gib = read_settings(pipeline.settings_of(path)), gpu_memory
        else:
            run = _stored_run(out, subject)
            reading, gib = read_run(run), gpu_memory or memory_of(run)
        if gib is None:
            raise SettingsError(f"{subject}: the memory of the GPU is not stated; give --gpu-memory 8")
        if reading.shape is None:
            raise ReplayError(f"{subject}: nothing can be predicted: {reading.reason}")
        click.echo(_shown(forecast(subject, reading.shape, reading.assumed, gib, predictor)))


def _stored_run(out: Path, identifier: str) -> Run:
    from scanner import store

    found = [run for run in store.load(out).runs if run.run_id.startswith(identifier)]
    if len(found) != 1:
        what = f"{len(found)} runs begin so; give more of the id" if found else "no such file, and no such run"
        raise SettingsError(f"{identifier}: {what}; `scan-trainings runs --out {out}` lists the runs")
    return found[0]


def _forecast_failed(out: Path, gpu_memory: float | None, numbers: str, predictor: Predictor) -> None:
    """Forecast the runs that ran out of GPU memory; each that cannot be is said with its reason."""
    from reference_runs.memory.forecast import memory_of, read_run
    from scanner import store

    snapshot = store.load(out)
    pairs = zip(snapshot.runs, snapshot.outcomes, strict=True)
    runs = [run for run, outcome in pairs if outcome.failures[:1] == ("oom_gpu",)]
    forecasts = []
    for run in runs:
        reading, gib = read_run(run), gpu_memory or memory_of(run)
        try:
            forecasts.append(_forecast_of(run, reading, gib, predictor))
        except ReplayError as error:
            click.echo(one_line(f"{run.run_id}: nothing can be predicted: {error}"))
            continue
        click.echo(one_line(_line(forecasts[-1])))
    store.save_forecasts(out, forecasts)
    write_into_document(out, numbers)
    click.echo(f"{len(forecasts)} of {len(runs)} runs that ran out of GPU memory predicted.")


def _forecast_of(run: Run, reading: Reading, gib: float | None, predictor: Predictor) -> Forecast:
    from reference_runs.memory.forecast import forecast

    if reading.shape is None:
        raise ReplayError(reading.reason)
    if gib is None:
        raise ReplayError("the memory of its GPU is not stated; give --gpu-memory 8")
    return forecast(run.run_id, reading.shape, reading.assumed, gib, predictor)


def _line(found: Forecast) -> str:
    change = f"; {_changed(found.changes[0])}" if found.changes else ""
    return (
        f"{found.run_id}: {dict(found.settings)['model']} {ANSWERS[found.answer]} into {found.gpu_memory_gib:g} GiB: "
        f"{found.allocated_gib:.2f} to {found.reserved_gib:.2f} GiB predicted{change}"
    )


def _shown(found: Forecast) -> str:
    """The settings, the peak by what holds it, the answer and the changes."""
    lines = [", ".join(f"{name} {value}" for name, value in found.settings)]
    if found.assumed:
        lines.append(f"not stated, so assumed: {', '.join(found.assumed)}")
    lines += ["", f"Predicted peak, {found.allocated_gib:.2f} GiB:"]
    for part in found.parts:
        size = float(part.value or 0)
        bar = "█" * round(30 * size / found.allocated_gib)
        lines.append(f"  {part.name:<12}{size:8.2f} GiB {size / found.allocated_gib:6.1%}  {bar}".rstrip())
    lines += [
        "",
        f"With the allocator's reserve {found.reserved_gib:.2f} GiB. A GPU of {found.gpu_memory_gib:g} GiB: "
        f"{ANSWERS[found.answer]}.",
    ]
    if found.answer != "fits":
        lines += ["", "The cheapest changes:" if found.changes else "No change that is known here makes it fit."]
        lines += [f"  {_changed(change)}" for change in found.changes]
    return "\n".join(one_line(line) for line in lines)


def _changed(change: Change) -> str:
    what = ", ".join(f"{name} {value}" for name, value in change.settings)
    return f"{what}: {change.allocated_gib:.2f} to {change.reserved_gib:.2f} GiB, {ANSWERS[change.answer]}"
