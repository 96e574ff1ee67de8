"""Checks of lesson 13: what about several terabytes."""

from sleeplab.exercises import Exercise, Mistake, Text
from sleeplab.exercises.mistakes import SHARE_FOR_PERCENT


def _hours(archive_tb, mb_per_s):
    return archive_tb * 1e12 / (mb_per_s * 1e6) / 60 / 60


def _asleep(stages):
    return [stage in ("N1", "N2", "N3", "REM") for stage in stages["stage"]]


def _table_bytes(archive_tb, night_mb, n_columns):
    return archive_tb * 1e12 / (night_mb * 1e6) * (8 * 3600 / 30) * n_columns * 8


def _draw_crossing(ax, computing_h, archive_tb, disk_mb_s):
    """Draw how the computing gets shorter with more cores, and the reading does not."""
    cores = [1, 2, 4, 8, 16, 32, 64]
    ax.plot(cores, [computing_h / n for n in cores], "o-", label=Text("computing", "calcul").said())
    ax.axhline(
        _hours(archive_tb, disk_mb_s), linestyle=":", color="#555555", label=Text("reading", "lecture").said()
    )
    ax.set(
        xscale="log",
        yscale="log",
        xlabel=Text("cores", "cœurs").said(),
        ylabel=Text("hours", "heures").said(),
    )
    ax.legend()


EXERCISES = [
    Exercise(
        "13-1",
        answer=lambda archive_tb, disk_mb_s: _hours(archive_tb, disk_mb_s),
        hints=[
            Text(
                "How many MB has the archive, and how many of them come in one second?",
                "Combien de Mo a l'archive, et combien en arrive-t-il en une seconde ?",
            ),
            Text(
                "Seconds = MB / (MB per second). An hour has 3600 seconds.",
                "Secondes = Mo / (Mo par seconde). Une heure a 3600 secondes.",
            ),
            Text(
                "`reading_h = archive_mb / … / 3600`, as for the network in the cell above.",
                "`reading_h = archive_mb / … / 3600`, comme pour le réseau dans la cellule au-dessus.",
            ),
        ],
        mistakes=[
            Mistake(
                "the network",
                lambda network_h: network_h,
                Text(
                    "this is the network. The disk gives `disk_mb_s` MB per second.",
                    "c'est le réseau. Le disque donne `disk_mb_s` Mo par seconde.",
                ),
            ),
            Mistake(
                "seconds",
                lambda right: right * 3600,
                Text(
                    "these are seconds. Hours are asked: divide by 3600.",
                    "ce sont des secondes. On demande des heures : divisez par 3600.",
                ),
            ),
            Mistake(
                "minutes",
                lambda right: right * 60,
                Text(
                    "these are minutes. Divide by 60 once more.",
                    "ce sont des minutes. Divisez encore une fois par 60.",
                ),
            ),
            Mistake(
                "bits",
                lambda right: right * 8,
                Text(
                    "a factor of 8 is too much: disks are sold in bytes, only networks in bits.",
                    "un facteur 8 est de trop : les disques se vendent en octets, seuls les réseaux en bits.",
                ),
            ),
            Mistake(
                "1024",
                lambda right: right * 1.024**2,
                Text(
                    "1 TB was counted as 1024 × 1024 MB. Disks and networks count in thousands: "
                    "1,000,000 MB.",
                    "1 To a été compté comme 1024 × 1024 Mo. Les disques et les réseaux comptent par mille : "
                    "1 000 000 Mo.",
                ),
            ),
            Mistake(
                "GB for TB",
                lambda right: right / 1000,
                Text(
                    "this is a thousand times too short: 1 TB has a million MB, not a thousand.",
                    "c'est mille fois trop court : 1 To a un million de Mo, pas mille.",
                ),
            ),
        ],
    ),
    Exercise(
        "13-2",
        answer=lambda archive_tb, disk_mb_s, computing_h: computing_h / _hours(archive_tb, disk_mb_s),
        hints=[
            Text(
                "With 2 cores the computing takes half as long. With how many is it as short as the reading?",
                "Avec 2 cœurs, le calcul dure moitié moins. Avec combien est-il aussi court que la lecture ?",
            ),
            Text(
                "`computing_h / cores` must be equal to `reading_h`.",
                "Il faut que `computing_h / cores` soit égal à `reading_h`.",
            ),
            Text(
                "So: the hours of one core, divided by the hours of the disk.",
                "Donc : les heures d'un cœur, divisées par les heures du disque.",
            ),
        ],
        mistakes=[
            Mistake(
                "wrong way round",
                lambda right: 1 / right,
                Text(
                    "the fraction is upside down: this would be less than one core.",
                    "la fraction est à l'envers : ce serait moins d'un cœur.",
                ),
            ),
            Mistake(
                "the network",
                lambda network_h, computing_h: computing_h / network_h,
                Text(
                    "this is where the computing crosses the network. The disk is asked.",
                    "c'est là que le calcul croise le réseau. On demande le disque.",
                ),
                _draw_crossing,
            ),
            Mistake(
                "nights per hour",
                lambda nights_per_hour: nights_per_hour,
                Text(
                    "these are the nights that one core does in an hour. A number of cores is asked.",
                    "ce sont les nuits qu'un cœur traite en une heure. On demande un nombre de cœurs.",
                ),
            ),
            Mistake(
                "nights the disk reads",
                lambda disk_mb_s, night_mb: disk_mb_s / night_mb * 3600,
                Text(
                    "these are the nights that the disk reads in an hour. Divide by those of one core.",
                    "ce sont les nuits que le disque lit en une heure. Divisez par celles d'un cœur.",
                ),
            ),
            Mistake(
                "difference",
                lambda computing_h, archive_tb, disk_mb_s: computing_h - _hours(archive_tb, disk_mb_s),
                Text(
                    "the hours were subtracted. Cores divide the hours: divide.",
                    "les heures ont été soustraites. Les cœurs divisent les heures : divisez.",
                ),
                _draw_crossing,
            ),
        ],
    ),
    Exercise(
        "13-3",
        answer=lambda archive_tb, night_mb, n_columns: _table_bytes(archive_tb, night_mb, n_columns) / 1e9,
        hints=[
            Text(
                "How many rows has the table? How many numbers has a row?",
                "Combien de lignes a la table ? Combien de nombres a une ligne ?",
            ),
            Text(
                "Numbers = rows × columns. Bytes = numbers × 8. GB = bytes / 1,000,000,000.",
                "Nombres = lignes × colonnes. Octets = nombres × 8. Go = octets / 1 000 000 000.",
            ),
            Text(
                "`table_gb = n_epochs * n_columns * … / 1e9`",
                "Écrivez `table_gb = n_epochs * n_columns * … / 1e9`",
            ),
        ],
        mistakes=[
            Mistake(
                "one column",
                lambda archive_tb, night_mb: _table_bytes(archive_tb, night_mb, 1) / 1e9,
                Text(
                    "this is a single column. Times `n_columns`.",
                    "c'est une seule colonne. Fois `n_columns`.",
                ),
            ),
            Mistake(
                "numbers for bytes",
                lambda right: right / 8,
                Text(
                    "these are the numbers, in billions. Each of them takes 8 bytes.",
                    "ce sont les nombres, en milliards. Chacun prend 8 octets.",
                ),
            ),
            Mistake(
                "two bytes",
                lambda right: right / 4,
                Text(
                    "2 bytes per number are those of an EDF file. In memory a number takes 8.",
                    "2 octets par nombre, c'est dans un fichier EDF. En mémoire, un nombre en prend 8.",
                ),
            ),
            Mistake(
                "MB",
                lambda right: right * 1000,
                Text(
                    "these are MB. A GB is a thousand of them.",
                    "ce sont des Mo. Un Go en fait mille.",
                ),
            ),
            Mistake(
                "minutes for epochs",
                lambda right: right / 2,
                Text(
                    "minutes were counted for epochs: a minute has two of them.",
                    "des minutes ont été comptées pour des époques : une minute en a deux.",
                ),
            ),
            Mistake(
                "a single night",
                lambda n_columns: 960 * n_columns * 8 / 1e9,
                Text(
                    "this is one night. Times `n_nights`.",
                    "c'est une seule nuit. Fois `n_nights`.",
                ),
            ),
        ],
    ),
    Exercise(
        "13-4",
        answer=lambda stages: 100 * sum(_asleep(stages)) / len(stages),
        within=0.01,
        hints=[
            Text(
                "Forget the nights: it is one long list of epochs.",
                "Oubliez les nuits : c'est une seule longue liste d'époques.",
            ),
            Text(
                "`is_asleep` is True or False for each epoch; `is_asleep.sum()` counts the True ones.",
                "`is_asleep` vaut True ou False pour chaque époque ; `is_asleep.sum()` compte les True.",
            ),
            Text(
                "That sum, divided by `len(stages)`, times 100.",
                "Cette somme, divisée par `len(stages)`, fois 100.",
            ),
        ],
        mistakes=[
            Mistake(
                "mean of the means",
                lambda stages: (
                    100 * stages.assign(asleep=_asleep(stages)).groupby("night_id")["asleep"].mean().mean()
                ),
                Text(
                    "this is the mean of the nights: a short night counts as much as a long one.",
                    "c'est la moyenne des nuits : une nuit courte compte autant qu'une longue.",
                ),
            ),
            SHARE_FOR_PERCENT,
            Mistake(
                "a count",
                lambda stages: sum(_asleep(stages)),
                Text(
                    "this is how many epochs are sleep. Divide by the number of all epochs.",
                    "c'est le nombre d'époques de sommeil. Divisez par le nombre de toutes les époques.",
                ),
            ),
            Mistake(
                "not asleep",
                lambda right: 100 - right,
                Text(
                    "this is what is not sleep.",
                    "c'est ce qui n'est pas du sommeil.",
                ),
            ),
            Mistake(
                "per night",
                lambda stages: 100 * sum(_asleep(stages)) / stages["night_id"].nunique(),
                Text(
                    "the epochs of sleep were divided by the number of nights. Divide by the number of "
                    "epochs.",
                    "les époques de sommeil ont été divisées par le nombre de nuits. Divisez par le nombre "
                    "d'époques.",
                ),
            ),
            Mistake(
                "of the waking",
                lambda right: 100 * right / (100 - right),
                Text(
                    "the sleep was divided by the rest. Divide by all epochs.",
                    "le sommeil a été divisé par le reste. Divisez par toutes les époques.",
                ),
            ),
        ],
    ),
]
