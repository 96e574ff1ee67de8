"""Checks of lesson 08: the same spindles as two experts."""

import numpy as np

from sleeplab.exercises import Exercise, Mistake, Text
from sleeplab.exercises.mistakes import SHARE_FOR_PERCENT


def _iou(a0, a1, b0, b1):
    shared = max(0.0, min(a1, b1) - max(a0, b0))
    return shared / (a1 - a0 + b1 - b0 - shared)


def _pairs(rng):
    """Draw marks that overlap, that touch in part, that lie in each other, and that do not meet."""
    fixed = [(10.0, 11.2, 10.4, 11.4), (1.0, 2.0, 5.0, 6.0), (6.0, 7.5, 2.0, 3.0), (0.0, 2.0, 0.5, 1.0)]
    begins = rng.uniform(0, 2, (20, 2))
    lengths = rng.uniform(0.5, 2, (20, 2))
    drawn = zip(begins, begins + lengths, strict=True)
    return fixed + [(float(b[0]), float(e[0]), float(b[1]), float(e[1])) for b, e in drawn]


def _matched(found, truth, least=0.2):
    """Count pairs that overlap enough, each mark once, by an assignment of its own."""
    from scipy.optimize import linear_sum_assignment

    enough = np.array([[_iou(*a, *b) >= least for b in truth] for a in found], dtype=float)
    rows, columns = linear_sum_assignment(enough, maximize=True)
    return int(enough[rows, columns].sum())


def _f1(found, truth):
    return 2 * _matched(found, truth) / (len(found) + len(truth))


def _equal_begins(machine, one, sfreq):
    """F1 of the default method: the beginnings, in samples, must be equal."""
    begins = [{round(begin * sfreq) for begin in marks[:, 0]} for marks in (machine, one)]
    return 2 * len(begins[0] & begins[1]) / (len(machine) + len(one))


def _in_stage(found, stages, code, name):
    return float((found["Stage"] == code).sum() / (stages.count(name) / 2))


def _missed(machine, one, two):
    import yasa

    sure = yasa.compare_detection(one, two, method="intersection")["tp"]
    return len(sure), len(sure) - _matched(machine, sure)


def _draw_two_marks(ax):
    """Draw the two marks of the example: what they share and what they cover."""
    ax.broken_barh([(10.0, 1.2)], (2.1, 0.8), color="#0072B2")
    ax.broken_barh([(10.4, 1.0)], (1.1, 0.8), color="#D55E00")
    ax.broken_barh([(10.4, 0.8)], (0.1, 0.8), color="#9AA5B1")
    ax.set(xlabel="s", yticks=[2.5, 1.5, 0.5], yticklabels=["a", "b", Text("shared", "partagé").said()])


EXERCISES = [
    Exercise(
        "08-1",
        answer=lambda: _iou,
        cases=_pairs,
        within=1e-6,
        hints=[
            Text(
                "What do both marks share? From the later of the two beginnings to the earlier of the two "
                "ends.",
                "Que partagent les deux marques ? Du plus tardif des deux débuts à la plus précoce des "
                "deux fins.",
            ),
            Text(
                "`shared = max(0, min(end_a, end_b) - max(begin_a, begin_b))`. Then divide by what they "
                "cover.",
                "Écrivez `shared = max(0, min(end_a, end_b) - max(begin_a, begin_b))`. Puis divisez par ce "
                "qu'elles couvrent.",
            ),
            Text(
                "Covered: both lengths added, minus `shared`, because the sum counts it twice.",
                "Couvert : les deux longueurs additionnées, moins `shared`, car la somme le compte deux "
                "fois.",
            ),
        ],
        mistakes=[
            Mistake(
                "negative overlap",
                lambda: (
                    lambda a0, a1, b0, b1: (
                        (min(a1, b1) - max(a0, b0)) / (a1 - a0 + b1 - b0 - (min(a1, b1) - max(a0, b0)))
                    )
                ),
                Text(
                    "marks that do not meet get a number below 0. They share nothing: 0. `max(0, …)` does "
                    "it.",
                    "des marques qui ne se touchent pas reçoivent un nombre sous 0. Elles ne partagent "
                    "rien : 0. "
                    "C'est ce que fait `max(0, …)`.",
                ),
            ),
            Mistake(
                "shared counted twice",
                lambda: lambda a0, a1, b0, b1: max(0.0, min(a1, b1) - max(a0, b0)) / (a1 - a0 + b1 - b0),
                Text(
                    "the sum of both lengths counts the shared time twice: two equal marks would get 0.5. "
                    "Take it "
                    "away once.",
                    "la somme des deux longueurs compte deux fois le temps partagé : deux marques égales "
                    "auraient "
                    "0,5. Retirez-le une fois.",
                ),
                _draw_two_marks,
            ),
            Mistake(
                "the seconds shared",
                lambda: lambda a0, a1, b0, b1: max(0.0, min(a1, b1) - max(a0, b0)),
                Text(
                    "these are the seconds that both share. Divide them by the seconds that they cover.",
                    "ce sont les secondes partagées. Divisez-les par les secondes couvertes.",
                ),
            ),
            Mistake(
                "share of the first mark",
                lambda: lambda a0, a1, b0, b1: max(0.0, min(a1, b1) - max(a0, b0)) / (a1 - a0),
                Text(
                    "this is the part of the first mark alone: a short mark within a long one would be "
                    "perfect. Divide "
                    "by what both cover.",
                    "c'est la part de la première marque seule : une marque courte dans une longue serait "
                    "parfaite. "
                    "Divisez par ce que les deux couvrent.",
                ),
            ),
            Mistake(
                "share of the shorter mark",
                lambda: lambda a0, a1, b0, b1: max(0.0, min(a1, b1) - max(a0, b0)) / min(a1 - a0, b1 - b0),
                Text(
                    "this divides by the shorter mark: a short one within a long one would be perfect. "
                    "Divide "
                    "by what both cover.",
                    "ceci divise par la marque la plus courte : une courte dans une longue serait parfaite. "
                    "Divisez par ce que les deux couvrent.",
                ),
            ),
        ],
    ),
    Exercise(
        "08-2",
        answer=lambda machine, one: _f1(machine, one),
        within=0.006,
        hints=[
            Text(
                "Three numbers are enough: the hits, the marks of YASA, the marks of expert 1.",
                "Trois nombres suffisent : les accords, les marques de YASA, les marques de l'expert 1.",
            ),
            Text(
                'The hits: `len(result_1["tp"])`. The marks: `len(machine)` and `len(one)`.',
                'Les accords : `len(result_1["tp"])`. Les marques : `len(machine)` et `len(one)`.',
            ),
            Text(
                "Twice the hits, divided by all marks of both (brackets around the sum).",
                "Deux fois les accords, divisé par toutes les marques des deux (parenthèses autour de la "
                "somme).",
            ),
        ],
        mistakes=[
            Mistake(
                "precision",
                lambda machine, one: _matched(machine, one) / len(machine),
                Text(
                    "this is the precision: hits of what YASA marked. F1 asks for the marks of both.",
                    "c'est la précision : les accords parmi les marques de YASA. Le F1 demande les marques "
                    "des deux.",
                ),
            ),
            Mistake(
                "recall",
                lambda machine, one: _matched(machine, one) / len(one),
                Text(
                    "this is the recall: hits of what expert 1 marked. F1 asks for the marks of both.",
                    "c'est le rappel : les accords parmi les marques de l'expert 1. Le F1 demande les "
                    "marques des deux.",
                ),
            ),
            Mistake(
                "mean of both",
                lambda machine, one: (
                    _matched(machine, one) / len(machine) / 2 + _matched(machine, one) / len(one) / 2
                ),
                Text(
                    "this is the mean of precision and recall. F1 is stricter: it is low when one of them "
                    "is low.",
                    "c'est la moyenne de la précision et du rappel. Le F1 est plus sévère : il est bas dès "
                    "que l'un "
                    "des deux est bas.",
                ),
            ),
            Mistake(
                "hits counted once",
                lambda right: right / 2,
                Text(
                    "a hit is a mark of both, so it counts twice: 2 × hits.",
                    "un accord est une marque des deux, il compte donc deux fois : 2 × accords.",
                ),
            ),
            Mistake(
                "against expert 2",
                lambda machine, two: _f1(machine, two),
                Text(
                    "this is YASA against expert 2. Expert 1 is `one`.",
                    "c'est YASA contre l'expert 2. L'expert 1 est `one`.",
                ),
            ),
            Mistake(
                "the ceiling",
                lambda one, two: _f1(two, one),
                Text(
                    "this is one expert against the other: the human ceiling. Take `machine`.",
                    "c'est un expert contre l'autre : le plafond humain. Prenez `machine`.",
                ),
            ),
            Mistake(
                "equal beginnings",
                _equal_begins,
                Text(
                    'only marks with equal beginnings were counted. `method="intersection"` is missing.',
                    'seules les marques de même début ont été comptées. Il manque `method="intersection"`.',
                ),
            ),
        ],
    ),
    Exercise(
        "08-3",
        answer=lambda signal, sfreq, one: float(
            100 - 100 * np.ptp(one, axis=1).sum() / (len(signal) / sfreq)
        ),
        within=0.06,
        hints=[
            Text(
                "He is wrong exactly while expert 1 has a mark. How long is that, in all?",
                "Il a tort exactement pendant que l'expert 1 a une marque. Combien de temps, en tout ?",
            ),
            Text(
                '`first["duration_s"].sum()` is that time. Which part of `stretch_s` is it?',
                'Ce temps est `first["duration_s"].sum()`. Quelle part de `stretch_s` est-ce ?',
            ),
            Text(
                "100 × (1 − that part).",
                "100 × (1 − cette part).",
            ),
        ],
        mistakes=[
            Mistake(
                "where he is wrong",
                lambda right: 100 - right,
                Text(
                    "this is the percentage in which he is wrong. The rest of the time he is right.",
                    "c'est le pourcentage où il a tort. Le reste du temps il a raison.",
                ),
            ),
            SHARE_FOR_PERCENT,
            Mistake(
                "the number of marks",
                lambda one, signal, sfreq: 100 * (1 - len(one) / (len(signal) / sfreq)),
                Text(
                    "the number of marks was taken, as if each lasted 1 s. Add their durations.",
                    "on a pris le nombre de marques, comme si chacune durait 1 s. Additionnez leurs durées.",
                ),
            ),
            Mistake(
                "samples for seconds",
                lambda one, signal: float(100 * (1 - np.ptp(one, axis=1).sum() / len(signal))),
                Text(
                    "the durations are in seconds, the length was taken in samples. `stretch_s` is in "
                    "seconds.",
                    "les durées sont en secondes, la longueur a été prise en points. `stretch_s` est en "
                    "secondes.",
                ),
            ),
            Mistake(
                "the marks of the machine",
                lambda machine, signal, sfreq: float(
                    100 * (1 - np.ptp(machine, axis=1).sum() / (len(signal) / sfreq))
                ),
                Text(
                    "these are the marks of YASA. Take those of expert 1, `first`.",
                    "ce sont les marques de YASA. Prenez celles de l'expert 1, `first`.",
                ),
            ),
        ],
    ),
    Exercise(
        "08-4",
        answer=lambda found, stages: _in_stage(found, stages, 2, "N2"),
        within=0.006,
        hints=[
            Text(
                "Two numbers: the spindles in N2, the minutes of N2.",
                "Deux nombres : les fuseaux en N2, les minutes de N2.",
            ),
            Text(
                '`(found["Stage"] == 2).sum()` counts the first; `stages.count("N2")` counts epochs.',
                'Pour le premier : `(found["Stage"] == 2).sum()` ; `stages.count("N2")` compte des époques.',
            ),
            Text(
                'An epoch is half a minute: `stages.count("N2") / 2`.',
                'Une époque est une demi-minute : `stages.count("N2") / 2`.',
            ),
        ],
        mistakes=[
            Mistake(
                "per epoch",
                lambda right: right / 2,
                Text(
                    "this is per epoch. Two epochs are a minute.",
                    "c'est par époque. Deux époques font une minute.",
                ),
            ),
            Mistake(
                "all spindles",
                lambda found, stages: len(found) / (stages.count("N2") / 2),
                Text(
                    "all spindles were counted, those of N3 too. Only those with `Stage` 2 lie in N2.",
                    "tous les fuseaux ont été comptés, ceux de N3 aussi. Seuls ceux de `Stage` 2 sont en N2.",
                ),
            ),
            Mistake(
                "per minute of the stretch",
                lambda found, stages: float((found["Stage"] == 2).sum() / (len(stages) / 2)),
                Text(
                    "this is per minute of the whole stretch. Divide by the minutes of N2 only.",
                    "c'est par minute de tout l'extrait. Divisez par les minutes de N2 seulement.",
                ),
            ),
            Mistake(
                "how many",
                lambda found: int((found["Stage"] == 2).sum()),
                Text(
                    "this is how many there are. Divide by the minutes of N2.",
                    "c'est combien il y en a. Divisez par les minutes de N2.",
                ),
            ),
            Mistake(
                "per hour",
                lambda right: right * 60,
                Text("this is per hour. Per minute is asked.", "c'est par heure. On demande par minute."),
            ),
        ],
    ),
    Exercise(
        "08-5",
        answer=lambda machine, one, two: _missed(machine, one, two)[1],
        hints=[
            Text(
                "First the sure spindles, as the text says. They are marks like any others: who has missed "
                "them?",
                "D'abord les fuseaux sûrs, comme dit le texte. Ce sont des marques comme les autres : qui "
                "les a manqués ?",
            ),
            Text(
                "Compare `machine` with the sure ones by `yasa.compare_detection`. Misses are called `fn`.",
                "Comparez `machine` aux fuseaux sûrs par `yasa.compare_detection`. Les manqués s'appellent "
                "`fn`.",
            ),
            Text(
                '`len(yasa.compare_detection(machine, sure, method="intersection")[…])`.',
                'Écrivez `len(yasa.compare_detection(machine, sure, method="intersection")[…])`.',
            ),
        ],
        mistakes=[
            Mistake(
                "found for missed",
                lambda machine, one, two: _missed(machine, one, two)[0] - _missed(machine, one, two)[1],
                Text(
                    "these are the sure spindles that YASA found. Those that it missed are asked (`fn`).",
                    "ce sont les fuseaux sûrs que YASA a trouvés. On demande ceux qu'il a manqués (`fn`).",
                ),
            ),
            Mistake(
                "all sure ones",
                lambda machine, one, two: _missed(machine, one, two)[0],
                Text(
                    "these are all sure spindles. How many of them has YASA missed?",
                    "ce sont tous les fuseaux sûrs. Combien YASA en a-t-il manqué ?",
                ),
            ),
            Mistake(
                "missed of expert 1",
                lambda machine, one: len(one) - _matched(machine, one),
                Text(
                    "these are the misses against all marks of expert 1. Only those that expert 2 has, "
                    "too, are asked.",
                    "ce sont les manqués par rapport à toutes les marques de l'expert 1. On demande "
                    "seulement celles "
                    "que l'expert 2 a aussi.",
                ),
            ),
            Mistake(
                "missed of expert 2",
                lambda machine, two: len(two) - _matched(machine, two),
                Text(
                    "these are the misses against all marks of expert 2. Only those that expert 1 has, "
                    "too, are asked.",
                    "ce sont les manqués par rapport à toutes les marques de l'expert 2. On demande "
                    "seulement celles "
                    "que l'expert 1 a aussi.",
                ),
            ),
            Mistake(
                "false alarms",
                lambda machine, one, two: (
                    len(machine) - _missed(machine, one, two)[0] + _missed(machine, one, two)[1]
                ),
                Text(
                    "these are marks that YASA has alone (`fp`). What it missed is called `fn`.",
                    "ce sont les marques que YASA a seul (`fp`). Ce qu'il a manqué s'appelle `fn`.",
                ),
            ),
        ],
    ),
]
