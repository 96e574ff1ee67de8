"""Checks of lesson 12: what the technician gets."""

from sleeplab.exercises import Exercise, Mistake, Text
from sleeplab.exercises.mistakes import SECONDS_FOR_MINUTES


def _plan(ledger, minutes, prices=None):
    from sleeplab.review import PRICES, plan_review

    return plan_review(ledger, minutes=minutes, prices=prices or PRICES)


def _total_min(full, kind, review_s):
    """Minutes for all findings when one kind has another price."""
    from sleeplab.review import PRICES

    return sum(review_s if name == kind else PRICES[name].review_s for name in full["kind"]) / 60


def _seen_s(items, total_s):
    """Count the whole seconds that at least one item covers."""
    seconds = set()
    for onset, length in zip(items["onset_s"], items["duration_s"], strict=True):
        seconds.update(range(int(onset), int(onset + length)))
    return sum(second < total_s for second in seconds)


def _draw_cover(ax, full_worklist, night):
    """Draw the items under each other: where they overlap, a minute counts once."""
    for row, item in enumerate(full_worklist.itertuples()):
        ax.barh(row, item.duration_s / 60, left=item.onset_s / 60, color="#0072B2")
    ax.set(
        xlim=(0, night.duration / 60),
        xlabel=Text("minutes from the start", "minutes depuis le début").said(),
        ylabel=Text("item", "élément").said(),
    )
    ax.invert_yaxis()


EXERCISES = [
    Exercise(
        "12-1",
        answer=lambda ledger, minutes: len(ledger) - len(_plan(ledger, minutes / 2)),
        hints=[
            Text(
                "How many findings does the ledger hold, and how many the short worklist?",
                "Combien d'observations contient le registre, et combien la liste courte ?",
            ),
            Text(
                "`len(table)` is the number of its rows.", "Le nombre de lignes d'une table est `len(table)`."
            ),
            Text("`len(ledger) - len(…)`", "Écrivez `len(ledger) - len(…)`"),
        ],
        mistakes=[
            Mistake(
                "what is on the list",
                lambda ledger, minutes: len(_plan(ledger, minutes / 2)),
                Text(
                    "these are the findings **on** the short list. How many are not?",
                    "ce sont les observations **sur** la liste courte. Combien n'y sont pas ?",
                ),
            ),
            Mistake(
                "with all the time",
                lambda ledger, minutes: len(ledger) - len(_plan(ledger, minutes)),
                Text(
                    "this is with all of `minutes`. Only half of them are left: use `short`.",
                    "c'est avec toutes les `minutes`. Il n'en reste que la moitié : utilisez `short`.",
                ),
            ),
            Mistake(
                "the whole ledger",
                lambda ledger: len(ledger),
                Text(
                    "this is the whole ledger. Take away what is on the short list.",
                    "c'est tout le registre. Retirez ce qui est sur la liste courte.",
                ),
            ),
            Mistake(
                "minutes",
                lambda ledger, minutes: float(_plan(ledger, minutes / 2)["cumulative_min"].max()),
                Text(
                    "these are the minutes that the short list takes. A number of findings is asked.",
                    "ce sont les minutes que prend la liste courte. On demande un nombre d'observations.",
                ),
            ),
        ],
    ),
    Exercise(
        "12-2",
        answer=lambda: [24 * 30, (54 - 24) * 30],
        hints=[
            Text(
                "How many seconds have passed before epoch 24 begins? How many epochs does the finding have?",
                "Combien de secondes ont passé avant le début de l'époque 24 ? Combien d'époques a "
                "l'observation ?",
            ),
            Text(
                "An epoch lasts 30 s, and the first one is epoch 0. `end` does not belong to it any more.",
                "Une époque dure 30 s, et la première est l'époque 0. `end` n'en fait plus partie.",
            ),
            Text("`[30 * begin, 30 * (… - …)]`", "Écrivez `[30 * begin, 30 * (… - …)]`"),
        ],
        mistakes=[
            Mistake(
                "epochs for seconds",
                lambda: [24, 30],
                Text(
                    "these are epochs. A ledger counts in seconds.",
                    "ce sont des époques. Un registre compte en secondes.",
                ),
            ),
            Mistake(
                "end for duration",
                lambda: [720, 1620],
                Text(
                    "the second number is where it ends. How long does it last?",
                    "le second nombre est la fin. Combien de temps cela dure-t-il ?",
                ),
            ),
            Mistake(
                "one epoch too short",
                lambda: [720, 870],
                Text(
                    "one epoch is missing: `end` is the first epoch **after** the finding already.",
                    "il manque une époque : `end` est déjà la première époque **après** l'observation.",
                ),
            ),
            Mistake(
                "one epoch too long",
                lambda: [720, 930],
                Text(
                    "one epoch too many: `end` does not belong to the finding.",
                    "une époque de trop : `end` ne fait pas partie de l'observation.",
                ),
            ),
            Mistake(
                "minutes for seconds",
                lambda: [12, 15],
                Text(
                    "these are minutes. Seconds are asked.", "ce sont des minutes. On demande des secondes."
                ),
            ),
            Mistake(
                "counted from one",
                lambda: [690, 900],
                Text(
                    "the onset is one epoch too early: the first epoch is 0, so 24 of them lie before.",
                    "le début est une époque trop tôt : la première époque est 0, il y en a donc 24 avant.",
                ),
            ),
        ],
    ),
    Exercise(
        "12-3",
        answer=lambda full, KIND: _total_min(full, KIND, 40),  # noqa: N803  # a name of the lesson
        hints=[
            Text(
                "Which of the three numbers of a `Price` is the time of a look?",
                "Lequel des trois nombres d'un `Price` est le temps d'un regard ?",
            ),
            Text(
                "Make new prices as above with `review_s=40`, and plan with `minutes=60`.",
                "Faites de nouveaux prix comme plus haut avec `review_s=40`, et planifiez avec `minutes=60`.",
            ),
            Text(
                '`sleeplab.plan_review(full, minutes=60, prices=…)["cumulative_min"].max()`',
                'Écrivez `sleeplab.plan_review(full, minutes=60, prices=…)["cumulative_min"].max()`',
            ),
        ],
        mistakes=[
            Mistake(
                "old price",
                lambda full, KIND: _total_min(full, KIND, 20),  # noqa: N803
                Text(
                    "this is with the old price of 20 seconds.",
                    "c'est avec l'ancien prix de 20 secondes.",
                ),
            ),
            Mistake(
                "without my detector",
                lambda ledger: _total_min(ledger, "", 0),
                Text(
                    "this is the ledger without your finding. Plan `full`.",
                    "c'est le registre sans votre observation. Planifiez `full`.",
                ),
            ),
            SECONDS_FOR_MINUTES,
            Mistake(
                "the budget",
                lambda: 60,
                Text(
                    "this is the budget. How much of it is used when the last item has been seen?",
                    "c'est le budget. Combien en est utilisé quand le dernier élément a été vu ?",
                ),
            ),
            Mistake(
                "number of items",
                lambda full: len(full),
                Text(
                    "this is the number of items. Minutes are asked.",
                    "c'est le nombre d'éléments. On demande des minutes.",
                ),
            ),
        ],
    ),
    Exercise(
        "12-4",
        answer=lambda full_worklist, night: (
            (int(night.duration) - _seen_s(full_worklist, int(night.duration))) / 60
        ),
        within=0.05,
        hints=[
            Text(
                "Two items may show the same second. How do you count it only once?",
                "Deux éléments peuvent montrer la même seconde. Comment ne la compter qu'une fois ?",
            ),
            Text(
                "`covered = np.zeros(int(night.duration), dtype=bool)`; in the loop: "
                "`covered[int(item.onset_s) : …] = True`.",
                "D'abord `covered = np.zeros(int(night.duration), dtype=bool)` ; dans la boucle : "
                "`covered[int(item.onset_s) : …] = True`.",
            ),
            Text(
                "`(~covered).sum()` counts the seconds that stayed `False`; 60 of them are a minute.",
                "Les secondes restées `False` sont `(~covered).sum()` ; 60 font une minute.",
            ),
        ],
        mistakes=[
            Mistake(
                "what is seen",
                lambda full_worklist, night: _seen_s(full_worklist, int(night.duration)) / 60,
                Text(
                    "these are the minutes that **are** shown. What remains unseen?",
                    "ce sont les minutes qui **sont** montrées. Que reste-t-il de non vu ?",
                ),
            ),
            Mistake(
                "overlaps counted twice",
                lambda full_worklist, night: float(night.duration - full_worklist["duration_s"].sum()) / 60,
                Text(
                    "the durations were added up. Where items overlap, the same minute was taken away twice.",
                    "les durées ont été additionnées. Là où des éléments se recouvrent, la même minute a "
                    "été retirée "
                    "deux fois.",
                ),
                _draw_cover,
            ),
            SECONDS_FOR_MINUTES,
            Mistake(
                "percent",
                lambda right, night: 100 * right * 60 / int(night.duration),
                Text(
                    "this is in percent of the recording. Minutes are asked.",
                    "c'est en pour cent de l'enregistrement. On demande des minutes.",
                ),
            ),
            Mistake(
                "without my finding",
                lambda worklist, night: (int(night.duration) - _seen_s(worklist, int(night.duration))) / 60,
                Text(
                    "this is the worklist without your detector. Take `full_worklist`.",
                    "c'est la liste sans votre détecteur. Prenez `full_worklist`.",
                ),
            ),
            Mistake(
                "all minutes",
                lambda night: int(night.duration) / 60,
                Text("this is the whole recording.", "c'est tout l'enregistrement."),
            ),
        ],
    ),
]
