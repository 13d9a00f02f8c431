"""What holds on Windows and macOS too, as far as it can be told without one."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
MATRIX = ROOT / ".github" / "workflows" / "tests.yml"
SOURCES = sorted((ROOT / "scanner").rglob("*.py"))

POSIX_ONLY = {
    "fcntl", "pwd", "grp", "termios", "os.fork", "os.getuid", "os.geteuid", "os.chown", "os.mkfifo", "os.mknod",
    "os.killpg", "os.O_NONBLOCK", "os.O_NOFOLLOW", "os.O_CLOEXEC", "os.O_NOCTTY", "signal.SIGKILL", "signal.SIGXCPU",
    "signal.alarm", "signal.setitimer",
}  # fmt: skip
"""Not there on Windows: to be asked for by `getattr` or `hasattr`, or imported under `try`."""


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_call_that_windows_lacks(path: Path) -> None:
    """Neither imported at the top of a module nor named as an attribute; texts are opened with their encoding."""
    tree = ast.parse(path.read_text("utf-8"))
    imported = [a.name for node in tree.body if isinstance(node, ast.Import) for a in node.names]
    named = [
        f"{n.value.id}.{n.attr}"
        for n in ast.walk(tree)
        if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name)
    ]
    assert not POSIX_ONLY & {*imported, *named} and "resource" not in imported
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open":
            mode = node.args[1].value if len(node.args) > 1 and isinstance(node.args[1], ast.Constant) else "r"
            assert "b" in str(mode) or any(k.arg == "encoding" for k in node.keywords), f"line {node.lineno}"
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("read_text", "write_text")
        ):
            assert node.args[1 if node.func.attr == "write_text" else 0 :] or node.keywords, f"line {node.lineno}"


def test_the_matrix_runs_what_is_promised() -> None:
    """Three systems, every Python from `requires-python` on, the suite and the checks."""
    workflow = yaml.safe_load(MATRIX.read_text("utf-8"))
    matrix = workflow["jobs"]["test"]["strategy"]["matrix"]
    assert {name.split("-")[0] for name in matrix["os"]} == {"ubuntu", "macos", "windows"}
    lowest = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["requires-python"]
    assert lowest == f">={matrix['python'][0]}" and matrix["python"] == ["3.11", "3.12", "3.13", "3.14"]
    triggers = workflow.get("on", workflow.get(True))  # YAML 1.1 reads the key `on` as true
    assert set(triggers) == {"push", "pull_request"} and workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"]
        for step in job["steps"]:
            assert re.fullmatch(r"actions/[\w-]+@v\d+", step["uses"]) if "uses" in step else "${{" not in step["run"]
