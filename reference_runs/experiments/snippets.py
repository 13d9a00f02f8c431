"""The document's pieces of code, tried as written: keywords of from_pretrained, imports, calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reference_runs.configs import documented
from reference_runs.configs.config_reader import Snippet
from reference_runs.configs.literals import as_json
from reference_runs.records import Claim, Finding, Hardware, Job, NotTestable, Result
from scanner.records import Figure

_KEYWORDS = ("load_in_8bit", "load_in_4bit")
_LIBRARIES = ("torch", "transformers", "peft", "bitsandbytes")


def jobs(claim: Claim, at_hand: Hardware) -> dict[str, Job]:
    """One job with all codes."""
    codes = [code for _, code in _codes(claim)]
    if not codes:
        raise NotTestable("not_stated")
    return {"snippets": Job("snippets", {"family": claim.settings["family"], "codes": codes}, expected_s=5.0)}


def measure(claim: Claim, results: Mapping[str, Result], at_hand: Hardware) -> Finding:
    """How many run, the errors of the others, and what replaces what fails or is deprecated."""
    tried = [(name, one) for (name, _), one in zip(_codes(claim), results["snippets"]["tried"], strict=True)]
    known = [(name, one) for name, one in tried if one["known"]]
    errors = tuple((name, one["error"]) for name, one in known if one["error"])
    return Finding(
        basis="measured",
        figures=(
            Figure("runs", not errors, n=len(known)),
            Figure("snippets_that_run", len(known) - len(errors), n=len(known)),
            Figure("deprecated", sum(bool(one["deprecated"]) for _, one in known), n=len(known)),
        ),
        scope={
            "families": str(claim.settings["family"]),
            "model": "tiny, random weights",
            "deprecated": "; ".join(dict.fromkeys(text for _, one in known for text in one["deprecated"])),
            "not_tried": ", ".join(name for name, one in tried if not one["known"]),
        },
        errors=errors,
        remedies=tuple(dict.fromkeys(remedy for _, one in known for remedy in one["remedies"])),
    )


def _codes(claim: Claim) -> list[tuple[str, dict[str, Any]]]:
    """Every piece of code of the source that can be tried, with its name; each once."""
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for snippet in documented.read(claim.source).document.snippets:
        for name, code in _of(snippet):
            found.setdefault(repr(code), (name, code))
    return list(found.values())


def _of(snippet: Snippet) -> Iterator[tuple[str, dict[str, Any]]]:
    for one in snippet.settings:
        if one.key in _KEYWORDS:
            yield one.key, {"load": {one.key: one.value}}
    called = {call.name.rpartition(".")[2] for call in snippet.calls}
    for name in snippet.imports:
        if name.split(".")[0] in _LIBRARIES and name.rpartition(".")[2] not in called:
            yield name, {"import": name}
    for call in snippet.calls:
        yield call.name, as_json(call)
