"""What we know, as data: the only reader of this folder's TOML. Everything is validated, compiled and frozen once."""

from scanner.knowledge._failures import FailureClass, failure_classes
from scanner.knowledge._fields import (
    Field,
    convert,
    fact_names,
    field_names,
    fields,
    find_field,
    framework_rank,
    is_true,
    split_key,
)
from scanner.knowledge._loops import LoopWords, loop_words
from scanner.knowledge._metrics import MetricName, metric_goal, metric_rank, name_metric
from scanner.knowledge._models import canonical_model, model_family
from scanner.knowledge._names import is_backup, names_training
from scanner.knowledge._personal import PersonalKind, personal_names, stands_alone, without_names
from scanner.knowledge._read import normalize_key
from scanner.knowledge._secrets import MASK, mask_name, mask_secrets, secrets_in
from scanner.knowledge._signals import Signal, signals
from scanner.knowledge._statuses import status_of
from scanner.knowledge._walk import WalkRules, walk_rules

__all__ = [
    "MASK",
    "FailureClass",
    "Field",
    "LoopWords",
    "MetricName",
    "PersonalKind",
    "Signal",
    "WalkRules",
    "canonical_model",
    "convert",
    "fact_names",
    "failure_classes",
    "field_names",
    "fields",
    "find_field",
    "framework_rank",
    "is_backup",
    "is_true",
    "loop_words",
    "mask_name",
    "mask_secrets",
    "metric_goal",
    "metric_rank",
    "model_family",
    "name_metric",
    "names_training",
    "normalize_key",
    "personal_names",
    "secrets_in",
    "signals",
    "split_key",
    "stands_alone",
    "status_of",
    "walk_rules",
    "without_names",
]
