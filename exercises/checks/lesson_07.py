"""Checks of lesson 07: how good is good."""

from collections import Counter
from itertools import combinations

from sleeplab.exercises import Exercise, Mistake, Text
from sleeplab.exercises.mistakes import SHARE_FOR_PERCENT


def _kappa(one, other):
    """Cohen's kappa of two lists of stages, by counting."""
    pairs = [(a, b) for a, b in zip(one, other, strict=True) if not {a, b} & {"UNS", "ART"}]
    same = sum(a == b for a, b in pairs) / len(pairs)
    left, right = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    chance = sum(left[stage] * right[stage] for stage in left) / len(pairs) ** 2
    return (same - chance) / (1 - chance)


def _mean(values):
    values = list(values)
    return sum(values) / len(values)


def _most_votes(table):
    """Votes of the most frequent stage, epoch by epoch."""
    return [Counter(said).most_common(1)[0][1] for said in zip(*table, strict=True)]


EXERCISES = [
    Exercise(
        "07-1",
        answer=lambda first, second: _kappa(first.hypno, second.hypno),
        within=0.001,
        hints=[
            Text(
                "What was earned, and what could have been earned? Both begin where chance ends.",
                "Qu'a-t-on gagné, et que pouvait-on gagner ? Les deux commencent où finit le hasard.",
            ),
            Text(
                "Earned: `observed - chance`. Possible: `1 - chance`.",
                "Gagné : `observed - chance`. Possible : `1 - chance`.",
            ),
            Text("`(observed - chance) / (…)`", "Écrivez `(observed - chance) / (…)`"),
        ],
        mistakes=[
            Mistake(
                "brackets",
                lambda observed, chance: observed - chance / (1 - chance),
                Text(
                    "the brackets around `observed - chance` are missing: Python divides first.",
                    "il manque les parenthèses autour de `observed - chance` : Python divise d'abord.",
                ),
            ),
            Mistake(
                "not divided",
                lambda observed, chance: observed - chance,
                Text(
                    "chance was taken away, but not divided by what was possible, `1 - chance`.",
                    "le hasard est retiré, mais sans diviser par ce qui était possible, `1 - chance`.",
                ),
            ),
            Mistake(
                "accuracy",
                lambda observed: observed,
                Text(
                    "this is the accuracy. Take chance away.",
                    "c'est l'exactitude (accuracy). Retirez le hasard.",
                ),
            ),
            Mistake(
                "divided by chance",
                lambda observed, chance: (observed - chance) / chance,
                Text(
                    "divided by `chance`. Divide by what chance leaves: `1 - chance`.",
                    "divisé par `chance`. Divisez par ce que le hasard laisse : `1 - chance`.",
                ),
            ),
            Mistake(
                "percent",
                lambda right: 100 * right,
                Text(
                    "kappa is not in percent: it goes up to 1.",
                    "kappa n'est pas en pour cent : il va jusqu'à 1.",
                ),
            ),
        ],
    ),
    Exercise(
        "07-2",
        answer=lambda first, second: (
            100
            * sum(a == "N1" and b == "N2" for a, b in zip(first.hypno, second.hypno, strict=True))
            / sum(
                a == "N1" and b not in ("UNS", "ART") for a, b in zip(first.hypno, second.hypno, strict=True)
            )
        ),
        within=0.1,
        hints=[
            Text(
                "100 % are the epochs that A calls N1. Is that a row or a column?",
                "100 % sont les époques que A appelle N1. Est-ce une ligne ou une colonne ?",
            ),
            Text(
                '`of_n1 = result.confusion.loc["N1"]` is the row; `of_n1["N2"]` one number in it.',
                '`of_n1 = result.confusion.loc["N1"]` est la ligne ; `of_n1["N2"]` un nombre dedans.',
            ),
            Text('`100 * of_n1["N2"] / of_n1.…()`', 'Écrivez `100 * of_n1["N2"] / of_n1.…()`'),
        ],
        mistakes=[
            Mistake(
                "column for row",
                lambda result: 100 * result.confusion.loc["N2", "N1"] / result.confusion["N1"].sum(),
                Text(
                    "the two people are swapped: this is what B calls N1 and A calls N2.",
                    "les deux personnes sont inversées : c'est ce que B appelle N1 et que A appelle N2.",
                ),
            ),
            Mistake(
                "of all n2",
                lambda result: 100 * result.confusion.loc["N1", "N2"] / result.confusion["N2"].sum(),
                Text(
                    "this is in percent of what B calls N2. 100 % are the N1 of A.",
                    "c'est en pour cent de ce que B appelle N2. 100 % sont les N1 de A.",
                ),
            ),
            Mistake(
                "still n1",
                lambda result: 100 * result.confusion.loc["N1", "N1"] / result.confusion.loc["N1"].sum(),
                Text(
                    "this is what both call N1. Asked is what B calls N2.",
                    "c'est ce que les deux appellent N1. On demande ce que B appelle N2.",
                ),
            ),
            Mistake(
                "a number of epochs",
                lambda result: int(result.confusion.loc["N1", "N2"]),
                Text(
                    "this is a number of epochs. Divide by all N1 of A, times 100.",
                    "c'est un nombre d'époques. Divisez par tous les N1 de A, fois 100.",
                ),
            ),
            SHARE_FOR_PERCENT,
        ],
    ),
    Exercise(
        "07-3",
        answer=lambda scorers: _mean(_kappa(a.hypno, b.hypno) for a, b in combinations(scorers, 2)),
        within=0.001,
        hints=[
            Text(
                "How do you get the kappa of one pair? And how often do you need it?",
                "Comment obtenir le kappa d'une paire ? Et combien de fois vous le faut-il ?",
            ),
            Text(
                "A list of ten: `[sleeplab.compare_scorings(a, b).kappa for a, b in pairs]`.",
                "Une liste de dix : `[sleeplab.compare_scorings(a, b).kappa for a, b in pairs]`.",
            ),
            Text("Then `np.mean(…)` of this list.", "Puis `np.mean(…)` de cette liste."),
        ],
        mistakes=[
            Mistake(
                "the sum",
                lambda right: right * 10,
                Text("this is the sum of the ten. Divide by 10.", "c'est la somme des dix. Divisez par 10."),
            ),
            Mistake(
                "accuracy for kappa",
                lambda table: _mean((a == b).mean() for a, b in combinations(table, 2)),
                Text(
                    "this is the mean accuracy. Take `.kappa`.",
                    "c'est l'exactitude moyenne (accuracy). Prenez `.kappa`.",
                ),
            ),
            Mistake(
                "one pair",
                lambda first, second: _kappa(first.hypno, second.hypno),
                Text(
                    "this is one pair, A and B. There are ten.",
                    "c'est une seule paire, A et B. Il y en a dix.",
                ),
            ),
            Mistake(
                "with themselves",
                lambda scorers: _mean(_kappa(a.hypno, b.hypno) for a in scorers for b in scorers),
                Text(
                    "the people were compared with themselves, too, which always gives 1. Take `pairs`.",
                    "les personnes ont aussi été comparées à elles-mêmes, ce qui donne toujours "
                    "1. Prenez `pairs`.",
                ),
            ),
            Mistake(
                "only the neighbours of a",
                lambda scorers: _mean(_kappa(scorers[0].hypno, b.hypno) for b in scorers[1:]),
                Text(
                    "these are the four pairs with scorer A. Those without A are missing.",
                    "ce sont les quatre paires avec A. Il manque celles sans A.",
                ),
            ),
        ],
    ),
    Exercise(
        "07-4",
        answer=lambda table: sum(votes < 3 for votes in _most_votes(table)),
        hints=[
            Text(
                "For one epoch: how many votes has its most frequent stage? When is that no majority?",
                "Pour une époque : combien de voix a son stade le plus fréquent ? Quand "
                "n'est-ce pas une majorité ?",
            ),
            Text(
                "In `for said in zip(*table):` count each stage: `max(list(said).count(stage) "
                "for stage in said)`.",
                "Dans `for said in zip(*table):` comptez chaque stade : "
                "`max(list(said).count(stage) for stage in said)`.",
            ),
            Text(
                "Put these numbers in a list `most`; then `sum(votes < … for votes in most)`.",
                "Mettez ces nombres dans une liste `most` ; puis `sum(votes < … for votes in most)`.",
            ),
        ],
        mistakes=[
            Mistake(
                "not unanimous",
                lambda table: sum(votes < 5 for votes in _most_votes(table)),
                Text(
                    "these are the epochs on which not all five agree. A majority is three of five.",
                    "ce sont les époques où les cinq ne sont pas tous d'accord. Une majorité, "
                    "c'est trois sur cinq.",
                ),
            ),
            Mistake(
                "at most three",
                lambda table: sum(votes <= 3 for votes in _most_votes(table)),
                Text(
                    "three of five are a majority already: they are counted here. Take `< 3`.",
                    "trois sur cinq font déjà une majorité : elles sont comptées ici. Prenez `< 3`.",
                ),
            ),
            Mistake(
                "with a majority",
                lambda table: sum(votes >= 3 for votes in _most_votes(table)),
                Text(
                    "these are the epochs **with** a majority.", "ce sont les époques **avec** une majorité."
                ),
            ),
            Mistake(
                "minutes for epochs",
                lambda right: right / 2,
                Text("these are minutes. Epochs are asked.", "ce sont des minutes. On demande des époques."),
            ),
        ],
    ),
]
