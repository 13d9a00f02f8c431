"""Paired timing: variants interleaved, ratios within a round, an interval that is the same each time."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from reference_runs.claims import catalogue
from reference_runs.experiments import device, speed
from reference_runs.records import Hardware, NotTestable, Result
from reference_runs.rules import decide
from reference_runs.timing import Interval, Timed, bootstrap, interleaved, median_of, paired_ratio

CLAIMS = {claim.id: claim for claim in catalogue("quick")}
PLAIN = Hardware("cpu", 2, 8.0, bf16_unit=False, gpu="", gpu_memory_gib=0.0, versions=())
WITH_BF16 = replace(PLAIN, bf16_unit=True)
WITH_GPU = replace(PLAIN, gpu="H100", gpu_memory_gib=80.0)


def test_every_round_runs_each_variant_once_and_starts_with_another() -> None:
    """So none always follows the same one, and the rounds of warming up are not kept."""
    order: list[str] = []
    ticks = count()
    steps = {name: (lambda name=name: order.append(name)) for name in "abc"}

    def timer(step: object) -> Timed:
        step()  # type: ignore[operator]
        return Timed(float(next(ticks)), 0.0)

    kept = interleaved(steps, rounds=2, warm_up=1, timer=timer)
    assert order == list("abcbcacab")
    assert kept == {
        "a": [Timed(5.0, 0.0), Timed(7.0, 0.0)],
        "b": [Timed(3.0, 0.0), Timed(8.0, 0.0)],
        "c": [Timed(4.0, 0.0), Timed(6.0, 0.0)],
    }


def test_a_ratio_is_taken_within_a_round() -> None:
    """A round in which everything was slow changes nothing."""
    assert paired_ratio([1.0, 10.0, 2.0], [2.0, 20.0, 4.0]) == Interval(0.5, 0.5, 0.5)


def test_the_interval_holds_what_was_seen_and_does_not_change() -> None:
    """The median of five values lies between them; the resampling has a fixed seed."""
    values = [1.0, 1.1, 1.2, 1.3, 5.0]
    found = median_of(values)
    assert found.value == 1.2
    assert 1.0 <= found.low <= 1.1
    assert found.high in (1.3, 5.0)
    assert found == median_of(values)
    assert bootstrap([(1, 2), (1, 2)], lambda pairs: sum(b for _, b in pairs)) == Interval(4, 4, 4)


def _times(fp32: float, checkpointing: float, bf16: float) -> dict[str, Result]:
    drift = [1.0, 1.5, 1.1, 2.0, 1.2]
    times = {"fp32": fp32, "checkpointing": checkpointing, "bf16": bf16}
    busy = {name: [seconds * factor for factor in drift] for name, seconds in times.items()}
    return {"timing": Result({"busy_s": busy, "wall_s": busy, "n_parameters": 124})}


@pytest.mark.parametrize(("checkpointing", "status"), [(1.25, "confirmed"), (1.02, "refuted"), (2.0, "refuted")])
def test_slowdown_by_checkpointing(checkpointing: float, status: str) -> None:
    """Time of 1.25 is a fifth less throughput."""
    finding = speed.measure(CLAIMS["M8"], _times(1.0, checkpointing, 0.5), WITH_BF16)
    assert finding.figures[0].value == pytest.approx(1 - 1 / checkpointing)
    assert decide(CLAIMS["M8"], finding).status == status


@pytest.mark.parametrize(("stated", "status"), [(1.3, "confirmed"), (2.5, "refuted")])
def test_speedup_by_mixed_precision_against_what_is_stated(stated: float, status: str) -> None:
    """Another stated quantity is another verdict."""
    claim = replace(CLAIMS["M10"], quantity={"speedup": stated})
    finding = speed.measure(claim, _times(1.0, 1.25, 0.5), WITH_BF16)
    assert decide(claim, finding).status == status


def test_what_hardware_each_speed_needs() -> None:
    """Without a bf16 unit autocast says nothing; both claims share one job."""
    with pytest.raises(NotTestable, match="no_bf16_unit"):
        speed.jobs(CLAIMS["M10"], PLAIN)
    assert speed.jobs(CLAIMS["M8"], WITH_BF16) == speed.jobs(CLAIMS["M10"], WITH_BF16)
    assert speed.jobs(CLAIMS["M8"], PLAIN)["timing"].settings["modes"] == ["fp32", "checkpointing"]
    with pytest.raises(NotTestable, match="no_gpu"):
        device.jobs(CLAIMS["D1"], PLAIN)
    assert set(device.jobs(CLAIMS["D1"], WITH_GPU)) == {"cpu", "gpu", "gpu_bf16"}


@pytest.mark.parametrize(("stated", "status"), [(24.0, "confirmed"), (500.0, "refuted")])
def test_hours_of_an_epoch(stated: float, status: str) -> None:
    """10,000 samples of 512 tokens at 6.4 tokens a second on a core are 222 hours, at the best 111 on two."""
    claim = replace(CLAIMS["D2"], quantity={"hours": stated})
    results = {
        "cpu": Result({"step_s": [90.0, 90.0], "busy_s": [10.0, 10.0], "tokens": 64, "n_parameters": 1_300_000_000})
    }
    finding = device.measure(claim, results, PLAIN)
    assert finding.figures[0].value == pytest.approx(5_120_000 / 6.4 / 3600 / 2)
    assert decide(claim, finding).status == status


def test_gpu_over_cpu() -> None:
    """Times by the clock at the same batch; outside of 10 to 50 it is refuted."""
    found = {"cpu": 8.0, "gpu": 0.2, "gpu_bf16": 0.05}
    results = {name: Result({"step_s": [s, s], "tokens": 4096, "n_parameters": 1}) for name, s in found.items()}
    finding = device.measure(CLAIMS["D1"], results, WITH_GPU)
    assert [(figure.name, figure.value) for figure in finding.figures] == [("speedup", 40.0), ("speedup_bf16", 160.0)]
    assert decide(CLAIMS["D1"], finding).status == "confirmed"


def test_a_step_of_a_model_is_timed(tmp_path: Path) -> None:
    """The jobs themselves, on a tiny model: a time for each mode and round, the whole from two depths of it."""
    pytest.importorskip("transformers", reason="needs the extra named replay")
    from reference_runs.jobs import throughput, timing

    model = tmp_path / "config.json"
    sizes = {"model_type": "gpt2", "vocab_size": 64, "n_embd": 16, "n_layer": 6, "n_head": 2, "n_positions": 8}
    model.write_text(json.dumps(sizes), "utf-8")
    shape = {"model": str(model), "batch_size": 1, "sequence_length": 4, "rounds": 2, "warm_up": 0}
    found = throughput.run({**shape, "device": "cpu", "threads": 1, "layers": [1, 2], "precision": "fp32"}, tmp_path)
    assert (len(found["step_s"]), len(found["busy_s"]), found["tokens"]) == (2, 2, 4)
    assert found["n_parameters"] == 64 * 16 + 8 * 16 + 6 * (12 * 16 * 16 + 13 * 16) + 2 * 16
    found = timing.run({**shape, "modes": ["fp32", "checkpointing", "bf16"]}, tmp_path)
    assert {name: len(times) for name, times in found["busy_s"].items()} == {"fp32": 2, "checkpointing": 2, "bf16": 2}


def test_the_whole_from_two_depths() -> None:
    """A straight line through both."""
    from reference_runs.jobs.throughput import line

    assert line([2.0, 3.0], [2, 4], 24) == 13.0
