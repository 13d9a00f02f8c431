"""Whatever ends a scan, at whatever moment: what was stored stays whole, and the next scan is as if nothing had been.

`make crash ROUNDS=200` runs the same 200 times; here it is a few.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from scanner.pipeline import Progress
from scanner.terminal import Terminated, Watch, ended_by_signals
from tests.crash import ENDS, Scene, cut_power
from tests.trees import hf_log, lay_out

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits of POSIX")
ROOT = Path(__file__).parent.parent


def _command(folder: Path, jobs: int) -> list[str]:
    out = ["--out", str(folder / "out"), "--jobs", str(jobs)]
    return [sys.executable, "-m", "scanner.cli", str(folder / "tree"), *out]


@pytest.mark.parametrize("end", ENDS)
def test_a_scan_that_is_ended(end: str, tmp_path: Path) -> None:
    """Killed, interrupted, terminated or out of disk at its fifth and twentieth touch of the output folder."""
    scene = Scene(tmp_path)
    for touch in (5, 20):
        assert scene.broken_off(end, touch) == ""


def test_the_power_fails(tmp_path: Path) -> None:
    """What was not synced is lost, all of it or some of it: the old or the new, never a mixture."""
    assert cut_power(tmp_path, rounds=8, seed=1) == []


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    """The second refuses with one line while the first is at it; after the first is killed the folder is free."""
    lay_out(tmp_path / "tree", {"a/train.log": hf_log(losses=[2.0, 1.0], epochs=2)})
    (tmp_path / "out" / "learnings").mkdir(parents=True)
    code = (
        "import sys, time; from pathlib import Path; from scanner import store\n"
        f"with store.held(Path({str(tmp_path / 'out')!r})): print('held', flush=True); time.sleep(600)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    holder = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment)
    assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
    command = _command(tmp_path, 1)
    refused = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert refused.returncode == 2 and refused.stderr.count("\n") == 1
    assert "another scan, report or replay is writing here" in refused.stderr
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert subprocess.run(command, env=environment, capture_output=True).returncode == 0


def test_ctrl_c_is_one_line(tmp_path: Path) -> None:
    """Exit code 130, no traceback, also from the workers; a terminal sends it to all of them."""
    lay_out(tmp_path / "tree", {f"{n}/train.log": hf_log(losses=[2.0] * 3000, epochs=9) for n in range(200)})
    running = subprocess.Popen(
        _command(tmp_path, 2), env={**os.environ, "PYTHONPATH": str(ROOT)}, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    while not (tmp_path / "out" / "learnings" / ".lock").exists():
        assert running.poll() is None
        time.sleep(0.01)
    os.killpg(running.pid, signal.SIGINT)
    out, err = running.communicate()
    assert (running.returncode, out, err.count(b"\n")) == (130, b"", 1), err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_that_a_library_swallowed_ends_the_next_step(number: signal.Signals) -> None:
    """Some catch everything while they are loaded."""
    with ended_by_signals():
        with suppress(KeyboardInterrupt):
            signal.raise_signal(number)
        with pytest.raises(KeyboardInterrupt) as ended:
            Watch(quiet=True)(Progress("read", 1, 1, 1))
    assert isinstance(ended.value, Terminated) == (number == signal.SIGTERM)
    Watch(quiet=True)(Progress("read", 1, 1, 1))
