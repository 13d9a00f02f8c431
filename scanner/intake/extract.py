"""One file's bytes to findings: decode, ask the formats, name what they state, cut executions apart.

The only place where a key as written becomes a field: spellings, types and bounds are the knowledge's, structure is
the formats', and `found_by` and the origin are stamped here, so that no format can forget or lie about them.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict

from scanner.formats import all_formats, is_generic
from scanner.formats._base import Document, Rows, Stated
from scanner.intake import line_rules, relaunch
from scanner.intake.columns import Birth, Block, SeriesKey, add_rows, counted, share
from scanner.intake.conceal import Concealer
from scanner.intake.segment import Event, cut
from scanner.knowledge import convert, fact_names, find_field, is_true, name_metric
from scanner.records import Findings, Locator, Observation, Origin, Scalar, Series, Skip, SourceFile

_ORIGINS: dict[str, Origin] = {"log": "reported", "python": "script", "shell": "command_line"}
_NOT_ASKED_FOR = frozenset({"framework", "duration_s", "steps_done", "epochs_done"})
"""Fields that closing summaries state: seeing one again begins no new execution."""

_EVENTS = {
    "launch": "launch",
    "relaunch": "relaunch",
    "training_start": "start",
    "training_end": "end",
    "early_stop": "end",
}
"""Marks that bear on where an execution begins or ends."""

MAX_OBSERVATIONS = 200_000
"""Per file; past this the file is recorded as cut off."""


MOST = 2**63
"""No count, time or code is as large (nor NaN): as a mark it would be a plan that no arithmetic and no table holds."""


class _Sighting:
    """A Stated with the document and format it came from."""

    __slots__ = ("document", "found_by", "order", "stated")

    def __init__(self, stated: Stated, document: Document, found_by: str, order: int) -> None:
        self.stated = stated
        self.document = document
        self.found_by = found_by
        self.order = order


def extract(document: Document, source: SourceFile) -> Findings:
    """All that the formats and line rules find in a document and the documents inside it."""
    sightings: list[_Sighting] = []
    blocks: list[Block] = []
    skips: list[Skip] = []
    queue = [document]
    while queue:
        current = queue.pop(0)
        _read(current, sightings, blocks, queue, skips)
    observations: list[Observation] = []
    series: dict[tuple[str, str, int, str], Series] = {}
    by_document: dict[int, list[_Sighting]] = defaultdict(list)
    documents: dict[int, Document] = {}
    for block in blocks:
        documents[id(block.document)] = block.document
        by_document[id(block.document)] = []
    for sighting in sightings:
        documents[id(sighting.document)] = sighting.document
        by_document[id(sighting.document)].append(sighting)
    hide = Concealer(documents.values())
    next_segment = 0
    for key, found in by_document.items():
        own = [block for block in blocks if block.document is documents[key]]
        next_segment = _name(documents[key], found, own, hide, observations, series, next_segment)
    skips = [skip._replace(detail=hide.text(skip.detail)) for skip in skips]
    if len(observations) > MAX_OBSERVATIONS:
        skips.append(Skip(source.path, "extract", "too_many_observations", str(len(observations)), 0))
        del observations[MAX_OBSERVATIONS:]
    curves = hide.curves(series.values())
    share(curves)
    formats = tuple(sorted({o.found_by for o in observations} | {s.found_by for s in curves}))
    file = source._replace(
        formats=formats, n_observations=len(observations), n_points=sum(len(curve) for curve in curves)
    )
    return Findings(file, tuple(observations), curves, tuple(skips))


def _whole(stated: Stated) -> Stated:
    """Half a character (an escape like `\\ud800` alone) is in no table and no document: it becomes a question mark."""
    value = stated.value if isinstance(stated.value, str) else ""
    if stated.key.isascii() and value.isascii() and stated.raw.isascii() and stated.pointer.isascii():
        return stated
    return stated._replace(
        key=_encodable(stated.key),
        value=_encodable(value) if isinstance(stated.value, str) else stated.value,
        raw=_encodable(stated.raw),
        pointer=_encodable(stated.pointer),
    )


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _read(
    document: Document, sightings: list[_Sighting], blocks: list[Block], queue: list[Document], skips: list[Skip]
) -> None:
    specific_done = False
    for module in all_formats():
        if is_generic(module) and not specific_done:
            specific_done = True
            document.claimed.update(
                s.stated.line for s in sightings if s.document is document and s.stated.role == "metric"
            )
            for block in blocks:
                if block.document is document:
                    document.claimed.update(map(int, block.rows.lines))
        try:
            if not module.wants(document):
                continue
            for found in module.read(document):
                if isinstance(found, Document):
                    queue.append(found)
                elif isinstance(found, Rows):
                    if document.is_embedded:
                        sightings.extend(_Sighting(s, document, module.ID, len(sightings)) for s in found.stated())
                    else:
                        blocks.append(Block(found, document, module.ID, len(sightings)))
                else:
                    stated = found if document.kind == "log" else _whole(found)  # only escapes make half characters
                    sightings.append(_Sighting(stated, document, module.ID, len(sightings)))
        except MemoryError:
            raise
        except Exception as error:
            # A file that breaks a reader is told as such, what was read of it before stays, and the scan goes on.
            detail = f"{module.ID}: {type(error).__name__}: {str(error)[:160]}"
            skips.append(Skip(document.path, "extract", "malformed", detail, 0))
    if document.kind == "log":
        sightings.extend(_Sighting(s, document, "line_rules", len(sightings)) for s in line_rules.read(document))
        if not document.is_embedded:
            sightings.extend(_Sighting(s, document, "relaunch", len(sightings)) for s in relaunch.read(document))


def _name(
    document: Document,
    found: list[_Sighting],
    blocks: list[Block],
    hide: Concealer,
    observations: list[Observation],
    series: dict[tuple[str, str, int, str], Series],
    base: int,
) -> int:
    """Turn one document's sightings into observations and series; returns the next free segment of the file."""
    found.sort(key=_line_of)  # stable: what stands on one line stays in the order in which it was found
    _share_counters(found)
    cuts = cut(_condensed(_events(found, blocks))) if document.kind == "log" else []
    top = base
    born: dict[SeriesKey, Birth] = {}
    for sighting in found:
        stated = sighting.stated
        segment = base + (stated.segment if stated.segment is not None else bisect_right(cuts, stated.line))
        if segment >= top:
            top = segment + 1
        line, pointer = document.address(stated.line)
        if stated.role == "metric":
            _add_point(sighting, document.path, line, stated.pointer or pointer, segment, series, born)
            continue
        end_line = document.address(stated.end_line)[0] if stated.end_line else line
        place = Locator(document.path, line, end_line, hide.pointer(stated.pointer or pointer), segment)
        origin = stated.origin or document.origin or _ORIGINS.get(document.kind, "config_file")
        if stated.role in ("fact", "mark"):
            id, value = stated.key, stated.value
            if isinstance(value, (int, float)) and not abs(value) < MOST:
                continue
            step, epoch = stated.step, stated.epoch
        else:
            setting = _setting(stated)
            if setting is None:
                continue
            id, value = setting
            step = epoch = None
        raw = hide.quote(stated.raw or f"{stated.key} = {stated.value}")
        value = hide.text(value) if isinstance(value, str) else value
        key = hide.name(stated.key)
        observations.append(Observation(id, key, value, raw, step, epoch, origin, sighting.found_by, place))
    if blocks:
        top = max(top, add_rows(blocks, cuts, base, series, born))
    return top


def _line_of(sighting: _Sighting) -> int:
    return sighting.stated.line


def _setting(stated: Stated) -> tuple[str, Scalar] | None:
    """The field that a setting states and its value, or None."""
    hit = find_field(stated.key)
    if hit is None:
        return None
    if hit.flag is not None:
        return (hit.field, hit.flag) if is_true(stated.value) else None
    value = convert(hit.field, stated.value)
    return None if value is None else (hit.field, value)


def _add_point(
    sighting: _Sighting,
    path: str,
    line: int,
    pointer: str,
    segment: int,
    series: dict[tuple[str, str, int, str], Series],
    born: dict[SeriesKey, Birth],
) -> None:
    stated = sighting.stated
    name = name_metric(stated.key)
    if name is None:
        return
    try:
        value = float(stated.value.strip().rstrip("%")) if isinstance(stated.value, str) else float(stated.value)
    except (ValueError, OverflowError):
        return
    metric = f"counter:{name.name}" if name.kind == "counter" else name.name
    key = (metric, stated.key, segment, sighting.found_by)
    curve = series.get(key)
    if curve is None:
        curve = series[key] = Series(metric, stated.key, path, segment, sighting.found_by, pointer)
        born[key] = (stated.line, sighting.order, 1, 0)
    if curve.pointers or pointer != curve.pointer:
        if not curve.pointers:
            curve.pointers.extend([curve.pointer] * len(curve))
        curve.pointers.append(pointer)
    curve.steps.append(math.nan if stated.step is None else stated.step)
    curve.epochs.append(math.nan if stated.epoch is None else stated.epoch)
    curve.values.append(value)
    curve.lines.append(line)


def _share_counters(found: list[_Sighting]) -> None:
    """Give the metrics of a line the counters that stand on the same line, where the format did not."""
    counters: dict[tuple[int, str, str], dict[str, float]] = {}
    for sighting in found:
        stated = sighting.stated
        if stated.role != "metric":
            continue
        name = name_metric(stated.key)
        if name is not None and name.kind == "counter":
            try:
                number = float(stated.value)
            except (ValueError, OverflowError):
                continue
            counters.setdefault((stated.line, sighting.found_by, stated.pointer), {}).setdefault(name.name, number)
    for sighting in found if counters else ():
        stated = sighting.stated
        if stated.role == "metric" and (stated.step is None or stated.epoch is None):
            known = counters.get((stated.line, sighting.found_by, stated.pointer))
            if known is not None:
                step = known.get("step") if stated.step is None else stated.step
                epoch = known.get("epoch") if stated.epoch is None else stated.epoch
                sighting.stated = stated._replace(step=step, epoch=epoch)


def _events(found: list[_Sighting], blocks: list[Block]) -> list[Event]:
    """What the segmenter wants to know, from the sightings and columns of one document, in the order of the lines."""
    events: list[Event] = []
    places: list[tuple[int, int]] = []
    for sighting in found:
        event = _event(sighting)
        # The metrics of a line mostly carry one counter; said again it tells nothing new.
        if event is not None and not (event.kind in ("epoch", "step") and events and event == events[-1]):
            events.append(event)
            places.append((event.line, sighting.order))
    if not blocks:
        return events
    merged = [(place, 1, event) for place, event in zip(places, events, strict=True)]
    merged += ((place, 0, event) for place, event in counted(blocks, places))
    merged.sort(key=lambda found: found[:2])
    return [event for _, _, event in merged]


def _event(sighting: _Sighting) -> Event | None:
    stated = sighting.stated
    if stated.segment is not None:
        return None
    if stated.role == "metric":
        if stated.epoch is not None:
            return Event(stated.line, "epoch", sighting.found_by, stated.epoch)
        return Event(stated.line, "step", sighting.found_by, stated.step) if stated.step is not None else None
    if stated.role == "mark":
        kind = _EVENTS.get(stated.key, "fatal" if stated.key.startswith("failure:") else "")
        return Event(stated.line, kind) if kind else None  # type: ignore[arg-type]
    if stated.role == "fact":
        if stated.key in ("exception",):
            return Event(stated.line, "fatal")
        if stated.key in ("process_id", "job_id", "command", "started_at") and stated.key in fact_names():
            return Event(stated.line, "setting", stated.key)
        return None
    hit = find_field(stated.key)
    return Event(stated.line, "setting", hit.field) if hit is not None and hit.field not in _NOT_ASKED_FOR else None


def _condensed(events: list[Event]) -> list[Event]:
    """The events without those in the middle of a counter's rise, which change nothing that its end does not."""
    kept: list[Event] = []
    for event in events:
        if len(kept) > 1 and event.kind in ("epoch", "step"):
            before, last = kept[-2:]
            if event[1:3] == last[1:3] == before[1:3] and before.number <= last.number <= event.number:
                kept[-1] = event
                continue
        kept.append(event)
    return kept
