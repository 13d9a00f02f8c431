"""Which cells of a notebook train: by what they call and by what they left.

A cell that merely defines the loop does not train; one that calls a function which an earlier cell defined around
`loss.backward()` does. What such a cell printed is an execution's output; a notebook's other outputs (installing,
exploring, plotting, evaluating, and their errors) are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from scanner.formats._notebook_cells import Cell, Line

_CALLS = re.compile(
    r"""\b\w*[tT]rainer\w*\.(?:train|fit|fit_loop|finetune)\s*\(
    |\b(?:runner|engine)\.(?:train|fit)\s*\(
    |\.(?:fit_one_cycle|fine_tune|fit_generator|fit_sgdr|fit_flat_cos|train_on_batch|train_model|train_one_epoch|partial_fit)\s*\(
    |\.backward\s*\(
    |\bGradientTape\b|\bvalue_and_grad\s*\(
    |\bsess(?:ion)?\.run\s*\(\s*[\[(]?\s*(?:self\.)?\w*(?:train|optim|solver)\w*|\btrain_?(?:step|op)\.run\s*\(
    |\.train\s*\(\s*(?:\*\*|[^)=\n]*\b\w+\s*=)
    |\.train\s*\(\s*$
    |\b(?:xgb|lgb|lightgbm|xgboost)\.(?:train|cv)\s*\(
""",
    re.VERBOSE | re.MULTILINE,
)
_BUILDS = re.compile(
    r"\b\w*(?:Trainer|TrainingArguments|SFTConfig|DPOConfig|GRPOConfig)\s*\(|\b(?:Runner|build_runner)(?:\.from_cfg)?\s*\("
)
_NAMED = re.compile(
    r"(?<![\w.])(?:run_|do_|start_)?(?:train|finetune|fine_tune|retrain)(?:ing|_model|_loop|_epochs?|_one_epoch|_net|_network|_fn|_step"
    r"|_and_\w+|_cnn|_rnn|_lstm|_gan|_vae|_classifier|_model_\w+|_all\w*)?\s*\("
)
_FIT = re.compile(r"(?<!\w)(?P<name>[A-Za-z_]\w*)(?:\[[^\]\n]*\]|\([^()\n]*\))?\.fit\s*\(\s*[^)\s]")
_NO_MODEL = re.compile(
    r"(?i)scal|encod|token|vectori|vec$|tfidf|pca|tsne|umap|imput|transform|^le$|^ohe$|^ss$|^mms?$|kmeans|cluster|binari|select|"
    r"reduc|svd|nmf|lda$|dbscan|gmm|preproc|norm|^cv$|^tv$|^sc$|enc$|datagen|generator|bandit|explainer|curve|poly|dist|stats|"
    r"^smote|sampler|kde|neighbors|^nn$|index|prophet_regress"
)
_MODEL = re.compile(r"(?i)model|clf|classif|regress(?:or|ion)|pipe|net$")
_SHELL = re.compile(
    r"(?m)^\s*[!%]\s*(?!pip|conda|apt|git|wget|curl|unzip|cat|ls|cd|mkdir|cp|mv|rm|tail|head|less|grep|sed|echo)"
    r"(?=[^\n]*(?:\b(?:python[\d.]*|torchrun|accelerate|deepspeed|bash|sh|mim|yolo|run)\b|fairseq-train|llamafactory-cli|axolotl|autotrain|tune\b))"
    r"[^\n]*(?:train|fine_?-?tun|pretrain|\bfit\b|run_(?:clm|mlm|glue|qa|ner|seq2seq|summarization|translation)|\bsft\b|\bdpo\b)"
)
SHELL_CELL = re.compile(r"^%%\s*(?:bash|sh|shell|script\s+(?:ba)?sh|!)")
"""First line of a cell that a shell runs."""
_SHOWS = re.compile(
    r"^\s*(?:[!%]\s*)(?:cat|tail|head|less|more|grep|sed|awk|nvidia-smi|pip|conda|ls|git|wget|apt\S*)\b"
)
_DEFINES = re.compile(r"^(?P<indent>\s*)(?:async\s+)?(?P<kind>def|class)\s+(?P<name>\w+)")

_COUNTER = r"\b(?:epochs?|ep|d[öo]nem|epok|tur|[ée]po(?:ca|que)|epoche|эпоха|에폭)\b|轮|エポック"
_LOSSES = (
    r"loss|kay[ıi]p|acc|do[ğg]ruluk|error|rmse|\bmae\b|\bauc\b|perplexity|\bppl\b|损失|perte|perda|"
    r"p[ée]rdida|reward|\bf1\b|iou|\bmap\b"
)
_PROGRESS = re.compile(
    rf"""(?:{_COUNTER})[^\w\n]{{0,6}}\d[^\n]{{0,300}}?(?:{_LOSSES})
    |(?:{_LOSSES})[^\n]{{0,200}}?(?:{_COUNTER})[^\w\n]{{0,6}}\d
    |^\s*(?:epoch|d[öo]nem|[ée]po(?:ca|que))\s*\[?\d+\s*/\s*\d+\]?\s*:?\s*$
    |\*{{5}}\ Running\ training\ \*{{5}}
    |`?Trainer\.fit`?\ stopped
    |\b(?:Epoch|Iter)\(train\)
    |\bEpoch\s+GPU_mem\s
    |\{{'loss':\s
    |^epoch\s+(?:train|trn)_loss\s
    |^\[\d+\]\s+\S+(?:[:=]|'s\s)""",
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)
_STEPS = re.compile(
    rf"\b(?:step|iter(?:ation)?|it|batch|update|ad[ıi]m|round)\b[^\w\n]{{0,6}}\d[^\n]{{0,300}}?(?:{_LOSSES})"
    rf"|(?:{_LOSSES})[^\n]{{0,30}}?\b(?:step|iter(?:ation)?|batch|round)\b[^\w\n]{{0,6}}\d",
    re.IGNORECASE,
)
_ESTIMATOR = re.compile(
    r"\b(?:\w*(?:Classifier|Regressor|LogisticRegression|LinearRegression|SVC|SVR|Ridge|Lasso|ElasticNet|Perceptron)|"
    r"(?:Gaussian|Multinomial|Bernoulli|Complement)NB)\s*\("
)
_LOOP = re.compile(r"(?m)^\s*(?:for|while)\b")
_BACKWARD = re.compile(r"\.backward\s*\(")
_OPTIMIZER_STEP = re.compile(r"(?i)\b(?:\w*opt\w*|\w*scaler)(?:\[\w+\])?\.step\s*\(")
_CALLED = re.compile(r"(?<![\w.])([A-Za-z_]\w*)\s*\(")
_WRITES = re.compile(r"^%%\s*(?:writefile|file|html|javascript|js|latex|markdown|svg|sql)\b")
_FRAME = re.compile(r"^\s*(?:File \S|Cell In|Input In|<ipython-input|/\S.* in \w)")
_RESULT = re.compile(r"\s*(?:\{'(?:eval|test)_|TrainOutput\()")  # names an epoch, but measures and trains nothing
_HEAD_OF_TABLE = re.compile(r"<th>\s*(?:Step</th>\s*<th>Training Loss|epoch</th>\s*<th>train_loss)|Epoch [\d.]+/\d+\]")
_COUNTED = re.compile(rf"(?i)(?:{_COUNTER})[^\w\n]{{0,6}}\d")
_MEASURED = re.compile(rf"(?i)(?:{_LOSSES})[^\n]{{0,40}}\d")
_BAR = re.compile(r"<progress\b")
_OF_TOTAL = re.compile(rf"(?i)(?:{_COUNTER})[^\w\n]{{0,6}}(?P<n>\d+)\s*/\s*(?P<total>\d+)")
_EARLY = re.compile(r"(?i)early_?stop|\bpatience\b|erken_?dur")
_MAX_LINE = 2000


def _split(source: Sequence[Line]) -> tuple[list[str], dict[str, list[str]]]:
    """(lines that run when the cell runs, lines of each outermost function or class by name); no comments."""
    top: list[str] = []
    bodies: dict[str, list[str]] = {}
    inside: tuple[int, list[str]] | None = None
    for text, _ in source:
        bare = text.split("#", 1)[0].rstrip() if "#" in text and not text.lstrip().startswith(("!", "%")) else text
        if not bare.strip():
            continue
        indent = len(bare) - len(bare.lstrip())
        if inside is not None and (indent > inside[0] or bare.lstrip().startswith((")", "]"))):
            inside[1].append(bare)
            continue
        found = _DEFINES.match(bare)
        inside = (indent, bodies.setdefault(found["name"], [])) if found else None
        if inside is None:
            top.append(bare)
    return top, bodies


def lacks_names(cell: Cell) -> bool:
    """Whether the cell failed at its top because earlier cells were not run: a restarted kernel, nothing launched."""
    errors = [output for output in cell.outputs if output.kind == "error"]
    frames = sum(bool(_FRAME.match(text)) for output in errors for text, _ in output.plain)
    return bool(errors) and all(output.name == "NameError" for output in errors) and frames <= 1


class Trains:
    """What the notebook's source says about its cells."""

    def __init__(self, cells: Iterable[Cell]) -> None:
        self._tops: dict[int, str] = {}
        bodies: dict[str, str] = {}
        for cell in cells:
            head = next((text for text, _ in cell.source if text.strip()), "")
            if _WRITES.match(head):
                self._tops[cell.number] = ""
                continue
            source = (
                [(f"!{text.strip()}", line) for text, line in cell.source] if SHELL_CELL.match(head) else cell.source
            )
            top, defined = _split(source)
            self._tops[cell.number] = "\n".join(top)
            bodies.update((name, "\n".join(lines)) for name, lines in defined.items())
        self._bodies = bodies
        self._trainers = _closure(bodies)
        self._updaters = _reaching({name for name, body in bodies.items() if _updates(body)}, bodies)
        self._has_loops = any(_LOOP.search(body) for name, body in bodies.items() if name in self._updaters)
        self._stops_early = any(_EARLY.search(text) for text in (*self._tops.values(), *bodies.values()))

    def runs(self, cell: Cell) -> str:
        """The source that runs when the cell runs, with the bodies of the notebook's functions that it calls."""
        top = self._tops[cell.number]
        return "\n".join([top, *(self._bodies[n] for n in dict.fromkeys(_CALLED.findall(top)) if n in self._bodies)])

    def calls(self, cell: Cell) -> bool:
        """Whether running the cell calls something that trains."""
        top = self._tops[cell.number]
        if _CALLS.search(top) or _NAMED.search(top) or _SHELL.search(top) or _fits(top):
            return True
        return self._trainers is not None and self._trainers.search(top) is not None

    def builds(self, cell: Cell) -> bool:
        """Whether it builds a trainer or its arguments: an error in it is a failed launch."""
        return _BUILDS.search(self._tops[cell.number]) is not None

    def fits_estimator(self, cell: Cell) -> bool:
        """Whether it fits a classifier or regressor whose `fit` prints nothing."""
        top = self._tops[cell.number]
        return _fits(top) and _ESTIMATOR.search(top) is not None

    def updates_in_a_loop(self, cell: Cell) -> bool:
        """Whether running it updates weights again and again, itself or through functions of this notebook."""
        top = self._tops[cell.number]
        calls = bool(self._updaters) and _calling(self._updaters).search(top) is not None
        return (_updates(top) or calls) and (_LOOP.search(top) is not None or (calls and self._has_loops))

    def returned(self, cell: Cell) -> bool:
        """Whether the training of a cell that was left without an error came to its end: no counter shows that it was
        broken off in the middle, or the notebook asks for early stopping."""
        text = "\n".join(line[-_MAX_LINE:] for output in cell.outputs for line, _ in output.plain)
        if "nterrupt" in text or any(_BAR.search(line) for output in cell.outputs for line, _ in output.html):
            return False
        counters = list(_OF_TOTAL.finditer(text))
        return not counters or int(counters[-1]["n"]) >= int(counters[-1]["total"]) or self._stops_early

    def only_shows(self, cell: Cell) -> bool:
        """Whether it prints another execution's log or the machine's state."""
        lines = self._tops[cell.number].split("\n")
        return bool(lines[0]) and all(_SHOWS.match(line) for line in lines)


def _fits(code: str) -> bool:
    """Whether it calls `fit` of something that is a model."""
    return any(_MODEL.search(found["name"]) or not _NO_MODEL.search(found["name"]) for found in _FIT.finditer(code))


def _closure(bodies: Mapping[str, str]) -> re.Pattern[str] | None:
    """A pattern for calls of the functions that train, directly or through one another; None when there are none."""
    known = _reaching({name for name, body in bodies.items() if _CALLS.search(body) or _fits(body)}, bodies)
    return _calling(known) if known else None


def _reaching(known: set[str], bodies: Mapping[str, str]) -> set[str]:
    """The functions and those that call them, directly or through one another."""
    for _ in range(4):
        if not known:
            break
        pattern = _calling(known)
        more = {name for name, body in bodies.items() if name not in known and pattern.search(body)}
        if not more:
            break
        known = known | more
    return known


def _updates(code: str) -> bool:
    """Whether it goes back through a loss and takes an optimizer's step."""
    return _BACKWARD.search(code) is not None and _OPTIMIZER_STEP.search(code) is not None


def _calling(names: Iterable[str]) -> re.Pattern[str]:
    """A call of one of the functions, or their being handed to something that calls them."""
    known = "|".join(sorted(map(re.escape, names)))
    return re.compile(
        rf"(?<![\w.])(?:{known})\s*\(|\b(?:agent|\w*launcher|optimize|spawn|run|Thread)\s*\([^\n]*(?<![\w.])(?:{known})\b(?!\s*=)"
    )


def shows_training(cell: Cell, calls: bool) -> bool:
    """Whether the outputs hold epochs with a loss, a trainer's table; of a cell that calls a training, also steps."""
    counted = measured = False
    for output in cell.outputs:
        if output.html and _HEAD_OF_TABLE.search("\n".join(text for text, _ in output.html)):
            return True
        if output.kind == "error" or (output.kind == "result" and not calls):
            continue
        text = "\n".join(line[-_MAX_LINE:].replace("\r", "\n") for line, _ in output.plain if not _RESULT.match(line))
        if _PROGRESS.search(text):
            return True
        counted = counted or _COUNTED.search(text) is not None
        measured = measured or _MEASURED.search(text) is not None
        if calls and ((counted and measured) or _STEPS.search(text)):
            return True
    return False
