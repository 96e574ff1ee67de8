"""What is read from the montages of public cohorts and of recorders, decided by hand."""

from collections.abc import Sequence

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sleeplab.channels import MNE_TYPES, channel_table, parse_label, plan_channels
from sleeplab.channels._vocabulary import load_vocabulary

COLUMNS = ["name", "role", "label", "minus", "reason", "track", "minus_track"]

# source -> the labels of its files; then what is read of them, as "name=label" or "name=label-minus"
MONTAGES = {
    "SHHS": """
        SaO2 | H.R. | EEG(sec) | ECG | EMG | EOG(L) | EOG(R) | EEG | SOUND | AIRFLOW | THOR RES | ABDO RES
        POSITION | LIGHT | NEW AIR | OX STAT
        ->
        EEG=EEG | EEG2=EEG(sec) | E1=EOG(L) | E2=EOG(R) | Chin=EMG | ECG=ECG | Flow=AIRFLOW
        Thorax=THOR RES | Abdomen=ABDO RES | SpO2=SaO2
    """,
    "MESA": """
        EKG | EOG-L | EOG-R | EMG | EEG1 | EEG2 | EEG3 | Pres | Flow | Snore | Thor | Abdo | Leg | Therm
        Pos | EKG_Off | EOG-L_Off | EMG_Off | EEG1_Off | Pleth | OxStatus | SpO2 | HR | DHR
        ->
        EEG1=EEG1 | EEG2=EEG2 | EEG3=EEG3 | E1=EOG-L | E2=EOG-R | Chin=EMG | ECG=EKG | Leg=Leg | Flow=Pres
        Thorax=Thor | Abdomen=Abdo | SpO2=SpO2
    """,
    "MrOS": """
        C3 | C4 | A1 | A2 | LOC | ROC | ECG L | ECG R | LEG L | LEG R | L Chin | R Chin | Airflow | Thoracic
        Abdominal | SUM | SAO2 | STAT
        ->
        C4-M1=C4-A1 | C3-M2=C3-A2 | E1-M2=LOC-A2 | E2-M2=ROC-A2 | Chin=L Chin-R Chin | ECG=ECG L-ECG R
        LegL=LEG L | LegR=LEG R | Flow=Airflow | Thorax=Thoracic | Abdomen=Abdominal | SpO2=SAO2
    """,
    "CFS": """
        C3 | C4 | M1 | M2 | LOC | ROC | ECG1 | ECG2 | EMG1 | EMG2 | EMG3 | L Leg | R Leg | AIRFLOW
        THOR EFFORT | ABDO EFFORT | NASAL PRES | PlethWV
        ->
        C4-M1=C4-M1 | C3-M2=C3-M2 | E1-M2=LOC-M2 | E2-M2=ROC-M2 | Chin=EMG1-EMG2 | ECG=ECG1-ECG2
        LegL=L Leg | LegR=R Leg | Flow=NASAL PRES | Thorax=THOR EFFORT | Abdomen=ABDO EFFORT
    """,
    "WSC": """
        F3_M2 | Fz_AVG | C3_M2 | Cz_AVG | O1_M2 | Pz_Cz | E1 | E2 | chin | cchin_l | rchin_l | rleg | lleg
        ECG | snore | nas_pres | oralflow | spo2
        ->
        C3-M2=C3_M2 | F3-M2=F3_M2 | O1-M2=O1_M2 | Pz-Cz=Pz_Cz | Cz-Avg=Cz_AVG | Fz-Avg=Fz_AVG | E1=E1
        E2=E2 | Chin=cchin_l | ECG=ECG | LegL=lleg | LegR=rleg | Flow=nas_pres | SpO2=spo2
    """,
    "DOD": """
        C3_M2 | C4_M1 | F3_F4 | F3_M2 | F3_O1 | F4_O2 | O1_M2 | O2_M1 | EMG | EOG1 | EOG2 | ECG
        ->
        C4-M1=C4_M1 | C3-M2=C3_M2 | F3-M2=F3_M2 | O2-M1=O2_M1 | O1-M2=O1_M2 | F4-O2=F4_O2 | E1=EOG1
        E2=EOG2 | Chin=EMG | ECG=ECG
    """,
    "CAP": """
        Fp2-F4 | F4-C4 | C4-P4 | P4-O2 | C4-A1 | ROC-LOC | EMG1-EMG2 | ECG1-ECG2 | DX1-DX2 | SX1-SX2 | SAO2
        HR | PLETH | STAT | MIC
        ->
        C4-M1=C4-A1 | C4-P4=C4-P4 | F4-C4=F4-C4 | Fp2-F4=Fp2-F4 | P4-O2=P4-O2 | E2-E1=ROC-LOC
        Chin=EMG1-EMG2 | ECG=ECG1-ECG2 | LegL=SX1-SX2 | LegR=DX1-DX2 | SpO2=SAO2
    """,
    "ISRUC": """
        LOC-A2 | ROC-A1 | F3-A2 | C3-A2 | O1-A2 | F4-A1 | C4-A1 | O2-A1 | X1 | X2 | X3 | DC3 | SaO2 | DC8
        ->
        C4-M1=C4-A1 | C3-M2=C3-A2 | F4-M1=F4-A1 | F3-M2=F3-A2 | O2-M1=O2-A1 | O1-M2=O1-A2 | E1-M2=LOC-A2
        E2-M1=ROC-A1 | SpO2=SaO2
    """,
    "HMC": """
        EEG F4-M1 | EEG C4-M1 | EEG O2-M1 | EEG C3-M2 | EMG chin | EOG E1-M2 | EOG E2-M2 | ECG
        ->
        C4-M1=EEG C4-M1 | C3-M2=EEG C3-M2 | F4-M1=EEG F4-M1 | O2-M1=EEG O2-M1 | E1-M2=EOG E1-M2
        E2-M2=EOG E2-M2 | Chin=EMG chin | ECG=ECG
    """,
    "DREAMS": """
        FP1-A1 | CZ-A1 | C3-A1
        ->
        C3-M1=C3-A1 | Cz-M1=CZ-A1 | Fp1-M1=FP1-A1
    """,
    "Deltamed": """
        EEG C3-A2 | EEG O1-A2 | EOGG | EOGDt | EEG MENTON | EEG ECG | JAMBE G | JAMBE D | RONFL | LUNETTES
        BUCCAL | THO | ABDO | SPO2 | POULS
        ->
        C3-M2=EEG C3-A2 | O1-M2=EEG O1-A2 | E1=EOGG | E2=EOGDt | Chin=EEG MENTON | ECG=EEG ECG
        LegL=JAMBE G | LegR=JAMBE D | Flow=LUNETTES | Thorax=THO | Abdomen=ABDO | SpO2=SPO2
    """,
    "common reference": """
        EEG C3-REF | EEG C4-REF | EEG A1-REF | EEG A2-REF | EEG LOC-REF | EEG ROC-REF | EEG EKG1-REF
        EMG-REF
        ->
        C4-M1=EEG C4-REF-EEG A1-REF | C3-M2=EEG C3-REF-EEG A2-REF | E1-M2=EEG LOC-REF-EEG A2-REF
        E2-M2=EEG ROC-REF-EEG A2-REF | Chin=EMG-REF | ECG=EEG EKG1-REF
    """,
}


def items(text: str) -> list[str]:
    return [item.strip() for line in text.strip().splitlines() for item in line.split("|")]


def plan_of(labels: str, *, eeg: Sequence[str] = ()) -> pd.DataFrame:
    return plan_channels(channel_table(items(labels)), eeg=eeg)


def written(plan: pd.DataFrame) -> list[str]:
    return [
        f"{row.name_}={row.label}" + (f"-{row.minus}" if row.minus else "")
        for row in plan.rename(columns={"name": "name_"}).itertuples()
    ]


@pytest.mark.parametrize("source", MONTAGES)
def test_what_is_read_from(source: str) -> None:
    labels, channels = MONTAGES[source].split("->")
    assert written(plan_of(labels)) == items(channels)


def test_the_columns_and_the_rows_they_point_to() -> None:
    table = channel_table(["Imp", "EEG", "M1", "EEG", "C4"])
    plan = plan_channels(table)
    assert plan.columns.tolist() == COLUMNS
    assert plan[["name", "track", "minus_track"]].to_numpy().tolist() == [
        ["C4-M1", 4, 2],
        ["EEG", 1, -1],
        ["EEG (2)", 3, -1],
    ]
    assert plan["role"].tolist() == ["eeg"] * 3
    assert plan["reason"].str.len().min() > 0


@pytest.mark.parametrize(
    ("labels", "channels"),
    [
        # the opposite mastoid, else both linked, else the one there is
        ("C3|C4|M1|M2", ["C4-M1=C4-M1", "C3-M2=C3-M2"]),
        ("C3|M1|M1M2", ["C3-M1M2=C3-M1M2"]),
        ("C3|M1", ["C3-M1=C3-M1"]),
        ("C3|C4", ["C4=C4", "C3=C3"]),
        ("C3-REF|M2", ["C3-Ref=C3-REF"]),
        # a ready derivation is preferred to its raw electrode, but only to that one
        ("C3|M2|C3-M2", ["C3-M2=C3-M2"]),
        ("C3|C4|M1|M2|C3-A2", ["C4-M1=C4-M1", "C3-M2=C3-A2"]),
        ("E1|M2|E1-M1|C3", ["C3-M2=C3-M2", "E1-M1=E1-M1"]),
        ("C3|E2-M1|E2-M2", ["C3=C3", "E2-M2=E2-M2"]),
        # the same derivation twice is read once
        ("C3-M2|EEG C3-A2", ["C3-M2=C3-M2"]),
        # an unnamed EEG stands last
        ("EEG|Pz-Oz|C3|O1-M2", ["O1-M2=O1-M2", "Pz-Oz=Pz-Oz", "C3=C3", "EEG=EEG"]),
        # chin: against the midline first; a ready channel before two electrodes
        ("C3|Chin1-Chin2|Chin1-ChinZ", ["C3=C3", "Chin=Chin1-ChinZ"]),
        ("C3|Chin2|ChinZ|Chin1", ["C3=C3", "Chin=Chin2-ChinZ"]),
        ("C3|ChinZ|Chin1", ["C3=C3", "Chin=Chin1-ChinZ"]),
        ("C3|Chin1|Chin2|Menton", ["C3=C3", "Chin=Menton"]),
        ("C3|Chin1", ["C3=C3", "Chin=Chin1"]),
        # what is measured before what is computed from it
        ("C3|RIP Flow|Airflow", ["C3=C3", "Flow=Airflow"]),
        ("C3|RIP Flow", ["C3=C3", "Flow=RIP Flow"]),
        ("C3|Therm|Airflow", ["C3=C3", "Flow=Therm"]),
        ("C3|Inductance Thora|Chest", ["C3=C3", "Thorax=Chest"]),
        ("C3|SpO2 B-B|Saturation", ["C3=C3", "SpO2=Saturation"]),
        ("C3|SpO2 B-B|SaO2 (2)", ["C3=C3", "SpO2=SaO2 (2)"]),
        ("C3|Leg 1|Leg 2", ["C3=C3", "Leg1=Leg 1", "Leg2=Leg 2"]),
        ("C3|LLeg1|LLeg2", ["C3=C3", "LegL=LLeg1-LLeg2"]),
        # never a track about a signal
        ("C3|C4 Imp|Leg L Imp|Abdomen Cal|EMG_Off|Thermistor Cal", ["C3=C3"]),
    ],
)
def test_choices(labels: str, channels: list[str]) -> None:
    assert written(plan_of(labels)) == channels


def test_tracks_of_different_rates_are_not_subtracted() -> None:
    table = channel_table(["C4", "M1", "M2"], sfreqs=[256, 128, 256])
    assert written(plan_channels(table)) == ["C4-M2=C4-M2"]
    assert written(plan_channels(channel_table(["C4", "M1"], sfreqs=[256, 128]))) == ["C4=C4"]


def test_of_one_derivation_at_two_rates_the_faster_is_read() -> None:
    table = channel_table(["C3-M2", "EEG C3-A2"], sfreqs=[100, 256])
    assert written(plan_channels(table)) == ["C3-M2=EEG C3-A2"]


def test_six_eeg_derivations_at_most() -> None:
    plan = plan_of("Fz-M2|P4-M1|O1-M2|F3-M2|C3-M2|Fp1-M2|T3-M2|C4-M1|Cz-M1|O2-M1|F4-M1")
    assert plan["name"].tolist() == ["C4-M1", "C3-M2", "F4-M1", "F3-M2", "O2-M1", "O1-M2"]


@pytest.mark.parametrize(
    ("eeg", "channels"),
    [
        (["eeg c3-a2"], ["C3-M2=EEG C3-A2"]),
        (["c3-m2"], ["C3-M2=EEG C3-A2"]),
        (["O2-M1"], ["O2-M1=O2-M1"]),
        (["O2"], ["O2=O2"]),
        (["X3", "O2", "x3"], ["EEG1=X3", "O2=O2"]),
        (["EEG1", "X3"], ["EEG1=EEG1", "EEG2=X3"]),
    ],
)
def test_the_user_names_the_eeg(eeg: list[str], channels: list[str]) -> None:
    plan = plan_of("EEG C3-A2|O2|M1|X3|EEG1|Fp1-M2|F3-M2|F4-M1|C4-M1|P3-M2", eeg=eeg)
    assert written(plan) == channels
    assert all(parse_label(name).role == "eeg" for name in plan["name"])


def test_a_track_named_as_eeg_serves_as_nothing_else() -> None:
    assert written(plan_of("EOG|Chin|ECG", eeg=["EOG"])) == ["EEG1=EOG", "Chin=Chin", "ECG=ECG"]


def test_without_eeg_the_error_lists_what_there_is() -> None:
    with pytest.raises(
        ValueError, match=r"no label says EEG. Signals found: 'X1', 'SpO2'; .* LABEL. Without an EEG"
    ):
        plan_of("X1|SaO2|C3 Imp")
    with pytest.raises(ValueError, match="Signals found: none"):
        plan_channels(channel_table([]))


@pytest.mark.parametrize("label", ["C4", "C3 Imp", ""])
def test_the_eeg_that_is_named_must_be_a_signal(label: str) -> None:
    with pytest.raises(
        ValueError,
        match="--eeg must name a signal of the recording; label 1 that was given is none",
    ):
        plan_of("C3|C3 Imp|Chin", eeg=[label])


def test_the_table_is_not_changed() -> None:
    table = channel_table(["C4", "M1", "X1"])
    before = table.copy()
    plan_channels(table, eeg=["X1"])
    pd.testing.assert_frame_equal(table, before)


WORDS = sorted({" ".join(phrase) for phrase in load_vocabulary().phrases})


@settings(deadline=None)
@given(st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=8)), max_size=25))
def test_any_plan_has_unique_names_that_give_their_role_back(labels: list[str]) -> None:
    table = channel_table(["Cz", *labels])
    plan = plan_channels(table)
    assert plan["name"].is_unique
    assert [parse_label(name).role for name in plan["name"]] == plan["role"].tolist()
    assert set(plan["role"]) <= set(MNE_TYPES)
    assert table.loc[plan["track"], "kind"].isin(["signal", "derived"]).all()
    assert table.loc[plan["track"], "label"].tolist() == plan["label"].tolist()
    assert (plan["role"] == "eeg").sum() <= 6
