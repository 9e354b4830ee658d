r"""How GPT-2 cuts a text into words before any pair of bytes is merged.

    's|'t|'re|'ve|'m|'ll|'d  |   ?\p{L}+  |   ?\p{N}+  |   ?[^\s\p{L}\p{N}]+  |  \s+(?!\S)  |  \s+

an English ending; letters, digits, or other signs, each with one space in front; and the white space that is left.
Python's `re` knows no \p{L}; the classes are built from `unicodedata`, once, when they are first needed (0.4 s).
A character that is newer than this Python's Unicode counts as a sign.  Radford et al. 2019, section 2.2.
"""
from __future__ import annotations

import re
import sys
from functools import cache

SPACES = "\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"    # \s of Python has four more: \x1c-\x1f


@cache
def pattern() -> re.Pattern[str]:
    """The pattern; `findall` cuts a text without losing anything."""
    letters, numbers = character_class("L"), character_class("N")
    return re.compile(rf"'(?:[sdmt]|ll|ve|re)| ?[{letters}]++| ?[{numbers}]++| ?[^{SPACES}{letters}{numbers}]++"
                      rf"|[{SPACES}]++\Z|[{SPACES}]+(?=[{SPACES}])|[{SPACES}]")


def character_class(category: str) -> str:
    """The inside of [...] for all characters whose general category begins so, as ranges."""
    from unicodedata import category as of
    ranges: list[list[int]] = []
    for code in range(sys.maxunicode + 1):
        if of(chr(code))[0] != category: continue
        if ranges and ranges[-1][1] == code - 1: ranges[-1][1] = code
        else: ranges.append([code, code])
    return "".join(f"{chr(a)}-{chr(b)}" for a, b in ranges)
