"""How the numbers of a night are compared: on which scale, against what, and with which others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sleeplab.features import FEATURES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.floating[Any]]

STAGES = ("wake", "n1", "n2", "n3", "rem")
BASE = "n2"
AGE = "age"
SUFFIXES = {"_min": "min", "_pct": "%", "_per_h": "1/h"}


class Column(NamedTuple):
    """One number of a night.

    Attributes
    ----------
    name
        As in `night_summary`.
    unit
        Its unit; "" where none is known.
    feature, stage
        Which column of `FEATURES` in which stage; both "" for a number about the whole night.
    scale
        "log10" for powers, amplitudes and shares of power, else "linear". Times and rates are skewed, but on
        a logarithmic scale long ones, which tell most, would count for less.
    """

    name: str
    unit: str
    feature: str
    stage: str
    scale: str

    @property
    def block(self) -> str:
        """Which numbers it is judged with: those of the same kind of channel, or of the architecture."""
        return FEATURES[self.feature].role if self.feature else "architecture"


def column_of(name: str) -> Column:
    """Understand the name of a number of a night.

    Examples
    --------
    >>> column_of("chin_rms_uv_rem")
    Column(name='chin_rms_uv_rem', unit='µV', feature='chin_rms_uv', stage='rem', scale='log10')
    """
    feature, _, stage = name.rpartition("_")
    if stage in STAGES and feature in FEATURES:
        unit = FEATURES[feature].unit
        spans_decades = unit in ("µV", "µV²") or feature.endswith(("_rel", "_ratio"))
        return Column(name, unit, feature, stage, "log10" if spans_decades else "linear")
    unit = next((unit for suffix, unit in SUFFIXES.items() if name.endswith(suffix)), "")
    return Column(name, unit, "", "", "linear")


class Layout(NamedTuple):
    """How the columns of a table of nights become the numbers that are judged.

    Attributes
    ----------
    columns
        In the order of the table, age left out.
    age
        Position of the age in the table; None where it has none.
    """

    columns: tuple[Column, ...]
    age: int | None

    @property
    def blocks(self) -> NDArray[np.str_]:
        """Name of the block of each column."""
        return np.array([column.block for column in self.columns])

    def levels(self, values: Array) -> Array:
        """For each column what it is compared with within its own night: the same feature in N2, else 0."""
        levels = np.zeros_like(values)
        position = {(column.feature, column.stage): i for i, column in enumerate(self.columns)}
        for i, column in enumerate(self.columns):
            if column.feature and column.stage != BASE:
                n2 = position.get((column.feature, BASE))
                levels[:, i] = 0.0 if n2 is None else values[:, n2]
        return levels

    def scaled(self, rows: Array) -> Array:
        """Bring the columns of nights to their scales, shape (n_nights, n_columns)."""
        values = np.delete(rows, self.age, axis=1) if self.age is not None else rows.copy()
        for i, column in enumerate(self.columns):
            values[:, i] = to_scale(values[:, i], column.scale)
        return values

    def judged(self, rows: Array) -> Array:
        """Numbers that are compared between nights, shape (n_nights, n_columns).

        A feature of a stage becomes its distance from N2 of the same night: people differ in how large their
        signals are far more than in how their stages differ. N2, which hardly a night lacks, stays.
        """
        values = self.scaled(rows)
        return values - self.levels(values)

    def ages(self, rows: Array) -> Array:
        """Age of each night; NaN where it is not known."""
        return rows[:, self.age] if self.age is not None else np.full(len(rows), np.nan)


def layout_of(names: Sequence[str]) -> Layout:
    """Make the layout of a table with these columns."""
    age = list(names).index(AGE) if AGE in names else None
    return Layout(tuple(column_of(name) for name in names if name != AGE), age)


def to_scale(values: Array, scale: str) -> Array:
    """Bring values to their scale; what has no place on it is NaN."""
    if scale == "linear":
        return values
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = np.log10(values)
    return np.where(np.isfinite(scaled), scaled, np.nan)


def from_scale(value: float, scale: str) -> float:
    """Undo `to_scale`."""
    return float(10**value) if scale == "log10" else float(value)
