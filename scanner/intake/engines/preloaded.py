"""What every worker needs, loaded once by the process that they are forked from (where the system has such a one)."""

from __future__ import annotations

from scanner.formats import all_formats
from scanner.intake.read_file import vocabulary
from scanner.knowledge import find_field, mask_secrets, name_metric, signals, walk_rules

all_formats()
signals()
walk_rules()
find_field("lr")
name_metric("loss")
mask_secrets("")
vocabulary()
