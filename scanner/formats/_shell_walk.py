"""The invocations of a shell text: every simple command with its arguments expanded as far as the text fixes them.

Branches and loops are walked once; what they assign, or loop over, is not known afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from scanner.formats._shell_lex import Dialect, commands
from scanner.formats._shell_vars import Item, Variables
from scanner.formats._shell_words import Command, Word

_OPENING = frozenset({"if", "case", "for", "while", "until", "select"})
_CLOSING = frozenset({"fi", "esac", "done"})
_PASSED = frozenset({"then", "do", "{", "}", "!", "time", "call", "&", "@"})


class Invocation(NamedTuple):
    """A command that would be run, with where its console goes."""

    arguments: list[Item]
    logs: list[Item]
    """Files that take its output: redirections, and `tee` behind a pipe."""


def invocations(lines: Sequence[str], dialect: Dialect = "posix", first_line: int = 1) -> Iterator[Invocation]:
    """Invocations in the order of the text."""
    variables = Variables()
    pipeline: list[Invocation] = []
    for command in commands(lines, dialect, first_line):
        found = _one(command, variables)
        if found is not None:
            if pipeline and found.arguments and _is(found.arguments[0], "tee"):
                files = [item for item in found.arguments[1:] if not item.text.startswith("-")]
                pipeline[-1].logs.extend(files[:1])
            else:
                pipeline.append(found)
        if command.end not in ("|", "|&"):
            yield from pipeline
            pipeline = []
        if command.end.startswith(";;"):
            variables.next_branch()
    yield from pipeline


def _is(item: Item, name: str) -> bool:
    return item.text.rsplit("/", 1)[-1] == name


def _one(command: Command, variables: Variables) -> Invocation | None:
    """The invocation that a command is; None for assignments and for the grammar of branches and loops."""
    words = command.words
    while words:
        keyword = "" if words[0].is_quoted else words[0].raw.lower()
        if keyword in _CLOSING:
            variables.leave_branch()
            return None
        if keyword in ("else", "elif"):
            variables.next_branch()
        elif keyword in _OPENING:
            variables.enter_branch()
            if keyword in ("for", "select"):
                _loop(words, variables)
                return None
            if keyword == "case":
                return None
        elif keyword not in _PASSED:
            break
        words = words[1:]
    if not words or words[0].raw in ("function", "alias", "echo", "printf", "unset"):
        return None
    command.words = words
    if words[0].raw in ("read", "mapfile", "getopts"):
        for word in words[1:]:
            variables.forget(word.raw)
        return None
    if variables.assign(command):
        return None
    logs = [
        item
        for operator, target in command.redirects
        if operator in (">", ">>", "1>", "1>>", "&>", "&>>", ">&", ">|", "2>", "2>>")
        for item in variables.expand([target])[:1]
        if item.text not in ("/dev/null", "nul", "NUL", "$null")
    ]
    return Invocation(variables.expand(words), logs)


def _loop(words: list[Word], variables: Variables) -> None:
    if len(words) >= 3 and words[2].raw == "in":
        variables.loop(words[1].raw, words[3:])
    elif len(words) >= 2:
        variables.forget(words[1].raw)
