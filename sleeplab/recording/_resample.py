"""One channel brought to another rate, a span at a time, so that spans laid side by side show no border.

The filter is that of `scipy.signal.resample_poly`; its sums are a matrix product, several times as fast.
Each output sample depends only on the input around it, and a span reads that surrounding too: a night read in
blocks or at once has the same samples, to the rounding of the arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.floating[Any]]
Reader = Callable[[int, int], Samples]

_HALF_WIDTH = 10
"""Half length of the filter in samples of the slower rate, as in scipy."""
_LARGEST_FACTOR = 128
"""A ratio of larger whole numbers would need a large matrix: oversample, then interpolate."""
_OVERSAMPLING = 8
"""Samples per output sample before the cubic interpolation, whose error is then below 3e-4 up to 40 Hz."""


def resampled(read: Reader, n_in: int, ratio: Fraction, span: tuple[int, int]) -> Samples:
    """Compute samples ``span[0]`` to ``span[1]`` of a channel at ``ratio`` times its own rate, anti-aliased.

    Parameters
    ----------
    read : callable
        ``read(start, stop)`` gives input samples, 0 <= start < stop <= n_in.
    n_in : int
        Number of input samples; beyond either end the signal is continued by its last value.
    ratio : Fraction
        Output rate over input rate; output sample k stands at input position k / ratio.
    span : tuple of int
        First output sample and the one after the last.

    Returns
    -------
    numpy.ndarray
        Shape (span[1] - span[0],). Flat up to 80 % of the lower Nyquist rate, half at it.

    Examples
    --------
    A slope stays a slope at half the rate:

    >>> slope = np.arange(1000.0)
    >>> resampled(lambda a, b: slope[a:b], 1000, Fraction(1, 2), (200, 203)).round(3).tolist()
    [400.0, 402.0, 404.0]
    """
    if ratio == 1:
        return _extended(read, n_in, *span)
    if min(ratio.numerator, ratio.denominator) > _LARGEST_FACTOR:
        return _interpolated(read, n_in, ratio, span)
    return _polyphase(read, n_in, ratio, span, cutoff=min(Fraction(1), ratio))


def held(read: Reader, n_in: int, ratio: Fraction, span: tuple[int, int]) -> Samples:
    """As :func:`resampled` for readings (SpO2, pulse, position): the last value holds until the next comes.

    Examples
    --------
    >>> held(lambda a, b: np.array([97.0, 90.0])[a:b], 2, Fraction(3), (0, 6)).tolist()
    [97.0, 97.0, 97.0, 90.0, 90.0, 90.0]
    """
    whole, _ = _positions(span, ratio.denominator, ratio.numerator)
    position = np.minimum(whole, n_in - 1)
    values: Samples = read(int(position[0]), int(position[-1]) + 1)[position - position[0]]
    return values


def _polyphase(
    read: Reader, n_in: int, ratio: Fraction, span: tuple[int, int], *, cutoff: Fraction
) -> Samples:
    """Every ``down`` input samples make ``up`` output samples, each by its own set of taps."""
    down, up = ratio.denominator, ratio.numerator
    taps, before = _taps(ratio, cutoff)
    first, last = span[0] // up, -(-span[1] // up)
    signal = _extended(read, n_in, first * down - before, (last - 1) * down - before + len(taps))
    frames = np.lib.stride_tricks.sliding_window_view(signal, len(taps))[::down]
    made: Samples = (np.ascontiguousarray(frames) @ taps.astype(signal.dtype)).reshape(-1)
    return made[span[0] - first * up : span[1] - first * up]


@lru_cache(maxsize=16)
def _taps(ratio: Fraction, cutoff: Fraction) -> tuple[Samples, int]:
    """Weights of the input samples around a frame for each of its outputs, shape (n_inputs, up).

    The second value is how many of these inputs stand before the frame. ``cutoff`` is a share of the input's
    Nyquist rate.
    """
    from scipy.signal import firwin

    up, down = ratio.numerator, ratio.denominator
    half = math.ceil(_HALF_WIDTH * up / cutoff)
    filter_taps = up * firwin(2 * half + 1, float(cutoff / up), window=("kaiser", 5.0))
    before = half // up
    n_inputs = before + 1 + (half + (up - 1) * down) // up
    # Input s of the frame meets output r at tap half + r * down - s * up.
    place = half + np.arange(up) * down - (np.arange(n_inputs)[:, None] - before) * up
    inside = (place >= 0) & (place <= 2 * half)
    return np.where(inside, filter_taps[np.clip(place, 0, 2 * half)], 0.0), before


def _interpolated(read: Reader, n_in: int, ratio: Fraction, span: tuple[int, int]) -> Samples:
    """Low-pass and oversample by a whole number, then interpolate at the exact times (cubic, four points)."""
    up = math.ceil(_OVERSAMPLING * ratio)
    left, t = _positions(span, ratio.denominator * up, ratio.numerator)
    around = (int(left[0]) - 1, int(left[-1]) + 3)
    fine = _polyphase(read, n_in, Fraction(up), around, cutoff=min(Fraction(1), ratio))
    p, q, r, s = (fine[left - around[0] + i].astype(np.float64) for i in (-1, 0, 1, 2))
    cubic: Samples = (
        q * (t + 1) * (t - 1) * (t - 2) / 2
        - p * t * (t - 1) * (t - 2) / 6
        - r * (t + 1) * t * (t - 2) / 2
        + s * (t + 1) * t * (t - 1) / 6
    )
    return cubic


def _positions(span: tuple[int, int], up: int, down: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Split ``k * up / down`` into whole part and fraction for every k of the span, in whole numbers."""
    whole, rest = divmod(span[0] * up, down)
    steps = rest + np.arange(span[1] - span[0]) * up
    return whole + steps // down, (steps % down) / down


def _extended(read: Reader, n_in: int, first: int, last: int) -> Samples:
    """Input samples ``first`` to ``last``, the end values repeated beyond the ends."""
    if first >= 0 and last <= n_in:
        return read(first, last)
    position = np.clip(np.arange(first, last), 0, n_in - 1)
    known: Samples = read(int(position[0]), int(position[-1]) + 1)[position - position[0]]
    return known
