"""The tables of real files, every role decided by reading the labels, units and rates of the file."""

from collections.abc import Callable
from pathlib import Path

import edfio
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sleeplab.channels import channel_table, parse_label, plan_channels

COLUMNS = "label name role kind modality electrode reference side sfreq unit reason".split()  # noqa: SIM905

# The 89 tracks of the Nox A1 export, in its order. 1, 2 and F are the recorder's chin inputs (1-2, 1-F and
# 2-F are their differences, sample by sample); M1M2 is the mean of both mastoids; "Cal" marks copies in
# calibrated units, one of them constant; K is the weight of the belts; Airflow is nasal pressure upside down.
NOX = """
1                | Chin1                    | chin     | signal
1 Impédance      | 1 (impedance)            | other    | impedance
1-2              | Chin1-Chin2              | chin     | signal
1-2 (Imp)        | Chin1-Chin2 (impedance)  | other    | impedance
1-F              | Chin1-ChinZ              | chin     | signal
1-F (Imp)        | Chin1-ChinZ (impedance)  | other    | impedance
2                | Chin2                    | chin     | signal
2 Impédance      | 2 (impedance)            | other    | impedance
2-F              | Chin2-ChinZ              | chin     | signal
Abdomen CaL      | Abdomen (calibration)    | other    | calibration
Abdomen          | Abdomen                  | effort   | signal
Activity         | Activity                 | other    | derived
X Axis           | X Axis                   | other    | signal
Y Axis           | Y Axis                   | other    | signal
Z Axis           | Z Axis                   | other    | signal
C3               | C3                       | eeg      | signal
C3 Impédance     | C3 (impedance)           | other    | impedance
C3-M2            | C3-M2                    | eeg      | signal
C3-M2 (Imp)      | C3-M2 (impedance)        | other    | impedance
C4               | C4                       | eeg      | signal
C4 Impédance     | C4 (impedance)           | other    | impedance
C4-M1            | C4-M1                    | eeg      | signal
C4-M1 (Imp)      | C4-M1 (impedance)        | other    | impedance
E1               | E1                       | eog      | signal
E1 Impédance     | E1 (impedance)           | other    | impedance
E1-M2            | E1-M2                    | eog      | signal
E1-M2 (Imp)      | E1-M2 (impedance)        | other    | impedance
E2               | E2                       | eog      | signal
E2 Impédance     | E2 (impedance)           | other    | impedance
E2-M1            | E2-M1                    | eog      | signal
E2-M1 (Imp)      | E2-M1 (impedance)        | other    | impedance
ECG              | ECG                      | ecg      | signal
ECG Impédance    | ECG (impedance)          | other    | impedance
F                | ChinZ                    | chin     | signal
F Impédance      | F (impedance)            | other    | impedance
F3               | F3                       | eeg      | signal
F3 Impédance     | F3 (impedance)           | other    | impedance
F3-M2            | F3-M2                    | eeg      | signal
F3-M2 (Imp)      | F3-M2 (impedance)        | other    | impedance
F4               | F4                       | eeg      | signal
F4 Impédance     | F4 (impedance)           | other    | impedance
F4-M1            | F4-M1                    | eeg      | signal
F4-M1 (Imp)      | F4-M1 (impedance)        | other    | impedance
Airflow          | Flow                     | flow     | signal
RIP Flow Cal     | RIP Flow (calibration)   | other    | calibration
RIP Flow         | RIP Flow                 | flow     | derived
Resp Rate        | Resp Rate                | other    | derived
Heart Rate       | Heart Rate               | pulse    | derived
Inductance Abdom | Abdomen Inductance       | effort   | signal
Inductance Thora | Thorax Inductance        | effort   | signal
Right Leg        | LegR                     | leg      | signal
Jambe droite Imp | LegR (impedance)         | other    | impedance
Left Leg         | LegL                     | leg      | signal
Jambe gauche Imp | LegL (impedance)         | other    | impedance
K                | RIP (calibration)        | other    | calibration
Flow Limitation  | Flow Limitation          | other    | derived
Light            | Light                    | other    | light
M1               | M1                       | other    | signal
M1 Impédance     | M1 (impedance)           | other    | impedance
M1M2             | M1M2                     | other    | signal
M2               | M2                       | other    | signal
M2 Impédance     | M2 (impedance)           | other    | impedance
Elevation        | Elevation                | other    | signal
O1               | O1                       | eeg      | signal
O1 Impédance     | O1 (impedance)           | other    | impedance
O1-M2            | O1-M2                    | eeg      | signal
O1-M2 (Imp)      | O1-M2 (impedance)        | other    | impedance
O2               | O2                       | eeg      | signal
O2 Impédance     | O2 (impedance)           | other    | impedance
O2-M1            | O2-M1                    | eeg      | signal
O2-M1 (Imp)      | O2-M1 (impedance)        | other    | impedance
RIP-Phase        | RIP Phase                | other    | derived
Pulse Waveform   | Pleth                    | other    | signal
PosAngle         | Position Angle           | position | derived
Pulse            | Pulse                    | pulse    | signal
Nasal Pressure   | Nasal Pressure           | flow     | signal
PTT              | Pulse Transit Time       | other    | derived
PWA              | Pulse Wave Amplitude     | other    | derived
Snoring          | Snore                    | snore    | signal
RIP Sum Cal      | RIP Sum (calibration)    | other    | calibration
RIP Sum          | RIP Sum                  | effort   | derived
Saturation       | SpO2                     | spo2     | signal
SpO2 B-B         | SpO2 B-B                 | spo2     | derived
Chest            | Thorax                   | effort   | signal
Voltage (battery | Battery                  | other    | battery
Voltage (bluetoo | Bluetooth Voltage        | other    | battery
Voltage (core)   | Core Voltage             | other    | battery
Volume audio     | Audio                    | other    | audio
Audio Volume dB  | Audio (2)                | other    | audio
"""

SLEEP_EDF = """
EEG Fpz-Cz       | Fpz-Cz                   | eeg      | signal
EEG Pz-Oz        | Pz-Oz                    | eeg      | signal
EOG horizontal   | EOG                      | eog      | signal
Resp oro-nasal   | Thermistor               | flow     | signal
EMG submental    | Chin                     | other    | envelope
Temp rectal      | Temperature              | other    | signal
Event marker     | Annotations              | other    | annotation
"""


def expected(text: str) -> pd.DataFrame:
    rows = [[field.strip() for field in line.split("|")] for line in text.strip().splitlines()]
    return pd.DataFrame(rows, columns=["label", "name", "role", "kind"])


def header_labels(path: Path) -> list[str]:
    """Read the labels as a reader does that takes the header for Latin-1."""
    header = path.read_bytes()
    n_signals = int(header[252:256])
    fields = [header[256 + 16 * i : 272 + 16 * i].decode("latin-1").strip() for i in range(n_signals)]
    return [field for field in fields if field != "EDF Annotations"]


def table_of(path: Path, labels: list[str]) -> pd.DataFrame:
    signals = edfio.read_edf(path).signals
    sfreqs = [signal.sampling_frequency for signal in signals]
    units = [signal.physical_dimension for signal in signals]
    return channel_table(labels, sfreqs=sfreqs, units=units)


def test_the_89_tracks_of_a_nox_recorder(shared_data: Callable[[str], Path]) -> None:
    path = shared_data("nox/nox_a1_2min.edf")
    table = table_of(path, header_labels(path))
    truth = expected(NOX)
    assert len(truth) == 89
    read = table["label"].str.encode("latin-1").str.decode("utf-8")
    assert read.tolist() == truth["label"].tolist()
    for column in ("name", "role", "kind"):
        assert table[column].tolist() == truth[column].tolist()
    impedances = table["unit"] == "Ohm"
    assert (table.loc[impedances, "kind"] == "impedance").all()
    assert (table.loc[~impedances, "kind"] != "impedance").all()


def test_labels_that_a_decoder_spoiled_are_read_alike(shared_data: Callable[[str], Path]) -> None:
    """Where edfio puts U+FFFD for what is not ASCII, roles and names are the same."""
    path = shared_data("nox/nox_a1_2min.edf")
    spoiled = [signal.label for signal in edfio.read_edf(path).signals]
    assert any("\ufffd" in label for label in spoiled)
    table = table_of(path, spoiled)
    assert table["name"].tolist() == expected(NOX)["name"].tolist()


def test_what_is_read_from_a_nox_recorder(shared_data: Callable[[str], Path]) -> None:
    path = shared_data("nox/nox_a1_2min.edf")
    plan = plan_channels(table_of(path, header_labels(path)))
    assert dict(zip(plan["name"], plan["label"], strict=True)) == {
        "C4-M1": "C4-M1",
        "C3-M2": "C3-M2",
        "F4-M1": "F4-M1",
        "F3-M2": "F3-M2",
        "O2-M1": "O2-M1",
        "O1-M2": "O1-M2",
        "E1-M2": "E1-M2",
        "E2-M1": "E2-M1",
        "Chin": "1-F",
        "ECG": "ECG",
        "LegL": "Left Leg",
        "LegR": "Right Leg",
        "Flow": "Nasal Pressure",
        "Thorax": "Chest",
        "Abdomen": "Abdomen",
        "SpO2": "Saturation",
    }
    assert (plan["minus"] == "").all()


def test_derivations_made_from_raw_tracks_are_those_of_the_recorder(
    shared_data: Callable[[str], Path],
) -> None:
    """Without its own derivations the Nox file gives the same signals.

    The header cuts -0.0032768 V to the eight characters -0.00327, which moves each track by the middle of
    its range, 3 µV: that cancels in a difference, and is taken off the recorder's derivation here. Three
    roundings of half a step remain.
    """
    signals = {signal.label: signal for signal in edfio.read_edf(shared_data("nox/nox_a1_2min.edf")).signals}
    raw = ["C3", "C4", "E1", "E2", "F3", "F4", "M1", "M1M2", "M2", "O1", "O2"]
    plan = plan_channels(channel_table(raw, sfreqs=[signals[label].sampling_frequency for label in raw]))
    names = ["C4-M1", "C3-M2", "F4-M1", "F3-M2", "O2-M1", "O1-M2", "E1-M2", "E2-M2"]
    assert plan["name"].tolist() == names
    for name, label, minus in zip(plan["name"][:-1], plan["label"], plan["minus"], strict=False):
        theirs = signals[name]
        step = (theirs.physical_max - theirs.physical_min) / (theirs.digital_max - theirs.digital_min)
        middle = (theirs.physical_max + theirs.physical_min) / 2
        made = signals[label].data - signals[minus].data
        np.testing.assert_allclose(made, theirs.data - middle, atol=2 * step)


def test_sleep_edf(shared_data: Callable[[str], Path]) -> None:
    path = shared_data("sleep-edf/SC4001E0_first5min.edf")
    table = table_of(path, header_labels(path))
    pd.testing.assert_frame_equal(table[["label", "name", "role", "kind"]], expected(SLEEP_EDF))
    plan = plan_channels(table)
    assert plan["name"].tolist() == ["Fpz-Cz", "Pz-Oz", "EOG", "Flow"]


def test_the_columns_of_the_table() -> None:
    table = channel_table(["C3", "C3-M2"], sfreqs=[256, 200.0], units=["uV", "µV"])
    assert table.columns.tolist() == COLUMNS
    assert table.index.tolist() == [0, 1]
    assert table["sfreq"].tolist() == [256.0, 200.0]
    assert table["unit"].tolist() == ["uV", "µV"]
    bare = channel_table(["C3"])
    assert bare["sfreq"].isna().all()
    assert bare["unit"].tolist() == [""]
    empty = channel_table([])
    assert empty.columns.tolist() == COLUMNS
    assert empty.empty


@pytest.mark.parametrize("unit", ["Ohm", "kOhm", "ohm", "Ω", "kΩ"])
def test_a_track_in_ohm_is_an_impedance_whatever_its_label(unit: str) -> None:
    row = channel_table(["C3-M2"], units=[unit]).iloc[0]
    assert (row["kind"], row["role"], row["name"]) == ("impedance", "other", "C3-M2 (impedance)")
    assert unit in row["reason"]


@pytest.mark.parametrize(("sfreq", "kind", "role"), [(1.0, "envelope", "other"), (10.0, "signal", "chin")])
def test_emg_below_10_hz_is_an_envelope(sfreq: float, kind: str, role: str) -> None:
    row = channel_table(["EMG submental", "SpO2"], sfreqs=[sfreq, 1.0])
    assert (row["kind"][0], row["role"][0], row["name"][0]) == (kind, role, "Chin")
    assert row["role"][1] == "spo2"


def test_the_chin_inputs_of_nox_need_their_company() -> None:
    assert channel_table(["1", "2", "F"])["role"].tolist() == ["other", "other", "other"]
    assert channel_table(["1", "2", "F", "2-F"])["name"].tolist() == [
        "Chin1",
        "Chin2",
        "ChinZ",
        "Chin2-ChinZ",
    ]


def test_repeats_get_numbers_and_the_highest_rate_keeps_the_name() -> None:
    table = channel_table(["C3-A2", "EEG C3-M2", "C3:M2", "c3_m2 (2)"], sfreqs=[100, 256, 256, 100])
    assert table["name"].tolist() == ["C3-M2 (3)", "C3-M2", "C3-M2 (2)", "C3-M2 (2) (2)"]


@settings(deadline=None)
@given(st.lists(st.sampled_from(["EEG", "EEG2", "C3-M2", "EEG (2)", "Chin", "Imp", ""]), max_size=12))
def test_names_are_unique_and_give_their_role_back(labels: list[str]) -> None:
    table = channel_table(labels)
    assert table["name"].is_unique
    assert [parse_label(name).role for name in table["name"]] == table["role"].tolist()


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="sfreqs must have one value per label: got 1 for 2 labels"):
        channel_table(["C3", "C4"], sfreqs=[100])
    with pytest.raises(ValueError, match="units must have one value per label: got 3 for 1 labels"):
        channel_table(["C3"], units=["uV", "uV", "uV"])
