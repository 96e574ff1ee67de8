"""Checks of lesson 14: what may leave the hospital."""

import hashlib
import hmac

from sleeplab.exercises import Exercise, Mistake, Text


def _counts(people, columns):
    """How many people share each combination of values."""
    return people.groupby(list(columns)).size()


def _rare(people, columns, k):
    counts = _counts(people, columns)
    return int(counts[counts < k].sum())


def _in_decades(people):
    return people.assign(age=[int(str(age)[:-1]) * 10 for age in people["age"]])


def _draw_keys(ax):
    """Draw how many guesses each way leaves to somebody who tries."""
    bars = ax.barh(
        [
            Text("hash of six digits", "hachage de six chiffres").said(),
            Text("HMAC, 32 random bytes", "HMAC, 32 octets aléatoires").said(),
        ],
        [6, 77],
        color=["#D55E00", "#0072B2"],
    )
    ax.bar_label(
        bars,
        [Text("a million", "un million").said(), Text("1 with 77 zeros", "1 suivi de 77 zéros").said()],
        padding=3,
    )
    ax.set(
        xlim=(0, 135),
        xlabel=Text("things to try (number of zeros)", "essais à faire (nombre de zéros)").said(),
    )


EXERCISES = [
    Exercise(
        "14-1",
        answer=lambda found: [
            field for kind, field in zip(found["kind"], found["field"], strict=True) if kind == "name 1"
        ],
        hints=[
            Text(
                "Look at the table above: which of its lines begin with `name 1`?",
                "Regardez la table plus haut : quelles lignes commencent par `name 1` ?",
            ),
            Text(
                "`found.query(\"kind == '…'\")` keeps these lines; the fields are in the column `field`.",
                "`found.query(\"kind == '…'\")` garde ces lignes ; les champs sont dans la colonne `field`.",
            ),
            Text(
                'The line of the example with another kind: `found.query("kind == \'name …\'")["field"]…`',
                'La ligne de l\'exemple avec une autre sorte : `found.query("kind == \'name …\'")["field"]…`',
            ),
        ],
        mistakes=[
            Mistake(
                "the dates",
                lambda found: found.query("kind == 'date'")["field"].to_list(),
                Text(
                    "these are the fields of the dates, as in the hint. Ask for `name 1`.",
                    "ce sont les champs des dates, comme dans l'aide. Demandez `name 1`.",
                ),
            ),
            Mistake(
                "another name",
                lambda found: found.query("kind == 'name 2'")["field"].to_list(),
                Text(
                    "this is the second name of the list. The first is `name 1`.",
                    "c'est le deuxième nom de la liste. Le premier est `name 1`.",
                ),
            ),
            Mistake(
                "all fields",
                lambda found: found["field"].to_list(),
                Text(
                    "these are the fields of all findings. Put a condition into `query`.",
                    "ce sont les champs de tout ce qui a été trouvé. Mettez une condition dans `query`.",
                ),
            ),
            Mistake(
                "all names",
                lambda found: found[found["kind"].str.startswith("name")]["field"].to_list(),
                Text(
                    "these are the fields of all names. Only the first, `name 1`, is asked.",
                    "ce sont les champs de tous les noms. On demande seulement le premier, `name 1`.",
                ),
            ),
            Mistake(
                "the kinds",
                lambda found: found.query("kind == 'name 1'")["kind"].to_list(),
                Text(
                    'this is the column `kind`. The fields are in the column `"field"`.',
                    'c\'est la colonne `kind`. Les champs sont dans la colonne `"field"`.',
                ),
            ),
            Mistake(
                "how many",
                lambda found: len(found.query("kind == 'name 1'")),
                Text(
                    "this is how many there are. A list of the fields is asked.",
                    "c'est combien il y en a. On demande la liste des champs.",
                ),
            ),
        ],
    ),
    Exercise(
        "14-2",
        answer=lambda secret: (
            lambda code: hmac.digest(secret, code.encode("utf-8"), hashlib.sha256).hex()[:12]
        ),
        cases=lambda rng: [(f"H-{number:06}",) for number in rng.integers(0, 10**6, 6)],
        hints=[
            Text(
                "What is the secret, and what is the message? Both must be bytes.",
                "Quel est le secret, et quel est le message ? Les deux doivent être des octets.",
            ),
            Text(
                '`hmac.new(secret, code.encode(), "sha256").hexdigest()` gives 64 letters and digits.',
                '`hmac.new(secret, code.encode(), "sha256").hexdigest()` donne 64 lettres et chiffres.',
            ),
            Text(
                "`[:12]` after it keeps the first twelve; `return` gives them back.",
                "Avec `[:12]` à la fin on garde les douze premiers ; `return` les rend.",
            ),
        ],
        mistakes=[
            Mistake(
                "no key",
                lambda: lambda code: hashlib.sha256(code.encode()).hexdigest()[:12],
                Text(
                    "this is a hash without a key: trying all numbers undoes it in a second. Use `hmac.new`.",
                    "c'est un hachage sans clé : en essayant tous les numéros, on le défait en une seconde. "
                    "Utilisez `hmac.new`.",
                ),
                _draw_keys,
            ),
            Mistake(
                "key in front",
                lambda secret: lambda code: hashlib.sha256(secret + code.encode()).hexdigest()[:12],
                Text(
                    "the key was put in front of the text and both were hashed. That is no HMAC, and has "
                    "known weaknesses. Use `hmac.new`.",
                    "la clé a été mise devant le texte, puis le tout haché. Ce n'est pas un HMAC, et cela a "
                    "des faiblesses connues. Utilisez `hmac.new`.",
                ),
            ),
            Mistake(
                "swapped",
                lambda secret: lambda code: hmac.new(code.encode(), secret, "sha256").hexdigest()[:12],
                Text(
                    "key and message are swapped: `hmac.new(key, message, …)`.",
                    "la clé et le message sont inversés : `hmac.new(clé, message, …)`.",
                ),
            ),
            Mistake(
                "the other key",
                lambda other: lambda code: hmac.new(other, code.encode(), "sha256").hexdigest()[:12],
                Text(
                    "this is the key `other`. Two keys give one person two pseudonyms: use `secret`.",
                    "c'est la clé `other`. Avec deux clés, une personne a deux pseudonymes : prenez "
                    "`secret`.",
                ),
            ),
            Mistake(
                "uncut",
                lambda secret: lambda code: hmac.new(secret, code.encode(), "sha256").hexdigest(),
                Text(
                    "these are all 64 letters and digits. The first 12 are asked.",
                    "ce sont les 64 lettres et chiffres. On demande les 12 premiers.",
                ),
            ),
            Mistake(
                "number still in it",
                lambda secret: (
                    lambda code: code[:2] + hmac.new(secret, code.encode(), "sha256").hexdigest()[:10]
                ),
                Text(
                    "a piece of the hospital number is still in front of it. Nothing of it may be left.",
                    "un morceau du numéro d'hôpital est encore devant. Rien ne doit en rester.",
                ),
            ),
        ],
    ),
    Exercise(
        "14-3",
        answer=lambda people: int((_counts(people, ["age", "sex", "month"]) == 1).sum()),
        hints=[
            Text(
                "How large is the group of somebody who is alone?",
                "De quelle taille est le groupe de quelqu'un qui est seul ?",
            ),
            Text(
                '`sleeplab.rare_groups(people, ["age", "sex", "month"], k=…)` lists the groups smaller than '
                "k.",
                '`sleeplab.rare_groups(people, ["age", "sex", "month"], k=…)` donne les groupes plus petits '
                "que k.",
            ),
            Text(
                'With `k=2`; then `["count"].sum()`, or the number of its rows: here it is the same.',
                'Avec `k=2` ; puis `["count"].sum()`, ou le nombre de lignes : ici, c\'est pareil.',
            ),
        ],
        mistakes=[
            Mistake(
                "fewer than five, people",
                lambda people: _rare(people, ["age", "sex", "month"], 5),
                Text(
                    "these are the people in groups of fewer than five. Alone means fewer than two: `k=2`.",
                    "ce sont les personnes dans des groupes de moins de cinq. Seul veut dire moins de deux : "
                    "`k=2`.",
                ),
            ),
            Mistake(
                "fewer than five, groups",
                lambda people: int((_counts(people, ["age", "sex", "month"]) < 5).sum()),
                Text(
                    "these are the groups of fewer than five, not the people who are alone.",
                    "ce sont les groupes de moins de cinq, pas les personnes seules.",
                ),
            ),
            Mistake(
                "without the month",
                lambda people: _rare(people, ["age", "sex"], 2),
                Text(
                    "the month is missing: these are alone with their age and sex.",
                    "il manque le mois : ce sont ceux qui sont seuls avec leur âge et leur sexe.",
                ),
            ),
            Mistake(
                "without the sex",
                lambda people: _rare(people, ["age", "month"], 2),
                Text(
                    "the sex is missing: these are alone with their age and month.",
                    "il manque le sexe : ce sont ceux qui sont seuls avec leur âge et leur mois.",
                ),
            ),
            Mistake(
                "the others",
                lambda people, right: len(people) - right,
                Text(
                    "these are those who are not alone.",
                    "ce sont ceux qui ne sont pas seuls.",
                ),
            ),
            Mistake(
                "percent",
                lambda people, right: 100 * right / len(people),
                Text(
                    "this is in percent. A number of people is asked.",
                    "c'est en pour cent. On demande un nombre de personnes.",
                ),
            ),
        ],
    ),
    Exercise(
        "14-4",
        answer=lambda people: _rare(_in_decades(people), ["age", "sex"], 5),
        hints=[
            Text(
                "Two things change: the column `age`, and the list of columns.",
                "Deux choses changent : la colonne `age`, et la liste des colonnes.",
            ),
            Text(
                '`people["age"] // 10 * 10` cuts 58 down to 50; `people.assign(age=…)` makes a table '
                "with it.",
                '`people["age"] // 10 * 10` ramène 58 à 50 ; `people.assign(age=…)` en fait une table.',
            ),
            Text(
                'Then `sleeplab.rare_groups(…, ["age", "sex"], k=5)["count"].sum()`.',
                'Ensuite `sleeplab.rare_groups(…, ["age", "sex"], k=5)["count"].sum()`.',
            ),
        ],
        mistakes=[
            Mistake(
                "month left in",
                lambda people: _rare(_in_decades(people), ["age", "sex", "month"], 5),
                Text(
                    "the month is still in the list of columns. Leave it out.",
                    "le mois est encore dans la liste des colonnes. Laissez-le de côté.",
                ),
            ),
            Mistake(
                "years left in",
                lambda people: _rare(people, ["age", "sex"], 5),
                Text(
                    "the ages are still in years. Was the new table given to `rare_groups`, or the old one?",
                    "les âges sont encore en années. Avez-vous donné à `rare_groups` la nouvelle table, ou "
                    "l'ancienne ?",
                ),
            ),
            Mistake(
                "rounded",
                lambda people: _rare(
                    people.assign(age=[(age + 5) // 10 * 10 for age in people["age"]]), ["age", "sex"], 5
                ),
                Text(
                    "the ages were rounded: 58 became 60. Decades are cut down: 58 becomes 50, `// 10 * 10`.",
                    "les âges ont été arrondis : 58 est devenu 60. Une décennie se coupe vers le bas : 58 "
                    "devient 50, `// 10 * 10`.",
                ),
            ),
            Mistake(
                "groups",
                lambda people: int((_counts(_in_decades(people), ["age", "sex"]) < 5).sum()),
                Text(
                    'these are groups. The people in them are asked: the sum of the column `"count"`.',
                    'ce sont des groupes. On demande les personnes : la somme de la colonne `"count"`.',
                ),
            ),
            Mistake(
                "five is enough",
                lambda people, right: len(people) - right,
                Text(
                    "these are those in groups that are large enough. The others are asked.",
                    "ce sont ceux des groupes assez grands. On demande les autres.",
                ),
            ),
            Mistake(
                "percent",
                lambda people, right: 100 * right / len(people),
                Text(
                    "this is in percent. A number of people is asked.",
                    "c'est en pour cent. On demande un nombre de personnes.",
                ),
            ),
        ],
    ),
]
