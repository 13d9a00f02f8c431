"""Whether a configuration file is in a training role, judged by the shape of its keys alone.

It is when it asks for two different things that only a training asks for (a rate, an optimizer, a duration, a training
batch size). Descriptions of a model, of a data set, of services and builds, search spaces and recorded results are
none, whatever else stands in them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from scanner.formats import _command_tools as tools
from scanner.formats._base import Document
from scanner.formats._json import Leaf

_BATCH_OF = r"(?:per_device_)?(?:train|training|mini|micro|per_device|per_gpu|local|device|per_gpu_train)_"
_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(rf"^(?:{pattern})$"))
    for kind, pattern in (
        (
            "rate",
            r"(?:(?:base|max|peak|init|initial|start|solver_base)_)?(?:learning_rate|lr)0?(?:_init)?|lr_?init|blr",
        ),
        ("optimizer", r"(?:optimi[sz]er|optim)(?:_(?:name|type|class|cls))?"),
        (
            "duration",
            r"(?:(?:max|num|n|total|nb|train|training|num_train|number_of)_)?(?:epochs?|epoch_num)|epoch_(?:num|count)"
            r"|(?:max|total|num|train|training|max_train|num_train|num_training)_(?:steps|iters?|iterations|updates?)"
            r"|max_update",
        ),
        (
            "batch",
            rf"(?:{_BATCH_OF})?batch_?size(?:_(?:per_gpu|per_device|train))?|samples_per_gpu|ims_per_batch|bsz"
            r"|train_micro_batch_size_per_gpu",
        ),
        (
            "schedule",
            r"(?:lr_)?scheduler(?:_type|_name)?|lr_(?:policy|schedule|scheduler_type)|warmup_(?:steps|ratio|iters|epochs)"
            r"|weight_decay|gradient_accumulation_steps|accumulate_grad_batches",
        ),
    )
)
PLAN_KINDS = frozenset({"rate", "duration", "batch"})

OF_EVALUATION = re.compile(
    r"^(?:eval|evaluation|evaluator|val|valid|validation|validate|test|testing|infer|inference|predict|prediction|generation|"
    r"generate|sampling|serving|deploy|export|benchmark)(?:_|$)|(?:^|_)(?:eval|val|valid|validation|test|inference)$"
)
"""Parents (normalised) under which nothing is said about the training."""

_FOREIGN_FOLDERS = frozenset(
    "wandb mlruns lightning_logs .github .vscode .idea .circleci .devcontainer node_modules .dvc .gitlab k8s "
    "kubernetes helm charts ansible terraform locales i18n .streamlit .aim .neptune".split()
)
_FOREIGN_NAME = re.compile(
    r"^(?:trainer_state|all_results|train_results|eval_results|test_results|predict_results|results?|metrics?|history|"
    r"generation_config|adapter_config|tokenizer.*|preprocessor_config|processor_config|special_tokens.*|vocab|dataset_infos?|"
    r"dataset_dict|model_index|package|composer|tsconfig.*|.*\.schema|.*-lock|wandb-.*|meta|mkdocs|_config|"
    r"docker-compose.*|compose|environment.*|.*\.log|launch|settings|tasks|dvc|codecov|renovate|dependabot|pyproject|"
    r"args|opt|hyp|\.?pre-commit.*|log_history|.*[-_.](?:results?|metrics|history|stats|summary|summaries))\.(?:json|ya?ml|toml|ini|cfg|conf)$"
)  # fmt: skip
_FOREIGN_ROOTS = tuple(
    frozenset(marks.split())
    for marks in (
        "services version",
        "services networks",
        "jobs on",
        "jobs true",
        "apiVersion kind",
        "site_name",
        "repos",
        "dependencies channels",
        "dependencies scripts",
        "openapi",
        "swagger",
        "$schema properties",
        "names nc",
        "names train",
        "nc train",
        "peft_type",
        "transformers_version",
        "architectures",
        "log_history",
        "nbformat",
        "parameters method",
        "parameters program",
        "parameters metric",
        "build-system",
        "categories annotations",
        "images annotations",
        "model_type hidden_size vocab_size bos_token_id",
    )
)
"""Root keys that, together, belong to something else: services, builds, packages, models, data sets, searches."""
_MEASURED = re.compile(
    r"^(?:(?:train|training|val|valid|validation|eval|test|best|final|mean|avg|overall|last)_)*(?:loss|acc|accuracy|f1|f1_score|auc|"
    r"roc_auc|bleu|rouge\w*|perplexity|ppl|rmse|mae|mse|r2|precision|recall|map|map50|wer|cer|miou|iou|psnr|ssim|score|runtime|"
    r"train_runtime|samples_per_second)(?:_(?:macro|micro|weighted|score|best|final))?$"
)
_HYDRA_GROUP = re.compile(r"(?:^|/)(?:conf|confs|config|configs|hydra_configs?)/(?:[^/]+/)*[^/]+$")


def normal(key: object) -> str:
    """A key in lower case with underscores: `learningRate`, `learning-rate` -> learning_rate."""
    return _normal(key if isinstance(key, str) else str(key))


@lru_cache(maxsize=20_000)
def _normal(key: str) -> str:
    """The same words stand in every configuration."""
    return _BLANKS.sub("_", _HUMP.sub("_", key).strip()).lower()


_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_BLANKS = re.compile(r"[\s\-]+")


@lru_cache(maxsize=20_000)
def is_of_evaluation(name: str) -> bool:
    """Whether a normal key is of what evaluates."""
    return OF_EVALUATION.search(name) is not None


def is_foreign_place(document: Document) -> bool:
    """Whether name or folder say that the file is somebody else's (a tracker's, an editor's, a package's)."""
    folders = document.folder.split("/")
    if document.name.rsplit(".", 1)[0] == "hparams" and (
        "checkpoints" in document.siblings or "metrics.csv" in document.siblings
    ):
        return True
    stem = document.name.rsplit(".", 1)[0]
    if tools.EVALUATION_NAME.search(stem) and not tools.TRAINING_NAME.search(stem):
        return True
    is_version = bool(re.match(r"version_\d+$", folders[-1]))
    return is_version or not _FOREIGN_FOLDERS.isdisjoint(folders) or _FOREIGN_NAME.match(document.name) is not None


def is_foreign(found: Sequence[Leaf]) -> bool:
    """Whether the contents are no configuration of a training: a service, a model, a data set, a search, results."""
    roots = {str(leaf.path[0]) for leaf in found}
    if any(marks <= roots for marks in _FOREIGN_ROOTS):
        return True
    for leaf in found:
        last = normal(leaf.path[-1])
        if isinstance(leaf.value, float) and len(leaf.path) <= 3 and _MEASURED.match(last) and not _is_weight(leaf):
            return True
        if last == "mode" and len(leaf.path) <= 2 and str(leaf.value).lower() in tools.EVALUATION_MODES:
            # A metric is watched in mode "min"; the program's mode "test" is another thing.
            return True
        if last in ("eval_only", "evaluate_only", "test_only") and leaf.value is True:
            return True
        if last == "do_train" and leaf.value is False:
            return True
    return False


def _is_weight(leaf: Leaf) -> bool:
    """Weights of a loss's parts and thresholds are asked for: `loss_weights: {mse: 0.5}`."""
    return any(
        re.search(r"weight|loss|criterion|threshold|lambda|coef|monitor", normal(part)) for part in leaf.path[:-1]
    )


def kinds(found: Sequence[Leaf]) -> set[str]:
    """What the file asks for that a training asks for."""
    seen: set[str] = set()
    for leaf in found:
        parts = [normal(part) for part in leaf.path if isinstance(part, str)]
        if leaf.value is None or any(map(is_of_evaluation, parts[:-1])):
            continue
        seen |= _kinds_of(parts[-1])
        if "optimizer" not in seen and any("optimizer" in _kinds_of(part) for part in parts[:-1]):
            seen.add("optimizer")
    return seen


@lru_cache(maxsize=20_000)
def _kinds_of(key: str) -> frozenset[str]:
    return frozenset(kind for kind, pattern in _KINDS if pattern.match(key))


@lru_cache(maxsize=20_000)
def plan_kind(key: str) -> str | None:
    """Which of a training's plans a key states, or None."""
    return next((kind for kind, pattern in _KINDS if kind in PLAN_KINDS and pattern.match(key)), None)


def trains(seen: set[str]) -> bool:
    """Whether what is asked for makes a training: a batch size and a model could serve as well."""
    return len(seen) >= 2 and bool(seen & {"rate", "optimizer", "duration"})


def is_group(document: Document) -> bool:
    """Whether the file lies where composed configurations keep their parts (`configs/model/resnet.yaml`)."""
    return document.kind == "yaml" and _HYDRA_GROUP.search(document.folder) is not None
