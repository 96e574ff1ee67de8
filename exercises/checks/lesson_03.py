"""Checks of lesson 03: which rhythms."""

import numpy as np

from sleeplab.exercises import Exercise, Mistake, Text
from sleeplab.exercises.mistakes import EPOCHS_FOR_MINUTES


def _delta_uv2(signal, sfreq, *, relative=False):
    import yasa

    return float(yasa.bandpower(np.atleast_2d(signal), sf=sfreq, relative=relative)["Delta"].iloc[0])


def _band_uv2(signal, sfreq, band):
    import yasa

    return float(yasa.bandpower(np.atleast_2d(signal), sf=sfreq, relative=False)[band].iloc[0])


def _above(psd, freqs, fitted, x, name):
    """Say how far a stretch's spectrum stands above its straight line, on logarithmic axes."""
    y = np.log10(psd[name][fitted])
    return y - np.polyval(np.polyfit(x, y, 1), x)


def _highest_hz(above, freqs, fitted, low=7, high=14):
    shown = freqs[fitted]
    chosen = (shown >= low) & (shown <= high)
    return float(shown[chosen][np.argmax(above[chosen])])


def _leak_uv2(t, sfreq, *, hz=10.0, height=20.0, skip=1000):
    import mne

    out = mne.filter.filter_data(height * np.sin(2 * np.pi * hz * t), sfreq, 12, 16, verbose="error")
    return float((out[skip : len(out) - skip] ** 2).mean())


def _much_delta(whole, sfreq, stretches, *, share=0.5, relative=False):
    """Count the epochs with at least a share of the deep stretch's delta power."""
    import yasa

    n = len(whole) // (30 * sfreq)
    table = yasa.bandpower(whole[: n * 30 * sfreq].reshape(n, -1), sf=sfreq, relative=relative)
    return int((table["Delta"] >= share * _delta_uv2(stretches["deep"], sfreq, relative=relative)).sum())


def _draw_line(ax, psd, freqs, fitted, x):
    """Draw the awake spectrum and its line: the peak is what stands above."""
    y = np.log10(psd["awake"][fitted])
    ax.plot(freqs[fitted], y, color="#E69F00", label=Text("awake", "éveil").said())
    ax.plot(
        freqs[fitted],
        np.polyval(np.polyfit(x, y, 1), x),
        "--",
        color="#1F2933",
        label=Text("its line", "sa droite").said(),
    )
    ax.axvspan(7, 14, color="#E5E9EE")
    ax.set(
        xlabel=Text("frequency (Hz)", "fréquence (Hz)").said(),
        ylabel=Text("log10 of PSD", "log10 de la PSD").said(),
    )
    ax.legend(fontsize="small")


EXERCISES = [
    Exercise(
        "03-1",
        answer=lambda stretches, sfreq: _delta_uv2(stretches["deep"], sfreq),
        hints=[
            Text(
                "The table above is relative: parts of a whole. Which argument makes it absolute?",
                "La table plus haut est relative : des parts d'un tout. Quel argument la rend absolue ?",
            ),
            Text(
                "`absolute = yasa.bandpower(rows, sf=sfreq, ch_names=list(stretches), relative=False)`",
                "Écrivez `absolute = yasa.bandpower(rows, sf=sfreq, ch_names=list(stretches), "
                "relative=False)`",
            ),
            Text(
                'Then one value of it: `absolute.loc["…", "Delta"]`.',
                'Puis une de ses valeurs : `absolute.loc["…", "Delta"]`.',
            ),
        ],
        mistakes=[
            Mistake(
                "relative power",
                lambda stretches, sfreq: _delta_uv2(stretches["deep"], sfreq, relative=True),
                Text(
                    "this is the relative power, a part of the whole. `relative=False` gives µV².",
                    "c'est la puissance relative, une part du tout. `relative=False` donne des µV².",
                ),
            ),
            Mistake(
                "the waking stretch",
                lambda stretches, sfreq: _delta_uv2(stretches["awake"], sfreq),
                Text(
                    "this is the waking stretch. The row is called `deep`.",
                    "c'est l'extrait de veille. La ligne s'appelle `deep`.",
                ),
            ),
            Mistake(
                "the light stretch",
                lambda stretches, sfreq: _delta_uv2(stretches["light"], sfreq),
                Text(
                    "this is the stretch of light sleep. The row is called `deep`.",
                    "c'est l'extrait de sommeil léger. La ligne s'appelle `deep`.",
                ),
            ),
            Mistake(
                "another band",
                lambda stretches, sfreq: _band_uv2(stretches["deep"], sfreq, "Theta"),
                Text(
                    "this is the theta band. The column is called `Delta`.",
                    "c'est la bande thêta. La colonne s'appelle `Delta`.",
                ),
            ),
            Mistake(
                "volts for microvolts",
                lambda right: right / 1e12,
                Text(
                    "this is in V²: a million times a million too small. Convert to µV before the spectrum.",
                    "c'est en V² : un million de millions de fois trop petit. Passez en µV avant le spectre.",
                ),
            ),
            Mistake(
                "root of the power",
                lambda right: right**0.5,
                Text(
                    "this is the root of the power, in µV. The power itself is asked, in µV².",
                    "c'est la racine de la puissance, en µV. On demande la puissance elle-même, en µV².",
                ),
            ),
        ],
    ),
    Exercise(
        "03-2",
        answer=lambda psd, freqs, fitted, x: _highest_hz(
            _above(psd, freqs, fitted, x, "awake"), freqs, fitted
        ),
        within=0.01,
        hints=[
            Text(
                "Subtract the line from the spectrum: what is left stands above it. Where is it highest?",
                "Retirez la droite du spectre : ce qui reste est au-dessus. Où est-ce le plus haut ?",
            ),
            Text(
                "Keep only 7 to 14 Hz, in the frequencies **and** in `above`, with the same condition.",
                "Gardez seulement 7 à 14 Hz, dans les fréquences **et** dans `above`, avec la même "
                "condition.",
            ),
            Text(
                "`candidates = (freqs[fitted] >= 7) & (freqs[fitted] <= 14)`, then "
                "`freqs[fitted][candidates][above[candidates].argmax()]`.",
                "D'abord `candidates = (freqs[fitted] >= 7) & (freqs[fitted] <= 14)`, puis "
                "`freqs[fitted][candidates][above[candidates].argmax()]`.",
            ),
        ],
        mistakes=[
            Mistake(
                "place for frequency",
                lambda psd, freqs, fitted, x: int(
                    _above(psd, freqs, fitted, x, "awake")[
                        (freqs[fitted] >= 7) & (freqs[fitted] <= 14)
                    ].argmax()
                ),
                Text(
                    "this is the place in the list that `argmax` gives. Which frequency stands at this "
                    "place?",
                    "c'est la place dans la liste que donne `argmax`. Quelle fréquence se trouve à cette "
                    "place ?",
                ),
            ),
            Mistake(
                "place in another list",
                lambda psd, freqs, fitted, x: float(
                    freqs[
                        _above(psd, freqs, fitted, x, "awake")[
                            (freqs[fitted] >= 7) & (freqs[fitted] <= 14)
                        ].argmax()
                    ]
                ),
                Text(
                    "the place was counted in the short list (7 to 14 Hz), but the frequency was taken "
                    "from the long "
                    "one, which begins at 0 Hz.",
                    "la place a été comptée dans la liste courte (7 à 14 Hz), mais la fréquence prise dans "
                    "la longue, "
                    "qui commence à 0 Hz.",
                ),
            ),
            Mistake(
                "highest without the line",
                lambda psd, freqs, fitted: _highest_hz(np.log10(psd["awake"][fitted]), freqs, fitted, 2, 30),
                Text(
                    "this is where the spectrum itself is highest. It falls from the left; take the line "
                    "away first, "
                    "and look from 7 to 14 Hz only.",
                    "c'est là que le spectre lui-même est le plus haut. Il descend depuis la gauche ; "
                    "retirez d'abord "
                    "la droite, et regardez seulement de 7 à 14 Hz.",
                ),
                _draw_line,
            ),
            Mistake(
                "deep sleep",
                lambda psd, freqs, fitted, x: _highest_hz(
                    _above(psd, freqs, fitted, x, "deep"), freqs, fitted
                ),
                Text(
                    "this is the stretch of deep sleep, where `y` comes from. Take the spectrum of `awake`.",
                    "c'est l'extrait de sommeil profond, d'où vient `y`. Prenez le spectre de `awake`.",
                ),
            ),
        ],
    ),
    Exercise(
        "03-3",
        answer=lambda t, sfreq: _leak_uv2(t, sfreq),
        hints=[
            Text(
                "It is the cell above with a wave of 10 Hz in the place of 11.1 Hz.",
                "C'est la cellule plus haut avec une onde de 10 Hz à la place de 11,1 Hz.",
            ),
            Text(
                "The wave: `20 * np.sin(2 * np.pi * 10 * t)`. The filter: `mne.filter.filter_data(…, "
                "sfreq, 12, 16)`.",
                "L'onde : `20 * np.sin(2 * np.pi * 10 * t)`. Le filtre : `mne.filter.filter_data(…, sfreq, "
                "12, 16)`.",
            ),
            Text(
                "The power is the mean of the square: `(leaked[1000:-1000] ** 2).mean()`.",
                "La puissance est la moyenne du carré : `(leaked[1000:-1000] ** 2).mean()`.",
            ),
        ],
        mistakes=[
            Mistake(
                "what went in",
                lambda: 200.0,
                Text(
                    "this is the power of the wave that went in. Take that of the filtered one.",
                    "c'est la puissance de l'onde entrée. Prenez celle de l'onde filtrée.",
                ),
            ),
            Mistake(
                "the wave above",
                lambda t, sfreq: _leak_uv2(t, sfreq, hz=11.1),
                Text(
                    "this is the wave of 11.1 Hz of the example. The new one has 10 Hz.",
                    "c'est l'onde de 11,1 Hz de l'exemple. La nouvelle a 10 Hz.",
                ),
            ),
            Mistake(
                "percent",
                lambda right: 100 * right / 200,
                Text(
                    "this is the share in percent. The power in µV² is asked.",
                    "c'est la part en pour cent. On demande la puissance en µV².",
                ),
            ),
            Mistake(
                "the height",
                lambda right: (2 * right) ** 0.5,
                Text(
                    "this is the height of the wave that comes out, in µV. Its power is the mean of its "
                    "square.",
                    "c'est la hauteur de l'onde qui sort, en µV. Sa puissance est la moyenne de son carré.",
                ),
            ),
            Mistake(
                "sum for mean",
                lambda right, t: right * (len(t) - 2000),
                Text(
                    "the squares were summed. The power is their mean.",
                    "les carrés ont été additionnés. La puissance est leur moyenne.",
                ),
            ),
            Mistake(
                "height of 10",
                lambda t, sfreq: _leak_uv2(t, sfreq, height=10.0),
                Text(
                    "the wave is 10 µV high, a quarter of the power. It must be 20 µV high, with 10 Hz.",
                    "l'onde a 10 µV de haut, un quart de la puissance. Elle doit avoir 20 µV, avec 10 Hz.",
                ),
            ),
        ],
    ),
    Exercise(
        "03-4",
        answer=lambda whole, sfreq, stretches: _much_delta(whole, sfreq, stretches) / 2,
        within=0.6,
        hints=[
            Text(
                "Three steps: the delta power of each epoch; that of the deep stretch; how many epochs "
                "reach half of it.",
                "Trois étapes : la puissance delta de chaque époque ; celle de l'extrait profond ; combien "
                "d'époques en "
                "atteignent la moitié.",
            ),
            Text(
                "`n = len(whole) // (30 * sfreq)`; the table of epochs goes into `yasa.bandpower(…, "
                "relative=False)`.",
                "D'abord `n = len(whole) // (30 * sfreq)` ; la table des époques va dans "
                "`yasa.bandpower(…, relative=False)`.",
            ),
            Text(
                "`(per_epoch >= of_deep / 2).sum()` counts epochs. Two of them are a minute.",
                "`(per_epoch >= of_deep / 2).sum()` compte des époques. Deux font une minute.",
            ),
        ],
        mistakes=[
            EPOCHS_FOR_MINUTES,
            Mistake(
                "all of the deep stretch",
                lambda whole, sfreq, stretches: _much_delta(whole, sfreq, stretches, share=1.0) / 2,
                Text(
                    "these epochs have all of the deep stretch's power. Half of it is enough.",
                    "ces époques ont toute la puissance de l'extrait profond. La moitié suffit.",
                ),
            ),
            Mistake(
                "relative power",
                lambda whole, sfreq, stretches: _much_delta(whole, sfreq, stretches, relative=True) / 2,
                Text(
                    "the relative power was compared: nearly every epoch of sleep is mostly delta. Take "
                    "µV², with "
                    "`relative=False`.",
                    "on a comparé la puissance relative : presque chaque époque de sommeil est surtout du "
                    "delta. Prenez "
                    "des µV², avec `relative=False`.",
                ),
            ),
            Mistake(
                "seconds for minutes",
                lambda right: right * 60,
                Text(
                    "these are seconds. Minutes are asked.",
                    "ce sont des secondes. On demande des minutes.",
                ),
            ),
            Mistake(
                "the other epochs",
                lambda right, whole, sfreq: len(whole) // (30 * sfreq) / 2 - right,
                Text(
                    "these are the epochs with less: the sign is the wrong way round.",
                    "ce sont les époques qui en ont moins : le signe est dans le mauvais sens.",
                ),
            ),
        ],
    ),
]
