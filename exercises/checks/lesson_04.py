"""Checks of lesson 04: how did this person sleep."""

from itertools import pairwise

from sleeplab.exercises import Exercise, Mistake, Text
from sleeplab.exercises.mistakes import EPOCHS_FOR_MINUTES, SHARE_FOR_PERCENT

SLEEP = ("N1", "N2", "N3", "REM")


def _runs(stages, accepted):
    """Length of the longest run of accepted stages, in epochs."""
    longest = running = 0
    for stage in stages:
        running = running + 1 if stage in accepted else 0
        longest = max(longest, running)
    return longest


def _asleep_epochs(stages):
    return sum(stage in SLEEP for stage in stages)


def _steps(stages, before, after):
    return sum(one in before and other in after for one, other in pairwise(stages))


def _draw_sides(ax, stages):
    """Draw what lies before the first sleep, between, and after the last one."""
    first = next(n for n, stage in enumerate(stages) if stage in SLEEP)
    last = max(n for n, stage in enumerate(stages) if stage in SLEEP) + 1
    for left, right, words, colour in (
        (0, first, Text("latency", "latence").said(), "#9AA5B1"),
        (first, last, Text("from first to last sleep", "du premier au dernier sommeil").said(), "#0072B2"),
        (last, len(stages), Text("awake in the morning", "éveil du matin").said(), "#D55E00"),
    ):
        ax.barh(0, (right - left) / 2, left=left / 2, color=colour, label=words)
    ax.set(
        yticks=[], xlabel=Text("minutes since lights off", "minutes depuis l'extinction des lumières").said()
    )
    ax.legend(fontsize="small", ncols=3, loc="upper center", bbox_to_anchor=(0.5, 1.35))


EXERCISES = [
    Exercise(
        "04-1",
        answer=lambda stages: (
            100 * sum(stage in ("N1", "N2", "N3") for stage in stages) / _asleep_epochs(stages)
        ),
        within=0.1,
        hints=[
            Text(
                "Which three stages are NREM? And what is 100 % here: the night, or the sleep?",
                "Quels sont les trois stades du sommeil NREM ? Et que vaut 100 % ici : la nuit, ou le "
                "sommeil ?",
            ),
            Text(
                '`minutes["N2"]` are the minutes of N2; `asleep` are those of all sleep.',
                '`minutes["N2"]` donne les minutes de N2 ; `asleep` celles de tout le sommeil.',
            ),
            Text(
                '`100 * (minutes["N1"] + …) / asleep`, with all three in the brackets.',
                '`100 * (minutes["N1"] + …) / asleep`, avec les trois entre parenthèses.',
            ),
        ],
        mistakes=[
            SHARE_FOR_PERCENT,
            Mistake(
                "of the time in bed",
                lambda stages: 100 * sum(stage in ("N1", "N2", "N3") for stage in stages) / len(stages),
                Text(
                    "this is in percent of the time in bed. Divide by the sleep alone, `asleep`.",
                    "c'est en pour cent du temps au lit. Divisez par le sommeil seul, `asleep`.",
                ),
            ),
            Mistake(
                "without n1",
                lambda stages: 100 * sum(stage in ("N2", "N3") for stage in stages) / _asleep_epochs(stages),
                Text(
                    "N1 is missing: falling asleep is NREM sleep, too.",
                    "il manque N1 : l'endormissement est aussi du sommeil NREM.",
                ),
            ),
            Mistake(
                "without n3",
                lambda stages: 100 * sum(stage in ("N1", "N2") for stage in stages) / _asleep_epochs(stages),
                Text(
                    "N3 is missing: deep sleep is NREM sleep, too.",
                    "il manque N3 : le sommeil profond est aussi du sommeil NREM.",
                ),
            ),
            Mistake(
                "rem",
                lambda right: 100 - right,
                Text(
                    "this is the REM sleep, the rest up to 100 %.",
                    "c'est le sommeil REM (paradoxal), le reste jusqu'à 100 %.",
                ),
            ),
            Mistake(
                "minutes",
                lambda stages: sum(stage in ("N1", "N2", "N3") for stage in stages) / 2,
                Text(
                    "these are the minutes of NREM. Divide by `asleep`, times 100.",
                    "ce sont les minutes de NREM. Divisez par `asleep`, fois 100.",
                ),
            ),
        ],
    ),
    Exercise(
        "04-2",
        answer=lambda stages: (
            (stages.index("REM") - next(n for n, stage in enumerate(stages) if stage in SLEEP)) / 2
        ),
        within=0.1,
        hints=[
            Text(
                "Both numbers of YASA count from lights off. Which one ends at the first sleep, which at "
                "the first REM?",
                "Les deux nombres de YASA comptent depuis l'extinction des lumières. Lequel finit au "
                "premier sommeil, "
                "lequel au premier REM ?",
            ),
            Text(
                '`statistics["Lat_REM"]` and `statistics["SOL"]`.',
                'Prenez `statistics["Lat_REM"]` et `statistics["SOL"]`.',
            ),
            Text(
                "The later one minus the earlier one.",
                "Le plus tardif moins le plus précoce.",
            ),
        ],
        mistakes=[
            Mistake(
                "start of recording for sleep onset",
                lambda statistics: statistics["Lat_REM"],
                Text(
                    "this counts from the start. By the rule it counts from the first epoch of sleep: take "
                    "`SOL` away.",
                    "cela compte depuis le début. Selon la règle, on compte depuis la première époque de "
                    "sommeil : "
                    "retirez `SOL`.",
                ),
            ),
            Mistake(
                "added",
                lambda statistics: statistics["Lat_REM"] + statistics["SOL"],
                Text(
                    "the two were added. The sleep begins before the REM: subtract.",
                    "les deux ont été additionnés. Le sommeil commence avant le REM : soustrayez.",
                ),
            ),
            Mistake(
                "the uncut recording",
                lambda uncut: uncut["Lat_REM"],
                Text(
                    "this is from the recording that was not cut, 25 minutes too early. Take `statistics`.",
                    "c'est l'enregistrement qui n'a pas été coupé, 25 minutes trop tôt. Prenez `statistics`.",
                ),
            ),
            Mistake(
                "epochs for minutes",
                lambda right: right * 2,
                Text(
                    "these are epochs. Minutes are asked: YASA's numbers are minutes already.",
                    "ce sont des époques. On demande des minutes : les nombres de YASA sont déjà des "
                    "minutes.",
                ),
            ),
            Mistake(
                "wrong way round",
                lambda right: -right,
                Text(
                    "the difference is the wrong way round: REM comes after the first sleep.",
                    "la différence est inversée : le REM vient après le premier sommeil.",
                ),
            ),
            Mistake(
                "sleep latency",
                lambda statistics: statistics["SOL"],
                Text(
                    "this is the sleep latency: from lights off to the first sleep.",
                    "c'est la latence d'endormissement : de l'extinction au premier sommeil.",
                ),
            ),
        ],
    ),
    Exercise(
        "04-3",
        answer=lambda stages: (
            stages[next(n for n, stage in enumerate(stages) if stage in SLEEP) :].count("WAKE") / 2
        ),
        within=0.1,
        hints=[
            Text(
                "The time in bed has three parts: until the first sleep, asleep, and awake after the first "
                "sleep.",
                "Le temps au lit a trois parties : jusqu'au premier sommeil, endormi, et éveillé après le "
                "premier "
                "sommeil.",
            ),
            Text(
                "Their names in `statistics`: `TIB` is the whole, `SOL` the first part, `TST` the second.",
                "Leurs noms dans `statistics` : `TIB` est le tout, `SOL` la première partie, `TST` la "
                "deuxième.",
            ),
            Text(
                '`statistics["TIB"] - …`: take the two other parts away.',
                '`statistics["TIB"] - …` : retirez les deux autres parties.',
            ),
        ],
        mistakes=[
            Mistake(
                "until the last sleep",
                lambda statistics: statistics["WASO"],
                Text(
                    "this is YASA's WASO: it stops at the last sleep, and the waking in the morning is "
                    "missing.",
                    "c'est le WASO de YASA : il s'arrête au dernier sommeil, et l'éveil du matin y manque.",
                ),
                _draw_sides,
            ),
            Mistake(
                "all waking",
                lambda statistics: statistics["TIB"] - statistics["TST"],
                Text(
                    "this is all waking of the night. The time before the first sleep (`SOL`) does not "
                    "belong to it.",
                    "c'est tout l'éveil de la nuit. Le temps avant le premier sommeil (`SOL`) n'en fait "
                    "pas partie.",
                ),
                _draw_sides,
            ),
            Mistake(
                "sleep not taken away",
                lambda statistics: statistics["TIB"] - statistics["SOL"],
                Text(
                    "this is all the time after the first sleep. The sleep itself (`TST`) is still in it.",
                    "c'est tout le temps après le premier sommeil. Le sommeil lui-même (`TST`) y est encore.",
                ),
            ),
            Mistake(
                "the uncut recording",
                lambda uncut: uncut["TIB"] - uncut["TST"],
                Text(
                    "this is from the recording that was not cut. Take `statistics`.",
                    "c'est l'enregistrement qui n'a pas été coupé. Prenez `statistics`.",
                ),
            ),
            EPOCHS_FOR_MINUTES,
        ],
    ),
    Exercise(
        "04-4",
        answer=lambda stages: _steps(stages, SLEEP, ("WAKE",)),
        hints=[
            Text(
                "In the table a row is the stage before, a column the stage after. Which column do you need?",
                "Dans la table, une ligne est le stade avant, une colonne le stade après. Quelle colonne "
                "vous faut-il ?",
            ),
            Text(
                "The column `WAKE`, in the rows of sleep only: waking that goes on is no new awakening.",
                "La colonne `WAKE`, dans les lignes du sommeil seulement : un éveil qui continue n'est pas "
                "un nouvel "
                "éveil.",
            ),
            Text(
                '`counts.loc[["N1", "N2", "N3", "REM"], "…"].sum()`',
                'Écrivez `counts.loc[["N1", "N2", "N3", "REM"], "…"].sum()`',
            ),
        ],
        mistakes=[
            Mistake(
                "waking that goes on",
                lambda counts: int(counts["WAKE"].sum()),
                Text(
                    "the steps from WAKE to WAKE are counted, too. They are no awakenings: leave out the "
                    "row `WAKE`.",
                    "les pas de WAKE à WAKE sont comptés aussi. Ce ne sont pas des éveils : laissez "
                    "de côté la ligne `WAKE`.",
                ),
            ),
            Mistake(
                "from n2 only",
                lambda counts: int(counts.loc["N2", "WAKE"]),
                Text(
                    "these are the awakenings out of N2, as in the hint. Add those out of N1, N3 and REM.",
                    "ce sont les éveils depuis N2, comme dans l'aide. Ajoutez ceux depuis N1, N3 et REM.",
                ),
            ),
            Mistake(
                "without rem",
                lambda counts: int(counts.loc[["N1", "N2", "N3"], "WAKE"].sum()),
                Text(
                    "the awakenings out of REM are missing.",
                    "il manque les éveils depuis le REM.",
                ),
            ),
            Mistake(
                "per hour",
                lambda statistics: statistics["SFI"],
                Text(
                    "this is the number per hour of sleep. The number of the night is asked.",
                    "c'est le nombre par heure de sommeil. On demande le nombre de la nuit.",
                ),
            ),
            Mistake(
                "epochs of waking",
                lambda stages: stages.count("WAKE"),
                Text(
                    "these are all epochs of WAKE. An awakening that lasts ten epochs is one awakening.",
                    "ce sont toutes les époques de WAKE. Un éveil qui dure dix époques est un seul éveil.",
                ),
            ),
        ],
    ),
    Exercise(
        "04-5",
        answer=lambda stages: _runs(stages, SLEEP) / 2,
        within=0.1,
        hints=[
            Text(
                "Go through the stages one by one, with a counter. When does it go up, when back to 0?",
                "Parcourez les stades un par un, avec un compteur. Quand monte-t-il, quand revient-il à 0 ?",
            ),
            Text(
                "You need two numbers: the stretch that is running, and the longest so far.",
                "Il vous faut deux nombres : la série en cours, et la plus longue jusqu'ici.",
            ),
            Text(
                'In `for stage in stages:` put `running = 0 if stage == "WAKE" else running + 1` and '
                "`longest = max(longest, running)`; at the end divide by 2.",
                'Dans `for stage in stages:` mettez `running = 0 if stage == "WAKE" else running + 1` et '
                "`longest = max(longest, running)` ; à la fin divisez par 2.",
            ),
        ],
        mistakes=[
            Mistake(
                "epochs for minutes",
                lambda stages: _runs(stages, SLEEP),
                Text(
                    "this is the number of epochs. An epoch lasts half a minute.",
                    "c'est le nombre d'époques. Une époque dure une demi-minute.",
                ),
            ),
            Mistake(
                "all sleep",
                lambda stages: _asleep_epochs(stages) / 2,
                Text(
                    "this is all sleep of the night: the counter never went back to 0 at a WAKE.",
                    "c'est tout le sommeil de la nuit : le compteur n'est jamais revenu à 0 à un WAKE.",
                ),
            ),
            Mistake(
                "the longest waking",
                lambda stages: _runs(stages, ("WAKE",)) / 2,
                Text(
                    "this is the longest waking. Count in sleep, and go back to 0 in WAKE.",
                    "c'est le plus long éveil. Comptez pendant le sommeil, et revenez à 0 pendant WAKE.",
                ),
            ),
            Mistake(
                "one stage alone",
                lambda stages: max(_runs(stages, (stage,)) for stage in SLEEP) / 2,
                Text(
                    "this is the longest stretch of one single stage. The stages may change, as long as it "
                    "is sleep.",
                    "c'est la plus longue série d'un seul stade. Les stades peuvent changer, tant que "
                    "c'est du sommeil.",
                ),
            ),
        ],
    ),
]
