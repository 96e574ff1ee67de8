"""Scorings in: each format by hand, and the real files against counts made from their raw text."""

import re
from collections import Counter
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from sleeplab.scoring import EVENT_COLUMNS, Scoring, read_events, read_hypnogram, read_scoring
from sleeplab.scoring._vocabulary import STAGES, _vocabulary, find_kind, find_stage, plain


@pytest.fixture
def read(tmp_path):
    """Read a scoring from text or bytes; the file's name tells nothing."""

    def read(content: str | bytes, encoding: str = "utf-8") -> Scoring:
        path = tmp_path / "scoring.dat"
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return read_scoring(path)

    return read


def stages(scoring: Scoring) -> list[str]:
    assert scoring.hypnogram is not None
    return scoring.hypnogram.hypno.tolist()


# ---------------------------------------------------------------- vocabulary


def test_no_word_of_the_vocabulary_has_two_meanings():
    for section in ("stages", "stage_signs", "stage_numbers", "events", "columns"):
        counts = Counter(word for words in _vocabulary()[section].values() for word in words)
        assert [word for word, count in counts.items() if count > 1] == []
    words = [
        {word for words in _vocabulary()[name].values() for word in words} for name in ("stages", "events")
    ]
    assert not words[0] & words[1]


def test_the_vocabulary_is_written_as_it_is_compared():
    for section in ("stages", "stage_signs", "stage_numbers", "events", "columns"):
        for key, words in _vocabulary()[section].items():
            assert [plain(word) for word in words] == words
            assert section in ("events", "columns") or key in STAGES


def test_every_kind_is_understood_as_itself():
    for kind in _vocabulary()["events"]:
        assert find_kind(kind) == kind
        assert find_stage(kind, style="signs") == ""


@pytest.mark.parametrize(
    ("words", "stage"),
    [
        ("Sleep stage W", "WAKE"),
        ("Sleep stage 1", "N1"),
        ("Sleep stage N2", "N2"),
        ("Sleep stage 3", "N3"),
        ("Sleep stage 4", "N3"),
        ("Sleep stage R", "REM"),
        ("Sleep stage ?", "UNS"),
        ("Movement time", "ART"),
        ("Stade 2", "N2"),
        ("Stade de sommeil 1", "N1"),
        ("Éveil", "WAKE"),
        ("eveil", "WAKE"),
        ("Ã‰veil", "WAKE"),
        ("Sommeil paradoxal", "REM"),
        ("Stage 4 sleep|4", "N3"),
        ("Wake|0", "WAKE"),
        ("Unscored|9", "UNS"),
        ("2", ""),
        ("R", ""),
        ("Wake up call from Mr Smith", ""),
    ],
)
def test_words_of_stages_in_free_text(words, stage):
    assert find_stage(words) == stage


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("A. Obstructive", "apnea_obstructive"),
        ("Obstructive apnea|Obstructive Apnea", "apnea_obstructive"),
        ("Apnée centrale", "apnea_central"),
        ("A. Mixte", "apnea_mixed"),
        ("Hypopnée", "hypopnea"),
        ("Désat", "desaturation"),
        ("Micro-éveil", "arousal"),
        ("Arousal ()", "arousal"),
        ("ASDA arousal|Arousal (ASDA)", "arousal"),
        ("MJ", "limb_movement"),
        ("PLM (Left)", "plm_left"),
        ("Dos", "position_supine"),
        ("Début de l'analyse", "analysis_start"),
        ("Lights Off", "lights_off"),
        ("Mme Dupont appelle", ""),
    ],
)
def test_words_of_events(words, kind):
    assert find_kind(words) == kind


# ---------------------------------------------------------------- formats by hand

NOXTURNAL = """Heure de début,Heure de fin,Événement,Durée,
[],[],[],[s],
25/07/2018 23:59:00,25/07/2018 23:59:30,Éveil,30,
25/07/2018 23:59:30,26/07/2018 00:00:00,N1,30,
25/07/2018 23:59:41,25/07/2018 23:59:51,Désat,9.333,
26/07/2018 00:00:00,26/07/2018 00:00:30,Mme Dupont tousse,30,
26/07/2018 00:00:30,26/07/2018 00:01:00,REM,30,
"""


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8", "utf-8-sig", "cp1252"])
def test_noxturnal_in_french(read, encoding):
    scoring = read(NOXTURNAL, encoding)
    assert scoring.start == datetime(2018, 7, 25, 23, 59)
    assert scoring.hypnogram.start == pd.Timestamp("2018-07-25 23:59", tz="UTC")
    assert stages(scoring) == ["WAKE", "N1", "UNS", "REM"]
    assert scoring.events.to_numpy().tolist() == [
        [41.0, 9.333, "desaturation", "", ""],
        [60.0, 30.0, "Mme Dupont tousse", "", ""],
    ]
    assert scoring.unknown.to_numpy().tolist() == [["Mme Dupont tousse", 1, 60.0]]


def test_noxturnal_in_english_with_am_and_pm_and_the_month_first(read):
    scoring = read(
        "Start Time;End Time;Event;Duration\n[];[];[];[s]\n"
        "5/6/2018 11:59:30 PM;5/7/2018 12:00:00 AM;Wake;30\n5/7/2018 12:00:00 AM;5/7/2018 12:00:30 AM;N2;30\n"
    )
    assert scoring.start == datetime(2018, 5, 6, 23, 59, 30)
    assert stages(scoring) == ["WAKE", "N2"]
    one_day = read("Start Time,End Time,Event\n5/6/2018 11:00:00 PM,5/6/2018 11:00:30 PM,Wake\n")
    assert one_day.start == datetime(2018, 5, 6, 23)


def test_the_order_of_day_and_month_is_the_one_that_makes_one_night(read):
    lines = "Start Time,End Time,Event\n{} 23:59:30,{} 00:00:00,Wake\n{} 00:00:00,{} 00:00:30,N2\n"
    day_first = lines.format("05/06/2018", "06/06/2018", "06/06/2018", "06/06/2018")
    month_first = lines.format("05/06/2018", "05/07/2018", "05/07/2018", "05/07/2018")
    assert read(day_first).start == datetime(2018, 6, 5, 23, 59, 30)
    assert read(month_first).start == datetime(2018, 5, 6, 23, 59, 30)
    assert stages(read(day_first)) == stages(read(month_first)) == ["WAKE", "N2"]


def test_profusion_xml(read):
    codes = "".join(f"<SleepStage>{code}</SleepStage>" for code in [0, 1, 2, 3, 4, 5, 6, 9, 7])
    scoring = read(
        "<?xml version='1.0'?><CMPStudyConfig><EpochLength>30</EpochLength><ScoredEvents><ScoredEvent>"
        "<Name>SpO2 desaturation</Name><Start>12,5</Start><Duration>20</Duration><Input>SaO2</Input>"
        f"</ScoredEvent></ScoredEvents><SleepStages>{codes}</SleepStages></CMPStudyConfig>"
    )
    assert stages(scoring) == ["WAKE", "N1", "N2", "N3", "N3", "REM", "ART", "UNS"]
    assert scoring.start is None
    assert scoring.events.to_numpy().tolist() == [
        [12.5, 20.0, "desaturation", "SaO2", ""],
        [240.0, 30.0, "Sleep stage code 7", "", ""],
    ]
    assert scoring.unknown["kind"].tolist() == ["Sleep stage code 7"]


def test_noxturnal_quotes_nothing(read):
    free = NOXTURNAL.replace("Mme Dupont tousse", '"Appel, de Mme Dupont; elle tousse')
    assert read(free).events["kind"].tolist() == ["desaturation", "Appel, de Mme Dupont; elle tousse"]


@pytest.mark.parametrize(
    ("text", "duration_s"),
    [
        (NOXTURNAL.replace("9.333,", "9,333,"), 9.333),  # a decimal comma between commas
        (NOXTURNAL.replace("9.333,", "9,333,").replace("Désat", "Désat, longue"), 9.333),
        (NOXTURNAL.replace(",", ";").replace("9.333;", "9,333;"), 9.333),
        (NOXTURNAL.replace("9.333,", ","), 10.0),  # no duration: end minus start
        (re.sub(r"(?m)^([^,]*),[^,]*,", r"\1,", NOXTURNAL), 9.333),  # no column of ends
    ],
)
def test_noxturnal_durations(read, text, duration_s):
    scoring = read(text)
    assert stages(scoring) == ["WAKE", "N1", "UNS", "REM"]
    assert scoring.events[["onset_s", "duration_s"]].to_numpy().tolist() == [[41.0, duration_s], [60.0, 30.0]]


def nsrr(*events: tuple[str, float, float], clock: str = "") -> str:
    nodes = "".join(
        f"<ScoredEvent><EventType/><EventConcept>{words}</EventConcept><Start>{start}</Start>"
        f"<Duration>{duration}</Duration>{clock}</ScoredEvent>"
        for words, start, duration in events
    )
    return f"<PSGAnnotation><EpochLength>30</EpochLength><ScoredEvents>{nodes}</ScoredEvents></PSGAnnotation>"


def test_nsrr_xml(read):
    night = [("Wake|0", 0, 60), ("Stage 4 sleep|4", 60, 30), ("Hypopnea|Hypopnea", 70.5, 12)]
    scoring = read(nsrr(*night, clock="<ClockTime>00.00.00 23.05.10</ClockTime>"))
    assert stages(scoring) == ["WAKE", "WAKE", "N3"]
    assert scoring.start == datetime(1985, 1, 1, 23, 5, 10)  # a time of day; the date is not known
    assert scoring.events.to_numpy().tolist() == [[70.5, 12.0, "hypopnea", "", ""]]
    assert read(nsrr(*night)).start is None


@pytest.mark.parametrize(
    "content",
    [
        "<CMPStudyConfig><SleepStages>",
        "<!DOCTYPE a [<!ENTITY b 'c'>]><CMPStudyConfig>&b;</CMPStudyConfig>",
    ],
)
def test_broken_or_hostile_xml_is_refused(read, content):
    with pytest.raises(ValueError, match=r"XML must be whole and without entities"):
        read(content)


def test_xml_of_another_kind_is_refused_without_quoting_it(read):
    with pytest.raises(ValueError, match=r"root CMPStudyConfig") as caught:
        read("<Dupont>Marie</Dupont>")
    assert "Dupont" not in str(caught.value)


def test_xml_in_utf_16(read):
    text = "<?xml version='1.0' encoding='utf-16'?><CMPStudyConfig><SleepStages><SleepStage>2</SleepStage>"
    assert stages(read(text + "</SleepStages></CMPStudyConfig>", "utf-16")) == ["N2"]


def test_dod_json(read):
    assert stages(read("[\n0,\n1, 2, 3, 4, -1]")) == ["WAKE", "N1", "N2", "N3", "REM", "UNS"]


@pytest.mark.parametrize("content", ["[0, 1", "[5]", '["W"]', "[]", '{"a": 1}', "[" * 100_000])
def test_other_json_is_refused(read, content):
    with pytest.raises(ValueError, match=r"a JSON scoring must be"):
        read(content)


def test_dreams_hypnogram_of_5_s_epochs(read):
    codes = [5] * 6 + [4] * 6 + [3, 3, 3, 3, 2, 2] + [1, 1, 0, 0, 2, 2] + [-1] * 6 + [-2] * 3 + [-3] * 3
    scoring = read("[Hypnogram]\n" + "\n".join(map(str, codes)) + "\n")
    assert stages(scoring) == ["WAKE", "REM", "N1", "N3", "ART", "UNS"]


def test_dreams_events(read):
    scoring = read("[vis1_Spindles/C3-A1]\n  282.2400\t    0.7200\n\n 300 1\n")
    assert scoring.hypnogram is None
    assert scoring.events.to_numpy().tolist() == [
        [282.24, 0.72, "spindle", "C3-A1", "vis1"],
        [300.0, 1.0, "spindle", "C3-A1", "vis1"],
    ]


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("[Hypnogram]\n5\n8\n", r"1 of 2 lines have not, first line 3"),
        ("[C3-A1]\n-0.9562\n", r"another title"),
        ("[vis1_Spindles/C3-A1]\nx 1\n", r"line 2: a DREAMS event"),
    ],
)
def test_other_dreams_text_is_refused(read, content, match):
    with pytest.raises(ValueError, match=match):
        read(content)


def test_luna_annot_in_seconds(read):
    scoring = read(
        "# arousal | micro arousal\nclass\tinstance\tchannel\tstart\tstop\tmeta\n"
        "W\t.\t.\t0\t30\t.\nR\t.\t.\t30\t+30\t.\n?\t.\t.\te:3\te:3\t.\nN3\t.\t.\t0+00:01:30\t...\t.\n"
        "arousal\tspontaneous\tC3-M2\t100\t104.5\t.\n"
    )
    assert stages(scoring)[:3] == ["WAKE", "REM", "UNS"]
    assert scoring.events.to_numpy().tolist() == [[100.0, 4.5, "arousal_spontaneous", "C3-M2", ""]]


def test_luna_annot_with_clocks_over_midnight(read):
    rows = [("N1", "23:59:30", "00:00:00"), ("N2", "00:00:00", "00:00:30"), ("arousal", "00:00:20", "+4")]
    scoring = read("".join(f"{words}\t.\t.\t{start}\t{stop}\t.\n" for words, start, stop in rows))
    assert scoring.start == datetime(1985, 1, 1, 23, 59, 30)
    assert stages(scoring) == ["N1", "N2"]
    assert scoring.events[["onset_s", "duration_s"]].to_numpy().tolist() == [[50.0, 4.0]]


def test_times_of_day_run_over_every_midnight(read):
    rows = "".join(
        f"{clock}\tspindle\n" for clock in ("23:00:00", "01:00:00", "13:30:00", "23:00:00", "01:00:00")
    )
    hours = [0, 2, 14.5, 24, 26]
    assert read("time,stage\n" + rows.replace("\t", ",")).events["onset_s"].tolist() == [
        3600 * h for h in hours
    ]


def test_bids_events(read):
    scoring = read(
        "onset\tduration\ttrial_type\tchannel\n"
        "0\t30\tSleep stage W\tn/a\n30\t30\tR\tn/a\n31.5\tn/a\tspindle\tC4\n"
    )
    assert stages(scoring) == ["WAKE", "REM"]
    assert scoring.events.to_numpy().tolist() == [[31.5, 0.0, "spindle", "C4", ""]]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("Epoch,Stage\n0,WAKE\n1,N1\n2,REM\n", ["WAKE", "N1", "REM"]),
        ("Epoch,Stage\n0,0\n1,1\n2,4\n3,-1\n4,-2\n", ["WAKE", "N1", "REM", "ART", "UNS"]),  # YASA's as_int()
        ("Epoch,Expert 1\n0,WAKE\n1,N1\n", ["WAKE", "N1"]),  # YASA names the column after the scorer
        ("epoch;stade\n1;Éveil\n2;N1\n4;N2\n", ["WAKE", "N1", "UNS", "N2"]),  # epoch 3 is a hole
        ("stage,start\nW,0\nN1,20\nN1,40\n", ["WAKE", "N1"]),  # 20-s epochs
        ("# 0=W, 1=N3, 2=N2, 3=N1, 4=REM\nstage\n0\n1\n3\n4\n", ["WAKE", "N3", "N1", "REM"]),
        ("W\nN1\n\nN2\n", ["WAKE", "N1", "UNS", "N2"]),
        (
            "stages of the night\nW\n1\n2\n3\n4\nR\nmovement\n?\n",
            ["WAKE", "N1", "N2", "N3", "N3", "REM", "ART", "UNS"],
        ),
        ("# 5=W 4=REM 3=S1 2=S2 1=S3 0=S4\n5\n3\n2\n0\n4\n", ["WAKE", "N1", "N2", "N3", "REM"]),
    ],
)
def test_lists_of_stages(read, content, expected):
    assert stages(read(content)) == expected


def test_the_scorer_of_a_yasa_csv_is_kept(read):
    assert read("Epoch,Expert 1\n0,WAKE\n").hypnogram.scorer == "Expert 1"


def test_a_time_column_gives_the_clock(read):
    scoring = read("Time,Stage\n2024-03-01 23:59:30+01:00,W\n2024-03-02 00:00:00+01:00,N1\n")
    assert scoring.hypnogram.start == pd.Timestamp("2024-03-01 23:59:30", tz="UTC")  # the wall clock
    assert stages(scoring) == ["WAKE", "N1"]


@pytest.mark.parametrize(
    "content", ["0\n1\n2\n3\n4\n", "epoch,stage\n0,0\n1,4\n", "Epoch,Stage\n0,5\n", "W\n1\n4\n"]
)
def test_integer_codes_without_a_meaning_are_refused(read, content):
    with pytest.raises(ValueError, match=r"integer stage codes need a meaning .* gives none for"):
        read(content)


@pytest.mark.parametrize("content", ["", " \n", "\ufeff"])
def test_an_empty_file_is_refused(read, content):
    with pytest.raises(ValueError, match=r"this file is empty"):
        read(content)


@pytest.mark.parametrize(
    "content", ["Dear Mr Smith,\nyou slept well.\n", 'a,"b\nc', b"\x81\x8d\x8f\x90\x9d", b"\x00" * 300]
)
def test_another_file_is_refused_without_quoting_it(read, content):
    with pytest.raises(ValueError, match=r"a (scoring|text) must") as caught:
        read(content)
    assert "Smith" not in str(caught.value)


def test_a_missing_file_names_the_place_searched(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no scoring at .*absent\.csv"):
        read_scoring(tmp_path / "absent.csv")


def test_errors_of_lines_give_the_place_and_not_the_words(read):
    secret = NOXTURNAL.replace("26/07/2018 00:00:00,26", "Mme Dupont,26")
    with pytest.raises(ValueError, match=r"line 6: start and end must be a date") as caught:
        read(secret)
    assert "Dupont" not in str(caught.value)
    for minutes in ("0:00,W\n0:30,N1", "23:50,W\n23:50,N1", "1/3/24 23:50,W\n1/3/24 23:50,N1"):
        with pytest.raises(ValueError, match=r"number, a time of day 23:50:00, or a date and .*; row 2"):
            read(f"Time,Stage\n{minutes}\n")
    with pytest.raises(ValueError, match=r"start at 0:00:00 can be clocks or times since the start"):
        read("Time,Stage\n0:00:00,W\n0:00:30,N1\n")
    with pytest.raises(ValueError, match=r"onset must be a number of seconds; row 3") as caught:
        read("onset\tduration\ttrial_type\n1\t2\tspindle\nDupont\t1\tspindle\n")
    assert "Dupont" not in str(caught.value)


@pytest.mark.parametrize(
    "line",
    ["1e9\t1\tspindle", "nan\t1\tspindle", "5\t-1\tspindle", "inf\t1\tN1", "-1e9\t1\tN2", "0\tinf\tN2"],
)
def test_impossible_times_are_refused(read, line):
    with pytest.raises(ValueError, match=r"each entry must lie within 604800 s of the start .* entry 1 "):
        read(f"onset\tduration\ttrial_type\n{line}\n")


def test_a_scoring_without_stages_has_no_hypnogram(tmp_path):
    path = tmp_path / "events.tsv"
    path.write_text("onset\tduration\ttrial_type\n1\t2\tspindle\n")
    assert len(read_events(path)) == 1
    with pytest.raises(ValueError, match=r"a hypnogram needs stages; this file has 1 events"):
        read_hypnogram(path)


# ---------------------------------------------------------------- stages onto 30-s epochs


def bids(*rows: tuple[float, float, str]) -> str:
    return "onset\tduration\ttrial_type\n" + "".join(f"{o}\t{d}\t{w}\n" for o, d, w in rows)


@pytest.mark.parametrize("epoch_s", [5, 10, 20, 30])
def test_epochs_of_other_lengths_keep_the_minutes(read, epoch_s):
    night = ["WAKE"] * 60 + ["N2"] * 120 + ["REM"] * 60  # per 10 s: 10, 20 and 10 min
    rows = [(10.0 * i, 10.0, stage) for i, stage in enumerate(night)]
    if epoch_s != 10:
        rows = [(t, epoch_s, night[t // 10]) for t in range(0, 2400, epoch_s)]
    assert read(bids(*rows)).hypnogram.hypno.value_counts()[["WAKE", "N2", "REM"]].tolist() == [20, 40, 20]


def test_a_tie_goes_to_the_stage_that_starts_first(read):
    assert stages(read(bids((0, 15, "N2"), (15, 15, "N1")))) == ["N2"]
    assert stages(read(bids((0, 10, "N1"), (10, 10, "N2"), (20, 10, "N1")))) == ["N1"]


def test_unscored_time_wins_only_with_more_than_every_stage(read):
    assert stages(read(bids((15, 15, "N2"), (30, 30, "N1")))) == ["N2", "N1"]
    assert stages(read(bids((16, 14, "N2"), (30, 30, "N1")))) == ["UNS", "N1"]


def test_marks_of_changes_last_until_the_next(read):
    assert stages(read(bids((0, 0, "W"), (90, 0, "N1"), (150, 0, "N2")))) == ["WAKE"] * 3 + ["N1"] * 2 + [
        "N2"
    ]


def test_marks_of_epochs_do_not_fill_a_hole(read):
    rows = [(0, 0, "W"), (30, 0, "W"), (60, 0, "N1"), (90, 0, "N1"), (300, 0, "N2")]
    assert stages(read(bids(*rows))) == ["WAKE"] * 2 + ["N1"] * 2 + ["UNS"] * 6 + ["N2"]


def test_two_scorings_in_one_file_are_refused_with_the_numbers(read):
    rows = [(0, 60, "W"), (60, 60, "N1"), (0, 60, "W"), (60, 60, "N2")]
    with pytest.raises(ValueError, match=r"contradict each other during 60\.0 s, first at 60\.0 s"):
        read(bids(*rows))


def test_unscored_time_contradicts_nothing(read):
    assert stages(read(bids((0, 120, "UNS"), (30, 60, "N2"), (60, 300, "UNS"))))[:4] == [
        "UNS",
        "N2",
        "N2",
        "UNS",
    ]
    assert set(stages(read(bids((0, 120, "UNS"))))) == {"UNS"}


def test_an_event_without_words_is_kept_and_reported(read):
    scoring = read(bids((0, 30, "N2"), (3, 1, "")))
    assert scoring.events["kind"].tolist() == scoring.unknown["kind"].tolist() == ["unnamed"]


def test_overlaps_that_agree_or_are_short_are_read(read):
    assert stages(read(bids((0, 90, "N2"), (30, 30, "N2")))) == ["N2"] * 3
    assert stages(read(bids((0, 31, "N2"), (30, 30, "N1")))) == ["N2", "N1"]


# ---------------------------------------------------------------- real files

NOX_STAGES = {"Éveil": "WAKE", "N1": "N1", "N2": "N2", "N3": "N3", "REM": "REM"}
NOX_EVENTS = {
    "Notification": "notification",
    "Avertissement": "warning",
    "Micro-éveil": "arousal",
    "Désat": "desaturation",
    "A. Obstructive": "apnea_obstructive",
    "A. Mixte": "apnea_mixed",
    "Hypopnée": "hypopnea",
    "MJ": "limb_movement",
    "PLM": "plm",
    "Artefact": "artefact",
    "Dos": "position_supine",
    "Gauche": "position_left",
    "Droite": "position_right",
    "Debout": "position_upright",
    "Début de l'analyse": "analysis_start",
}


@pytest.mark.parametrize("night", [1, 2])
def test_noxturnal_nights_against_a_count_of_their_lines(shared_data, night):
    path = shared_data(f"nox/scoring_night{night}.csv")
    lines = path.read_bytes().decode("utf-16").splitlines()[2:]
    words = [line.split(",")[2] for line in lines]
    clocks = [datetime.strptime(line.split(",")[0], "%d/%m/%Y %H:%M:%S") for line in lines]
    scoring = read_scoring(path)
    epochs = Counter(NOX_STAGES[word] for word in words if word in NOX_STAGES)
    found = scoring.hypnogram.hypno.value_counts().to_dict()
    assert {stage: count for stage, count in found.items() if count and stage != "UNS"} == epochs
    counted = Counter(NOX_EVENTS[word] for word in words if word not in NOX_STAGES)
    assert scoring.events["kind"].value_counts().to_dict() == counted
    assert len(scoring.events) + sum(epochs.values()) == len(lines)
    assert scoring.unknown.empty
    # each epoch where its line says it is, holes in between
    by_clock = {
        clock: NOX_STAGES[word] for clock, word in zip(clocks, words, strict=True) if word in NOX_STAGES
    }
    index = scoring.hypnogram.hypno.tz_localize(None)
    assert scoring.start == min(clocks)
    assert index.index[0] == min(by_clock)
    assert {clock.to_pydatetime(): stage for clock, stage in index.items() if stage != "UNS"} == by_clock
    durations = [
        float(line.split(",")[3]) for line, word in zip(lines, words, strict=True) if word not in NOX_STAGES
    ]
    assert scoring.events["duration_s"].sum() == pytest.approx(sum(durations))


def test_profusion_night_against_a_regular_expression(shared_data):
    path = shared_data("nsrr/learn-nsrr01.xml")
    text = path.read_text("utf-8")
    codes = re.findall(r"<SleepStage>(\d)</SleepStage>", text)
    names = re.findall(
        r"<ScoredEvent>.*?<Name>(.*?)</Name><Start>(.*?)</Start><Duration>(.*?)</Duration>", text
    )
    scoring = read_scoring(path)
    assert (len(codes), len(names)) == (1364, 905)
    assert stages(scoring) == [
        {"0": "WAKE", "1": "N1", "2": "N2", "3": "N3", "4": "N3", "5": "REM"}[c] for c in codes
    ]
    assert len(scoring.events) == 905
    kinds = Counter(name.replace(" ()", "").lower() for name, _, _ in names)
    for words, kind in [
        ("arousal", "arousal"),
        ("hypopnea", "hypopnea"),
        ("spo2 desaturation", "desaturation"),
        ("spo2 artifact", "artefact_spo2"),
        ("obstructive apnea", "apnea_obstructive"),
    ]:
        assert (scoring.events["kind"] == kind).sum() == kinds[words]
    assert sorted(scoring.events["onset_s"]) == sorted(float(start) for _, start, _ in names)
    assert scoring.events["duration_s"].sum() == pytest.approx(sum(float(duration) for *_, duration in names))


def test_sleep_edf_hypnogram_against_mne(shared_data):
    import mne

    path = shared_data("sleep-edf/SC4001EC-Hypnogram.edf")
    annotations = mne.read_annotations(path)
    signs = {"W": "WAKE", "1": "N1", "2": "N2", "3": "N3", "4": "N3", "R": "REM", "?": "UNS", "e": "ART"}
    expected = [
        signs[description[-1]]
        for duration, description in zip(annotations.duration, annotations.description, strict=True)
        for _ in range(round(duration / 30))
    ]
    scoring = read_scoring(path)
    assert stages(scoring) == expected
    assert len(expected) == 2880  # 24 h
    assert scoring.hypnogram.start == pd.Timestamp("1989-04-24 16:13", tz="UTC")
    assert scoring.events.empty
    assert tuple(scoring.events.columns) == EVENT_COLUMNS


@pytest.mark.parametrize("excerpt", [1, 2, 3, 4])
def test_dreams_excerpts(shared_data, excerpt):
    codes = shared_data(f"dreams/Hypnogram_excerpt{excerpt}.txt").read_text().split()[1:]
    found = stages(read_scoring(shared_data(f"dreams/Hypnogram_excerpt{excerpt}.txt")))
    assert len(found) == len(codes) // 6 == 60
    meaning = {"5": "WAKE", "4": "REM", "3": "N1", "2": "N2", "1": "N3", "0": "N3"}
    for epoch, stage in enumerate(found):
        votes = Counter(
            meaning.get(code, "ART" if code == "-1" else "UNS") for code in codes[6 * epoch : 6 * epoch + 6]
        )
        assert votes[stage] == max(votes.values())
    for scorer in (1, 2):
        path = shared_data(f"dreams/Visual_scoring{scorer}_excerpt{excerpt}.txt")
        rows = [line.split() for line in path.read_text().splitlines()[1:] if line.strip()]
        events = read_events(path)
        assert events["onset_s"].tolist() == sorted(float(row[0]) for row in rows)
        assert set(events["kind"]) == {"spindle"}
        assert set(events["scorer"]) == {f"vis{scorer}"}


def test_all_dod_nights(shared_data):
    import json

    paths = sorted(Path(shared_data("dod")).glob("*/scorer_*/*.json"))
    assert len(paths) == 5 * (25 + 30)
    meaning = {-1: "UNS", 0: "WAKE", 1: "N1", 2: "N2", 3: "N3", 4: "REM"}
    for path in paths[::5]:
        assert stages(read_scoring(path)) == [meaning[code] for code in json.loads(path.read_text())]


def test_an_edf_without_an_annotation_track_is_refused(shared_data):
    with pytest.raises(ValueError, match=r"needs an annotation track; this file has 7 signals"):
        read_scoring(shared_data("sleep-edf/SC4001E0_first5min.edf"))


def test_a_recording_with_an_empty_annotation_track_has_no_events(shared_data):
    scoring = read_scoring(shared_data("nox/nox_a1_2min.edf"))
    assert scoring.hypnogram is None
    assert scoring.events.empty
