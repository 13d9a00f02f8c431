"""The commands that need the reference runs; nothing of torch is imported in this process."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import click

from scanner.cli import numbers_option, out_option, say_if_beside
from scanner.errors import ReplayError
from scanner.terminal import ReplayWatch, claim_list, verdict_summary

INTERRUPTED = 130


@click.command()
@out_option
@click.option("--quick", "budget", flag_value="quick", default=True, help="What a CPU decides in minutes (default).")
@click.option("--full", "budget", flag_value="full", help="Also what takes half an hour.")
@click.option("--claim", "claims", multiple=True, metavar="ID", help="Only this claim; may be repeated.")
@click.option(
    "--source",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The LEARNINGS.md whose configurations and claims are replayed [default: the one that comes along].",
)
@click.option("--again", is_flag=True, help="Make stored runs anew instead of going on from them.")
@click.option("--list", "listed", is_flag=True, help="List the claims and stop.")
@numbers_option
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def replay(
    out: Path,
    budget: str,
    claims: tuple[str, ...],
    source: Path | None,
    again: bool,
    listed: bool,
    numbers: str,
    quiet: bool,
) -> None:
    """Replay documented claims on the hardware at hand and say which hold.

    Each run is a process of its own below learnings/replay/runs; verdicts go to learnings/data/verdicts.parquet and,
    where a scan is stored, into its document. Ctrl-C keeps what is done: the next replay goes on from there.
    """
    from reference_runs.claims import catalogue

    if listed:
        click.echo(claim_list(catalogue()))
        return
    need_torch()
    from typing import cast

    from reference_runs.records import Cost
    from reference_runs.replay import Request
    from reference_runs.replay import replay as run_replay

    request = Request(out, cast(Cost, budget), claims, source, again)
    with ReplayWatch(quiet) as watch:
        try:
            verdicts = run_replay(request, watch)
        except KeyboardInterrupt:
            click.echo(
                "scan-trainings: interrupted; what is done is kept, the same command goes on from there", err=True
            )
            sys.exit(INTERRUPTED)
    if not quiet:
        click.echo(verdict_summary(verdicts))
    write_into_document(out, numbers)


def write_into_document(out: Path, numbers: str) -> None:
    """Write the document again where a scan is stored, so that it says what the tables now say."""
    from scanner import pipeline, store
    from scanner.settings import Settings

    if store.snapshots(out):
        say_if_beside(pipeline.rerender(Settings((), out, number_style=numbers)))


def need_torch() -> None:
    """Raise ReplayError, with the way out, when the optional extra is not installed."""
    missing = [name for name in ("torch", "transformers") if find_spec(name) is None]
    if missing:
        raise ReplayError(f"{' and '.join(missing)} not installed: pip install 'scan-trainings[replay]'")
