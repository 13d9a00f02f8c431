"""Nothing of the tree is more than text: not in Markdown, the page, tables of spreadsheets, terminals or SQL."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result
from markdown_it import MarkdownIt
from markdown_it.token import Token

from scanner.cli import main
from tests.trees import hf_log, lay_out

OURS = r"<!-- [^<>]* -->|</?(?:details|summary)>"
"""The HTML that our own templates write."""

TEMPLATES = Path(__file__).parent.parent / "report_templates"

MARK = "zararli"
"""Stands in every hostile text."""

TEXTS = (
    f"[{MARK}](http://{MARK}.example)",
    f"![{MARK}](http://{MARK}.example/i.png)",
    f"<img src=x onerror=alert('{MARK}')>",
    f"<script>{MARK}()</script><!-- {MARK} -->",
    f"`` {MARK} ``` <b>{MARK}</b> `",
    f"| {MARK} | \\| {MARK} \\\\|",
    f"http://{MARK}.example www.{MARK}.example <http://{MARK}.example>",
    f"[^{MARK}]: note [^{MARK}] [{MARK}]: http://{MARK}.example",
    f"~~~ {MARK} $\\href{{javascript:{MARK}}}{{x}}$ @{MARK} #1 :{MARK}:",
    f"\x1b[31m{MARK}\x1b]0;{MARK}\x07\x9b2J\u202e{MARK}\u2066\u200b",
    f'=HYPERLINK("http://{MARK}.example")',
    f"=1+{MARK}|' /C calc'!A0",
    f"{{{{ {MARK} }}}} {{% raw %}} ${{{MARK}}} $({MARK})",
    f"# {MARK}\n\n## {MARK}\n- {MARK}\n> {MARK}\n```\n{MARK}\n",
    f"  {MARK}\t\r\n\r\n---\n{MARK}\n===\n",
    f"javascript:{MARK}(1)",
    f"'); drop table runs; -- {MARK}",
    f"&lt;{MARK}&gt; &#60;{MARK}&#62;",
)


def _run(*args: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in args])


def _name(text: str, n: int) -> str:
    """A file name that holds as much of the text as a file system takes."""
    return f"{n}" + text.replace("/", "\u2215").replace("\0", "")[:80]


def _tree() -> Iterator[tuple[str, str]]:
    for n, text in enumerate(TEXTS):
        folder = _name(text, n) if n % 2 else text.replace("/", "\u2215")
        line = text.replace("\n", " ")
        log = hf_log(losses=[2.0, 1.0], epochs=2, end=n % 3 == 0)
        quoted = json.dumps(text)
        yield (
            f"{folder}/{_name(text, 1)}.log",
            f"+ python train.py --lr 1e-4 --note {line}\n{log}RuntimeError: {line}\n",
        )
        yield (
            f"{folder}/oom.log",
            f"model: {line}\noptimizer: {line}\ndataset: {line}\n{log}torch.OutOfMemoryError: {line}\n",
        )
        config = f"model_name_or_path: {quoted}\noptimizer: {quoted}\ndataset: {quoted}\nrun_name: {quoted}\n"
        yield f"{folder}/{_name(text, 2)}.yaml", f"{config}learning_rate: 0.0001\nnum_epochs: 3\nbatch_size: {n + 1}\n"
        run = f"{folder}/wandb/run-20240101_12345{n % 10}-abcd12{n:02d}/files"
        values = {"model": text, "optimizer": text, "dataset": text, "learning_rate": 1e-4, "batch_size": n + 1}
        yield f"{run}/config.yaml", "".join(f"{k}:\n  value: {json.dumps(v)}\n" for k, v in values.items())
        yield f"{run}/wandb-summary.json", json.dumps({"loss": 0.5, "_step": 10, "_runtime": 30, f"{text} acc": 0.5})
        yield f"{run}/wandb-metadata.json", json.dumps({"program": text, "args": [text], "gpu": text})


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The hostile tree, scanned; its root's name is hostile too."""
    home = tmp_path_factory.mktemp("injection")
    lay_out(home / TEXTS[0].replace("/", "\u2215"), dict(_tree()))
    done = _run(home / TEXTS[0].replace("/", "\u2215"), "--out", home / "out", "--jobs", 1)
    assert done.exit_code == 0, done.output
    assert _run("report", "--out", home / "out", "--month", "2024-01").exit_code == 0
    return home / "out"


# -------------------------------------------------------------------------------------------------------- Markdown


def _tokens(text: str) -> Iterator[Token]:
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text):
        yield token
        yield from token.children or ()


@pytest.mark.parametrize("name", ["LEARNINGS.md", "learnings/monthly/2024-01.md"])
def test_markdown_of_the_tree_is_text(out: Path, name: str) -> None:
    """A CommonMark parser finds what came from the tree in code alone: no link, image, HTML, heading, emphasis."""
    text = (out / name).read_text("utf-8")
    found = list(_tokens(text))
    held = [token for token in found if MARK in token.content and token.type != "inline"]
    assert {token.type for token in held} <= {"code_inline", "fence"}
    assert name != "LEARNINGS.md" or len(held) > 50, "the hostile texts are shown"
    addresses = {str(v) for t in found for k, v in t.attrs.items() if k in ("href", "src")}
    ours = "".join(path.read_text("utf-8") for path in TEMPLATES.rglob("*") if path.suffix in (".j2", ".toml"))
    assert [a for a in addresses if not (a in ours or re.fullmatch(r"learnings/charts/\w+\.svg", a))] == []
    html = {token.content.strip() for token in found if token.type in ("html_block", "html_inline")}
    assert [piece for piece in html if MARK in piece or "<" in re.sub(OURS, "", piece)] == []
    assert all(c.isprintable() or c == "\n" for c in text)


def test_fences_are_ours(out: Path) -> None:
    """A block of code ends where the template ends it: as many fences as there are blocks, all of a known language."""
    found = [t for t in _tokens((out / "LEARNINGS.md").read_text("utf-8")) if t.type == "fence"]
    assert {t.info for t in found} <= {"python", "yaml", "bash", "sql", "text"}


# ----------------------------------------------------------------------------------------------- page and charts


def test_the_page_holds_the_tree_in_its_data_alone(out: Path) -> None:
    """Outside the JSON nothing is the tree's; the policy lets in our script and style by digest, nothing else."""
    page = (out / "learnings" / "index.html").read_text("utf-8")
    frame = re.sub(r'(?s)<script type="application/json" id="[\w-]+">.*?</script>', "", page)
    assert MARK in page and MARK not in frame
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', frame)
    assert policy is not None and policy[1].startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy[1] and "http" not in policy[1]
    for data in re.findall(r'(?s)<script type="application/json" id="[\w-]+">(.*?)</script>', page):
        assert "<" not in data and ">" not in data and json.loads(data) is not None
    assert all(c.isprintable() or c == "\n" for c in page)


def test_charts_hold_no_markup_of_the_tree(out: Path) -> None:
    """SVG that parses, of elements that draw."""
    charts = sorted((out / "learnings" / "charts").glob("*.svg"))
    assert charts
    for path in charts:
        for element in ET.fromstring(path.read_text("utf-8")).iter():
            tag = element.tag.rpartition("}")[2]
            assert tag not in ("script", "a", "image", "foreignObject", "iframe"), path.name
            for key, value in element.attrib.items():
                assert not key.lower().startswith("on") and not (key.endswith("href") and value[:1] != "#"), path.name


# ------------------------------------------------------------------------------------------ spreadsheets, terminals


def test_cells_of_spreadsheets_are_no_formulas(out: Path) -> None:
    """`runs --format csv`: no cell begins a formula, not even after blanks; numbers stay numbers."""
    columns = "run_id,project,name,model,optimizer,dataset,learning_rate"
    text = _run("runs", "--out", out, "--format", "csv", "--columns", columns).output
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert [c for c in cells if c.lstrip()[:1] in tuple("=+-@") and not re.fullmatch(r"[+-]?[\d.e+-]+", c)] == []
    assert any(c.startswith("'=1+") for c in cells) and any(c.startswith("'=HYPERLINK") for c in cells)


def test_no_output_steers_a_terminal(out: Path) -> None:
    """Every command's every line: no escape, no control character, no mark that reverses the writing."""
    ids = [run["run_id"] for run in json.loads(_run("runs", "--out", out, "--format", "json").output)]
    tree = out.parent / TEXTS[0].replace("/", "\u2215")
    victim = next(path for path in sorted(tree.rglob("oom.log")) if "\x1b" in path.parent.name)
    kept = victim.read_bytes()
    victim.write_bytes(b"")
    commands = [
        ("runs", "--out", out), ("runs", "--out", out, "--format", "json"), ("runs", "--out", out, "--format", "csv"),
        ("explain", "learnings", "--out", out), ("explain", "by_model", "--out", out),
        ("explain", "by_dataset", "--out", out), *(("explain", name, "--out", out) for name in ids[::7]),
        ("explain", f"{ids[0]}.\x1b[31m\u202e", "--out", out), ("runs", "--out", out, "--columns", "\x1b[2J"),
        ("runs", "--out", out, "--where", "\x1b[2J\u202e"), ("verify", tree, "--out", out, "--jobs", "1"),
        (out / "\x1b[31m\u202eyok", "--out", out), ("report", "--out", out, "--force"),
    ]  # fmt: skip
    printed = [_run(*command).output for command in commands]
    victim.write_bytes(kept)
    assert [text for text in printed if any(not c.isprintable() and c != "\n" for c in text)] == []
    assert "does not stand there" in printed[-3], "verify names the changed file"


def test_json_says_what_was_found_with_escapes(out: Path) -> None:
    """What a terminal would act upon is written as JSON's escapes, so that a program reads the name itself."""
    names = {run["project"] for run in json.loads(_run("runs", "--out", out, "--format", "json").output)}
    assert any("\u202e" in name and "\x1b" in name for name in names)


# --------------------------------------------------------------------------------------------------------------- SQL


@pytest.mark.parametrize(
    "where",
    [
        "(select count(*) from read_text('/etc/passwd')) > 0",
        "(select count(*) from read_csv('/etc/passwd')) > 0",
        "(select count(*) from read_parquet('*.parquet')) > 0",
        "(select count(*) from glob('/*')) > 0",
        "(select count(*) from '/etc/passwd') > 0",
        "(select count(*) from 'http://127.0.0.1/x.parquet') > 0",
        "(select count(*) from columns) > 0",
        "true); copy runs to 'kopya.csv'; select (true",
        "true); attach 'x.db'; select (true",
        "true); install httpfs; load httpfs; select (true",
        "true); set enable_external_access = true; select (true",
        "true); create table x as select (1",
        "true); pragma version; select (true",
        "true) union all select run_id from runs where (true",
        "getenv('HOME') = ''",
        "run_id in (insert into runs select * from runs returning run_id)",
    ],
)
def test_a_condition_reads_the_tables_alone(
    out: Path, where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file, no extension, no setting, no second statement; one line says so, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    done = _run("runs", "--out", out, "--where", where)
    assert done.exit_code == 2 and len(done.output.strip().split("\n")) == 1, done.output
    assert "root:" not in done.output and list(tmp_path.iterdir()) == []


def test_a_condition_that_never_ends_is_given_up(out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounded in time and in memory, and what does not fit is not written beside the user."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("scanner.export.listing.LIMIT_S", 0.5)
    endless = "(select count(*) from range(10000000) a, range(10000000) b where a.range + b.range = -1) = 0"
    long = "select md5(range::text || 'x') || repeat('y', 4000) x from range(2000000)"
    wide = f"(select count(distinct x) from ({long})) = 0"
    for where in (endless, wide):
        assert _run("runs", "--out", out, "--where", where).exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_names_cannot_close_a_condition(out: Path) -> None:
    """Conditions that the document prints for a hostile model select its runs and change nothing."""
    text = (out / "LEARNINGS.md").read_text("utf-8")
    table = str(out / "learnings" / "data" / "runs.parquet")
    for where in re.findall(r'runs --where "((?:[^"\\]|\\.)*)"', text):
        plain = re.sub(r'\\([\\"$`])', r"\1", where)
        assert len(duckdb.extract_statements(f"select 1 from read_parquet('{table}') where ({plain})")) == 1, plain
