"""The catalogue of claims: data that a stated quantity decides."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from reference_runs import claims as claims_package
from reference_runs.claims import catalogue
from reference_runs.configs import documented
from reference_runs.records import Hardware
from scanner.errors import ReplayError

IDS = (
    [f"D{n}" for n in range(1, 3)]
    + [f"K{n}" for n in range(1, 5)]
    + [f"L{n}" for n in range(1, 7)]
    + [f"M{n}" for n in range(1, 13)]
    + [f"O{n}" for n in range(1, 5)]
    + [f"P{n}" for n in range(1, 4)]
    + [f"Q{n}" for n in range(1, 4)]
    + [f"S{n}" for n in range(1, 4)]
    + [f"V{n}" for n in range(1, 5)]
    + [f"X{n}" for n in range(1, 3)]
)
NO_GPU = Hardware("a CPU", 2, 24.0, False, "", 0.0, ())


def test_every_documented_claim_is_in_the_catalogue() -> None:
    """43 claims, in the order of their ids."""
    assert [claim.id for claim in catalogue()] == IDS


@pytest.mark.parametrize("claim", catalogue(), ids=lambda claim: claim.id)
def test_a_claim_stands_where_it_is_said_to_stand(claim: claims_package.Claim) -> None:
    """The source that comes with the package holds the claim's words at the claim's line."""
    place = documented.read(None).locate(claim.written)
    assert place is not None
    assert place.start_line == claim.line


@pytest.mark.parametrize("claim", catalogue(), ids=lambda claim: claim.id)
def test_a_claim_has_an_experiment(claim: claims_package.Claim) -> None:
    """Its module exists and has both functions."""
    module = import_module(f"reference_runs.experiments.{claim.experiment}")
    assert callable(module.jobs)
    assert callable(module.measure)


def test_a_larger_budget_lays_its_settings_over_the_others(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`[settings.full]` and, with a GPU, `[settings.gpu]`; the quick budget sees neither."""
    rows = "[settings]\nsteps = 10\nseeds = 1\n[settings.full]\nsteps = 20\n[settings.gpu]\nseeds = 3\n"
    (tmp_path / "M1.toml").write_text(CLAIM + rows)
    monkeypatch.setattr(claims_package.resources, "files", lambda _: tmp_path)
    with_gpu = replace(NO_GPU, gpu="a GPU")
    assert [
        dict(catalogue(budget, at_hand)[0].settings)
        for budget, at_hand in (("quick", NO_GPU), ("full", NO_GPU), ("full", with_gpu))
    ] == [{"steps": 10, "seeds": 1}, {"steps": 20, "seeds": 1}, {"steps": 20, "seeds": 3}]


CLAIM = """written = "x"
line = 1
asks = "y"
experiment = "memory_saving"
cost = "quick"
rule = {kind = "near", tolerance = 0.1}
quantity = {saving = 0.3}
"""


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("M1.toml", CLAIM.replace('written = "x"', ""), "claims/M1.toml: `written` is missing or no str"),
        ("M1.toml", CLAIM + "colour = 1\n", "claims/M1.toml: unknown key 'colour'"),
        ("M1.toml", CLAIM.replace("quick", "cheap"), "claims/M1.toml: cost 'cheap': write one of quick, full, gpu"),
        ("M1.toml", CLAIM.replace("near", "maybe"), "claims/M1.toml: rule 'maybe': write one of near"),
        ("M1.toml", "written =", "claims/M1.toml: Invalid value"),
        ("memory.toml", CLAIM, "claims/memory.toml: a claim's file is named like M7.toml"),
    ],
    ids=["missing", "unknown", "cost", "rule", "syntax", "name"],
)
def test_a_malformed_claim_is_one_clear_error(
    name: str, text: str, message: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The file is named, and what is wrong in it."""
    (tmp_path / name).write_text(text)
    monkeypatch.setattr(claims_package.resources, "files", lambda _: tmp_path)
    with pytest.raises(ReplayError, match="^" + message.replace(".", r"\.").replace("`", "`")):
        catalogue()
