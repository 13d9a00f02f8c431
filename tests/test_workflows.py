"""The monthly report in CI: files that parse, sound shell, and the steps themselves on the example tree."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
ACTION = ROOT / "action.yml"
WORKFLOW = ROOT / ".github" / "workflows" / "monthly-learnings.yml"
GITLAB = ROOT / "docs" / "ci" / "gitlab-ci.yml"


def _read(path: Path) -> dict[Any, Any]:
    found = yaml.safe_load(path.read_text("utf-8"))
    assert isinstance(found, dict)
    return found


def _steps() -> list[dict[str, Any]]:
    workflow = _read(WORKFLOW)
    return [*_read(ACTION)["runs"]["steps"], *(s for job in workflow["jobs"].values() for s in job["steps"])]


def _scripts() -> list[str]:
    return [s["run"] for s in _steps() if "run" in s] + ["\n".join(_read(GITLAB)["monthly-learnings"]["script"])]


def test_they_are_what_their_readers_expect() -> None:
    """A composite action, a workflow with triggers and jobs, a GitLab job with a script."""
    action, workflow, job = _read(ACTION), _read(WORKFLOW), _read(GITLAB)["monthly-learnings"]
    assert action["runs"]["using"] == "composite" and action["name"] and action["description"]
    assert all("shell" in step for step in action["runs"]["steps"] if "run" in step)
    # YAML 1.1 reads the key `on` as true.
    triggers = workflow.get("on", workflow.get(True))
    assert {"schedule", "workflow_dispatch"} == set(triggers)
    assert re.fullmatch(r"\d+ \d+ 1 \* \*", triggers["schedule"][0]["cron"])
    assert all({"runs-on", "steps"} <= set(job) for job in workflow["jobs"].values())
    assert job["stage"] in _read(GITLAB)["stages"] and job["image"] and job["script"]


def test_steps_use_inputs_and_outputs_that_exist() -> None:
    """Every `inputs.x` is declared, every given input is one of the action's, every output comes from a step."""
    action, workflow = _read(ACTION), _read(WORKFLOW)
    used = set(re.findall(r"inputs\.([a-z-]+)", ACTION.read_text("utf-8")))
    assert used == set(action["inputs"])
    dispatch = workflow.get("on", workflow.get(True))["workflow_dispatch"]["inputs"]
    assert set(re.findall(r"inputs\.([a-z-]+)", WORKFLOW.read_text("utf-8"))) == set(dispatch)
    own = next(s for s in workflow["jobs"]["report"]["steps"] if s.get("uses") == "./")
    assert set(own["with"]) <= set(action["inputs"])
    steps = {s["id"]: s for s in action["runs"]["steps"] if "id" in s}
    for output in action["outputs"].values():
        step, name = re.findall(r"steps\.(\w+)\.outputs\.(\w+)", output["value"])[0]
        assert f"{name}=" in steps[step]["run"]


def test_no_expression_stands_in_a_script() -> None:
    """What a person types into a form reaches a shell as an environment variable, never as its text."""
    for script in _scripts():
        assert "${{" not in script


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
def test_scripts_are_sound_shell() -> None:
    """As bash parses them."""
    for script in _scripts():
        done = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True)
        assert done.returncode == 0, done.stderr


@pytest.mark.skipif(shutil.which("bash") is None or sys.platform != "linux", reason="the action's scripts are bash")
def test_the_actions_scan_and_report_on_the_example_tree(tmp_path: Path) -> None:
    """Run as a runner would: the summary holds the report, the outputs name files that exist."""
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "scan-trainings"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m scanner.cli "$@"\n')
    command.chmod(0o755)
    outputs: dict[str, str] = {}
    environment = {
        **os.environ,
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "SCAN_PATH": str(ROOT / "examples" / "projects"),
        "OUT": str(tmp_path / "out"),
        "NUMBERS": "seed",
    }
    steps = {s["id"]: s for s in _read(ACTION)["runs"]["steps"] if "id" in s}
    for name, extra in (("scan", {}), ("report", {"MONTH": ""}), ("report", {"MONTH": "2026-10"})):
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", steps[name]["run"]],
            env=environment | extra, capture_output=True, text=True, cwd=tmp_path,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    for line in (tmp_path / "output").read_text("utf-8").splitlines():
        key, _, value = line.partition("=")
        outputs[key] = value
    assert Path(outputs["document"]).name == "LEARNINGS.md" and Path(outputs["document"]).exists()
    assert (outputs["month"], Path(outputs["report"]).name) == ("2026-10", "2026-10.md")
    assert "# Aylık Rapor: 2026-10" in (tmp_path / "summary").read_text("utf-8")


def test_the_lock_file_pins_the_development_set_with_digests() -> None:
    """Every library of pyproject.toml and of the extra `dev`; no address, no torch."""
    import tomllib

    root = Path(__file__).parent.parent
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    lock = (root / "requirements-dev.lock").read_text("utf-8")
    pinned = {name.lower(): text for name, text in re.findall(r"(?m)^([\w.-]+)==\S+ (.*(?:\n    .*)*)", lock)}
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    assert [w for w in wanted if re.split(r"[>=<;\[ ]", w)[0].lower() not in pinned] == []
    assert [name for name, text in pinned.items() if "--hash=sha256:" not in text] == []
    assert "://" not in lock and "torch" not in pinned
