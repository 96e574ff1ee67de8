"""YASA's models behind the gate: each channel's features once, each epoch by the model of what is fit."""

from __future__ import annotations

import functools
import itertools
import warnings
from importlib.metadata import distribution
from typing import TYPE_CHECKING, Any

import numpy as np

from sleeplab.quality._signal import channel_signal
from sleeplab.staging._calibration import log_power
from sleeplab.staging._features import EPOCH_S, SFREQ, channel_features, scaled, smoothed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import mne
    import pandas as pd
    from numpy.typing import NDArray

    Array = NDArray[np.floating]
    Flags = NDArray[np.bool_]

STAGES = ("WAKE", "N1", "N2", "N3", "REM")
N_ITERATIONS = 20  # of a booster's 400: 100 trees
MIN_EPOCHS = 10  # 5 min: below it YASA itself warns that results are unreliable


class Stager:
    """YASA's models on the fit epochs of one recording.

    Parameters
    ----------
    recording
        Volts.
    fit
        Booleans, epochs × channels.
    night
        First and last epoch of the night, from which YASA's clock features count.
    metadata
        YASA's: {"age": …, "male": …}, or None.
    """

    def __init__(
        self,
        recording: mne.io.BaseRaw,
        fit: pd.DataFrame,
        night: NDArray[np.intp],
        metadata: dict[str, int] | None,
    ) -> None:
        self.fit, self.recording, self.metadata = fit, recording, metadata or {}
        first, last = night
        since = np.arange(len(fit)) - first
        self.clock = {"time_hour": since * EPOCH_S / 3600, "time_norm": since / (last - first)}

    def stage(self, wanted: pd.DataFrame, eog: str | None, chin: str | None) -> tuple[Array, Array]:
        """Stage each derivation where it is `wanted` (epochs × EEG); NaN elsewhere.

        An epoch is staged by the model of what is fit there: EEG with EOG and chin, with one, or alone.

        Returns
        -------
        proba, log_power
            Shapes (n_derivations, n_epochs, 5) and (n_derivations, n_epochs, n_bands).
        """
        kinds = dict.fromkeys(wanted.columns, "eeg")
        kinds |= {name: kind for name, kind in ((eog, "eog"), (chin, "emg")) if name is not None}
        kinds = {name: kind for name, kind in kinds.items() if self.fit[name].any()}
        features = {name: self._features(name, kind) for name, kind in kinds.items()}
        norms = scaled({name: smoothed(table) for name, table in features.items()})
        tables = {name: features[name].join(norms[name]) for name in kinds}
        helpers = [name for name, kind in kinds.items() if kind != "eeg"]
        proba = np.full((*wanted.shape[::-1], len(STAGES)), np.nan)
        for i, eeg in enumerate(wanted):
            for names, epochs in self._groups(wanted[eeg], helpers):
                rows = [tables[name].iloc[epochs] for name in (eeg, *names)]
                proba[i, epochs] = self._predict(rows, ("eeg", *(kinds[n] for n in names)), epochs)
        power = [log_power(features[eeg].where(wanted[eeg])) for eeg in wanted]
        return proba, np.stack(power)

    def _groups(self, epochs: pd.Series, helpers: list[str]) -> Iterator[tuple[list[str], NDArray[np.intp]]]:
        """Part epochs by which of the helping channels are fit."""
        there = self.fit[helpers].to_numpy()
        for chosen in itertools.product((True, False), repeat=len(helpers)):
            which = np.flatnonzero(epochs & (there == chosen).all(axis=1))
            if which.size:
                yield list(itertools.compress(helpers, chosen)), which

    def _features(self, name: str, kind: str) -> pd.DataFrame:
        """Compute the features of one channel, NaN where it is not fit."""
        from mne.filter import resample

        sfreq = float(self.recording.info["sfreq"])
        signal_uv = bridged(channel_signal(self.recording, name, 1e6), self.fit[name].to_numpy(), sfreq)
        if sfreq != SFREQ:
            signal_uv = resample(signal_uv.astype(float), down=sfreq / SFREQ, npad="auto", verbose="error")
        features = channel_features(signal_uv, kind)
        return features.reindex(self.fit.index).where(self.fit[name], axis=0)

    def _predict(self, tables: list[pd.DataFrame], kinds: Sequence[str], epochs: NDArray[np.intp]) -> Array:
        """Ask YASA's model for these kinds of channels, shape (n_epochs, 5).

        Its booster is asked, because the classifier starts 8 threads, and for a few trees at a time: these
        stay in the processor's cache for all epochs.
        """
        import pandas as pd
        from scipy.special import softmax

        clock = pd.DataFrame({name: values[epochs] for name, values in self.clock.items()}, index=epochs)
        rows = pd.concat([*tables, clock], axis=1).astype(np.float32).assign(**self.metadata)
        model = _model("+".join((*kinds, "demo") if self.metadata else kinds))
        values, booster = rows[model.feature_name_].to_numpy(), model.booster_
        parts = (
            booster.predict(values, raw_score=True, start_iteration=first, num_iteration=N_ITERATIONS)
            for first in range(0, booster.current_iteration(), N_ITERATIONS)
        )
        proba = softmax(sum(parts), axis=1)
        order = [list(model.classes_).index({"WAKE": "W", "REM": "R"}.get(stage, stage)) for stage in STAGES]
        found: Array = proba[:, order]
        return found


def bridged(signal: Array, fit: Flags, sfreq: float) -> Array:
    """Hold the last fit sample over epochs that are not fit; what follows is shifted to go on from there.

    A filter would ring at a step, and spread what is not finite.
    """
    n_times = round(EPOCH_S * sfreq)
    if fit.all():
        return signal[: len(fit) * n_times]
    out = signal[: len(fit) * n_times].reshape(len(fit), n_times).copy()
    level, shift = out[fit.argmax(), 0], 0.0
    for i, epoch in enumerate(out):
        if not fit[i]:
            epoch[:] = level
            continue
        if i and not fit[i - 1]:
            shift = level - epoch[0]
        epoch += shift
        level = epoch[-1]
    return out.reshape(-1)


@functools.cache
def _model(name: str) -> Any:
    """Load one of YASA's classifiers, once per process.

    YASA itself is not needed for it: imported later, it takes up the memory that loading leaves behind.
    A warning is silenced: the label encoder of YASA 0.8's models was saved by scikit-learn 0.24. The stages
    come from the LightGBM booster inside, which knows no such version; a test pins its output.
    """
    import joblib
    from sklearn.exceptions import InconsistentVersionWarning

    path = distribution("yasa").locate_file(f"yasa/classifiers/clf_{name}_lgb_0.5.0.joblib")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InconsistentVersionWarning)
        model = joblib.load(str(path))
    vars(model.booster_).pop("handle", None)  # 7 MB: its trees as text, which were read
    return model
