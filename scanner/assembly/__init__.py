"""Assembly: observations of single files to runs and their outcomes. Cold: opens no file of the tree."""

from scanner.assembly.assemble import assemble
from scanner.assembly.classify import classify

__all__ = ["assemble", "classify"]
