"""Where worker processes come from; light to load, so that they can be on their way before anything else is."""

from __future__ import annotations

import multiprocessing
import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.context import ForkServerContext, SpawnContext

SOCKET_FOLDER = 60
"""Bytes of the path of the folder for temporary files in which the preparing process's socket still finds place."""

PRELOADED = ["scanner.intake.engines.preloaded", "click"]
"""The second is what each worker loads when it is told of the main module, the script `scan-trainings`."""


def process_context() -> ForkServerContext | SpawnContext:
    """Processes that inherit neither this one's memory nor its threads; forked from a prepared one where possible."""
    has_server = "forkserver" in multiprocessing.get_all_start_methods()
    if not has_server or len(os.fsencode(tempfile.gettempdir())) > SOCKET_FOLDER:
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


def prepare_workers() -> None:
    """Start the process that workers are forked from: it loads what they need while this one loads what it needs."""
    if process_context().get_start_method() == "forkserver":
        from multiprocessing import forkserver, resource_tracker  # not there on Windows

        resource_tracker.ensure_running()  # lets interrupts through again, if that is what starts it
        with interrupts_held():
            forkserver.ensure_running()


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Ctrl-C reaches every process of a terminal: those started here leave it to the scan, which ends them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
