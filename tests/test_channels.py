"""Labels of real recorders, read word by word; the expected roles were written by reading the labels."""

import string

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sleeplab.channels import MNE_TYPES, Channel, channel_table, is_known_label, parse_label
from sleeplab.channels._vocabulary import load_vocabulary

ABOUT = ("impedance", "calibration", "status", "battery", "audio", "light", "annotation")

# label -> (canonical name, role)
LABELS = {
    # derivations of the AASM, in all their spellings
    "EEG C3-A2": ("C3-M2", "eeg"),
    "C4:M1": ("C4-M1", "eeg"),
    "C4/A1": ("C4-M1", "eeg"),
    "C3_M2": ("C3-M2", "eeg"),
    "c3 - m2": ("C3-M2", "eeg"),
    "C3A2": ("C3-M2", "eeg"),
    "EEG-C3-A2": ("C3-M2", "eeg"),
    "C3-A1A2": ("C3-M1M2", "eeg"),
    "C3-(A1+A2)": ("C3-M1M2", "eeg"),
    "FP1-A1": ("Fp1-M1", "eeg"),
    "CZ-A1": ("Cz-M1", "eeg"),
    "EEG Fpz-Cz": ("Fpz-Cz", "eeg"),
    "EEG Pz-Oz": ("Pz-Oz", "eeg"),
    "F3_F4": ("F3-F4", "eeg"),
    "Fz_AVG": ("Fz-Avg", "eeg"),
    "C3-G2": ("C3-Ref", "eeg"),
    "EEG FP1-REF": ("Fp1-Ref", "eeg"),
    "F7-T3": ("F7-T3", "eeg"),
    "O2": ("O2", "eeg"),
    "EEG": ("EEG", "eeg"),
    "EEG(sec)": ("EEG2", "eeg"),
    "EEG 2": ("EEG2", "eeg"),
    "EEG3": ("EEG3", "eeg"),
    # references are no EEG
    "A1": ("M1", "other"),
    "M2": ("M2", "other"),
    "M1M2": ("M1M2", "other"),
    "A1-A2": ("M1-M2", "other"),
    # eyes
    "E1-M2": ("E1-M2", "eog"),
    "EOG LOC-A2": ("E1-M2", "eog"),
    "EOG ROC-M1": ("E2-M1", "eog"),
    "EOG2-A2": ("E2-M2", "eog"),
    "LOC": ("E1", "eog"),
    "ROC-0": ("E2", "eog"),
    "EOG(L)": ("E1", "eog"),
    "EOG-R": ("E2", "eog"),
    "EOGG": ("E1", "eog"),
    "EOGDt": ("E2", "eog"),
    "EOG gauche": ("E1", "eog"),
    "EOG L-A2": ("E1-M2", "eog"),
    "ROC-LOC": ("E2-E1", "eog"),
    "E1-Fpz": ("E1-Fpz", "eog"),
    "EOG horizontal": ("EOG", "eog"),
    "EOG-V": ("VEOG", "eog"),
    # chin and other muscles
    "EMG": ("Chin", "chin"),
    "EMG submental": ("Chin", "chin"),
    "EMG Chin": ("Chin", "chin"),
    "Menton": ("Chin", "chin"),
    "EMG MENT": ("Chin", "chin"),
    "EMG1-EMG2": ("Chin1-Chin2", "chin"),
    "EMG CHIN1-CHIN2": ("Chin1-Chin2", "chin"),
    "L Chin-R Chin": ("ChinL-ChinR", "chin"),
    "cchin_l": ("ChinZ-ChinL", "chin"),
    "Lower.Left-Uppe": ("Chin1-ChinZ", "chin"),
    "L Chin": ("ChinL", "chin"),
    "EMG L": ("EMG L", "emg"),
    "Arm R": ("ArmR", "emg"),
    # heart and legs
    "EKG": ("ECG", "ecg"),
    "ECG II": ("ECG", "ecg"),
    "ECG1-ECG2": ("ECG1-ECG2", "ecg"),
    "ECG1_2": ("ECG1-ECG2", "ecg"),
    "ECG EKG2-EKG": ("ECG2-ECG", "ecg"),
    "EEG ECG": ("ECG", "ecg"),
    "Jambe gauche": ("LegL", "leg"),
    "JAMBE D": ("LegR", "leg"),
    "Jambe DR": ("LegR", "leg"),
    "EMG Jb G": ("LegL", "leg"),
    "EMG du menton": ("Chin", "chin"),
    "Left eye": ("E1", "eog"),
    "Nasal P": ("Nasal Pressure", "flow"),
    "Right Leg": ("LegR", "leg"),
    "LEG/L": ("LegL", "leg"),
    "Tibial ant. G": ("LegL", "leg"),
    "TIB Dx": ("LegR", "leg"),
    "LLeg1-LLeg2": ("LegL1-LegL2", "leg"),
    "EMG LLEG-RLEG": ("LegL-LegR", "leg"),
    "Leg": ("Leg", "leg"),
    "Leg 2": ("Leg2", "leg"),
    # breathing
    "NASAL PRES": ("Nasal Pressure", "flow"),
    "nas_pres": ("Nasal Pressure", "flow"),
    "Pression nasale": ("Nasal Pressure", "flow"),
    "LUNETTES": ("Nasal Pressure", "flow"),
    "RESP PTAF": ("Nasal Pressure", "flow"),
    "Resp oro-nasal": ("Thermistor", "flow"),
    "Therm": ("Thermistor", "flow"),
    "NEW AIR": ("Flow", "flow"),
    "New A/F": ("Flow", "flow"),
    "DEBIT": ("Flow", "flow"),
    "Débit": ("Flow", "flow"),
    "RESP AIRFLOW-REF": ("Flow", "flow"),
    "C-FLOW": ("PAP Flow", "flow"),
    "RIP Flow": ("RIP Flow", "flow"),
    "THOR RES": ("Thorax", "effort"),
    "Chest": ("Thorax", "effort"),
    "Sangle thoracique": ("Thorax", "effort"),
    "ABDO EFFORT": ("Abdomen", "effort"),
    "Abdo": ("Abdomen", "effort"),
    "SUM": ("RIP Sum", "effort"),
    # the rest
    "SaO2": ("SpO2", "spo2"),
    "Saturation": ("SpO2", "spo2"),
    "H.R.": ("Heart Rate", "pulse"),
    "POULS": ("Pulse", "pulse"),
    "Ronflement": ("Snore", "snore"),
    "Position": ("Position", "position"),
    "Temp rectal": ("Temperature", "other"),
    "Pleth": ("Pleth", "other"),
    "DC3": ("Auxiliary3", "other"),
    # not understood: nothing is guessed
    "X3": ("X3", "other"),
    "SpO2 foo": ("SpO2 X", "other"),
    "Legend": ("X", "other"),
    "Chinook": ("X", "other"),
    "Marc3": ("X", "other"),
    "Thorax SpO2": ("Thorax SpO2", "other"),
    "EEG X3": ("EEG X3", "eeg"),
    "EEG E1 foo": ("EEG E1 X", "other"),
    "": ("X", "other"),
    "EEG C3-A2 (3)": ("C3-M2 (3)", "eeg"),
}


@pytest.mark.parametrize("label", LABELS)
def test_a_label_gives_its_name_and_role(label: str) -> None:
    channel = parse_label(label)
    assert (channel.name, channel.role) == LABELS[label]
    assert channel.label == label
    assert channel.reason


@pytest.mark.parametrize(
    ("label", "kind", "name"),
    [
        ("C3 Impédance", "impedance", "C3 (impedance)"),
        ("C3 ImpÃ©dance", "impedance", "C3 (impedance)"),
        ("C3 Imp\ufffd\ufffddance", "impedance", "C3 (impedance)"),
        ("C3-M2 (Imp)", "impedance", "C3-M2 (impedance)"),
        ("Impédance", "impedance", "Impedance"),
        ("Jambe droite Imp", "impedance", "LegR (impedance)"),
        ("EKG_Off", "status", "ECG (status)"),
        ("OX STAT", "status", "Oximeter Status"),
        ("Abdomen CaL", "calibration", "Abdomen (calibration)"),
        ("Voltage (battery", "battery", "Battery"),
        ("Volume audio", "audio", "Audio"),
        ("LIGHT", "light", "Light"),
        ("EDF Annotations", "annotation", "Annotations"),
        ("Event marker", "annotation", "Annotations"),
    ],
)
def test_tracks_that_are_no_signals_serve_as_nothing(label: str, kind: str, name: str) -> None:
    channel = parse_label(label)
    assert (channel.kind, channel.role, channel.name) == (kind, "other", name)


@pytest.mark.parametrize("label", ["Resp Rate", "HR", "SpO2 B-B", "RIP Sum", "RIP Flow", "PTT"])
def test_what_the_recorder_computes_is_derived(label: str) -> None:
    assert parse_label(label).kind == "derived"


@pytest.mark.parametrize(
    ("label", "parts"),
    [
        ("EEG C3-A2", ("EEG", "C3", "M2", "L")),
        ("C4-M1", ("EEG", "C4", "M1", "R")),
        ("Fpz-Cz", ("EEG", "Fpz", "Cz", "")),
        ("T10", ("EEG", "T10", "", "R")),
        ("M1M2", ("EEG", "M1M2", "", "")),
        ("ROC-A1", ("EOG", "E2", "M1", "R")),
        ("EMG1-EMG2", ("EMG", "Chin1", "Chin2", "")),
        ("L Chin", ("EMG", "ChinL", "", "L")),
        ("Jambe gauche", ("EMG", "LegL", "", "L")),
        ("EMG LLEG-RLEG", ("EMG", "LegL", "LegR", "")),
        ("Menton", ("EMG", "", "", "")),
        ("Pres", ("nasal pressure", "", "", "")),
    ],
)
def test_electrode_reference_and_side(label: str, parts: tuple[str, str, str, str]) -> None:
    channel = parse_label(label)
    assert (channel.modality, channel.electrode, channel.reference, channel.side) == parts


def test_a_word_cut_off_by_the_16_bytes_of_a_label_is_completed() -> None:
    assert parse_label("Voltage (bluetoo").name == "Bluetooth Voltage"  # 16 bytes: cut off
    assert parse_label("Voltage bluetoo").role == "other"  # 15 bytes: what stands there was meant
    assert parse_label("Sangle abdominal").name == "Abdomen"
    assert parse_label("Sangle thoraciqu").name == "Thorax"


def test_every_term_of_the_vocabulary_is_a_name() -> None:
    for term in load_vocabulary().terms.values():
        name = "Chin" if term.name == "EMG" else term.name
        assert parse_label(name).name == name
        assert term.role in MNE_TYPES


def test_every_spelling_is_read_as_written() -> None:
    """No spelling hides another one: what the file says is what comes out."""
    vocabulary = load_vocabulary()
    for spelling, meaning in vocabulary.phrases.items():
        if meaning.sort == "term" and meaning.value not in ("EMG", "EEG"):
            term, channel = vocabulary.terms[meaning.value], parse_label(" ".join(spelling))
            assert (channel.name, channel.role, channel.kind) == (term.name, term.role, term.kind), spelling


WORDS = sorted(
    {word for phrase in load_vocabulary().phrases for word in phrase} | set(load_vocabulary().labels)
)
LABEL_LIKE = st.lists(
    st.one_of(st.sampled_from(WORDS), st.text(string.ascii_letters + string.digits, min_size=1, max_size=4)),
    min_size=1,
    max_size=5,
).flatmap(
    lambda words: st.lists(
        st.sampled_from([" ", "-", "_", ":", "/", " - ", " (", ") ", "."]),
        min_size=len(words),
        max_size=len(words),
    ).map(lambda marks: "".join(word + mark for word, mark in zip(words, marks, strict=True)))
)
ANY_LABEL = st.one_of(st.text(max_size=24), LABEL_LIKE)


@settings(deadline=None)
@given(ANY_LABEL)
def test_any_text_is_a_channel_of_a_known_role(label: str) -> None:
    channel = parse_label(label)
    assert channel.role in MNE_TYPES
    assert all(isinstance(field, str) for field in channel)
    assert channel.name
    assert channel.label == label


@settings(deadline=None)
@given(ANY_LABEL)
@example("K (impedance)")
@example("C3 (2) (3)")
@example("h EEG r")
@example("EOG1-EOG")
@example("ÃƒÂ©")
def test_names_are_fixed_points(label: str) -> None:
    """A name gives back all that the label said: roles need not be stored."""
    channel = parse_label(label)
    assert is_known_label(channel.name)
    again = parse_label(channel.name)
    assert again == channel._replace(label=channel.name, reason=again.reason)


@settings(deadline=None)
@given(LABEL_LIKE)
def test_case_does_not_matter(label: str) -> None:
    def said(text: str) -> Channel:
        channel = parse_label(text)
        return channel._replace(label="", name=channel.name.casefold())

    assert said(label) == said(label.upper()) == said(label.lower())


@settings(deadline=None)
@given(LABEL_LIKE, st.sampled_from(["Imp", "impedance", "(Imp)", "Impédance", "Cal", "_Off"]))
def test_what_is_about_a_signal_is_never_a_signal(label: str, word: str) -> None:
    for text in (f"{label} {word}", f"{word} {label}"):
        assert parse_label(text).kind in ABOUT
        assert parse_label(text).role == "other"


@pytest.mark.parametrize(
    ("label", "name", "role"),
    [
        ("C4 Mme Dupont", "C4 X", "eeg"),
        ("EEG Smith", "EEG X", "eeg"),
        ("EMG Smith, Jane", "EMG X,", "emg"),
        ("SpO2 (Dupont)", "SpO2 (X)", "other"),
        ("EEG 0612345678", "EEG X", "eeg"),
        ("C3 12 34 56", "C3 X", "eeg"),
        ("S M T H", "X", "other"),
        ("Dupont Imp", "Impedance", "other"),
        ("X3", "X3", "other"),  # one letter and up to three digits are no name
    ],
)
def test_a_name_typed_into_a_label_is_in_no_name(label: str, name: str, role: str) -> None:
    channel = parse_label(label)
    assert (channel.name, channel.role) == (name, role)


def test_labels_of_which_nothing_is_known_are_told_by_their_place() -> None:
    table = channel_table(["C3", "Dupont", "", "Smith", "X", "(Dupont)", "EEG Dupont", "EEG Smith"])
    assert table["name"].tolist() == [
        *("C3", "Channel 2", "Channel 3", "Channel 4", "X", "Channel 6"),
        *("EEG X", "EEG X (2)"),
    ]
    assert table["label"][1] == "Dupont"  # for the screen of whoever opened the file
