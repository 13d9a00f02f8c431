"""Optimizers and learning-rate schedules that a Python source makes: class, rate, decay, warm-up.

    torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=0.01)
    get_linear_schedule_with_warmup(optimizer, num_warmup_steps=100, num_training_steps=total)

A discriminator's or teacher's optimizer beside the main one is left out.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from scanner.formats import _python_vocabulary as words
from scanner.formats._python_scopes import Call, dotted
from scanner.formats._python_settings import Context, Setting

_RATES = frozenset({"lr", "learning_rate"})


def optimizer(at: Context, call: Call) -> Iterator[Setting]:
    first = dotted(_strip(call.node.args[0])) if call.node.args else ""
    if _plays_another_part(at, call, first):
        return
    yield Setting("optimizer", call.tail, call.node.lineno, call.place, "optimizer")
    for keyword in call.node.keywords:
        if keyword.arg in _RATES:
            yield from _rate(at, call, keyword.arg or "lr", keyword.value)
        elif keyword.arg in ("weight_decay", "weight_decay_rate"):
            yield from at.given(call, keyword.arg, "weight_decay", keyword.value)
        elif keyword.arg in ("clipnorm", "global_clipnorm"):
            yield from at.given(call, "clip_norm", "clip", keyword.value)
        elif keyword.arg is None:
            record = at.values.record(keyword.value)
            for key in ("lr", "learning_rate", "weight_decay"):
                if record is not None and key in record.fields:
                    yield from at.given(call, key, "rate" if key in _RATES else key, record.fields[key])
    rate_first = bool(words.RATE_FIRST.search(call.name)) or call.tail in words.LOWER_OPTIMIZERS
    if not any(keyword.arg in _RATES for keyword in call.node.keywords):
        index = 0 if rate_first or (call.node.args and at.is_number(call.node.args[0])) else 1
        if len(call.node.args) > index:
            yield from _rate(at, call, "lr", call.node.args[index])
        if not rate_first and call.node.args:
            yield from _groups(at, call, call.node.args[0])


def _plays_another_part(at: Context, call: Call, first: str) -> bool:
    """A discriminator's or teacher's optimizer beside the main one."""
    if not words.role_of(first, *call.targets):
        return False
    others = [c for c in at.program.calls if words.is_optimizer(c.name) and c.node is not call.node]
    return any(not words.role_of(dotted(_strip(c.node.args[0])) if c.node.args else "", *c.targets) for c in others)


def _groups(at: Context, call: Call, node: ast.expr) -> Iterator[Setting]:
    """`Adam([{"params": a, "lr": 1e-4}, {"params": b, "lr": 1e-4}])`: a rate that all groups share."""
    if not isinstance(node, ast.List) or not all(isinstance(part, ast.Dict) for part in node.elts):
        return
    rates = []
    for part in node.elts[:20]:
        record = at.values.record(part)
        found = at.values.known(record.fields["lr"]) if record is not None and "lr" in record.fields else None
        rates.append(found)
    if rates and all(r is not None and r.value == rates[0].value for r in rates if rates[0] is not None):
        yield from at.value("lr", "rate", rates[0], call.place)


def _rate(at: Context, call: Call, key: str, node: ast.expr) -> Iterator[Setting]:
    """A rate, or the first rate of a schedule that stands in its place."""
    schedule = node if isinstance(node, ast.Call) else None
    if schedule is None:
        made = at.makers.of(dotted(node), call.place)
        schedule = made[-1].node if made else None
    if schedule is not None and words.is_scheduler(at.program.qualified(schedule.func)):
        given = {k.arg: k.value for k in schedule.keywords}
        first = given.get("initial_learning_rate") or given.get("peak_value") or given.get("init_value")
        if first is None and schedule.args and "warmup" not in dotted(schedule.func):
            first = schedule.args[0]
        yield from at.given(call, "initial_learning_rate", "rate", first)
    else:
        yield from at.given(call, key, "rate", node)


def scheduler(at: Context, call: Call) -> Iterator[Setting]:
    others = [c.tail for c in at.program.calls if words.is_scheduler(c.name)]
    if call.tail in words.WARMUPS and any(name not in words.WARMUPS for name in others):
        return
    if words.role_of(*call.targets):
        return
    given = {k.arg: k.value for k in call.node.keywords}
    if call.tail in ("get_scheduler", "create_scheduler"):
        first = given.get("name", call.node.args[0] if call.node.args else None)
        yield from at.given(call, "lr_scheduler_type", "scheduler", first)
    else:
        yield Setting("lr_scheduler", call.tail, call.node.lineno, call.place, "scheduler")
    for key in ("num_warmup_steps", "warmup_steps", "warmup_epochs"):
        if key in given and key != "warmup_epochs":
            yield from at.given(call, key, "warmup", given[key])


def _strip(node: ast.expr) -> ast.expr:
    """`netD.parameters()` -> `netD`."""
    while isinstance(node, ast.Call):
        node = node.func.value if isinstance(node.func, ast.Attribute) else (node.args[0] if node.args else node.func)
        if isinstance(node, ast.Name):
            break
    return node
