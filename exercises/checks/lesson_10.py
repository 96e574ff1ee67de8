"""Checks of lesson 10: what is unusual."""

import numpy as np

from sleeplab.exercises import Exercise, Mistake, Text
from sleeplab.exercises.mistakes import EPOCHS_FOR_MINUTES, SECONDS_FOR_MINUTES


def _beta_z(rows, value, *, factor=1.4826):
    """Robust z-score of one value against some rows."""
    rows = np.asarray(rows, dtype=float)
    middle = np.median(rows)
    return float((value - middle) / (factor * np.median(np.abs(rows - middle))))


def _five(order, own):
    """Numbers in the night of the first five of an order within the stage."""
    return {int(own[place]) for place in np.asarray(order)[:5]}


def _draw_beta(ax, x, own, planted):
    """Draw the heap and the epoch that is judged."""
    ax.hist(x.loc[own, "beta"], bins=60, color="#9AA5B1")
    ax.axvline(x.loc[planted["heart"], "beta"], color="#D55E00", label=Text("heart", "cœur").said())
    ax.axvline(
        np.median(x.loc[own, "beta"]), color="#0072B2", linestyle="--", label=Text("median", "médiane").said()
    )
    ax.set(
        xlabel=Text("beta (log10 of µV²)", "bêta (log10 de µV²)").said(),
        ylabel=Text("epochs", "époques").said(),
    )
    ax.legend(fontsize="small")


EXERCISES = [
    Exercise(
        "10-1",
        answer=lambda x, own, planted: _beta_z(x.loc[own, "beta"], x.loc[planted["heart"], "beta"]),
        hints=[
            Text(
                "A z-score is a distance from the middle, counted in widths. What is the middle here, "
                "what the width?",
                "Un score z est une distance au milieu, comptée en largeurs. Quel est ici le milieu, "
                "quelle la largeur ?",
            ),
            Text(
                "The middle is `median`; the width is 1.4826 times `mad`.",
                "Le milieu est `median` ; la largeur vaut 1.4826 fois `mad`.",
            ),
            Text(
                "`(heart_beta - …) / (1.4826 * …)`",
                "Écrivez `(heart_beta - …) / (1.4826 * …)`",
            ),
        ],
        mistakes=[
            Mistake(
                "mean and standard deviation",
                lambda x, own, planted: (
                    (x.loc[planted["heart"], "beta"] - x.loc[own, "beta"].mean()) / x.loc[own, "beta"].std()
                ),
                Text(
                    "this is the ordinary z-score: the outliers bent its mean and its standard "
                    "deviation. Take "
                    "`median` and `mad`.",
                    "c'est le score z ordinaire : les valeurs extrêmes ont faussé sa moyenne et son "
                    "écart-type. "
                    "Prenez `median` et `mad`.",
                ),
                _draw_beta,
            ),
            Mistake(
                "without the factor",
                lambda right: right * 1.4826,
                Text(
                    "the factor 1.4826 is missing: with it a MAD is worth one standard deviation.",
                    "il manque le facteur 1.4826 : avec lui, une MAD vaut un écart-type.",
                ),
            ),
            Mistake(
                "factor in the wrong place",
                lambda right: right * 1.4826**2,
                Text(
                    "the factor 1.4826 stands above the line: put brackets around `1.4826 * mad`.",
                    "le facteur 1.4826 est au-dessus de la barre : mettez `1.4826 * mad` entre parenthèses.",
                ),
            ),
            Mistake(
                "wrong way round",
                lambda right: -right,
                Text(
                    "the sign is turned: value minus median, so that above the usual is positive.",
                    "le signe est inversé : la valeur moins la médiane, pour que le dessus soit positif.",
                ),
            ),
            Mistake(
                "whole night",
                lambda x, planted: _beta_z(x["beta"], x.loc[planted["heart"], "beta"]),
                Text(
                    "this compares with the whole night. Only the epochs in `own` belong to the same stage.",
                    "cela compare avec toute la nuit. Seules les époques de `own` sont du même stade.",
                ),
            ),
            Mistake(
                "without logarithm",
                lambda beta_uv2, own, planted: _beta_z(beta_uv2[own], beta_uv2[planted["heart"]]),
                Text(
                    "this is computed from µV². Take the table `x`, which holds the logarithms.",
                    "c'est calculé à partir des µV². Prenez la table `x`, qui contient les logarithmes.",
                ),
            ),
            Mistake(
                "another epoch",
                lambda x, own, planted: _beta_z(x.loc[own, "beta"], x.loc[planted["rhythm"], "beta"]),
                Text(
                    "this is the epoch of the rhythm. The one of the heart is asked.",
                    "c'est l'époque du rythme. On demande celle du cœur.",
                ),
            ),
        ],
    ),
    Exercise(
        "10-2",
        answer=lambda against_one, stages, stage: (
            sum(z > 4 and own != stage for z, own in zip(against_one, stages, strict=True)) / 2
        ),
        within=0.4,
        hints=[
            Text(
                "Two conditions must hold: the epoch is called, and its stage is another one. How are "
                "they joined?",
                "Deux conditions doivent tenir : l'époque est signalée, et son stade est un autre. "
                "Comment les joindre ?",
            ),
            Text(
                "`called & (stages != stage)` is True where both hold; `.sum()` counts.",
                "Là où les deux tiennent, `called & (stages != stage)` est vrai ; `.sum()` compte.",
            ),
            Text(
                "The sum counts epochs. Two of them are a minute.",
                "La somme compte des époques. Deux font une minute.",
            ),
        ],
        mistakes=[
            EPOCHS_FOR_MINUTES,
            Mistake(
                "own stage included",
                lambda against_one: (against_one > 4).sum() / 2,
                Text(
                    "the called epochs of `stage` itself are counted, too. Only other stages are asked.",
                    "les époques signalées de `stage` lui-même sont comptées aussi. On demande les "
                    "autres stades.",
                ),
            ),
            Mistake(
                "own stage only",
                lambda against_one, stages, stage: ((against_one > 4) & (stages == stage)).sum() / 2,
                Text(
                    "these are the called epochs of `stage` itself: `!=` means another stage.",
                    "ce sont les époques signalées de `stage` lui-même : `!=` veut dire un autre stade.",
                ),
            ),
            Mistake(
                "all other stages",
                lambda stages, stage: (stages != stage).sum() / 2,
                Text(
                    "these are all epochs of other stages. Count only those that are called.",
                    "ce sont toutes les époques des autres stades. Ne comptez que celles qui sont signalées.",
                ),
            ),
            Mistake(
                "against its own stage",
                lambda by_stage, stages, stage: ((by_stage > 4) & (stages != stage)).sum() / 2,
                Text(
                    "this is the better detector, `by_stage`. The question is what `against_one` costs.",
                    "c'est le meilleur détecteur, `by_stage`. La question est ce que coûte `against_one`.",
                ),
            ),
            SECONDS_FOR_MINUTES,
        ],
    ),
    Exercise(
        "10-3",
        answer=lambda forest, x, own: _five(np.argsort(forest.score_samples(x.loc[own])), own),
        hints=[
            Text(
                "`score` is up for unusual. So you look for its largest or its smallest values?",
                "Dans `score`, plus haut veut dire plus inhabituel. Cherchez-vous les plus grandes ou "
                "les plus petites "
                "valeurs ?",
            ),
            Text(
                "`score.nlargest(5)` gives five scores; their epoch numbers are its `.index`.",
                "On obtient cinq scores par `score.nlargest(5)` ; leurs numéros d'époque sont dans `.index`.",
            ),
            Text("`set(score.nlargest(5).…)`", "Écrivez `set(score.nlargest(5).…)`"),
        ],
        mistakes=[
            Mistake(
                "sign of scikit-learn",
                lambda forest, x, own: _five(np.argsort(-forest.score_samples(x.loc[own])), own),
                Text(
                    "these are the five most **usual** epochs: the sign is turned. `score_samples` is "
                    "high for "
                    "usual, `score` is high for unusual.",
                    "ce sont les cinq époques les plus **habituelles** : le signe est inversé. "
                    "`score_samples` est "
                    "haut pour l'habituel, `score` pour l'inhabituel.",
                ),
            ),
            Mistake(
                "place in the stage",
                lambda forest, x, own: _five(
                    np.argsort(forest.score_samples(x.loc[own])), np.arange(len(own))
                ),
                Text(
                    "these are places within the stage, not in the night. The index of `score` holds the "
                    "numbers of "
                    "the night.",
                    "ce sont des places dans le stade, pas dans la nuit. L'index de `score` contient les "
                    "numéros de "
                    "la nuit.",
                ),
            ),
            Mistake(
                "seconds for epochs",
                lambda right: {30 * epoch for epoch in right},
                Text(
                    "these are seconds. Numbers of epochs are asked.",
                    "ce sont des secondes. On demande des numéros d'époques.",
                ),
            ),
            Mistake(
                "counted from one",
                lambda right: {epoch + 1 for epoch in right},
                Text(
                    "each number is one too large: the first epoch of the night is 0.",
                    "chaque numéro est trop grand d'un : la première époque de la nuit est 0.",
                ),
            ),
            Mistake(
                "by the distance",
                lambda distance, own: _five(np.argsort(-distance.to_numpy()), own),
                Text(
                    "these are the first five by the distance. Ask the forest: `score`.",
                    "ce sont les cinq premières selon la distance. Interrogez la forêt : `score`.",
                ),
            ),
        ],
    ),
    Exercise(
        "10-4",
        answer=lambda by_stage: sum(z >= 5 for z in by_stage) * 15 / 60,
        within=0.1,
        hints=[
            Text(
                "Which table of section 3 holds each epoch's largest robust z-score against its own stage?",
                "Quelle table de la section 3 contient le plus grand score z robuste de chaque époque "
                "contre son "
                "propre stade ?",
            ),
            Text(
                "`by_stage`; count with `(by_stage >= 5).sum()`.",
                "C'est `by_stage` ; comptez avec `(by_stage >= 5).sum()`.",
            ),
            Text(
                "Each of them costs 15 seconds; 60 seconds are a minute.",
                "Chacune coûte 15 secondes ; 60 secondes font une minute.",
            ),
        ],
        mistakes=[
            Mistake(
                "minutes of the night",
                lambda by_stage: (by_stage >= 5).sum() / 2,
                Text(
                    "this is how long the unusual epochs last. How long does it take to **look** at "
                    "them, 15 s each?",
                    "c'est la durée des époques inhabituelles. Combien de temps faut-il pour les "
                    "**regarder**, à 15 s "
                    "chacune ?",
                ),
            ),
            Mistake(
                "number of epochs",
                lambda by_stage: int((by_stage >= 5).sum()),
                Text(
                    "this is the number of epochs. Each takes 15 seconds.",
                    "c'est le nombre d'époques. Chacune prend 15 secondes.",
                ),
            ),
            Mistake(
                "seconds for minutes",
                lambda by_stage: (by_stage >= 5).sum() * 15,
                Text(
                    "these are seconds. Minutes are asked.", "ce sont des secondes. On demande des minutes."
                ),
            ),
            Mistake(
                "against one stage",
                lambda against_one: (against_one >= 5).sum() * 15 / 60,
                Text(
                    "every epoch was judged by one stage alone. Each must be judged by its own.",
                    "chaque époque a été jugée selon un seul stade. Il faut la juger selon le sien.",
                ),
            ),
            Mistake(
                "limit of four",
                lambda by_stage: (by_stage >= 4).sum() * 15 / 60,
                Text(
                    "the limit is that of the figure, 4. Here it is 5.",
                    "le seuil est celui de la figure, 4. Ici, c'est 5.",
                ),
            ),
            Mistake(
                "the usual ones",
                lambda by_stage: (by_stage < 5).sum() * 15 / 60,
                Text(
                    "these are the usual epochs: the sign is the wrong way round.",
                    "ce sont les époques habituelles : le signe est dans le mauvais sens.",
                ),
            ),
        ],
    ),
]
