"""Who may import whom: DESIGN section 2, held."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
STDLIB = sys.stdlib_module_names

# Package or module of scanner -> what it may import from scanner, and which third parties.
ALLOWED: dict[str, tuple[set[str], set[str]]] = {
    "records": (set(), set()),
    "errors": (set(), set()),
    "settings": (set(), set()),
    "durable": (set(), set()),
    "knowledge": ({"records", "errors"}, {"regex"}),
    "formats": ({"records"}, {"numpy", "yaml"}),
    "intake": ({"formats", "knowledge", "records", "settings", "errors"}, {"msgspec", "numpy", "regex", "zstandard"}),
    "store": ({"records", "errors", "durable"}, {"pyarrow", "filelock"}),
    "assembly": ({"knowledge", "records", "errors"}, {"numpy"}),
    "learn": ({"records", "errors"}, {"numpy", "scipy"}),
    "report": (
        {"records", "settings", "errors", "durable"},
        {"jinja2", "matplotlib", "numpy", "report_templates", "markupsafe"},
    ),
    "export": ({"records", "settings", "errors"}, {"duckdb"}),
    "anonymise": ({"knowledge", "records"}, set()),
    "pipeline": (
        {
            *(
                "anonymise",
                "assembly",
                "learn",
                "report",
                "rescan",
                "export",
                "store",
                "intake",
                "knowledge",
                "records",
            ),
            *("settings", "code_version", "errors"),
        },
        set(),
    ),
    "__main__": ({"cli"}, set()),
    "code_version": (set(), set()),
    "rescan": ({"code_version", "durable", "errors", "intake", "records", "settings"}, set()),
    "terminal": ({"pipeline", "records"}, {"rich", "reference_runs"}),
    "cli": (
        {"pipeline", "rescan", "terminal", "store", "export", "formats", "intake", "records", "settings", "errors"},
        {"click"},
    ),
    "cli_fit": (
        {"cli", "cli_replay", "pipeline", "terminal", "store", "records", "errors"},
        {"click", "reference_runs"},
    ),
    "cli_replay": (
        {"cli", "pipeline", "terminal", "store", "records", "settings", "errors"},
        {"click", "reference_runs"},
    ),
}
REPLAY_MAY_IMPORT = {"records", "store", "errors"}
REPLAY_HEAVY = {"torch", "transformers", "peft", "bitsandbytes", "accelerate", "safetensors", "tokenizers"}
YAML_READER = "scanner/formats/_yaml.py"


def _imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "scanner":
                found.update(f"scanner.{alias.name}" for alias in node.names)
            else:
                found.add(node.module)
    return found


def _room(path: Path) -> str:
    return path.relative_to(ROOT / "scanner").parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", sorted((ROOT / "scanner").rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_follow_the_table(path: Path) -> None:
    """No module imports from a layer it must not know, nor a library that is another layer's."""
    room = _room(path)
    if room == "__init__":
        return
    inner, outer = ALLOWED[room]
    for name in _imports(path):
        top, _, rest = name.partition(".")
        if top == "scanner":
            target = rest.split(".")[0]
            assert target == room or target in inner, f"{room} imports {name}"
        elif top not in STDLIB:
            assert top in outer, f"{room} imports {name}"
    if "yaml" in _imports(path):
        assert path.relative_to(ROOT).as_posix() == YAML_READER


@pytest.mark.parametrize(
    "path", sorted((ROOT / "reference_runs").rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT))
)
def test_reference_runs_meet_the_scanner_in_records_and_tables_alone(path: Path) -> None:
    """The second half of the program knows nothing of how a tree is read or a run assembled."""
    inner = {name.split(".")[1] for name in _imports(path) if name.startswith("scanner.")}
    assert inner <= REPLAY_MAY_IMPORT


def test_a_replay_is_planned_without_torch() -> None:
    """Only the processes of jobs load torch and its friends: not the flow, the claims, the rules, the experiments."""
    code = (
        "import importlib, pkgutil, sys, reference_runs.replay, reference_runs.experiments as e\n"
        "[importlib.import_module(f'{e.__name__}.{m.name}') for m in pkgutil.iter_modules(e.__path__)]\n"
        f"print([m for m in {sorted(REPLAY_HEAVY)} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


def test_help_loads_nothing_heavy() -> None:
    """`scan-trainings --help` must answer at once."""
    heavy = ("pandas", "pyarrow", "matplotlib", "torch", "numpy", "scipy", "jinja2", "duckdb", "rich", "regex")
    own = ("scanner.records", "scanner.rescan", "scanner.knowledge")
    code = (
        "import scanner.cli, sys; scanner.cli.main(['--help'], standalone_mode=False)\n"
        f"print([m for m in {(*heavy, *own)} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_only_reference_runs_imports_torch() -> None:
    """The scanner itself works without torch and transformers."""
    for path in (ROOT / "scanner").rglob("*.py"):
        assert not {name.split(".")[0] for name in _imports(path)} & {"torch", "transformers"}
