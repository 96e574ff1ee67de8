"""Is this value that value? Of any type that a trainee may reasonably give."""

from __future__ import annotations

import math
from collections.abc import Iterable, KeysView, Mapping, Set, ValuesView
from typing import Any, NamedTuple

RELATIVE = 0.01  # a number rounded to three digits is right
_DECIMALS = range(4)


class Difference(NamedTuple):
    """How a value is not the right one: a key of the messages, and what to put into the message."""

    key: str
    facts: Mapping[str, Any]


def difference(got: Any, right: Any, within: float | None = None) -> Difference | None:
    """Say how `got` differs from `right`; None where it does not.

    NumPy numbers, arrays, Series and lists are taken for what they hold; an object of another type is never
    right, whatever it claims to equal.

    Parameters
    ----------
    got, right : object
        The value to judge and the right one.
    within : float, optional
        The greatest difference of numbers; left out, integers must be exact and others within 1 %.

    Examples
    --------
    >>> import numpy as np
    >>> difference(np.array([1, 2]), [1, 2]) is None
    True
    >>> difference([1, 2, 4], [1, 2, 3]).facts["place"]
    3
    >>> difference("1", 1).key
    'not a number'
    """
    found = _differ(plain(got), plain(right), within)
    return found and found._replace(facts={**found.facts, "type": type(got).__name__})


def plain(value: Any) -> Any:
    """Return numbers, texts, lists, sets and dictionaries of plain Python; what is none of them, as is.

    Examples
    --------
    >>> import numpy as np
    >>> plain({"delta": np.float64(2.0), "stages": ("N2", "N3")})
    {'delta': 2.0, 'stages': ['N2', 'N3']}
    """
    if hasattr(value, "hypno"):  # of yasa: its stages
        value = value.hypno
    if hasattr(value, "columns") and hasattr(value, "to_dict"):
        return {str(name): plain(value[name].tolist()) for name in value.columns}
    if hasattr(value, "tolist"):  # NumPy and pandas
        labels = getattr(value, "index", None) if hasattr(value, "iloc") else None
        items = value.tolist()
        if str(getattr(value, "dtype", "object")) == "object":
            items = plain(items)
        return items if labels is None else _Labelled(items, [str(label) for label in labels])
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | range | KeysView | ValuesView):
        return [plain(item) for item in value]
    if isinstance(value, Set):
        return {_hashable(plain(item)) for item in value}
    return value


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


class _Labelled(list[Any]):
    """The items of a Series, with their labels."""

    def __init__(self, items: Iterable[Any], labels: list[str]) -> None:
        super().__init__(items)
        self.labels = labels

    def by_label(self) -> dict[str, Any]:
        return dict(zip(self.labels, self, strict=True))


def _differ(got: Any, right: Any, within: float | None) -> Difference | None:  # noqa: PLR0911  # one per type
    if isinstance(right, bool):
        return (
            Difference("not true or false", {}) if not isinstance(got, bool) else _told("value", got == right)
        )
    if isinstance(right, int | float):
        return _number(got, right, within)
    if isinstance(right, str):
        if not isinstance(got, str):
            return Difference("not a text", {})
        return _told("value", got.strip().casefold() == right.strip().casefold())
    if isinstance(right, dict):
        return _mapping(got.by_label() if isinstance(got, _Labelled) else got, right, within)
    if isinstance(right, set):
        return _collection(got, right)
    if isinstance(right, list):
        return _sequence(got, right, within)
    return _told("value", type(got) is type(right) and right is None)


def _told(key: str, same: bool, **facts: Any) -> Difference | None:  # noqa: FBT001
    return None if same else Difference(key, facts)


def _number(got: Any, right: float, within: float | None) -> Difference | None:
    if within is None:
        within = 1e-9 if isinstance(right, int) else RELATIVE * abs(right)
    if isinstance(got, list) and len(got) == 1:  # a Series or an array of one number
        got = got[0]
    if isinstance(got, bool) or not isinstance(got, int | float):
        return Difference("not a number", {})
    if math.isnan(right) or math.isnan(got):
        return _told("not defined", math.isnan(right) and math.isnan(got))
    if abs(got - right) <= within or got == right:  # the latter: both infinite
        return None
    if got and any(math.isclose(got, round(right, n), rel_tol=1e-6) for n in _DECIMALS):
        return Difference("rounded", {})
    return Difference("too large" if got > right else "too small", {})


def _sequence(got: Any, right: list[Any], within: float | None) -> Difference | None:
    if not isinstance(got, list):
        return Difference("not a list", {})
    if len(got) == 1 and isinstance(got[0], list) and not any(isinstance(item, list) for item in right):
        got = got[0]  # a table of one row, as MNE gives a channel
    if len(got) != len(right):
        return Difference("length", {"n": len(got)})
    for place, (one, other) in enumerate(zip(got, right, strict=True), 1):
        if _differ(one, other, within):
            return Difference("item", {"place": place})
    return None


def _collection(got: Any, right: set[Any]) -> Difference | None:
    if not isinstance(got, set | list):
        return Difference("not a list", {})
    given = {_folded(_hashable(item)) for item in got}
    wanted = {_folded(item) for item in right}
    if given - wanted:
        return Difference("too many", {})
    return _told("too few", given == wanted)


def _folded(item: Any) -> Any:
    return item.strip().casefold() if isinstance(item, str) else item


def _mapping(got: Any, right: dict[str, Any], within: float | None) -> Difference | None:
    if not isinstance(got, dict):
        return Difference("not a table", {})
    if missing := [name for name in right if name not in got]:
        return Difference("key", {"name": missing[0]})
    for name, value in right.items():
        if _differ(got[name], value, within):
            return Difference("named", {"name": name})
    return _told("too many", len(got) == len(right))
