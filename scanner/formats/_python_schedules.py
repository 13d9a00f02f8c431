"""A learning-rate schedule that a Python source computes by hand.

    def get_lr(it):
        if it < warmup_iters:
            return learning_rate * it / warmup_iters
        coeff = 0.5 * (1.0 + math.cos(math.pi * (it - warmup_iters) / (lr_decay_iters - warmup_iters)))
        return min_lr + coeff * (learning_rate - min_lr)

    decay_lr = False                 nanoGPT's switch: the rate stays as it is

The half cosine counts where what is computed is the rate, by the name of the function or of what it is assigned to, and
where that is used. A source that can choose between several schedules states none, nor does a warm-up alone.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from scanner.formats._python_scopes import Function, Place, dotted
from scanner.formats._python_settings import Context, Setting

RATE = re.compile(
    r"(?:^|[._])(?:lr|LR|lrs|rate)(?:$|[._\d])|[a-z]LR$|[Ll]earning_?[Rr]ate|^lr|lr_?(?:lambda|sched)|sched"
)
MAX_FUNCTION = 60
"""Lines of a function that computes a rate and is not named for it."""


def read(at: Context) -> Iterator[Setting]:
    """The hand-written schedule of the source, if it has exactly one."""
    if at.program.calls_of("cos"):
        yield from _cosine(at)
    switches = at.program.module.bindings.get("decay_lr") or []
    value = switches[0].value if len(switches) == 1 else None
    if isinstance(value, ast.Constant) and value.value is False:
        yield Setting("lr_scheduler", "constant", value.lineno, switches[0].place, "scheduler")


def _cosine(at: Context) -> Iterator[Setting]:
    found: list[tuple[Function | None, int, Place]] = []
    for statement, place in at.program.statements:
        value = statement.value if isinstance(statement, (ast.Assign, ast.AnnAssign, ast.Return)) else None
        if value is None or not _is_half_cosine(value, at):
            continue
        function = place.scope.function
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        is_rate = any(RATE.search(dotted(target)) for target in targets)
        if function is None:
            is_used = is_rate
        else:
            is_used = is_rate or _computes_rate(function, at)
            is_used = is_used and _is_used(function, at)
        if is_used and not _is_one_of_several(place, at):
            found.append((function, statement.lineno, place))
    functions = {id(function) for function, _, _ in found}
    if not found or len(functions) != 1:
        return
    if not at.training and sum(RATE.search(name) is not None for name in at.program.functions) != 1:
        return
    _, line, place = found[0]
    yield Setting("lr_scheduler", "cosine", line, place, "scheduler")


def _is_half_cosine(value: ast.expr, at: Context) -> bool:
    """`0.5 * (1 + cos(pi * x))`, in any order, alone or inside a sum."""
    nodes = list(ast.walk(value))
    if len(nodes) > 400:
        return False
    halves = any(isinstance(n, ast.Constant) and n.value in (0.5, 2, 2.0) and n.value is not True for n in nodes)
    return halves and any(
        isinstance(n, ast.BinOp) and isinstance(n.op, ast.Add)
        and any(isinstance(part, ast.Constant) and part.value == 1 for part in (n.left, n.right))
        and any(_is_cosine(part, at) for part in (n.left, n.right))
        for n in nodes
    )  # fmt: skip


def _is_cosine(node: ast.expr, at: Context) -> bool:
    if not isinstance(node, ast.Call) or at.program.qualified(node.func).rpartition(".")[2] != "cos":
        return False
    return any(
        (isinstance(n, ast.Attribute) and n.attr == "pi") or (isinstance(n, ast.Name) and n.id in ("pi", "PI"))
        for argument in node.args
        for n in ast.walk(argument)
    )


def _computes_rate(function: Function, at: Context) -> bool:
    """Whether a function gives back a learning rate: by its name, or by the rates in what it returns."""
    if RATE.search(function.name):
        return True
    if (function.end_lineno or function.lineno) - function.lineno > MAX_FUNCTION:
        return False
    return any(
        isinstance(statement, ast.Return) and statement.value is not None and place.scope.node is function
        and any(RATE.search(dotted(n)) for n in ast.walk(statement.value) if isinstance(n, (ast.Name, ast.Attribute)))
        for statement, place in at.program.statements
    )  # fmt: skip


def _is_used(function: Function, at: Context) -> bool:
    """Whether something calls it or is handed it; a library's is used where it is imported."""
    if function.name in at.program.passed_on or not at.training:
        return True
    calls = [
        call
        for call in at.program.calls_of(function.name)
        if call.place.scope.node is not function and at.values.open_arms(call.place) is not None
    ]
    if not calls:
        return False
    refused = {
        id(n)
        for statement, _ in at.program.statements
        if isinstance(statement, (ast.Assign, ast.AnnAssign)) and isinstance(statement.value, ast.IfExp)
        and at.values.decide(statement.value.test) is False
        for n in ast.walk(statement.value.body)
    }  # fmt: skip
    return any(id(call.node) not in refused for call in calls)


def _is_one_of_several(place: Place, at: Context) -> bool:
    """Whether it stands in a branch that a word or a switch chooses."""
    for number, arm in at.values.open_arms(place) or ():
        test = at.program.tests.get(number)
        if test is None or arm not in (0, 1):
            continue
        if not isinstance(test[0], ast.Compare):
            return True
        if any(isinstance(n, ast.Constant) and isinstance(n.value, str) for n in ast.walk(test[0])):
            return True
    return False
