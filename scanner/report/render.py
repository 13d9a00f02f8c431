"""Views and templates to Markdown. Undefined names stop the rendering; text of the tree cannot become markup."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import jinja2

from scanner.errors import ReportError
from scanner.records import Figure
from scanner.report import claims, escape, locale_tr
from scanner.report.catalogue import catalogue, template_text, word
from scanner.report.plots import words
from scanner.report.rows import Query
from scanner.report.view import Document

MAIN = "LEARNINGS.md.j2"


def render(document: Document, charts: frozenset[str], style: str) -> str:
    """The text of LEARNINGS.md; `charts` are the names of the charts that were drawn."""
    try:
        text = environment(style).get_template(MAIN).render(d=document, charts=charts)
    except jinja2.TemplateError as error:
        raise ReportError(f"report_templates: {error}") from error
    return tidy(text)


def environment(style: str) -> jinja2.Environment:
    """Jinja with our filters: numbers in the style, safe spans for text of the tree, words for ids."""
    made = jinja2.Environment(
        loader=jinja2.FunctionLoader(template_text),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # Markdown, not HTML: `finalize` and the filters of escape.py take its place
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_finalize,
    )
    made.globals["t"] = catalogue()
    made.globals["charts_words"] = words()
    made.globals["ledger"] = claims.words()
    made.filters |= {
        "n": lambda value: locale_tr.number(_value(value), style),
        "n2": lambda value: locale_tr.number(float(_value(value)), style, 2),
        "points": lambda value: locale_tr.points(_value(value), style),
        "setting": lambda value: escape.code(escape.literal(value) if not isinstance(value, str) else value),
        "percent": lambda value: locale_tr.percent(_value(value), style),
        "rate": lambda value: f"`{locale_tr.rate(float(value))}`",
        "day": lambda value: locale_tr.day(str(value), style),
        "sentence_case": locale_tr.sentence_case,
        "code": escape.code,
        "cell": escape.cell,
        "literal": escape.literal,
        "measure": escape.measure,
        "comment": escape.comment,
        "word": _word,
        "command": _command,
        "groupby_order": _grouped,
        "wording": lambda claim: claims.wording(claim, style),
        "stated": lambda claim: claims.stated(claim, style),
        "found": lambda found: claims.measured(found, style),
    }
    return made


def _finalize(value: Any) -> Any:
    return escape.code(value) if isinstance(value, escape.Tree) else value


def _value(value: Any) -> float:
    """A figure's or a plain number."""
    found = value.value if isinstance(value, Figure) else value
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        raise ReportError(f"report_templates: {found!r} is printed as a number")
    return found


def _word(identifier: str, group: str) -> str:
    """The words for an id; an id that is not in the catalogue stands for itself."""
    return word(group, identifier) or escape.cell(identifier)


def _command(query: Query) -> str:
    """How to list the runs behind a figure."""
    return escape.code(f"scan-trainings runs --where {escape.shell_text(query.where)}", 500)


def _grouped(items: Iterable[Any], name: str) -> list[tuple[Any, list[Any]]]:
    """The items by an attribute, the groups in the order in which they appear."""
    found: dict[Any, list[Any]] = {}
    for item in items:
        found.setdefault(getattr(item, name), []).append(item)
    return list(found.items())


def tidy(text: str) -> str:
    """At most one blank line in a row, none at the ends, no blanks at line ends."""
    lines: list[str] = []
    for line in (raw.rstrip() for raw in text.split("\n")):
        if line or (lines and lines[-1]):
            lines.append(line)
    return "\n".join(lines).strip("\n") + "\n"
