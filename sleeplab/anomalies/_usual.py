"""What is usual among nights: medians and spreads, with age, and how far a night is from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sleeplab.anomalies._layout import Layout

    Array = NDArray[np.floating[Any]]

MAD_TO_SD = 1.4826
Z_LIMIT = 10.0  # one broken number must not decide alone
AGE_CUT = 3.0  # robust standard deviations at which values are cut while the slope with age is learned


class Usual(NamedTuple):
    """What is usual: of each judged number, and of each block of them.

    Attributes
    ----------
    center, slope, scale
        Median at `age`, change per year, 1.4826 MAD; a scale of 0 means not judged. Shape (n_numbers,).
    age
        Mean age of the nights, 0 where none is known.
    block_center, block_scale
        Median and 1.4826 MAD of the logarithm of the root mean square z of a block. Shape (n_blocks,).
    """

    center: Array
    slope: Array
    scale: Array
    age: float
    block_center: Array
    block_scale: Array


def learn_usual(values: Array, ages: Array, layout: Layout) -> Usual:
    center, scale = _middle(values)
    slope, age = np.zeros(values.shape[1]), 0.0
    if np.isfinite(ages).sum() > 1 and np.nanstd(ages) > 0:
        age = float(np.nanmean(ages))
        years = np.where(np.isfinite(ages), ages - age, 0.0)[:, None]
        cut = np.clip(values - center, -AGE_CUT * scale, AGE_CUT * scale)
        known = np.where(np.isfinite(cut), years, 0.0)
        squares = (known**2).sum(axis=0)
        slope = np.where(squares > 0, (known * np.nan_to_num(cut)).sum(axis=0), 0.0) / np.maximum(
            squares, 1e-9
        )
        center, scale = _middle(values - slope * years)
    usual = Usual(center, slope, scale, age, np.zeros(0), np.zeros(0))
    block_center, block_scale = _middle(log_rms(z_values(usual, values, ages), layout))
    return usual._replace(block_center=block_center, block_scale=np.where(block_scale > 0, block_scale, 1.0))


def _middle(values: Array) -> tuple[Array, Array]:
    """Median and 1.4826 MAD of each column; both 0 where nothing is known."""
    known = np.isfinite(values).any(axis=0)
    safe = np.where(known, values, 0.0)
    center = np.nanmedian(safe, axis=0)
    return center, MAD_TO_SD * np.nanmedian(np.abs(safe - center), axis=0)


def z_values(usual: Usual, values: Array, ages: Array) -> Array:
    years = np.where(np.isfinite(ages), ages - usual.age, 0.0)[:, None]
    scale = np.where(usual.scale > 0, usual.scale, np.nan)
    return np.clip((values - usual.center - usual.slope * years) / scale, -Z_LIMIT, Z_LIMIT)


def log_rms(z: Array, layout: Layout) -> Array:
    """Logarithm of the root mean square z of each block, shape (n_nights, n_blocks); the unknown counts 0."""
    blocks = layout.blocks
    squares, known = np.nan_to_num(z) ** 2, np.isfinite(z)
    means = [
        squares[:, blocks == name].sum(axis=1) / np.maximum(known[:, blocks == name].sum(axis=1), 1)
        for name in dict.fromkeys(blocks.tolist())
    ]
    return np.asarray(np.log(np.maximum(np.sqrt(np.column_stack(means)), 1e-3)))


def worst_block(z: Array, usual: Usual, layout: Layout) -> Array:
    return np.asarray(((log_rms(z, layout) - usual.block_center) / usual.block_scale).max(axis=1))
