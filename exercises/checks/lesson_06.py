"""Checks of lesson 06: what a machine would score."""

from sleeplab.exercises import Exercise, Mistake, Text
from sleeplab.exercises.mistakes import EPOCHS_FOR_MINUTES, SHARE_FOR_PERCENT


def _percent(mask):
    return 100 * sum(bool(value) for value in mask) / max(len(mask), 1)


def _wrong(ours, theirs, second, *, differ):
    """Whether the machine is wrong, in the epochs in which the second derivation differs (or not)."""
    pairs = zip(ours, theirs, second.hypno, strict=True)
    return [mine != truth for mine, truth, other in pairs if (mine != other) == differ]


def _reviewed(calibrated, theirs, places):
    """Percent that agrees when these epochs are taken from the human."""
    places = {int(place) for place in places}
    said = enumerate(zip(calibrated.hypno, theirs, strict=True))
    return _percent([n in places or machine == human for n, (machine, human) in said])


EXERCISES = [
    Exercise(
        "06-1",
        answer=lambda machine, expert: _percent(
            [a == b for a, b in zip(machine.hypno, expert.hypno, strict=True)]
        ),
        within=0.1,
        hints=[
            Text(
                "`ours == theirs` gives `True` or `False` for each epoch. What is the mean of that?",
                "`ours == theirs` donne `True` ou `False` pour chaque époque. Qu'en est la moyenne ?",
            ),
            Text(
                "The mean of `True` (1) and `False` (0) is the share of `True`.",
                "La moyenne de `True` (1) et `False` (0) est la part de `True`.",
            ),
            Text("`100 * (ours == …).mean()`", "Écrivez `100 * (ours == …).mean()`"),
        ],
        mistakes=[
            SHARE_FOR_PERCENT,
            Mistake(
                "disagreement",
                lambda right: 100 - right,
                Text(
                    "these are the epochs that differ (`!=`). Take `==`.",
                    "ce sont les époques qui diffèrent (`!=`). Prenez `==`.",
                ),
            ),
            Mistake(
                "a number of epochs",
                lambda ours, theirs: int((ours == theirs).sum()),
                Text(
                    "this is the number of epochs. Percent of all are asked: `.mean()` in the "
                    "place of `.sum()`.",
                    "c'est le nombre d'époques. On demande le pourcentage : `.mean()` au lieu de `.sum()`.",
                ),
            ),
            Mistake(
                "confidence for accuracy",
                lambda machine: 100 * machine.proba.max(axis=1).mean(),
                Text(
                    "this is the mean confidence: what the machine believes. Compare its stages "
                    "with the scoring.",
                    "c'est la confiance moyenne : ce que croit la machine. Comparez ses stades "
                    "avec le scorage.",
                ),
            ),
        ],
    ),
    Exercise(
        "06-2",
        answer=lambda ours, theirs: (
            sum(t == "N3" and o != "N3" for o, t in zip(ours, theirs, strict=True)) / 2
        ),
        within=0.1,
        hints=[
            Text(
                "Rows are the scoring. Which row holds the deep sleep, and which number in it is right?",
                "Les lignes sont le scorage. Quelle ligne contient le sommeil profond, et quel "
                "nombre y est juste ?",
            ),
            Text(
                '`deep = agreement.confusion.loc["N3"]`; `deep.sum()` is all of it, '
                '`deep["N3"]` what was found.',
                '`deep = agreement.confusion.loc["N3"]` ; `deep.sum()` est le tout, '
                '`deep["N3"]` ce qui a été trouvé.',
            ),
            Text(
                "All minus found, and two epochs are a minute: `(deep.sum() - …) / 2`.",
                "Le tout moins le trouvé, et deux époques font une minute : `(deep.sum() - …) / 2`.",
            ),
        ],
        mistakes=[
            EPOCHS_FOR_MINUTES,
            Mistake(
                "what was found",
                lambda agreement: agreement.confusion.loc["N3", "N3"] / 2,
                Text("this is the N3 that was found.", "c'est le N3 qui a été trouvé."),
            ),
            Mistake(
                "column for row",
                lambda agreement: (agreement.confusion["N3"].sum() - agreement.confusion.loc["N3", "N3"]) / 2,
                Text(
                    "this is the column: what YASA called N3 although it was not. The row of "
                    "the scoring is `.loc`.",
                    "c'est la colonne : ce que YASA a appelé N3 à tort. La ligne du scorage se "
                    "prend avec `.loc`.",
                ),
            ),
            Mistake(
                "all n3",
                lambda agreement: agreement.confusion.loc["N3"].sum() / 2,
                Text(
                    "this is all N3 of the scoring. Take away what was found.",
                    "c'est tout le N3 du scorage. Retirez ce qui a été trouvé.",
                ),
            ),
        ],
    ),
    Exercise(
        "06-3",
        answer=lambda ours, theirs, second: _percent(_wrong(ours, theirs, second, differ=True)),
        within=0.1,
        hints=[
            Text(
                "There are two questions about each epoch: do the two machines differ? Is the "
                "first one wrong?",
                "Deux questions par époque : les deux machines diffèrent-elles ? La première a-t-elle tort ?",
            ),
            Text(
                "`differ = second.hypno.to_numpy() != ours` is the mask; `ours != theirs` is wrong.",
                "`differ = second.hypno.to_numpy() != ours` est le masque ; `ours != theirs` veut dire faux.",
            ),
            Text(
                "`100 * (ours != theirs)[differ].…()`",
                "Écrivez `100 * (ours != theirs)[differ].…()`",
            ),
        ],
        mistakes=[
            Mistake(
                "where they agree",
                lambda ours, theirs, second: _percent(_wrong(ours, theirs, second, differ=False)),
                Text(
                    "these are the epochs in which the two machines agree: the mask is turned round.",
                    "ce sont les époques où les deux machines sont d'accord : le masque est inversé.",
                ),
            ),
            Mistake(
                "right for wrong",
                lambda right: 100 - right,
                Text(
                    "this is how often it is right there.", "c'est la fréquence à laquelle elle a raison, là."
                ),
            ),
            Mistake(
                "of all epochs",
                lambda ours, theirs, second: 100 * sum(_wrong(ours, theirs, second, differ=True)) / len(ours),
                Text(
                    "this is in percent of the whole night. 100 % are only the epochs in which they differ.",
                    "c'est en pour cent de toute la nuit. 100 % ne sont que les époques où elles diffèrent.",
                ),
            ),
            Mistake(
                "how often they differ",
                lambda ours, second: 100 * (second.hypno.to_numpy() != ours).mean(),
                Text(
                    "this is how often the two differ. The question is how often the first one "
                    "is wrong there.",
                    "c'est la fréquence du désaccord. La question : combien de fois la première "
                    "a-t-elle tort, là ?",
                ),
            ),
            Mistake(
                "the other way round",
                lambda ours, theirs, second: (
                    100 * sum(_wrong(ours, theirs, second, differ=True)) / (ours != theirs).sum()
                ),
                Text(
                    "this is the share of the errors that lie where they differ. Asked is the "
                    "share of such epochs that are "
                    "errors.",
                    "c'est la part des erreurs situées là où elles diffèrent. On demande la "
                    "part de ces époques qui sont des "
                    "erreurs.",
                ),
            ),
        ],
    ),
    Exercise(
        "06-4",
        answer=lambda calibrated, theirs, asked: _reviewed(calibrated, theirs, asked),
        within=0.05,
        hints=[
            Text(
                "After the review some epochs come from the human, the others from the machine. "
                "Can you build this list?",
                "Après la relecture, certaines époques viennent de l'humain, les autres de la "
                "machine. Pouvez-vous "
                "construire cette liste ?",
            ),
            Text(
                "Start with a copy: `reviewed = calibrated.hypno.to_numpy().copy()`. Then write "
                "into the places `asked`.",
                "Partez d'une copie : `reviewed = calibrated.hypno.to_numpy().copy()`. Puis "
                "écrivez aux rangs `asked`.",
            ),
            Text(
                "`reviewed[asked] = theirs[asked]`, then the percent as in 06-1.",
                "`reviewed[asked] = theirs[asked]`, puis le pourcentage comme en 06-1.",
            ),
        ],
        mistakes=[
            Mistake(
                "nobody asked",
                lambda calibrated, theirs: _reviewed(calibrated, theirs, []),
                Text(
                    "this is before the review: nothing from the human is in it yet.",
                    "c'est avant la relecture : rien de l'humain n'y est encore.",
                ),
            ),
            Mistake(
                "the surest tenth",
                lambda calibrated, theirs, sure, n_asked: _reviewed(
                    calibrated, theirs, sure.argsort(kind="stable")[::-1][:n_asked]
                ),
                Text(
                    "the human was asked for the epochs of which the machine is **most** sure. "
                    "There is little to mend there.",
                    "on a interrogé l'humain sur les époques dont la machine est la **plus** "
                    "sûre. Il y a peu à corriger là.",
                ),
            ),
            SHARE_FOR_PERCENT,
            Mistake(
                "the rest alone",
                lambda calibrated, theirs, asked: _percent(
                    [
                        machine == human
                        for n, (machine, human) in enumerate(zip(calibrated.hypno, theirs, strict=True))
                        if n not in set(asked.tolist())
                    ]
                ),
                Text(
                    "the asked epochs were left out. They belong to the night: now they are right.",
                    "les époques relues ont été retirées. Elles font partie de la nuit : elles "
                    "sont justes maintenant.",
                ),
            ),
        ],
    ),
]
