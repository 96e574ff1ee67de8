"""Checks of lesson 01: what is in this file."""

from sleeplab.exercises import Exercise, Mistake, Text


def _draw_seconds(ax):
    """Draw eight hours as hours, minutes and seconds: what one channel has to hold."""
    bars = ax.barh(
        [Text("hours", "heures").said(), "minutes", Text("seconds", "secondes").said()],
        [8, 8 * 60, 8 * 3600],
        color="#2f6f9f",
    )
    ax.bar_label(bars, fmt="{:,.0f}", padding=3)
    ax.set(
        xscale="log",
        xlim=(1, 3e5),
        xlabel=Text(
            "the same eight hours, counted in three units", "les mêmes huit heures, comptées en trois unités"
        ).said(),
    )
    ax.invert_yaxis()


EXERCISES = [
    Exercise(
        "01-1",
        answer=lambda: 256 * 8 * 3600 * 2 / 1e6,
        hints=[
            Text(
                "How many numbers does the channel write in one second? And how many seconds have 8 hours?",
                "Combien de nombres la voie écrit-elle en une seconde ? Et combien de secondes y a-t-il en "
                "8 heures ?",
            ),
            Text(
                "Numbers = rate × seconds. Bytes = numbers × 2. MB = bytes / 1,000,000.",
                "Nombres = fréquence × secondes. Octets = nombres × 2. Mo = octets / 1 000 000.",
            ),
            Text(
                "`eeg_mb = 256 * 8 * 3600 * …`: two factors are missing.",
                "`eeg_mb = 256 * 8 * 3600 * …` : il manque deux facteurs.",
            ),
        ],
        mistakes=[
            Mistake(
                "one byte per number",
                lambda right: right / 2,
                Text(
                    "it is half of it: each number takes 2 bytes.",
                    "c'est la moitié : chaque nombre prend 2 octets.",
                ),
            ),
            Mistake(
                "bytes for megabytes",
                lambda right: right * 1e6,
                Text(
                    "these are bytes. A megabyte is a million bytes.",
                    "ce sont des octets. Un mégaoctet est un million d'octets.",
                ),
            ),
            Mistake(
                "minutes for seconds",
                lambda right: right / 60,
                Text(
                    "8 hours were counted as 8 × 60, which are minutes. The rate is per second.",
                    "8 heures ont été comptées comme 8 × 60, ce sont des minutes. La fréquence est par "
                    "seconde.",
                ),
                _draw_seconds,
            ),
            Mistake(
                "hours for seconds",
                lambda right: right / 3600,
                Text(
                    "hours were taken for seconds: the rate is per second, and 8 hours are 8 × 3600 s.",
                    "des heures ont été prises pour des secondes : la fréquence est par seconde, et 8 "
                    "heures font "
                    "8 × 3600 s.",
                ),
                _draw_seconds,
            ),
            Mistake(
                "the slow channel",
                lambda: 1 * 8 * 3600 * 2 / 1e6,
                Text(
                    "this is the SpO2 channel, of 1 Hz. The EEG has 256 Hz.",
                    "c'est la voie SpO2, de 1 Hz. L'EEG a 256 Hz.",
                ),
            ),
            Mistake(
                "1024",
                lambda right: right * 1e6 / 2**20,
                Text(
                    "the bytes were divided by 1024 × 1024. Here 1 MB is a million bytes.",
                    "les octets ont été divisés par 1024 × 1024. Ici, 1 Mo est un million d'octets.",
                ),
            ),
            Mistake(
                "bits",
                lambda right: right * 8,
                Text(
                    "these are megabits: a byte has 8 bits, and files are counted in bytes.",
                    "ce sont des mégabits : un octet a 8 bits, et les fichiers se comptent en octets.",
                ),
            ),
        ],
    ),
    Exercise(
        "01-2",
        answer=lambda header: header.channels.query("sfreq <= 10")["name"].to_list(),
        hints=[
            Text(
                "Look at the table of channels above. Which column holds the rate?",
                "Regardez la table des voies plus haut. Quelle colonne contient la fréquence ?",
            ),
            Text(
                '`header.channels.query("sfreq < 200")` keeps some lines. Which condition do you need?',
                '`header.channels.query("sfreq < 200")` garde certaines lignes. Quelle condition vous '
                "faut-il ?",
            ),
            Text(
                '`header.channels.query("sfreq <= …")["name"].to_list()`; 10 Hz itself belongs to it.',
                '`header.channels.query("sfreq <= …")["name"].to_list()` ; 10 Hz en fait partie.',
            ),
        ],
        mistakes=[
            Mistake(
                "the example's condition",
                lambda header: header.channels.query("sfreq < 200")["name"].to_list(),
                Text(
                    "this is the condition of the example, below 200 Hz. Ask for 10 Hz or less.",
                    "c'est la condition de l'exemple, moins de 200 Hz. Demandez 10 Hz ou moins.",
                ),
            ),
            Mistake(
                "the fast channels",
                lambda header: header.channels.query("sfreq > 10")["name"].to_list(),
                Text(
                    "these are the fast channels: the sign is the wrong way round.",
                    "ce sont les voies rapides : le signe est dans le mauvais sens.",
                ),
            ),
            Mistake(
                "their rates",
                lambda header: header.channels.query("sfreq <= 10")["sfreq"].to_list(),
                Text(
                    'these are their rates. The names are in the column `"name"`.',
                    'ce sont leurs fréquences. Les noms sont dans la colonne `"name"`.',
                ),
            ),
            Mistake(
                "how many",
                lambda header: len(header.channels.query("sfreq <= 10")),
                Text(
                    "this is how many there are. A list of their names is asked.",
                    "c'est combien il y en a. On demande la liste de leurs noms.",
                ),
            ),
            Mistake(
                "all channels",
                lambda header: header.channels["name"].to_list(),
                Text(
                    "these are all channels: nothing was left out. Put the condition into `query`.",
                    "ce sont toutes les voies : rien n'a été enlevé. Mettez la condition dans `query`.",
                ),
            ),
        ],
    ),
    Exercise(
        "01-3",
        answer=lambda content: content[168:].count(b"Exemple"),
        hints=[
            Text(
                "`content` is the whole file as bytes. `content[168:]` is what comes after the first 168.",
                "`content` est tout le fichier en octets. `content[168:]` est ce qui vient après les 168 "
                "premiers.",
            ),
            Text(
                '`content.count(b"…")` counts a word in the whole file. The letter b says: bytes.',
                '`content.count(b"…")` compte un mot dans tout le fichier. La lettre b dit : octets.',
            ),
            Text(
                "Put both together: first cut, then count.",
                "Mettez les deux ensemble : d'abord couper, ensuite compter.",
            ),
        ],
        mistakes=[
            Mistake(
                "the whole file",
                lambda content: content.count(b"Exemple"),
                Text(
                    "this counts in the whole file. The colleague has overwritten the beginning: count in "
                    "`content[168:]`.",
                    "cela compte dans tout le fichier. Le collègue a effacé le début : comptez dans "
                    "`content[168:]`.",
                ),
            ),
            Mistake(
                "nothing is left",
                lambda: 0,
                Text(
                    "something is left. Is the word written as in the file, with a capital letter? Or did "
                    "you cut off "
                    "the wrong part, `[:168]` for `[168:]`, or too much?",
                    "il en reste. Le mot est-il écrit comme dans le fichier, avec une majuscule ? Ou "
                    "avez-vous coupé la "
                    "mauvaise partie, `[:168]` pour `[168:]`, ou trop ?",
                ),
            ),
            Mistake(
                "both added",
                lambda content, right: content.count(b"Exemple") + right,
                Text(
                    "both counts were added. Only what stands behind the header's fields is asked.",
                    "les deux comptes ont été additionnés. On demande seulement ce qui est derrière les "
                    "champs.",
                ),
            ),
            Mistake(
                "where it stands",
                lambda content: content.find(b"Exemple"),
                Text(
                    "this is the place where the word stands. `count` says how often.",
                    "c'est la place où se trouve le mot. `count` dit combien de fois.",
                ),
            ),
        ],
    ),
]
