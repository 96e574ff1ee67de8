"""Checks of lesson 00: what does a sleep laboratory do all night."""

from functools import cache

from sleeplab.exercises import Exercise, Mistake, Text
from sleeplab.exercises.mistakes import EPOCHS_FOR_MINUTES


@cache
def _deep_min(seed, age):
    import sleeplab

    return float((sleeplab.simulate_night(seed=seed, age=age).hypnogram.hypno == "N3").sum() / 2)


EXERCISES = [
    Exercise(
        "00-1",
        answer=lambda hypnogram: int((hypnogram.hypno == "N3").sum()),
        hints=[
            Text(
                "One page is one epoch. So you only have to count the epochs that are N3.",
                "Une page est une époque. Il suffit donc de compter les époques qui sont N3.",
            ),
            Text(
                'The text above counts WAKE: `(hypnogram.hypno == "WAKE").sum()`.',
                'Le texte au-dessus compte WAKE : `(hypnogram.hypno == "WAKE").sum()`.',
            ),
            Text(
                "Copy that formula behind `n_deep =` and put N3 in the place of WAKE.",
                "Copiez cette formule derrière `n_deep =` et mettez N3 à la place de WAKE.",
            ),
        ],
        mistakes=[
            Mistake(
                "minutes",
                lambda right: right / 2,
                Text(
                    "these are the minutes of N3. The question is about pages, and a minute has two of them.",
                    "ce sont les minutes de N3. La question porte sur les pages, et une minute en a deux.",
                ),
            ),
            Mistake(
                "all pages",
                lambda hypnogram: len(hypnogram.hypno),
                Text(
                    "these are all pages of the night. Count only those whose stage is N3.",
                    "ce sont toutes les pages de la nuit. Comptez seulement celles dont le stade est N3.",
                ),
            ),
            Mistake(
                "wake",
                lambda hypnogram: int((hypnogram.hypno == "WAKE").sum()),
                Text(
                    "these are the pages of WAKE, as in the example. Replace the name of the stage.",
                    "ce sont les pages de WAKE, comme dans l'exemple. Remplacez le nom du stade.",
                ),
            ),
            Mistake(
                "n2 and n3",
                lambda hypnogram: int(hypnogram.hypno.isin(["N2", "N3"]).sum()),
                Text(
                    "these are N2 and N3 together. Deep sleep is N3 alone.",
                    "c'est N2 et N3 ensemble. Le sommeil profond est N3 seul.",
                ),
            ),
            Mistake(
                "a yes or no for each page",
                lambda hypnogram: (hypnogram.hypno == "N3").to_list(),
                Text(
                    "this is a `True` or `False` for each page. `.sum()` counts the `True`.",
                    "c'est un `True` ou `False` pour chaque page. `.sum()` compte les `True`.",
                ),
            ),
        ],
    ),
    Exercise(
        "00-2",
        answer=lambda seed: _deep_min(seed, 75),
        within=0.1,
        hints=[
            Text(
                "You need a second night: the same seed, another age.",
                "Il vous faut une deuxième nuit : le même « seed », un autre âge.",
            ),
            Text(
                "`older = sleeplab.simulate_night(seed=seed, age=75)`, then count as in exercise 00-1.",
                "`older = sleeplab.simulate_night(seed=seed, age=75)`, puis comptez comme à l'exercice 00-1.",
            ),
            Text(
                "`older.hypnogram.hypno` is its list of stages. Two epochs are a minute: divide by 2.",
                "`older.hypnogram.hypno` est la liste de ses stades. Deux époques font une minute : "
                "divisez par 2.",
            ),
        ],
        mistakes=[
            EPOCHS_FOR_MINUTES,
            Mistake(
                "the first person",
                lambda hypnogram: float((hypnogram.hypno == "N3").sum() / 2),
                Text(
                    "this is the N3 of the first person. Count in the new night, `older.hypnogram.hypno`.",
                    "c'est le N3 de la première personne. Comptez dans la nouvelle nuit, "
                    "`older.hypnogram.hypno`.",
                ),
            ),
            Mistake(
                "epochs of the first person",
                lambda hypnogram: float((hypnogram.hypno == "N3").sum()),
                Text(
                    "these are epochs, and those of the first person. Count in the new night, and divide "
                    "by 2.",
                    "ce sont des époques, et celles de la première personne. Comptez dans la nouvelle "
                    "nuit, et "
                    "divisez par 2.",
                ),
            ),
            Mistake(
                "the difference",
                lambda hypnogram, right: right - float((hypnogram.hypno == "N3").sum() / 2),
                Text(
                    "this is the difference between the two persons. The minutes at 75 years are asked.",
                    "c'est la différence entre les deux personnes. On demande les minutes à 75 ans.",
                ),
            ),
        ],
    ),
]
