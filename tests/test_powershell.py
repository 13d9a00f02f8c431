"""Lines that PowerShell 5 wrapped at the console's width are whole again, and every line keeps its number."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scanner.intake.powershell import unwrap

HEAD = [
    "python : first line of stderr",
    "At line:1 char:1",
    "+ python train.py 2>&1 > train.log",
    "+ ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~",
    "    + CategoryInfo          : NotSpecified: (first line of stderr:String) [], ".ljust(79),
    "    + FullyQualifiedErrorId : NativeCommandError",
    " ",
]


def test_wrapped_between_words_and_inside_one() -> None:
    """A path is cut in the middle of a word, a sentence between two."""
    lines = [
        *HEAD,
        '  File "C:\\Users\\deniz\\AppData\\Local\\Programs\\Python\\Python313\\Lib\\site-packages',
        '\\torch\\nn\\modules\\module.py", line 1773, in _wrapped_call_impl',
        "RuntimeError: The size of tensor a (13) must match the size of tensor b (12) ",
        "at non-singleton dimension 3",
    ]
    assert len(lines[len(HEAD)]) == 80  # the console is 80 columns wide
    found = unwrap(lines)
    assert len(found) == len(lines)
    assert found[len(HEAD)].endswith('module.py", line 1773, in _wrapped_call_impl')
    assert found[len(HEAD) + 2].endswith("tensor b (12) at non-singleton dimension 3")
    assert found[len(HEAD) + 1] == found[len(HEAD) + 3] == ""


def test_other_logs_stay_as_they_are() -> None:
    """Long lines of a log that PowerShell did not format are nobody's continuation."""
    lines = ["x" * 80, "y" * 80, "loss: 1.0 "]
    assert unwrap(lines) is lines


@given(st.lists(st.text(st.characters(exclude_characters="\n\r"), max_size=100), max_size=30))
def test_nothing_is_lost_and_no_line_moves(tail: list[str]) -> None:
    """Whatever stands in the log, all characters remain, in order, on as many lines."""
    lines = [*HEAD, *tail]
    found = unwrap(lines)
    assert len(found) == len(lines)
    assert "".join(found) == "".join(lines)
