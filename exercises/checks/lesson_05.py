"""Checks of lesson 05: whether this night can be trusted."""

from sleeplab.exercises import Exercise, Mistake, Text
from sleeplab.exercises.mistakes import EPOCHS_FOR_MINUTES, SECONDS_FOR_MINUTES, SHARE_FOR_PERCENT


def _changed(before, after):
    return before.hypno.to_numpy() != after.hypno.to_numpy()


def _fit(gate, names):
    """Fit or not, epochs × the named channels."""
    return gate.pivot(index="epoch", columns="ch_name", values="fit")[list(names)].to_numpy(bool)


def _share_above(height_uv, chosen, limit):
    return sum(height > limit for height in height_uv[chosen]) / max(chosen.sum(), 1)


def _lowest(limits_uv, height_uv, chosen, share):
    """Find the lowest limit that refuses at most this share of the chosen epochs."""
    return min(limit for limit in limits_uv if _share_above(height_uv, chosen, limit) <= share)


EXERCISES = [
    Exercise(
        "05-1",
        answer=lambda before, after, n_intact: (
            100
            * sum(a != b for a, b in zip(before.hypno[:n_intact], after.hypno[:n_intact], strict=True))
            / n_intact
        ),
        within=0.5,
        hints=[
            Text(
                "Which epochs are the intact ones, and which part of `different` belongs to them?",
                "Quelles époques sont intactes, et quelle partie de `different` leur correspond ?",
            ),
            Text(
                "`different[:n_intact]` keeps the first ones; `.mean()` of `True` and `False` "
                "is the share of `True`.",
                "`different[:n_intact]` garde les premières ; `.mean()` de `True` et `False` "
                "est la part de `True`.",
            ),
            Text(
                "`100 * different[…].mean()`, with the first `n_intact` epochs.",
                "`100 * different[…].mean()`, avec les `n_intact` premières époques.",
            ),
        ],
        mistakes=[
            SHARE_FOR_PERCENT,
            Mistake(
                "the whole recording",
                lambda before, after: 100 * _changed(before, after).mean(),
                Text(
                    "this is the whole recording. In the dead part a change is no wonder; only "
                    "the intact epochs are "
                    "asked.",
                    "c'est tout l'enregistrement. Un changement dans la partie morte n'étonne "
                    "pas ; seules les époques "
                    "intactes sont demandées.",
                ),
            ),
            Mistake(
                "the dead part",
                lambda before, after, n_intact: 100 * _changed(before, after)[n_intact:].mean(),
                Text(
                    "this is the part after the electrode came off. The intact epochs are the "
                    "**first** ones: `[:n_intact]`.",
                    "c'est la partie après la chute de l'électrode. Les époques intactes sont "
                    "les **premières** : "
                    "`[:n_intact]`.",
                ),
            ),
            Mistake(
                "unchanged",
                lambda right: 100 - right,
                Text(
                    "these are the epochs that stayed the same.",
                    "ce sont les époques restées identiques.",
                ),
            ),
            Mistake(
                "a number of epochs",
                lambda before, after, n_intact: int(_changed(before, after)[:n_intact].sum()),
                Text(
                    "this is the number of epochs. Divide by `n_intact`, times 100.",
                    "c'est le nombre d'époques. Divisez par `n_intact`, fois 100.",
                ),
            ),
        ],
    ),
    Exercise(
        "05-2",
        answer=lambda week_gate, eeg: (~_fit(week_gate, eeg[:1])).sum() / 2,
        within=0.1,
        hints=[
            Text(
                "How many lines does the table have for one channel? What is one line worth in minutes?",
                "Combien de lignes la table a-t-elle pour une voie ? Que vaut une ligne en minutes ?",
            ),
            Text(
                '`of_first = week_gate[week_gate["ch_name"] == eeg[0]]`; in it, '
                '`~of_first["fit"]` is `True` where refused.',
                '`of_first = week_gate[week_gate["ch_name"] == eeg[0]]` ; là, '
                '`~of_first["fit"]` est `True` en cas de refus.',
            ),
            Text(
                '`(~of_first["fit"]).sum() / …`: how many epochs make a minute?',
                '`(~of_first["fit"]).sum() / …` : combien d\'époques font une minute ?',
            ),
        ],
        mistakes=[
            EPOCHS_FOR_MINUTES,
            SECONDS_FOR_MINUTES,
            Mistake(
                "what is fit",
                lambda week_gate, eeg: _fit(week_gate, eeg[:1]).sum() / 2,
                Text(
                    "these are the minutes that are fit. Turn it round with `~`.",
                    "ce sont les minutes utilisables. Inversez avec `~`.",
                ),
            ),
            Mistake(
                "all channels",
                lambda week_gate: (~week_gate["fit"]).sum() / 2,
                Text(
                    "these are all channels together. Keep the lines of `eeg[0]` first.",
                    "ce sont toutes les voies ensemble. Gardez d'abord les lignes de `eeg[0]`.",
                ),
            ),
            Mistake(
                "one reason only",
                lambda week_gate, eeg: (
                    ((week_gate["ch_name"] == eeg[0]) & (week_gate["reason"] == "flat")).sum() / 2
                ),
                Text(
                    "this is one reason only, `flat`. Every refusal counts, whatever its reason.",
                    "c'est un seul motif, `flat`. Tout refus compte, quel qu'en soit le motif.",
                ),
            ),
        ],
    ),
    Exercise(
        "05-3",
        answer=lambda week_gate, eeg: int((~_fit(week_gate, eeg).any(axis=1)).sum()),
        hints=[
            Text(
                "An epoch is lost when **all** of its EEG channels are refused. Which tool asks "
                "for at least one?",
                "Une époque est perdue quand **toutes** ses voies EEG sont refusées. Quel outil "
                "en demande au moins une ?",
            ),
            Text(
                "`.any()` per epoch is `True` where at least one EEG is fit. You want the others: `~`.",
                "`.any()` par époque est `True` là où au moins un EEG est utilisable. Il vous faut "
                "les autres : `~`.",
            ),
            Text(
                '`(~week_gate[week_gate["ch_name"].isin(eeg)].groupby("epoch")["fit"].…()).sum()`',
                'Écrivez `(~week_gate[week_gate["ch_name"].isin(eeg)].groupby("epoch")["fit"].…()).sum()`',
            ),
        ],
        mistakes=[
            Mistake(
                "any refusal",
                lambda week_gate, eeg: int((~_fit(week_gate, eeg).all(axis=1)).sum()),
                Text(
                    "these are the epochs with at least one refused EEG (`all`). Where another "
                    "EEG is fit, nothing is lost: "
                    "`any`.",
                    "ce sont les époques avec au moins un EEG refusé (`all`). Si un autre EEG "
                    "est utilisable, rien n'est "
                    "perdu : `any`.",
                ),
            ),
            Mistake(
                "what can be staged",
                lambda week_gate, eeg: int(_fit(week_gate, eeg).any(axis=1).sum()),
                Text(
                    "these are the epochs that can be staged. The others are asked.",
                    "ce sont les époques que l'on peut scorer. On demande les autres.",
                ),
            ),
            Mistake(
                "channel-epochs",
                lambda week_gate, eeg: int((~_fit(week_gate, eeg)).sum()),
                Text(
                    "each channel was counted for itself. Bring the lines of an epoch together "
                    "first, with `groupby`.",
                    "chaque voie a été comptée à part. Réunissez d'abord les lignes d'une "
                    "époque, avec `groupby`.",
                ),
            ),
            Mistake(
                "minutes for epochs",
                lambda right: right / 2,
                Text("these are minutes. Epochs are asked.", "ce sont des minutes. On demande des époques."),
            ),
        ],
    ),
    Exercise(
        "05-4",
        answer=lambda limits_uv, height_uv, is_movement: _lowest(limits_uv, height_uv, ~is_movement, 0.02),
        within=1,
        hints=[
            Text(
                "For one limit, for example 300 µV: how many percent of the epochs without "
                "movement are above it?",
                "Pour une limite, par exemple 300 µV : quel pourcentage des époques sans "
                "mouvement la dépasse ?",
            ),
            Text(
                "`height_uv[~is_movement] > limit`, its mean times 100; do that for each limit, "
                "from the lowest.",
                "`height_uv[~is_movement] > limit`, sa moyenne fois 100 ; faites-le pour chaque "
                "limite, depuis la plus "
                "basse.",
            ),
            Text(
                "Go through `limits_uv` with `for`; stop (`break`) at the first one for which "
                "the percentage is at most 2.",
                "Parcourez `limits_uv` avec `for` ; arrêtez (`break`) à la première dont le "
                "pourcentage est au plus 2.",
            ),
        ],
        mistakes=[
            Mistake(
                "all epochs",
                lambda limits_uv, height_uv, is_movement: _lowest(
                    limits_uv, height_uv, is_movement | True, 0.02
                ),
                Text(
                    "the planted movements are counted, too. Look at the epochs without "
                    "movement: `~is_movement`.",
                    "les mouvements ajoutés sont comptés aussi. Regardez les époques sans "
                    "mouvement : `~is_movement`.",
                ),
            ),
            Mistake(
                "twenty percent",
                lambda limits_uv, height_uv, is_movement: _lowest(limits_uv, height_uv, ~is_movement, 0.2),
                Text(
                    "this one refuses up to 20 %. At most 2 % are allowed, a share of 0.02.",
                    "celle-ci refuse jusqu'à 20 %. Au plus 2 % sont permis, une part de 0,02.",
                ),
            ),
            Mistake(
                "in volts",
                lambda right: right * 1e-6,
                Text(
                    "this is in volts. `limits_uv` is in µV: leave it so.",
                    "c'est en volts. `limits_uv` est en µV : laissez ainsi.",
                ),
            ),
            Mistake(
                "the last limit",
                lambda limits_uv: limits_uv[-1],
                Text(
                    "this is the highest of all limits. It refuses few sound epochs, but the "
                    "**lowest** such limit is asked.",
                    "c'est la plus haute limite. Elle refuse peu d'époques saines, mais on "
                    "demande la **plus basse** qui "
                    "convient.",
                ),
            ),
            Mistake(
                "its place",
                lambda limits_uv, right: list(limits_uv).index(right),
                Text(
                    "this is the place in the list. Take the value: `limits_uv[place]`.",
                    "c'est le rang dans la liste. Prenez la valeur : `limits_uv[rang]`.",
                ),
            ),
        ],
    ),
]
