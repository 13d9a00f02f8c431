"""The page: learnings/index.html, one file that shows every run with its evidence, offline and without a server.

A template holds the frame, report_templates/page/ the style and the program, page_data.py what they show. Text of the
tree enters as JSON alone and is written by the program as text, never as markup; a Content-Security-Policy allows our
one script and our one style by their digests and nothing else. Same snapshot, same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping

import jinja2
from markupsafe import Markup

from scanner.errors import ReportError
from scanner.records import Snapshot
from scanner.report.catalogue import catalogue, template_text
from scanner.report.charts import Bars
from scanner.report.claims import words as ledger
from scanner.report.page_data import details, overview
from scanner.report.view import Document

TEMPLATE = "page.html.j2"
STYLE = "page/style.css"
PROGRAM = (
    "page/base.js",
    "page/store.js",
    "page/filter.js",
    "page/table.js",
    "page/curves.js",
    "page/run.js",
    "page/views.js",
    "page/main.js",
)
"""Parts of the one script, in order."""


def render_page(snapshot: Snapshot, document: Document, charts: Mapping[str, Bars], style: str) -> str:
    """The page's text; `charts` are the document's, `style` is how it writes numbers."""
    css = template_text(STYLE)
    program = "".join(template_text(name) for name in PROGRAM)
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(template_text),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    try:
        return environment.get_template(TEMPLATE).render(
            t=catalogue(),
            claims=ledger()["page"]["title"] if document.claims else "",
            css=Markup(css),
            css_digest=_digest(css),
            program=Markup(program),
            program_digest=_digest(program),
            data=embedded(overview(snapshot, document, charts, style)),
            details=map(embedded, details(snapshot, style)),
        )
    except jinja2.TemplateError as error:
        raise ReportError(f"report_templates: {error}") from error


def embedded(value: object) -> Markup:
    """JSON that cannot end its script element, open a comment in it, or break a line for an older reader."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for mark in "<>&\u2028\u2029":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return Markup(text)


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
