"""The commands; the only place with exit codes and a terminal. Heavy parts are imported when a command needs them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scanner.errors import ScanError, SettingsError
from scanner.settings import DOCUMENT, Settings
from scanner.terminal import Terminated, Watch, ended_by_signals, one_line, summary

if TYPE_CHECKING:
    from scanner.pipeline import Verification
    from scanner.records import Snapshot

OK, GATE, BAD_INPUT = 0, 1, 2
INTERRUPTED, TERMINATED = 130, 143
"""As shells tell that SIGINT or SIGTERM ended a program."""


_ELSEWHERE = {"fit": "scanner.cli_fit", "replay": "scanner.cli_replay"}
"""Commands of the second half of the program: their module is loaded when one is called or listed."""


class _Commands(click.Group):
    """A group whose unnamed command is `scan`: `scan-trainings PATH` needs no verb."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*self.commands, *_ELSEWHERE])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in _ELSEWHERE:
            found: click.Command = getattr(import_module(_ELSEWHERE[cmd_name]), cmd_name)
            return found
        return super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.list_commands(ctx):
            args = ["scan", *args]
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0].startswith("-") and args[0] not in ("--help", "--version"):
            args = ["scan", *args]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with ended_by_signals():
                return super().invoke(ctx)
        except KeyboardInterrupt as interrupt:
            code = TERMINATED if isinstance(interrupt, Terminated) else INTERRUPTED
            click.echo("scan-trainings: stopped; what was stored before stays as it was", err=True)
            sys.exit(code)

    def main(self, *args: Any, **extra: Any) -> Any:
        try:
            return super().main(*args, **extra)
        except ScanError as error:
            click.echo(f"scan-trainings: {one_line(str(error))}", err=True)
            sys.exit(BAD_INPUT)


out_option = click.option(
    "--out", type=click.Path(path_type=Path), default=Path("."), show_default=True, help="Folder for the results."
)
numbers_option = click.option(
    "--numbers",
    type=click.Choice(["seed", "cldr"]),
    default="seed",
    show_default=True,
    help="Number style of the document: seed writes 9,109 and 10.3%, cldr writes 9.109 and %10,3.",
)
force_option = click.option(
    "--force", is_flag=True, help="Overwrite a LEARNINGS.md that was edited outside its hand-written parts."
)


@click.group(cls=_Commands, invoke_without_command=False, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="scan-trainings")
def main() -> None:
    """Read folders of machine-learning projects and say, with evidence, what was trained there.

    `scan-trainings PATH...` scans; the other commands work on what a scan stored.
    """


@main.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@out_option
@click.option("--jobs", type=click.IntRange(1, 256), default=None, help="Worker processes [default: one a core].")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
@click.option(
    "--anonymise", is_flag=True, help="Store and show pseudonyms for users, home folders and hosts, and no names."
)
@click.option("--no-cache", is_flag=True, help="Read every file, also those that have not changed since the last scan.")
@numbers_option
@force_option
def scan(
    paths: tuple[Path, ...],
    out: Path,
    jobs: int | None,
    quiet: bool,
    anonymise: bool,
    no_cache: bool,
    numbers: str,
    force: bool,
) -> None:
    """Scan folders (or single files), store the tables and write LEARNINGS.md."""
    for path in paths:
        if not path.exists():
            raise SettingsError(f"{path}: no such file or folder")
    _ensure_writable(out)
    from scanner.rescan import unchanged

    settings = Settings(paths, out, jobs or os.cpu_count() or 1, numbers, force, anonymise, not no_cache)
    counts = unchanged(settings)
    document = out / DOCUMENT
    if counts is None:
        from scanner.intake.engines.forked import prepare_workers

        prepare_workers()
        from scanner import pipeline, store

        store.spare_pandas()
        with Watch(quiet) as watch:
            counts, document, note = pipeline.scan(settings, watch)
        if note:
            click.echo(f"scan-trainings: {one_line(note)}", err=True)
    if not quiet:
        click.echo(summary(counts, document))
    say_if_beside(document)


@main.command()
@out_option
@numbers_option
@force_option
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
@click.option(
    "--fail-over",
    type=click.FloatRange(0, 100),
    help="Exit with 1 when more than this percentage of decided runs failed.",
)
@click.option("--month", metavar="YYYY-MM", help="Write the report of a month instead, from the stored scans.")
def report(out: Path, numbers: str, force: bool, quiet: bool, fail_over: float | None, month: str | None) -> None:
    """Write the document again from the stored tables, or with --month a monthly report.

    A monthly report is learnings/monthly/YYYY-MM.md, and YYYY-MM.json for machines; --fail-over is then about its runs.
    """
    import re

    from scanner import pipeline, store

    if month is not None:
        if not re.fullmatch(r"(19|20)\d\d-(0[1-9]|1[0-2])", month):
            raise SettingsError(f"--month {month}: write it as 2026-10")
        document, learnings = pipeline.report_month(Settings((), out, number_style=numbers), month)
        if not quiet:
            click.echo(str(document))
        own = {figure.name: figure for figure in learnings[0].figures}["failed_share"]
        _gate(float(own.value or 0), own.n or 0, fail_over)
        return
    document = pipeline.rerender(Settings((), out, number_style=numbers, force=force))
    if not quiet:
        click.echo(str(document))
    say_if_beside(document)
    decided = [o.status for o in store.load(out).outcomes if o.status != "unknown"] if fail_over is not None else []
    _gate(decided.count("failed") / len(decided) if decided else 0.0, len(decided), fail_over)


def _gate(failed_share: float, n_decided: int, limit: float | None) -> None:
    """End with GATE when more than `limit` per cent failed."""
    if limit is not None and 100 * failed_share > limit:
        click.echo(
            f"scan-trainings: {100 * failed_share:.1f}% of {n_decided} decided runs failed (limit {limit:g}%)", err=True
        )
        sys.exit(GATE)


@main.command()
@out_option
@click.option(
    "--where", default=None, help="SQL condition over the columns of runs.parquet, e.g. \"outcome = 'failed'\"."
)
@click.option("--columns", default=None, help="Comma-separated columns to show.")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
def runs(out: Path, where: str | None, columns: str | None, form: str) -> None:
    """List the stored runs."""
    from scanner import store
    from scanner.export.listing import list_runs

    store.check_schema(out)
    click.echo(list_runs(out, where, columns.split(",") if columns else None, form))


@main.command()
@click.argument("identifier")
@out_option
def explain(identifier: str, out: Path) -> None:
    """Show a run with all its evidence: every value, where it stands, what lost against it, and why it ended so.

    IDENTIFIER is a run id or the beginning of one, or RUN.FIELD for one value; or a learning (by_optimizer:AdamW) for
    its query in words, its figures, its runs and their lines; `learnings` lists those. Or a claim (M7) for what the
    last replay says of it; `claims` lists those.
    """
    from scanner import store
    from scanner.export.explain_verdict import explain_forecast, explain_verdict, list_verdicts

    verdicts = {verdict.claim: verdict for verdict in store.load_verdicts(out)}
    if identifier == "claims" or identifier in verdicts:
        if not verdicts:
            raise SettingsError(f"{out}: no verdict is stored here; `scan-trainings replay --out {out}` makes them")
        click.echo(
            list_verdicts(verdicts.values()) if identifier == "claims" else explain_verdict(verdicts[identifier])
        )
        return
    snapshot = store.load(out)
    if identifier == "learnings" or identifier.partition(":")[0] in {learning.id for learning in snapshot.learnings}:
        click.echo(_explain_learning(identifier, snapshot))
        return
    wanted, _, field = identifier.partition(".")
    found = [
        (run, outcome)
        for run, outcome in zip(snapshot.runs, snapshot.outcomes, strict=True)
        if run.run_id.startswith(wanted)
    ]
    exact = [pair for pair in found if pair[0].run_id == wanted]
    found = exact or found
    if not found:
        raise SettingsError(f"{wanted}: no such run; `scan-trainings runs` lists them")
    if len(found) > 1:
        raise SettingsError(f"{wanted}: {len(found)} runs begin so; give more of the id")
    from scanner.export.explain import explain_run, explain_value

    run, outcome = found[0]
    if field and field not in run.values:
        raise SettingsError(f"{field}: not stated for run {run.run_id}")
    click.echo(explain_value(run, field) if field else explain_run(run, outcome))
    for forecast in snapshot.forecasts:
        if forecast.run_id == run.run_id and not field:
            click.echo(f"\n{explain_forecast(forecast)}")


def _explain_learning(name: str, snapshot: Snapshot) -> str:
    from scanner import pipeline
    from scanner.export.explain_learning import explain_learning, list_learnings

    if name == "learnings":
        return list_learnings(snapshot.learnings)
    found = pipeline.behind(snapshot, name)
    if not found:
        raise SettingsError(f"{name}: no such learning; `scan-trainings explain learnings` lists them")
    if ":" not in name and len({x.learning.subject for x in found}) > 1:
        return list_learnings(x.learning for x in found)
    return "\n\n".join(explain_learning(*x) for x in found)


@main.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@out_option
@click.option("--jobs", type=click.IntRange(1, 256), default=None, help="Worker processes [default: one a core].")
def verify(paths: tuple[Path, ...], out: Path, jobs: int | None) -> None:
    """Check LEARNINGS.md: every figure against the tables, every quoted line against the scanned folders PATHS.

    Without PATHS only the figures. Exits with 1 and a list when something does not hold.
    """
    for path in paths:
        if not path.exists():
            raise SettingsError(f"{path}: no such file or folder")
    from scanner import pipeline

    found = pipeline.verify(Settings(paths, out, jobs or os.cpu_count() or 1))
    for line in _problems(found):
        click.echo(one_line(line))
    tree = f", {found.n_quotes:,} quotes against the files" if paths else ""
    click.echo(f"Checked {found.n_lines:,} lines of LEARNINGS.md against the tables{tree}.")
    if found.differences or found.faults or found.tables:
        sys.exit(GATE)


@main.command()
def formats() -> None:
    """List what can be read, each format with a sample."""
    from scanner.formats import all_formats

    for module in all_formats():
        click.echo(f"{module.ID}: {module.DESCRIPTION}")
        for line in module.SAMPLE.strip("\n").split("\n"):
            click.echo(f"    {line}")


def _ensure_writable(out: Path) -> None:
    from tempfile import TemporaryFile

    try:
        out.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise SettingsError(f"{out}: cannot write here ({error.strerror}); choose another --out") from error


def _problems(found: Verification) -> Iterator[str]:
    """A line for each thing that does not hold."""
    for table in found.tables:
        yield f"{table}: not what the scan stored; scan again"
    for difference in found.differences:
        stands, wanted = (" / ".join(lines) or "nothing" for lines in (difference.found, difference.wanted))
        yield f"LEARNINGS.md:{difference.line}: stands: {stands} -- the tables give: {wanted}"
    says = {
        "gone": "no such file there",
        "unreadable": "cannot be read",
        "changed": "does not stand there",
        "reworded": "is read otherwise by this version, scan again",
    }
    for fault in found.faults:
        yield f"{fault.quote.place}: {says[fault.reason]}: {fault.quote.raw}"


def say_if_beside(document: Path) -> None:
    """Tell where the document went when the one that stands there may not be overwritten."""
    if document.name.endswith(".new.md"):
        click.echo(
            f"scan-trainings: LEARNINGS.md was edited outside its hand-written parts, or is not ours, and stays as it "
            f"is; the new document is {document} (--force overwrites)",
            err=True,
        )


if __name__ == "__main__":
    main()
