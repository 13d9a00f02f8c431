"""Consoles of gradient boosting and of scikit-learn's verbose estimators: XGBoost, LightGBM, CatBoost, MLP, boosting.

    [10]	train-logloss:0.41	eval-logloss:0.45                                   XGBoost, rounds from 0
    [100]	training's binary_logloss: 0.31	valid_1's binary_logloss: 0.33          LightGBM, rounds from 1
    50:	learn: 0.2104	test: 0.2480	best: 0.2480 (50)	total: 1.2s	remaining: 22s   CatBoost, rounds from 0
    Iteration 12, loss = 0.34                                                      MLPClassifier
          Iter       Train Loss   Remaining Time                                   GradientBoostingClassifier

Rounds are steps. Of XGBoost's evaluation sets `validation_0`, `validation_1`, ... the last is the validation set where
there are two and more (the first is the training set by custom); a single one is what the user evaluates on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.formats._base import LOOSE_NUMBER, Document, Stated
from scanner.formats._sieve import Sieve

ID = "boosting"
DESCRIPTION = "Consoles of XGBoost, LightGBM, CatBoost and scikit-learn's verbose estimators"
SAMPLE = """[10]	train-logloss:0.41	eval-logloss:0.45
[100]	valid_0's l2: 0.53"""

_ROUND = re.compile(r"^(?:\[\d\d:\d\d:\d\d\] )?\[(?P<n>\d{1,7})\]\s+(?P<rest>\S.*:\s?\S.*)$")
_XGBOOST = re.compile(rf"(?P<set>[\w ]+?)-(?P<metric>[A-Za-z][\w@.-]*):(?P<value>{LOOSE_NUMBER})(?=\s|$|\+)")
_LIGHTGBM = re.compile(rf"(?P<set>[\w ]+)'s (?P<metric>[A-Za-z][\w@.-]*): (?P<value>{LOOSE_NUMBER})(?=\s|$)")
_CATBOOST = re.compile(
    rf"^(?P<n>\d{{1,7}}):\s+learn: (?P<learn>{LOOSE_NUMBER})(?:\s+test: (?P<test>{LOOSE_NUMBER}))?"
    r"(?:\s+best: .{1,40}?)?\s+total: \S+(?: \S+)?\s+remaining: (?P<left>\S+)"
)
_MLP = re.compile(rf"^Iteration (?P<n>\d{{1,7}}), loss = (?P<loss>{LOOSE_NUMBER})\s*$")
_TABLE = re.compile(r"^\s+Iter\s+Train Loss\s+(?:OOB Improve\s+)?Remaining Time\s*$")
_TABLE_ROW = re.compile(
    rf"^\s+(?P<n>\d{{1,7}})\s+(?P<loss>{LOOSE_NUMBER})(?:\s+{LOOSE_NUMBER})?\s+(?P<left>[\d.]+[smh])\s*$"
)
_SAMPLES = re.compile(r"\[LightGBM\] \[Info\] Number of data points in the train set: (?P<n>\d+)")
_RATE = re.compile(r"^Learning rate set to (?P<rate>[\d.e-]+)\s*$")
_WORDS = (
    *("loss:", "-rmse:", "-auc:", "-error:", "-merror:", "-mae:"),
    *("'s ", "\tlearn: ", "Iteration 1, loss = ", "Remaining Time"),
)
_MARKS = (
    ("Will train until ", "training_start"),
    ("Training until validation scores don't improve", "training_start"),
    ("Stopping. Best iteration:", "early_stop"),
    ("Early stopping, best iteration is:", "early_stop"),
    ("Did not meet early stopping. Best iteration is:", "training_end"),
    ("Stopped by overfitting detector", "early_stop"),
    ("Training loss did not improve more than tol=", "early_stop"),
    ("Validation score did not improve more than tol=", "early_stop"),
)


def wants(document: Document) -> bool:
    """Logs with one of the libraries' own wordings."""
    return document.kind == "log" and document.mentions(*_WORDS)


def read(document: Document) -> Iterator[Stated]:
    """Rounds with their metrics, beginnings and ends."""
    said: set[str] = set()
    counts_from_0 = False
    in_table = False
    sieve, texts, asked = Sieve(document), document.shapes().texts, set[int]()
    for number, line, shape in sieve:
        if shape not in asked:
            asked.add(shape)
            if _is_foreign(texts[shape].rstrip()):
                sieve.silent.add(shape)
        if shape in sieve.silent and not in_table:
            continue
        text = line.rstrip()
        points: list[Stated] = []
        framework = "xgboost"
        if text.startswith("[") and (found := _ROUND.match(text)):
            points = list(_round(found, number))
        elif text[:1].isdigit() and "learn: " in text and (found := _CATBOOST.match(text)):
            points = list(_catboost(found, number))
        elif text.startswith("Iteration ") and (found := _MLP.match(text)):
            framework = "sklearn"
            points = [Stated("train_loss", found["loss"], number, "metric", float(found["n"]), raw=text)]
        elif "Remaining Time" in text and _TABLE.match(text):
            in_table = True
            sieve.wake()
            continue
        elif in_table and (found := _TABLE_ROW.match(text)):
            framework = "sklearn"
            points = [Stated("train_loss", found["loss"], number, "metric", float(found["n"]), raw=text)]
        else:
            in_table = in_table and not text
            if not in_table:
                sieve.rest()
            yield from _message(text, number, bool(said))
        if points:
            document.claimed.add(number)
            if points[0].step == 0 and not counts_from_0:
                counts_from_0 = True
                yield Stated("first_step", 0, number, "mark", raw=text)
            if framework not in said:
                said.add(framework)
                yield Stated("framework", framework, number, raw=text)
                if not any(point.key.startswith("train") for point in points):
                    # Rounds are printed by trainings only, also where they measure nothing but the validation.
                    yield Stated("training_start", True, number, "mark", raw=text)
            yield from points


def _is_foreign(text: str) -> bool:
    """Whether a line of a shape says nothing outside a table: no pattern asks for any digit's value."""
    patterns = (_ROUND, _CATBOOST, _MLP, _TABLE)
    return not any(pattern.match(text) for pattern in patterns) and not any(_message(text, 0, True))


def _round(found: re.Match[str], number: int) -> Iterator[Stated]:
    """The metrics of a round of XGBoost or LightGBM."""
    step = float(found["n"])
    pairs = [(m["set"].strip(), m["metric"], m["value"]) for m in _LIGHTGBM.finditer(found["rest"])]
    pairs = pairs or [(m["set"].strip(), m["metric"], m["value"]) for m in _XGBOOST.finditer(found["rest"])]
    sets = list(dict.fromkeys(name for name, _, _ in pairs))
    for name, metric, value in pairs:
        split = _split(name, sets)
        if split:
            yield Stated(f"{split}/{metric}", value, number, "metric", step, raw=found.group())


def _split(name: str, sets: list[str]) -> str:
    """The split that an evaluation set is; "" where its name and place do not tell."""
    lowered = name.lower()
    if lowered.startswith(("train", "dtrain", "learn")):
        return "train"
    if re.fullmatch(r"(?:validation|valid|eval)_?\d+", lowered):
        return "valid" if name == sets[-1] else ""
    if lowered.startswith(("valid", "val", "eval", "dev", "deval", "dval")):
        return "valid"
    return "test" if lowered.startswith(("test", "dtest")) else ""


def _catboost(found: re.Match[str], number: int) -> Iterator[Stated]:
    step = float(found["n"])
    yield Stated("train_loss", found["learn"], number, "metric", step, raw=found.group())
    if found["test"]:
        yield Stated("eval_loss", found["test"], number, "metric", step, raw=found.group())
    if found["left"] == "0us":
        yield Stated("training_end", True, number, "mark", raw=found.group())


def _message(text: str, number: int, has_begun: bool) -> Iterator[Stated]:
    for words, mark in _MARKS:
        if text.startswith(words):
            # Scikit-learn's and CatBoost's words are common ones: they count behind rounds only.
            if has_begun or mark == "training_start":
                yield Stated(mark, True, number, "mark", raw=text)
            return
    if (found := _SAMPLES.search(text)) is not None:
        yield Stated("train_samples", found["n"], number, raw=text)
    elif (found := _RATE.match(text)) is not None:
        yield Stated("learning_rate", found["rate"], number, raw=text)
