"""Checks of lesson 09: a night as a table."""

import numpy as np

from sleeplab.exercises import Exercise, Mistake, Text
from sleeplab.exercises.mistakes import SHARE_FOR_PERCENT


def _medians(nights, column="eeg_delta_power_uv2", stage="N2", how=np.median):
    rows = nights if stage is None else nights[nights["stage"] == stage]
    return np.array([how(rows[column][rows["sleeper"] == one]) for one in sorted(set(rows["sleeper"]))])


def _times(values):
    return float(values.max() / values.min())


def _said(table, stages, groups, n_parts, *, cards=False):
    """Return what five nearest neighbours say of each epoch, scaled with the training part only."""
    from sklearn.model_selection import GroupKFold, KFold
    from sklearn.neighbors import KNeighborsClassifier

    x, y, said = np.asarray(table, dtype=float), np.asarray(stages), np.empty(len(table), dtype=object)
    cut = KFold(n_parts, shuffle=True, random_state=0) if cards else GroupKFold(n_parts)
    for known, asked in cut.split(x, y, None if cards else groups):
        middle, spread = x[known].mean(axis=0), x[known].std(axis=0)
        near = KNeighborsClassifier(5).fit((x[known] - middle) / spread, y[known])
        said[asked] = near.predict((x[asked] - middle) / spread)
    return said.astype(str)


def _kappa(table, stages, groups, n_parts, **how):
    from sklearn.metrics import cohen_kappa_score

    return float(
        cohen_kappa_score(np.asarray(stages, dtype=str), _said(table, stages, groups, n_parts, **how))
    )


def _accuracy(table, stages, groups, n_parts, **how):
    return float((_said(table, stages, groups, n_parts, **how) == np.asarray(stages, dtype=str)).mean())


def _by_night(table, sleeper):
    scaled = table.astype(float).copy()
    for one in set(sleeper):
        rows = table[sleeper == one]
        scaled[sleeper == one] = (rows - rows.mean()) / rows.std()
    return scaled


def _n_people(sleeper):
    return len(set(sleeper))


EXERCISES = [
    Exercise(
        "09-1",
        answer=lambda nights: _times(_medians(nights)),
        hints=[
            Text(
                "First a median per sleeper: one number each. Then the largest and the smallest of them.",
                "D'abord une médiane par dormeur : un nombre chacun. Puis la plus grande et la plus petite.",
            ),
            Text(
                '`only_n2.groupby("sleeper")["eeg_delta_power_uv2"].median()`',
                'Écrivez `only_n2.groupby("sleeper")["eeg_delta_power_uv2"].median()`',
            ),
            Text("`medians.max()` divided by …", "`medians.max()` divisé par …"),
        ],
        mistakes=[
            Mistake(
                "all stages",
                lambda nights: _times(_medians(nights, stage=None)),
                Text(
                    "all stages are in it: who had more N3 looks larger. Take `only_n2`.",
                    "tous les stades y sont : qui avait plus de N3 paraît plus grand. Prenez `only_n2`.",
                ),
            ),
            Mistake(
                "mean for median",
                lambda nights: _times(_medians(nights, how=np.mean)),
                Text(
                    "these are means: one movement can make them large. Take `.median()`.",
                    "ce sont des moyennes : un seul mouvement peut les grossir. Prenez `.median()`.",
                ),
            ),
            Mistake(
                "relative power",
                lambda nights: _times(_medians(nights, "eeg_delta_rel")),
                Text(
                    "this is the relative power. The column in µV² is called `eeg_delta_power_uv2`.",
                    "c'est la puissance relative. La colonne en µV² s'appelle `eeg_delta_power_uv2`.",
                ),
            ),
            Mistake(
                "difference",
                lambda nights: float(np.ptp(_medians(nights))),
                Text(
                    "this is the difference in µV². How many **times** larger is asked: divide.",
                    "c'est la différence en µV². On demande combien de **fois** : divisez.",
                ),
            ),
            Mistake(
                "upside down",
                lambda right: 1 / right,
                Text(
                    "this is the smallest divided by the largest. Turn it round.",
                    "c'est la plus petite divisée par la plus grande. Inversez.",
                ),
            ),
            Mistake(
                "single epochs",
                lambda nights: _times(nights.loc[nights["stage"] == "N2", "eeg_delta_power_uv2"].to_numpy()),
                Text(
                    "this compares single epochs. First one median per sleeper, then the largest and the "
                    "smallest.",
                    "ceci compare des époques. D'abord une médiane par dormeur, puis la plus grande et la "
                    "plus petite.",
                ),
            ),
        ],
    ),
    Exercise(
        "09-2",
        answer=lambda X, stages, sleeper: _kappa(X, stages, sleeper, _n_people(sleeper)),  # noqa: N803
        within=0.0006,
        hints=[
            Text(
                "The function `kappa` wants a table, a way to cut, and the groups: who is who.",
                "La fonction `kappa` veut une table, une façon de couper, et les groupes : qui est qui.",
            ),
            Text(
                "The way to cut is `GroupKFold(n_sleepers)`, the groups are `sleeper`.",
                "La façon de couper est `GroupKFold(n_sleepers)`, les groupes sont `sleeper`.",
            ),
            Text("`kappa(X, GroupKFold(…), …)`", "Écrivez `kappa(X, GroupKFold(…), …)`"),
        ],
        mistakes=[
            Mistake(
                "four parts",
                lambda X, stages, sleeper: _kappa(X, stages, sleeper, 4),  # noqa: N803
                Text(
                    "these are four parts, several sleepers hidden at a time. One at a time: as many parts "
                    "as sleepers.",
                    "ce sont quatre parts, plusieurs dormeurs cachés à la fois. Un à la fois : autant de "
                    "parts que de "
                    "dormeurs.",
                ),
            ),
            Mistake(
                "dealt like cards",
                lambda X, stages, sleeper: _kappa(X, stages, sleeper, 4, cards=True),  # noqa: N803
                Text(
                    "the epochs were dealt like cards: each sleeper is in both halves. Use `GroupKFold`.",
                    "les époques ont été distribuées comme des cartes : chaque dormeur est des deux côtés. "
                    "Utilisez "
                    "`GroupKFold`.",
                ),
            ),
            Mistake(
                "more parts, still cards",
                lambda X, stages, sleeper: _kappa(X, stages, sleeper, _n_people(sleeper), cards=True),  # noqa: N803
                Text(
                    "there are enough parts, but `KFold` does not know who is who. Use `GroupKFold` and "
                    "`sleeper`.",
                    "il y a assez de parts, mais `KFold` ne sait pas qui est qui. Utilisez `GroupKFold` et "
                    "`sleeper`.",
                ),
            ),
            Mistake(
                "accuracy",
                lambda X, stages, sleeper: _accuracy(X, stages, sleeper, _n_people(sleeper)),  # noqa: N803
                Text(
                    "this is the accuracy. Kappa takes away what chance alone would give.",
                    "c'est l'exactitude. Le kappa retire ce que le hasard seul donnerait.",
                ),
            ),
            Mistake(
                "the smoothed table",
                lambda smooth, stages, sleeper: _kappa(smooth, stages, sleeper, _n_people(sleeper)),
                Text(
                    "this is the table of means over 7.5 minutes. Take `X`.",
                    "c'est la table des moyennes sur 7,5 minutes. Prenez `X`.",
                ),
            ),
        ],
    ),
    Exercise(
        "09-3",
        answer=lambda X, stages, sleeper: _kappa(_by_night(X, sleeper), stages, sleeper, 4),  # noqa: N803
        within=0.0006,
        hints=[
            Text(
                "Make the new table first, like `smooth` in section 4, with another function.",
                "Faites d'abord la nouvelle table, comme `smooth` dans la section 4, avec une autre "
                "fonction.",
            ),
            Text(
                "`X.groupby(sleeper).transform(lambda column: (column - column.mean()) / column.std())`",
                "Écrivez `X.groupby(sleeper).transform(lambda column: (column - column.mean()) / "
                "column.std())`",
            ),
            Text(
                "Then `kappa(…, GroupKFold(4), sleeper)` of that table.",
                "Puis `kappa(…, GroupKFold(4), sleeper)` de cette table.",
            ),
        ],
        mistakes=[
            Mistake(
                "not by night",
                lambda X, stages, sleeper: _kappa(X, stages, sleeper, 4),  # noqa: N803
                Text(
                    "this is the kappa without scaling each night: `groupby(sleeper)` is missing, or `X` "
                    "was given.",
                    "c'est le kappa sans mise à l'échelle par nuit : il manque `groupby(sleeper)`, ou vous "
                    "avez donné "
                    "`X`.",
                ),
            ),
            Mistake(
                "dealt like cards",
                lambda X, stages, sleeper: _kappa(_by_night(X, sleeper), stages, sleeper, 4, cards=True),  # noqa: N803
                Text(
                    "the epochs were dealt like cards: each sleeper is in both halves. Use `GroupKFold(4)`.",
                    "les époques ont été distribuées comme des cartes : chaque dormeur est des deux côtés. "
                    "Utilisez "
                    "`GroupKFold(4)`.",
                ),
            ),
            Mistake(
                "only the mean",
                lambda X, stages, sleeper: _kappa(  # noqa: N803
                    X - X.groupby(sleeper).transform("mean"), stages, sleeper, 4
                ),
                Text(
                    "the mean was taken away, but not divided by the standard deviation. Both are asked.",
                    "la moyenne a été retirée, mais sans diviser par l'écart type. On demande les deux.",
                ),
            ),
            Mistake(
                "accuracy",
                lambda X, stages, sleeper: _accuracy(_by_night(X, sleeper), stages, sleeper, 4),  # noqa: N803
                Text(
                    "this is the accuracy. Kappa takes away what chance alone would give.",
                    "c'est l'exactitude. Le kappa retire ce que le hasard seul donnerait.",
                ),
            ),
            Mistake(
                "by stage",
                lambda X, stages, sleeper: _kappa(_by_night(X, stages), stages, sleeper, 4),  # noqa: N803
                Text(
                    "the columns were scaled within each stage: that needs the answers, and takes away "
                    "what tells the "
                    "stages apart. Group by `sleeper`.",
                    "les colonnes ont été mises à l'échelle dans chaque stade : cela demande les réponses, "
                    "et efface ce "
                    "qui distingue les stades. Groupez par `sleeper`.",
                ),
            ),
        ],
    ),
    Exercise(
        "09-4",
        answer=lambda stages: 100 - 100 * list(stages).count("N1") / len(stages),
        within=0.06,
        hints=[
            Text(
                "He is right in every epoch that is not N1. How many are those?",
                "Il a raison à chaque époque qui n'est pas N1. Combien y en a-t-il ?",
            ),
            Text(
                '`stages != "N1"` is True there. `.mean()` is the share.',
                'Là, `stages != "N1"` vaut True. `.mean()` donne la part.',
            ),
            Text("Times 100: a percentage is asked.", "Fois 100 : on demande un pourcentage."),
        ],
        mistakes=[
            Mistake(
                "the share of N1",
                lambda stages: 100 * list(stages).count("N1") / len(stages),
                Text(
                    "this is where he is wrong: the epochs of N1. The others are asked.",
                    "c'est là qu'il a tort : les époques de N1. On demande les autres.",
                ),
            ),
            SHARE_FOR_PERCENT,
            Mistake(
                "balanced accuracy",
                lambda: 50.0,
                Text(
                    "this is the balanced accuracy: half, for whoever always says the same. The plain "
                    "share of right "
                    "epochs is asked.",
                    "c'est l'exactitude équilibrée : la moitié, pour qui dit toujours la même chose. On "
                    "demande la "
                    "simple part d'époques justes.",
                ),
            ),
            Mistake(
                "the most frequent stage",
                lambda stages: 100 * max(list(stages).count(one) for one in set(stages)) / len(stages),
                Text(
                    "this is a program that always says the most frequent stage. This one answers only: N1 "
                    "or not.",
                    "c'est un programme qui dit toujours le stade le plus fréquent. Celui-ci répond "
                    "seulement : N1 ou non.",
                ),
            ),
            Mistake(
                "how many epochs",
                lambda stages: len(stages) - list(stages).count("N1"),
                Text(
                    "this is the number of epochs. Their percentage is asked.",
                    "c'est le nombre d'époques. On demande leur pourcentage.",
                ),
            ),
        ],
    ),
]
