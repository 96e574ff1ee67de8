"""Checks of lesson 11: does the detector find what it should."""

import numpy as np

from sleeplab.exercises import Exercise, Mistake, Text
from sleeplab.exercises.mistakes import SECONDS_FOR_MINUTES

WANTED = 6  # of the planted epochs


def _limit(table, limits, wanted=WANTED):
    """Find the highest limit that still finds `wanted` planted epochs."""
    scores = sorted(table.loc[table["planted"], "score"], reverse=True)
    return float(max(k for k in limits if k < scores[wanted - 1]))


def _p(score, usual, *, one=1):
    usual = np.asarray(usual, dtype=float)
    return (one + np.count_nonzero(usual >= score)) / (one + len(usual))


def _draw_half(ax, curve):
    ax.step(curve["minutes"], 100 * curve["recall"], where="post", color="#0072B2")
    ax.axhline(50, color="#D55E00", linestyle="--")
    ax.set(
        xlabel=Text("minutes of looking", "minutes de lecture").said(),
        ylabel=Text("seen (%)", "vu (%)").said(),
    )


EXERCISES = [
    Exercise(
        "11-1",
        answer=lambda found, reporting: float(reporting.loc[found, "planted"].mean()),
        hints=[
            Text(
                "Precision asks about what is shown. How many epochs are shown?",
                "La précision porte sur ce qui est montré. Combien d'époques sont montrées ?",
            ),
            Text(
                "`found.sum()` are shown; `hits` of them are right.",
                "On en montre `found.sum()` ; `hits` d'entre elles sont justes.",
            ),
            Text("`hits / …`", "Écrivez `hits / …`"),
        ],
        mistakes=[
            Mistake(
                "recall",
                lambda found, reporting: float(found[reporting["planted"]].mean()),
                Text(
                    "this is the recall: divided by what is there. Divide by what is shown.",
                    "c'est le rappel : divisé par ce qui existe. Divisez par ce qui est montré.",
                ),
            ),
            Mistake(
                "accuracy",
                lambda found, reporting: float((found == reporting["planted"]).mean()),
                Text(
                    "this is the accuracy, which is high for a detector that says nothing. Of what is "
                    "shown, how much "
                    "is right?",
                    "c'est l'exactitude, haute pour un détecteur qui ne dit rien. De ce qui est montré, "
                    "combien est "
                    "juste ?",
                ),
            ),
            Mistake(
                "share of false alarms",
                lambda right: 1 - right,
                Text(
                    "this is the share of false alarms among what is shown: the rest up to 1.",
                    "c'est la part de fausses alarmes dans ce qui est montré : le reste jusqu'à 1.",
                ),
            ),
            Mistake(
                "of all epochs",
                lambda found, reporting: float((found & reporting["planted"]).mean()),
                Text(
                    "the hits were divided by all epochs of the night. Divide by what is shown.",
                    "les succès ont été divisés par toutes les époques de la nuit. Divisez par ce qui "
                    "est montré.",
                ),
            ),
            Mistake(
                "percent",
                lambda right: 100 * right,
                Text(
                    "this is in percent. A number from 0 to 1 is asked.",
                    "c'est en pour cent. On demande un nombre de 0 à 1.",
                ),
            ),
            Mistake(
                "hits against false alarms",
                lambda right: right / (1 - right),
                Text(
                    "the hits were divided by the false alarms. What is shown is both together.",
                    "les succès ont été divisés par les fausses alarmes. Ce qui est montré, ce sont les "
                    "deux ensemble.",
                ),
            ),
        ],
    ),
    Exercise(
        "11-2",
        answer=lambda tuning, limits: _limit(tuning, limits),
        within=0.01,
        hints=[
            Text(
                "On which night may a limit be set? And do the hits become more or fewer when the limit "
                "goes up?",
                "Sur quelle nuit peut-on régler un seuil ? Et les succès augmentent-ils quand le seuil "
                "monte ?",
            ),
            Text(
                'For one limit `k`, the hits are `((tuning["score"] > k) & tuning["planted"]).sum()`.',
                'Pour un seuil `k`, les succès sont `((tuning["score"] > k) & tuning["planted"]).sum()`.',
            ),
            Text(
                "`enough = [k for k in limits if … >= 6]`, then `max(enough)`.",
                "D'abord `enough = [k for k in limits if … >= 6]`, puis `max(enough)`.",
            ),
        ],
        mistakes=[
            Mistake(
                "tuned on the test set",
                lambda reporting, limits: _limit(reporting, limits),
                Text(
                    "the limit was set on the reporting night, the one that shall judge it. Set it on "
                    "`tuning`.",
                    "le seuil a été réglé sur la nuit `reporting`, celle qui doit le juger. Réglez-le "
                    "sur `tuning`.",
                ),
            ),
            Mistake(
                "lowest limit",
                lambda limits: float(min(limits)),
                Text(
                    "this is the lowest limit: it finds all and shows nearly the whole night. The "
                    "highest that still "
                    "finds enough is asked.",
                    "c'est le seuil le plus bas : il trouve tout et montre presque toute la nuit. On "
                    "demande le plus "
                    "haut qui trouve encore assez.",
                ),
            ),
            Mistake(
                "all of them",
                lambda tuning, limits: _limit(tuning, limits, 8),
                Text(
                    "this limit finds all eight. Six are enough: the limit may be higher.",
                    "ce seuil trouve les huit. Six suffisent : le seuil peut être plus haut.",
                ),
            ),
            Mistake(
                "best f1",
                lambda limit: float(limit),
                Text(
                    "this is the limit with the best F1. The physician asks for a recall.",
                    "c'est le seuil du meilleur F1. Le médecin demande un rappel.",
                ),
            ),
            Mistake(
                "one step too high",
                lambda right, limits: float(min(k for k in limits if k > right)),
                Text(
                    "one step too high: this limit finds only five.",
                    "un pas trop haut : ce seuil n'en trouve que cinq.",
                ),
            ),
        ],
    ),
    Exercise(
        "11-3",
        answer=lambda: lambda score, usual: _p(score, usual),
        cases=lambda rng: [
            (5, rng.integers(0, 9, size=30)),
            (2.5, rng.normal(2, 1, size=51)),
            (99.0, rng.exponential(size=20)),
            (3, np.array([1, 2, 3, 3, 4])),
        ],
        within=1e-6,
        hints=[
            Text(
                "How many of the usual scores are at least as high? And who is added to them?",
                "Combien de scores habituels sont au moins aussi hauts ? Et qui leur ajoute-t-on ?",
            ),
            Text(
                "`np.sum(usual >= score)` counts; `len(usual)` is the number of usual scores.",
                "Pour compter : `np.sum(usual >= score)` ; `len(usual)` est le nombre de scores habituels.",
            ),
            Text(
                "`return (1 + …) / (1 + …)`",
                "Écrivez `return (1 + …) / (1 + …)`",
            ),
        ],
        mistakes=[
            Mistake(
                "without the ones",
                lambda: lambda score, usual: _p(score, usual, one=0),
                Text(
                    "the epoch itself is not counted: a p-value of 0 would say 'impossible'. Add 1 above "
                    "and below.",
                    "l'époque elle-même n'est pas comptée : une valeur p de 0 dirait « impossible ». "
                    "Ajoutez 1 en haut "
                    "et en bas.",
                ),
            ),
            Mistake(
                "other end",
                lambda: (
                    lambda score, usual: (1 + np.count_nonzero(np.asarray(usual) <= score)) / (1 + len(usual))
                ),
                Text(
                    "the lower scores are counted: then usual epochs get small p-values. Up is unusual: "
                    "`>=`.",
                    "ce sont les scores plus bas qui sont comptés : alors les époques habituelles ont de "
                    "petites "
                    "valeurs p. Le haut est inhabituel : `>=`.",
                ),
            ),
            Mistake(
                "only higher ones",
                lambda: (
                    lambda score, usual: (1 + np.count_nonzero(np.asarray(usual) > score)) / (1 + len(usual))
                ),
                Text(
                    "equal scores are left out. 'At least as high' is `>=`.",
                    "les scores égaux sont oubliés. « Au moins aussi haut » s'écrit `>=`.",
                ),
            ),
            Mistake(
                "percent",
                lambda: lambda score, usual: 100 * _p(score, usual),
                Text(
                    "this is in percent. A p-value lies between 0 and 1.",
                    "c'est en pour cent. Une valeur p est entre 0 et 1.",
                ),
            ),
            Mistake(
                "one above only",
                lambda: lambda score, usual: (1 + np.count_nonzero(np.asarray(usual) >= score)) / len(usual),
                Text(
                    "the 1 below the line is missing: p could become larger than 1.",
                    "il manque le 1 sous la barre : p pourrait dépasser 1.",
                ),
            ),
            Mistake(
                "a count",
                lambda: lambda score, usual: 1 + np.count_nonzero(np.asarray(usual) >= score),
                Text(
                    "this is a number of epochs. Divide it by how many there are.",
                    "c'est un nombre d'époques. Divisez-le par leur total.",
                ),
            ),
        ],
    ),
    Exercise(
        "11-4",
        answer=lambda curve: float(next(row.minutes for row in curve.itertuples() if row.recall >= 0.5)),
        hints=[
            Text(
                "In `curve` recall only grows. Which row is the first with a half?",
                "Dans `curve`, le rappel ne fait que croître. Quelle ligne est la première à atteindre "
                "la moitié ?",
            ),
            Text(
                '`curve["recall"] >= 0.5` is True for the rows that are good enough.',
                'Les lignes suffisantes sont celles où `curve["recall"] >= 0.5`.',
            ),
            Text(
                '`curve.loc[curve["recall"] >= 0.5, "…"].min()`',
                'Écrivez `curve.loc[curve["recall"] >= 0.5, "…"].min()`',
            ),
        ],
        mistakes=[
            Mistake(
                "leafing",
                lambda leafing: float(leafing.loc[leafing["recall"] >= 0.5, "minutes"].min()),
                Text(
                    "this is the way of leafing from the start. The worklist is asked, `curve`.",
                    "c'est en feuilletant depuis le début. On demande la liste de travail, `curve`.",
                ),
                _draw_half,
            ),
            SECONDS_FOR_MINUTES,
            Mistake(
                "half of the time",
                lambda curve: float(curve["minutes"].max() / 2),
                Text(
                    "this is half of the time that the list takes. Half of the **events** is asked.",
                    "c'est la moitié du temps que prend la liste. On demande la moitié des **événements**.",
                ),
                _draw_half,
            ),
            Mistake(
                "number of items",
                lambda curve: int((curve["recall"] < 0.5).sum()),
                Text(
                    "this is a number of items. After how many minutes?",
                    "c'est un nombre d'éléments. Au bout de combien de minutes ?",
                ),
            ),
            Mistake(
                "one item too early",
                lambda curve: float(curve.loc[curve["recall"] < 0.5, "minutes"].max()),
                Text(
                    "one item too early: there the recall is still below a half.",
                    "un élément trop tôt : le rappel y est encore sous la moitié.",
                ),
            ),
            Mistake(
                "the whole list",
                lambda curve: float(curve["minutes"].max()),
                Text(
                    "this is the time for the whole list.",
                    "c'est le temps pour toute la liste.",
                ),
            ),
        ],
    ),
]
