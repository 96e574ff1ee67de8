"""Swapped leads: two channels that for a while hold each other's signal."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sleeplab.anomalies._ledger import Finding, Inputs, runs, span
from sleeplab.features import EPOCH_S

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Array = NDArray[np.floating[Any]]
    Spectra = Mapping[str, NDArray[np.complex64]]

POWER_HZ = ((0.5, 2.0), (2.0, 4.0), (4.0, 8.0), (8.0, 11.0), (11.0, 16.0), (16.0, 24.0))
SHARED_HZ = ((0.5, 4.0), (4.0, 15.0))
MIN_USUAL, MIN_EPOCHS, BRIDGE = 60, 4, 4  # epochs
MAD_TO_SD, Z_LIMIT = 1.4826, 4.0
NEAR = 8.0  # times the usual squared distance: how well "exchanged" must fit
DIFFERENT = 1.0  # times the usual squared distance: how far apart "as usual" and "exchanged" must be
TURNED = 0.5  # on the way from "as usual" (-1) to "exchanged" (1)


class Swap(NamedTuple):
    """Epochs `start` to `stop` (excluded) in which two channels look exchanged, and how well that fits."""

    misfit: float
    start: int
    stop: int
    ch_names: tuple[str, str]


def find_swapped_leads(inputs: Inputs, eeg: Spectra, eog: Spectra) -> list[Finding]:
    """Find stretches in which two EEG channels look like each other's usual selves.

    In what two channels differ – their powers in six bands, and how alike each is to every third channel, the
    eyes included, below and above 4 Hz – is measured in every epoch. If their signals are exchanged, all of
    this changes its sign. An epoch is called exchanged when it has gone three quarters of the way
    from the usual differences to those of the other sign, and lies no more than 8 times as far from these as
    epochs usually do from theirs (squared robust Mahalanobis distances). 2 min of such epochs are a finding;
    of pairs that overlap, the one that fits best. Two channels that hardly differ are not compared, and leads
    that were swapped all night are not seen: the night itself says what is usual.

    Parameters
    ----------
    inputs
        The night.
    eeg, eog
        Spectrum of each epoch, 1/30 Hz apart, by name of the channel: shape (n_epochs, n_freqs).

    Returns
    -------
    list of Finding
        Kind "swapped leads"; the score is log2(1 + epochs).
    """
    alike = _likeness(eeg, eog)
    swaps = sorted(swap for pair in combinations(eeg, 2) for swap in _swaps(inputs, pair, eeg, alike))
    kept: list[Swap] = []
    for swap in swaps:
        if all(swap.start >= other.stop or swap.stop <= other.start for other in kept):
            kept.append(swap)
    return [_describe(swap) for swap in kept]


def _likeness(eeg: Spectra, eog: Spectra) -> dict[tuple[str, str], Array]:
    """Correlation (Fisher's z) of each pair of channels in each epoch and band, shape (n_epochs, 2)."""
    alike: dict[tuple[str, str], list[Array]] = {}
    for band in SHARED_HZ:
        unit = {}
        for name, every in (*eeg.items(), *eog.items()):
            own = every[:, _bins(band)]
            unit[name] = own / np.maximum(np.linalg.norm(own, axis=1, keepdims=True), 1e-12)
        for a, b in combinations(unit, 2):
            r = np.einsum("ij,ij->i", unit[a], unit[b].conj()).real
            alike.setdefault((a, b), []).append(np.arctanh(np.clip(r, -0.999, 0.999)))
    columns = {pair: np.column_stack(own) for pair, own in alike.items()}
    return columns | {(b, a): own for (a, b), own in columns.items()}


def _bins(band: tuple[float, float]) -> slice:
    return slice(round(band[0] * EPOCH_S), round(band[1] * EPOCH_S))


def _powers(every: NDArray[np.complex64]) -> Array:
    """Log10 of the power in each band, shape (n_epochs, 6)."""
    return np.column_stack(
        [np.log10((np.abs(every[:, _bins(band)]) ** 2).sum(axis=1) + 1e-6) for band in POWER_HZ]
    )


def _swaps(
    inputs: Inputs, pair: tuple[str, str], eeg: Spectra, alike: dict[tuple[str, str], Array]
) -> list[Swap]:
    a, b = pair
    thirds = [other for one, other in alike if one == a and other != b]
    differences = [_powers(eeg[a]) - _powers(eeg[b])]
    differences += [alike[a, other] - alike[b, other] for other in thirds]
    fit = inputs.fit[a] & inputs.fit[b]
    if fit.sum() < MIN_USUAL:
        return []
    near, far, apart = _distances(np.hstack(differences), fit)
    if apart < DIFFERENT * np.median(near[fit]):
        return []
    turned = fit & (near - far >= TURNED * apart) & (far <= NEAR * np.median(near[fit]))
    return [
        Swap(float(np.median(far[start:stop])), start, stop, pair)
        for start, stop in runs(turned, bridge=BRIDGE)
        if turned[start:stop].sum() >= MIN_EPOCHS
    ]


def _distances(rows: Array, fit: NDArray[np.bool_]) -> tuple[Array, Array, float]:
    """Squared distance of each row to the usual one and to its mirror image, and of these two."""
    from sklearn.covariance import ledoit_wolf

    middle = np.median(rows[fit], axis=0)
    scale = np.maximum(MAD_TO_SD * np.median(np.abs(rows[fit] - middle), axis=0), 1e-9)
    z, mirror = (rows - middle) / scale, -2 * middle / scale
    covariance, _ = ledoit_wolf(np.clip(z[fit], -Z_LIMIT, Z_LIMIT))
    precision = np.linalg.inv(covariance + 1e-6 * np.eye(len(covariance)))
    near, far = (np.einsum("ij,jk,ik->i", d, precision, d) for d in (z, z - mirror))
    return near, far, float(mirror @ precision @ mirror)


def _describe(swap: Swap) -> Finding:
    n, names = swap.stop - swap.start, swap.ch_names
    text = (
        f"{names[0]} and {names[1]} look exchanged for {span(n * EPOCH_S)}: each is like the other in the "
        "rest of the night."
    )
    return Finding("swapped leads", swap.start * EPOCH_S, n * EPOCH_S, names, float(np.log2(1 + n)), text)
