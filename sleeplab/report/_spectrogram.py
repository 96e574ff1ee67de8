"""Power of one channel over the night."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import mne
    import pandas as pd

EPOCH_S = 30.0
WINDOW_S = 4.0
HIGHEST_HZ = 30.0


def spectrogram(recording: mne.io.BaseRaw, ch_name: str) -> pd.DataFrame:
    """Power of one channel per 30-s epoch (Welch: Hann windows of 4 s, half overlapping).

    Parameters
    ----------
    recording : mne.io.BaseRaw
        In volts.
    ch_name : str
        The channel.

    Returns
    -------
    pandas.DataFrame of shape (n_epochs, n_freqs)
        dB re 1 µV²/Hz; NaN where the epoch is flat. Index: onset of the epoch in s. Columns: 0.5 to
        30 Hz in steps of 0.25 Hz.

    References
    ----------
    Welch 1967, doi:10.1109/TAU.1967.1161901.

    Examples
    --------
    A sine of 2 µV amplitude has a power of 2 µV², all of it within 1 Hz around its frequency:

    >>> import mne, numpy as np
    >>> sine = 2e-6 * np.sin(2 * np.pi * 10 * np.arange(3000) / 100)
    >>> raw = mne.io.RawArray(sine[None], mne.create_info(["C3-M2"], 100.0, "eeg"), verbose="error")
    >>> power_db = spectrogram(raw, "C3-M2").loc[0.0]
    >>> round(float((10 ** (power_db[9.5:10.5] / 10)).sum() * 0.25), 3)
    2.0
    """
    import numpy as np
    import pandas as pd
    from scipy.signal import welch

    sfreq = recording.info["sfreq"]
    n_times = round(EPOCH_S * sfreq)
    n_epochs = recording.n_times // n_times
    volts = recording.get_data(picks=[ch_name], stop=n_epochs * n_times)[0]
    epochs_uv = (volts * 1e6).reshape(n_epochs, n_times)
    freqs, power = welch(epochs_uv, sfreq, nperseg=round(WINDOW_S * sfreq))
    kept = (freqs >= 0.5) & (freqs <= HIGHEST_HZ)
    power[power <= 0] = np.nan
    onset_s = pd.Index(np.arange(n_epochs) * EPOCH_S, name="onset_s")
    return pd.DataFrame(10 * np.log10(power[:, kept]), index=onset_s, columns=freqs[kept])
