"""Times, durations and tables in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

LEVELS = {
    "signal": "recording",
    "event": "event",
    "night": "whole night",
    "label": "scoring",
    "cohort": "other nights",
}


def say_clock(onset_s: float, start: datetime | None) -> str:
    """Say when something was: on the clock where the recording has a start, else from its start.

    Examples
    --------
    >>> from datetime import datetime
    >>> say_clock(3600, datetime(2024, 3, 9, 23, 10)), say_clock(3600, None)
    ('00:10:00', '+1:00:00')
    """
    origin_s = start.hour * 3600 + start.minute * 60 + start.second if start else 0
    whole = int(onset_s + origin_s)
    if start is None:
        return f"+{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
    return f"{whole // 3600 % 24:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def say_p(p_value: float) -> str:
    """Say a p-value; nothing where a rule decided.

    Examples
    --------
    >>> say_p(0.034), say_p(0.8), say_p(1e-7), say_p(float("nan"))
    ('p = 0.034', 'p = 0.80', 'p < 0.001', '')
    """
    if p_value != p_value:  # NaN: a rule, not a test
        return ""
    if p_value < 0.001:
        return "p < 0.001"
    return f"p = {p_value:.2f}" if p_value >= 0.1 else f"p = {p_value:.2g}"


def say_kind(kind: str) -> str:
    """Begin with a capital letter and leave the rest: REM stays REM."""
    return kind[:1].upper() + kind[1:]


def group_provenance(provenance: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Flatten versions and parameters to titled lists of name and value.

    Examples
    --------
    >>> group_provenance({"versions": {"yasa": "0.8.1"}, "minutes": 10})
    [('General', [('minutes', '10')]), ('Versions', [('yasa', '0.8.1')])]
    """
    plain = [(str(k), _say(v)) for k, v in provenance.items() if not isinstance(v, Mapping)]
    groups = [(say_kind(str(k)), [(str(n), _say(v)) for n, v in part.items()])
              for k, part in provenance.items() if isinstance(part, Mapping)]  # fmt: skip
    return [("General", plain), *groups] if plain else groups


def _say(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "–"
    return "–" if value is None else str(value)
