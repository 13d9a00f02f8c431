"""Shell text to simple commands, with places. Nothing is run and nothing is expanded here (see `_shell_vars`).

    LR=1e-4; CUDA_VISIBLE_DEVICES=0 python train.py \\
        --lr $LR > train.log 2>&1 &

POSIX shells, and as far as launchers need it cmd.exe (`^` continues a line, `%LR%`, `rem`) and PowerShell (a backtick
continues a line, `$lr = "1e-4"`). Here-documents are passed over: they are input, not commands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from scanner.formats._shell_words import Command, PartKind, Word

Dialect = Literal["posix", "cmd", "powershell"]
MAX_COMMANDS = 20_000

_OPERATOR = re.compile(r"&>>?|&&|\|\||\|&|;;&?|;&|[0-9]?(?:>>|>&|>\||>|<<<|<<-?|<&|<)|[;&|()]")
_REDIRECT = re.compile(r"(?:&|[0-9])?[<>]")
_NAME = re.compile(r"[A-Za-z_]\w*(?::\w+)?|[0-9@*#?$!-]")
_PLAIN = re.compile(r"[\w./:,=+%@~\[\]*?^-]+")
_ARRAY = re.compile(r"^[A-Za-z_]\w*\+?=$")


def dialect_of(name: str) -> Dialect:
    """The dialect that a file's name means."""
    if name.endswith((".bat", ".cmd")):
        return "cmd"
    return "powershell" if name.endswith(".ps1") else "posix"


def commands(lines: Sequence[str], dialect: Dialect = "posix", first_line: int = 1) -> Iterator[Command]:
    """The simple commands of a text in their order; an unclosed quote ends with the text."""
    found = 0
    for command in _Lexer("\n".join(lines) + "\n", dialect, first_line).run():
        yield command
        found += 1
        if found >= MAX_COMMANDS:
            return


class _Lexer:
    """One pass over the characters."""

    def __init__(self, text: str, dialect: Dialect, first_line: int) -> None:
        self.text = text
        self.at = 0
        self.line = first_line
        self.escape = {"posix": "\\", "cmd": "^", "powershell": "`"}[dialect]
        self.dialect = dialect
        self.command = Command()
        self.word: Word | None = None
        self.redirect = ""
        self.heredocs: list[str] = []
        self.array: list[Word] | None = None

    def run(self) -> Iterator[Command]:
        text = self.text
        while self.at < len(text):
            c = text[self.at]
            if c == "\n":
                self._end_word()
                self.at += 1
                self.line += 1
                if self.heredocs:
                    self._skip_heredocs()
                if self.array is None:
                    yield from self._end_command(";")
            elif c in " \t\r":
                self._end_word()
                self.at += 1
            elif c == self.escape:
                self._escaped()
            elif c == "#" and self.word is None and self.dialect != "cmd":
                self._skip_line()
            elif c == '"' or (c == "'" and self.dialect != "cmd"):
                self._quoted(c)
            elif c == "$" and self.dialect != "cmd":
                self._dollar("variable")
            elif c == "`" and self.dialect == "posix":
                self._opaque_until("`", self.at + 1)
            elif c == "%" and self.dialect == "cmd":
                self._percent("variable")
            elif (operator := _OPERATOR.match(text, self.at)) and (
                not operator.group()[0].isdigit() or self.word is None
            ):
                yield from self._operator(operator.group())
            else:
                self._plain()
        self._end_word()
        yield from self._end_command("")

    def _here(self) -> Word:
        if self.word is None:
            self.word = Word(self.line)
        return self.word

    def _plain(self) -> None:
        match = _PLAIN.match(self.text, self.at)
        end = match.end() if match else self.at + 1
        chunk = self.text[self.at : end]
        for stop in (self.escape, "%" if self.dialect == "cmd" else ""):
            if stop and stop in chunk[1:]:
                chunk = chunk[: chunk.index(stop, 1)]
        self._here().add("text", chunk)
        self.at += len(chunk)
        if self.dialect == "cmd" and self.word is not None and not self.command.words:
            if self.word.raw.lower() in ("rem", "::") or self.word.raw.startswith("::"):
                self.word = None
                self._skip_line()

    def _escaped(self) -> None:
        following = self.text[self.at + 1 : self.at + 2]
        if following == "\r":
            following = self.text[self.at + 1 : self.at + 3].strip("\r")
            self.at += 1
        self.at += 2
        if following == "\n":
            self.line += 1
            self._end_word()
        elif self.dialect == "posix" or following in "\"'$`^&|<>":
            # A backslash before a blank at the end of a line was meant to continue it, but does not.
            self._here().add("text", following)
        else:
            self._here().add("text", self.escape + following)

    def _quoted(self, quote: str) -> None:
        word = self._here()
        word.is_quoted = True
        text = self.text
        at = self.at + 1
        chunk: list[str] = []
        while at < len(text) and text[at] != quote:
            c = text[at]
            if c == self.escape and quote == '"' and self.dialect != "cmd":
                if text[at + 1 : at + 2] == "\n":
                    self.line += 1
                    chunk.append(" ")
                else:
                    kept = "" if text[at + 1 : at + 2] in ('"', "\\", "$", "`") else c
                    chunk.append(kept + text[at + 1 : at + 2])
                at += 2
            elif quote == '"' and (
                (c == "$" and self.dialect != "cmd")
                or (c == "`" and self.dialect == "posix")
                or (c == "%" and self.dialect == "cmd")
            ):
                word.add("text", "".join(chunk))
                chunk = []
                self.at = at
                if c == "$":
                    self._dollar("quoted_variable")
                elif c == "%":
                    self._percent("quoted_variable")
                else:
                    self._opaque_until("`", at + 1)
                at = self.at
            else:
                self.line += c == "\n"
                chunk.append(c)
                at += 1
        word.add("text", "".join(chunk))
        self.at = at + 1

    def _dollar(self, kind: PartKind) -> None:
        text, at = self.text, self.at
        following = text[at + 1 : at + 2]
        if following == "(":
            self._opaque_until(")", at + 2, "(")
        elif following == "{":
            end = text.find("}", at)
            nested = text.find("${", at + 2, end if end >= 0 else at)
            if end < 0 or nested >= 0 or "\n" in text[at:end]:
                self._opaque_until("}", at + 2, "{")
                return
            self._here().add(kind, text[at + 2 : end])
            self.at = end + 1
        elif following in ("'", '"') and kind == "variable":
            self.at += 1  # $'...' is a quoted text
        elif name := _NAME.match(text, at + 1):
            self._here().add(kind, name.group())
            self.at = name.end()
        else:
            self._here().add("text", "$")
            self.at += 1

    def _percent(self, kind: PartKind) -> None:
        name = re.compile(r"%(?:([A-Za-z_]\w*)%|~?[0-9*]|%[A-Za-z])").match(self.text, self.at)
        if name is None:
            self._here().add("text", "%")
            self.at += 1
            return
        self._here().add(kind, name.group(1) or name.group().strip("%~"))
        self.at = name.end()

    def _opaque_until(self, closing: str, start: int, opening: str = "") -> None:
        depth, at, text = 1, start, self.text
        while at < len(text) and depth:
            c = text[at]
            depth += (c == opening) - (c == closing) if opening else -(c == closing)
            self.line += c == "\n"
            at += 1
        self._here().add("opaque", text[self.at : at])
        self.at = at

    def _skip_line(self) -> None:
        end = self.text.find("\n", self.at)
        self.at = len(self.text) if end < 0 else end

    def _skip_heredocs(self) -> None:
        for mark in self.heredocs:
            while self.at < len(self.text):
                end = self.text.find("\n", self.at)
                line = self.text[self.at : end]
                self.at = end + 1
                self.line += 1
                if line.strip() == mark:
                    break
        self.heredocs = []

    def _operator(self, operator: str) -> Iterator[Command]:
        begins_array = operator == "(" and self.word is not None and _ARRAY.match(self.word.raw)
        word = self.word
        self._end_word()
        self.at += len(operator)
        if begins_array and word is not None:
            self.array = []
        elif self.array is not None:
            if operator == ")":
                self.command.array, self.array = self.array, None
        elif operator.startswith("<<") and operator != "<<<":
            self.redirect = "<<"
        elif _REDIRECT.match(operator):
            duplicate = re.compile(r"[0-9-]").match(self.text, self.at) if operator.endswith("&") else None
            if duplicate:
                self.at = duplicate.end()
            else:
                self.redirect = operator
        else:
            yield from self._end_command(operator)

    def _end_word(self) -> None:
        if self.word is None:
            return
        word, self.word = self.word, None
        if self.array is not None:
            self.array.append(word)
        elif self.redirect == "<<":
            self.heredocs.append(word.raw)
            self.redirect = ""
        elif self.redirect:
            self.command.redirects.append((self.redirect, word))
            self.redirect = ""
        else:
            self.command.words.append(word)

    def _end_command(self, operator: str) -> Iterator[Command]:
        self.redirect = ""
        if self.command.words or operator not in (";", ""):
            self.command.end = operator
            yield self.command
        self.command = Command()
