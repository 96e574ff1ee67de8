"""Checks of lesson 02: what does a night look like."""

import numpy as np

from sleeplab.exercises import Exercise, Mistake, Text


def _filtered(signal, sfreq, low, high):
    import mne

    return mne.filter.filter_data(signal, sfreq, l_freq=low, h_freq=high, verbose="error")


def _page_filtered(whole, sfreq, page, low, high):
    """Filter the page with a minute on either side: more than these filters look at, and quick."""
    before = min(page.start, round(60 * sfreq))
    part = whole[page.start - before : page.stop + round(60 * sfreq)]
    return _filtered(part, sfreq, low, high)[before : before + page.stop - page.start]


def _rate_bpm(ecg, sfreq, height=0.5, distance_s=0.4):
    """Beats per minute from the median distance of the peaks."""
    import scipy.signal

    peaks, _ = scipy.signal.find_peaks(ecg, height=height * ecg.max(), distance=max(1, distance_s * sfreq))
    return float(60 * sfreq / np.median(np.diff(peaks)))


def _count_bpm(ecg, sfreq, factor):
    """Peaks of one page, times a factor."""
    import scipy.signal

    peaks, _ = scipy.signal.find_peaks(ecg, height=ecg.max() / 2, distance=0.4 * sfreq)
    return factor * len(peaks)


def _draw_ends(ax, got, whole, sfreq, page_4):
    """Draw the first three seconds: what cutting before filtering does to them."""
    n = round(3 * sfreq)
    right = _page_filtered(whole, sfreq, page_4, 0.5, 35)
    ax.plot(
        np.arange(n) / sfreq,
        right[:n],
        color="#9AA5B1",
        label=Text("filtered, then cut", "filtré, puis coupé").said(),
    )
    ax.plot(
        np.arange(n) / sfreq, np.asarray(got)[:n], color="#D55E00", label=Text("yours", "le vôtre").said()
    )
    ax.set(
        xlabel=Text("the first 3 s of page 4 (s)", "les 3 premières secondes de la page 4 (s)").said(),
        ylabel="µV",
    )
    ax.legend(fontsize="small")


def _draw_together(ax, page, left_eye, right_eye, sfreq):
    """Draw both eyes on page 4."""
    n = round(5 * sfreq)
    for name, colour in ((left_eye, "#0072B2"), (right_eye, "#D55E00")):
        ax.plot(np.arange(n) / sfreq, page(name, 4)[:n], color=colour, label=name)
    ax.set(
        xlabel=Text("the first 5 s of page 4 (s)", "les 5 premières secondes de la page 4 (s)").said(),
        ylabel="µV",
    )
    ax.legend(fontsize="small")


EXERCISES = [
    Exercise(
        "02-1",
        answer=lambda page, brain, back: float(np.ptp(page(brain, 3) - page(back, 3))),
        hints=[
            Text(
                "Both channels are measured against M1. What is left when you take one away from the other?",
                "Les deux voies sont mesurées contre M1. Que reste-t-il quand on retire l'une de l'autre ?",
            ),
            Text(
                "C4-O2 = (C4-M1) − (O2-M1). `page(brain, 3)` is the first, `page(back, 3)` the second.",
                "C4-O2 = (C4-M1) − (O2-M1). `page(brain, 3)` est la première, `page(back, 3)` la seconde.",
            ),
            Text(
                "First the difference, then its size: `np.ptp(… - …)`.",
                "D'abord la différence, ensuite sa taille : `np.ptp(… - …)`.",
            ),
        ],
        mistakes=[
            Mistake(
                "difference of the sizes",
                lambda page, brain, back: float(abs(np.ptp(page(brain, 3)) - np.ptp(page(back, 3)))),
                Text(
                    "the two sizes were subtracted. Subtract the signals first, number by number, then "
                    "take the size.",
                    "les deux tailles ont été soustraites. Soustrayez d'abord les signaux, nombre par "
                    "nombre, puis "
                    "prenez la taille.",
                ),
            ),
            Mistake(
                "added",
                lambda page, brain, back: float(np.ptp(page(brain, 3) + page(back, 3))),
                Text(
                    "the channels were added: then M1 is in it twice. In a difference it drops out.",
                    "les voies ont été additionnées : M1 y est alors deux fois. Dans une différence elle "
                    "disparaît.",
                ),
            ),
            Mistake(
                "one channel alone",
                lambda page, brain: float(np.ptp(page(brain, 3))),
                Text(
                    "this is C4-M1 alone. The pair needs O2-M1, too.",
                    "c'est C4-M1 seule. La paire a aussi besoin de O2-M1.",
                ),
            ),
            Mistake(
                "wrong derivation",
                lambda page, brain, front: float(np.ptp(page(brain, 3) - page(front, 3))),
                Text(
                    "this is the pair with the forehead, as in the example. O2-M1 is called `back`.",
                    "c'est la paire avec le front, comme dans l'exemple. O2-M1 s'appelle `back`.",
                ),
            ),
            Mistake(
                "wrong page",
                lambda page, brain, back: float(np.ptp(page(brain, 4) - page(back, 4))),
                Text(
                    "this is page 4, as in the example. Page 3 is asked.",
                    "c'est la page 4, comme dans l'exemple. On demande la page 3.",
                ),
            ),
            Mistake(
                "volts",
                lambda right: right / 1e6,
                Text(
                    "this is in volts. `page` gives µV already, and µV are asked.",
                    "c'est en volts. `page` donne déjà des µV, et on demande des µV.",
                ),
            ),
            Mistake(
                "no size yet",
                lambda page, brain, back: page(brain, 3) - page(back, 3),
                Text(
                    "this is the signal itself, thousands of numbers. `np.ptp` makes one number of it.",
                    "c'est le signal lui-même, des milliers de nombres. `np.ptp` en fait un seul.",
                ),
            ),
        ],
    ),
    Exercise(
        "02-2",
        answer=lambda whole, sfreq, page_4: _page_filtered(whole, sfreq, page_4, 0.5, 35),
        within=0.05,
        hints=[
            Text(
                "Two steps: filter the whole night, then cut page 4 out. Which of the lines above does the "
                "first?",
                "Deux étapes : filtrer toute la nuit, puis découper la page 4. Quelle ligne plus haut fait "
                "la première ?",
            ),
            Text(
                "Take the line of `usual` and change one cut-off: `l_freq` is the high-pass.",
                "Prenez la ligne de `usual` et changez une limite : `l_freq` est le passe-haut.",
            ),
            Text(
                '`mne.filter.filter_data(whole, sfreq, l_freq=…, h_freq=35, verbose="error")[page_4]`',
                "Écrivez `mne.filter.filter_data(whole, sfreq, l_freq=…, h_freq=35, "
                'verbose="error")[page_4]`',
            ),
        ],
        mistakes=[
            Mistake(
                "filter after cropping",
                lambda whole, sfreq, page_4: _filtered(whole[page_4], sfreq, 0.5, 35),
                Text(
                    "it was cut first and filtered afterwards. A filter looks to both sides of each "
                    "number, and at "
                    "the ends of a cut page there is nothing: the first and last seconds are invented.",
                    "on a d'abord coupé, puis filtré. Un filtre regarde des deux côtés de chaque nombre, "
                    "et aux bords "
                    "d'une page coupée il n'y a rien : les premières et dernières secondes sont inventées.",
                ),
                _draw_ends,
            ),
            Mistake(
                "the usual filter",
                lambda whole, sfreq, page_4: _page_filtered(whole, sfreq, page_4, 0.3, 35),
                Text(
                    "this is the usual filter, from 0.3 Hz. This device's high-pass is another.",
                    "c'est le filtre habituel, à partir de 0,3 Hz. Le passe-haut de cet appareil est "
                    "différent.",
                ),
            ),
            Mistake(
                "a low-pass only",
                lambda whole, sfreq, page_4: _page_filtered(whole, sfreq, page_4, None, 35),
                Text(
                    "the high-pass is missing: slow waves of the baseline are still in it. `l_freq` sets it.",
                    "le passe-haut manque : les ondes lentes de la ligne de base y sont encore. `l_freq` "
                    "le règle.",
                ),
            ),
            Mistake(
                "a high-pass only",
                lambda whole, sfreq, page_4: _page_filtered(whole, sfreq, page_4, 0.5, None),
                Text(
                    "the low-pass is missing: waves faster than 35 Hz are still in it. `h_freq` sets it.",
                    "le passe-bas manque : les ondes plus rapides que 35 Hz y sont encore. `h_freq` le "
                    "règle.",
                ),
            ),
            Mistake(
                "not filtered",
                lambda whole, page_4: whole[page_4],
                Text(
                    "this is page 4 as it was recorded, not filtered.",
                    "c'est la page 4 telle qu'enregistrée, non filtrée.",
                ),
            ),
            Mistake(
                "not cut",
                lambda whole, sfreq: _filtered(whole, sfreq, 0.5, 35),
                Text(
                    "this is the whole night. Cut page 4 out of it: `[page_4]`.",
                    "c'est toute la nuit. Extrayez-en la page 4 : `[page_4]`.",
                ),
            ),
            Mistake(
                "volts",
                lambda right: right / 1e6,
                Text(
                    "this is in volts. `whole` is in µV already, and µV are asked.",
                    "c'est en volts. `whole` est déjà en µV, et on demande des µV.",
                ),
            ),
        ],
    ),
    Exercise(
        "02-3",
        answer=lambda page, left_eye, right_eye: float(
            np.corrcoef(page(left_eye, 4), page(right_eye, 4))[0, 1]
        ),
        within=0.01,
        hints=[
            Text(
                "It is the cell above, on another page.",
                "C'est la cellule au-dessus, sur une autre page.",
            ),
            Text(
                "`page(left_eye, 4)` and `page(right_eye, 4)` are the two signals.",
                "`page(left_eye, 4)` et `page(right_eye, 4)` sont les deux signaux.",
            ),
            Text(
                "`np.corrcoef(first, second)[0, 1]`, with the two signals in their places.",
                "`np.corrcoef(premier, second)[0, 1]`, avec les deux signaux à leur place.",
            ),
        ],
        mistakes=[
            Mistake(
                "wrong page",
                lambda page, left_eye, right_eye: float(
                    np.corrcoef(page(left_eye, 1), page(right_eye, 1))[0, 1]
                ),
                Text(
                    "this is page 1, the REM sleep. Page 4 is the deep sleep.",
                    "c'est la page 1, le sommeil paradoxal. La page 4 est le sommeil profond.",
                ),
            ),
            Mistake(
                "the whole table",
                lambda page, left_eye, right_eye: np.corrcoef(page(left_eye, 4), page(right_eye, 4)),
                Text(
                    "this is the table of four numbers. `[0, 1]` takes the one that compares the two.",
                    "c'est la table de quatre nombres. `[0, 1]` prend celui qui compare les deux.",
                ),
            ),
            Mistake(
                "an eye with itself",
                lambda: 1.0,
                Text(
                    "a signal was compared with itself, which always gives 1: `[0, 0]` for `[0, 1]`, or "
                    "twice the "
                    "same eye.",
                    "un signal a été comparé à lui-même, ce qui donne toujours 1 : `[0, 0]` pour `[0, 1]`, "
                    "ou deux "
                    "fois le même œil.",
                ),
            ),
            Mistake(
                "sign turned",
                lambda right: -right,
                Text(
                    "the sign is the wrong way round. On page 4, do the two lines go together or apart?",
                    "le signe est inversé. Sur la page 4, les deux lignes vont-elles ensemble ou en sens "
                    "contraire ?",
                ),
                _draw_together,
            ),
            Mistake(
                "the brain for an eye",
                lambda page, left_eye, brain: float(np.corrcoef(page(left_eye, 4), page(brain, 4))[0, 1]),
                Text(
                    "the brain was compared with an eye. The question is about the two eyes.",
                    "le cerveau a été comparé à un œil. La question porte sur les deux yeux.",
                ),
            ),
            Mistake(
                "squared",
                lambda right: right**2,
                Text(
                    "this is the square of the correlation. The correlation itself is asked, with its sign.",
                    "c'est le carré de la corrélation. On demande la corrélation elle-même, avec son signe.",
                ),
            ),
        ],
    ),
    Exercise(
        "02-4",
        answer=lambda page, sfreq: _rate_bpm(page("ECG", 3), sfreq),
        within=2.0,
        hints=[
            Text(
                "How did the lesson find the R peaks of page 1? Which two numbers decide what is a peak?",
                "Comment la leçon a-t-elle trouvé les pics R de la page 1 ? Quels sont les deux nombres "
                "qui décident de ce qui est un pic ?",
            ),
            Text(
                "`np.diff(peaks)` gives the steps from peak to peak, counted in numbers; divide by `sfreq` "
                "for seconds.",
                "`np.diff(peaks)` donne les pas d'un pic à l'autre, en nombre de points ; divisez par "
                "`sfreq` pour des "
                "secondes.",
            ),
            Text(
                "A beat every x seconds is 60 / x beats per minute; the median of the steps forgives one "
                "wrong peak.",
                "Un battement toutes les x secondes fait 60 / x battements par minute ; la médiane des pas "
                "pardonne un "
                "faux pic.",
            ),
        ],
        mistakes=[
            Mistake(
                "samples for seconds",
                lambda right, sfreq: right / sfreq,
                Text(
                    "the steps from peak to peak are counted in numbers of the signal, not in seconds. "
                    "Divide them by "
                    "`sfreq`.",
                    "les pas d'un pic à l'autre sont comptés en points du signal, pas en secondes. "
                    "Divisez-les par "
                    "`sfreq`.",
                ),
            ),
            Mistake(
                "beats per page",
                lambda page, sfreq: _count_bpm(page("ECG", 3), sfreq, 1),
                Text(
                    "this is the number of beats on the page. A page lasts half a minute.",
                    "c'est le nombre de battements sur la page. Une page dure une demi-minute.",
                ),
            ),
            Mistake(
                "beats per second",
                lambda right: right / 60,
                Text(
                    "these are beats per second. A minute has 60.",
                    "ce sont des battements par seconde. Une minute en a 60.",
                ),
            ),
            Mistake(
                "the time between beats",
                lambda right: 60 / right,
                Text(
                    "this is the time from beat to beat in seconds. How many such times fit into a minute?",
                    "c'est le temps d'un battement à l'autre, en secondes. Combien de ces temps tiennent "
                    "dans une minute ?",
                ),
            ),
            Mistake(
                "t waves counted",
                lambda right: 2 * right,
                Text(
                    "the heart beats twice as often as it should: the T wave behind each beat is counted. "
                    "Raise "
                    "`height`, and look at the peaks in a picture.",
                    "le cœur bat deux fois trop souvent : l'onde T derrière chaque battement est comptée. "
                    "Augmentez "
                    "`height`, et regardez les pics sur une image.",
                ),
            ),
            Mistake(
                "wrong page",
                lambda page, sfreq: _rate_bpm(page("ECG", 1), sfreq),
                Text(
                    "this is page 1, as in the example. Page 3 is asked.",
                    "c'est la page 1, comme dans l'exemple. On demande la page 3.",
                ),
            ),
        ],
    ),
]
