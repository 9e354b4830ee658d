"""What an object was made with, so that another like it can be made: the arguments of its class, read back from it."""
from __future__ import annotations

from inspect import Parameter, signature
from typing import Any

from tinyfm.errors import SettingError

NAMED = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)


def arguments(kind: type) -> dict[str, Parameter]:
    """The named arguments of a class: its own first, then those that **options hands on to the classes above."""
    found: dict[str, Parameter] = {}
    for c in kind.__mro__:
        if "__init__" not in vars(c) or c is object: continue
        parameters = list(signature(vars(c)["__init__"]).parameters.values())[1:]
        found |= {p.name: p for p in parameters if p.kind in NAMED and p.name not in found}
        if all(p.kind is not p.VAR_KEYWORD for p in parameters): break
    return found


def given(instance: Any) -> dict[str, Any]:
    """The value of each of these arguments, kept as an attribute of the same name.  SettingError where one is not."""
    kind = type(instance)
    lost = [name for name in arguments(kind) if not hasattr(instance, name)]
    if lost: raise SettingError(f"{kind.__name__} keeps no attribute {lost[0]!r}, what its argument of that name was")
    return {name: getattr(instance, name) for name in arguments(kind)}
