"""What holds on Windows and macOS too, as far as it can be told without one."""

from __future__ import annotations

import ast
import re
import tomllib
import unicodedata
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import Any

import pytest
import yaml

from scanner.assembly.paths import FolderIndex, PathIndex
from tests.trees import hf_log, runs_of

ROOT = Path(__file__).parent.parent
MATRIX = ROOT / ".github" / "workflows" / "tests.yml"
SOURCES = sorted((ROOT / "scanner").rglob("*.py"))

NOT_ON_WINDOWS = {
    "os": "fork forkpty getuid geteuid getgid getegid getgroups setuid chown lchown fchown chroot mkfifo mknod makedev "
    "killpg getpgid getpgrp setsid setpgid wait wait3 wait4 waitid nice getpriority sched_getaffinity "
    "sched_setaffinity sysconf confstr statvfs fstatvfs pread pwrite preadv pwritev posix_fadvise posix_fallocate "
    "sendfile ttyname openpty ctermid uname getloadavg getxattr setxattr listxattr lchmod fdatasync sync "
    "WNOHANG WEXITSTATUS WIFSIGNALED WTERMSIG O_NONBLOCK O_NOFOLLOW O_CLOEXEC O_NOCTTY O_DIRECTORY O_SYNC O_DIRECT "
    "O_TMPFILE O_PATH O_NOATIME SEEK_DATA SEEK_HOLE EX_OK memfd_create eventfd",
    "signal": "SIGKILL SIGXCPU SIGXFSZ SIGALRM SIGVTALRM SIGPROF SIGHUP SIGQUIT SIGUSR1 SIGUSR2 SIGCHLD SIGPIPE "
    "SIGSTOP SIGTSTP SIGCONT alarm setitimer getitimer pause sigwait sigpending pthread_sigmask pthread_kill "
    "siginterrupt SIG_BLOCK SIG_SETMASK",
    "time": "tzset clock_gettime CLOCK_MONOTONIC pthread_getcpuclockid",
    "socket": "AF_UNIX socketpair",
    "select": "poll epoll kqueue",
    "mmap": "MAP_PRIVATE MAP_SHARED PROT_READ PROT_WRITE",
}
"""Module -> what it lacks on Windows, or on macOS: to be asked for by `getattr` or `hasattr`."""
POSIX_MODULES = {"fcntl", "pwd", "grp", "termios", "tty", "pty", "resource", "syslog", "crypt", "posix", "readline"}
"""Not there on Windows: imported under `try` where they are used."""


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_call_that_windows_lacks(path: Path) -> None:
    """Neither imported at the top of a module nor named as an attribute; texts are opened with their encoding."""
    tree = ast.parse(path.read_text("utf-8"))
    guarded = {id(n) for t in ast.walk(tree) if isinstance(t, ast.Try) for part in t.body for n in ast.walk(part)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom) and id(node) not in guarded:
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            assert not POSIX_MODULES & {name.split(".")[0] for name in names}, f"line {node.lineno}"
    asked = {  # in a function that asks first, `hasattr(os, "fork")`
        (id(n), call.args[1].value)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "hasattr"
        if isinstance(call.args[1], ast.Constant)
        for n in ast.walk(function)
    }
    of_masks = {"SIG_BLOCK": "pthread_sigmask", "SIG_SETMASK": "pthread_sigmask"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.attr in NOT_ON_WINDOWS.get(node.value.id, "").split():
                assert (id(node), of_masks.get(node.attr, node.attr)) in asked, f"line {node.lineno}"
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


WRITTEN = (
    PureWindowsPath("C:/Users/ayşe/proje/src/egit.py"),
    PureWindowsPath("D:src/egit.py"),
    PureWindowsPath("//sunucu/paylasim/proje/src/egit.py"),
    PureWindowsPath("\\\\?\\C:\\proje\\src\\egit.py"),
    PureWindowsPath("\\\\?\\UNC\\sunucu\\paylasim\\src\\egit.py"),
    PureWindowsPath("..\\src\\.\\EGIT.PY"),
    PurePosixPath("/home/ayşe/proje/src/egit.py"),
    PurePosixPath("~/proje/src/egit.py"),
    PurePosixPath("/Volumes/Disk 1/Src/Egit.py"),
)


@pytest.mark.parametrize("written", WRITTEN, ids=str)
def test_a_path_of_any_system_means_the_file(written: PurePath) -> None:
    """Drives, servers, long paths, and spellings that another system takes for the same."""
    tree = ["proje/src/egit.py", "proje/baska/egit.py", "proje/run.log"]
    assert PathIndex(tree).resolve(str(written), "proje/run.log") == "proje/src/egit.py"
    if "proje" in written.parts:
        folders = FolderIndex(["proje/src", "proje/baska", "eski/src"])
        assert folders.resolve(str(written.parent), "eski/run.log") == "proje/src"


@pytest.mark.parametrize(("stored", "written"), [("NFD", "NFC"), ("NFC", "NFD"), ("NFD", "NFD")])
def test_accents_apart_from_their_letters(tmp_path: Path, stored: str, written: Any) -> None:
    """macOS hands out names in another normal form than most editors write: a launcher still means its script."""
    name, folder = "e\u011fitim_\u015fu.py", "\u00e7\u0131kt\u0131lar/ko\u015fu 1"
    files = {
        unicodedata.normalize(stored, name): "optimizer = torch.optim.SGD(model.parameters(), lr=0.1)\n"
        "for epoch in range(3):\n    loss = model(x)\n    loss.backward()\n    optimizer.step()\n",
        "run.sh": unicodedata.normalize(written, f"python {name} --epochs 3\n"),
        unicodedata.normalize(stored, f"{folder}/train.log"): hf_log(losses=[2.0, 1.5], epochs=2),
    }
    index = PathIndex(files)
    assert index.resolve(unicodedata.normalize(written, name), "run.sh") == unicodedata.normalize(stored, name)
    folders = FolderIndex([unicodedata.normalize(stored, folder)])
    assert folders.resolve(unicodedata.normalize(written, folder), "run.sh") == unicodedata.normalize(stored, folder)
    runs = runs_of(tmp_path / "tree", files)
    assert [len(run.evidence) for run, _ in runs if run.kind == "declared"] == [2]


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
