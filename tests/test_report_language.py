"""The page in French: every text has a twin, values stay what they are, and tags are not lost."""

import re
import tomllib
from importlib.resources import files

import mne
import numpy as np
import pandas as pd
import pytest
from edf_helpers import RawSignal, edf_bytes
from jinja2 import Environment
from report_night import make_context, make_night

from sleeplab import norms
from sleeplab.anomalies import KINDS
from sleeplab.anomalies.scored import SCORED, take_over_scored
from sleeplab.channels import channel_table, parse_label
from sleeplab.flow import process_night
from sleeplab.quality import check_quality
from sleeplab.quality._limits import LIMITS
from sleeplab.recording import read_recording
from sleeplab.report import night_report
from sleeplab.report._language import speak, untranslated
from sleeplab.report._words import LEVELS
from sleeplab.scoring import Scoring
from sleeplab.scoring._model import events_table
from sleeplab.staging import NotStageableError, stage

HERE = files("sleeplab.report")
TABLE = tomllib.loads((HERE / "fr.toml").read_text(encoding="utf-8"))


def texts_of_the_template():
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    found = environment.extract_translations((HERE / "report.html").read_text(encoding="utf-8"))
    texts = [text for _, _, texts in found for text in ((texts,) if isinstance(texts, str) else texts)]
    return {text for text in texts if text}


def test_the_french_table_has_exactly_the_texts_of_the_template():
    assert TABLE["page"].keys() == texts_of_the_template()


@pytest.mark.parametrize("english", TABLE["page"])
def test_a_twin_keeps_the_tags_and_the_places_of_values(english):
    marks = re.compile(r"%\(\w+\)s|%%|</?\w+>")
    assert sorted(marks.findall(TABLE["page"][english])) == sorted(marks.findall(english))


@pytest.mark.parametrize("english", TABLE["clauses"])
def test_an_example_gives_its_own_twin(english):
    french = TABLE["clauses"][english]
    assert speak("fr").say(english) in (french, french[:1].upper() + french[1:])


def test_values_go_to_their_place():
    said = speak("fr").say("SpO2 fell by 4.5 % to 91 % within 12 s.")
    assert said == "La SpO2 a baissé de 4.5 % à 91 % en 12 s."


def test_a_sentence_that_is_not_known_stays_english_and_is_listed():
    sentence = "Quite new, 12 µV on C3-M2."
    assert speak("fr").say(sentence) == sentence
    assert untranslated(sentence) == ["Quite new", "{} on {}"]


def test_another_language_is_refused():
    with pytest.raises(ValueError, match="must be one of en, fr, got 'de'"):
        speak("de")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_finding_and_its_reference_is_said_in_french(kind):
    assert untranslated(kind) == untranslated(KINDS[kind].reference) == []
    assert len(speak("fr").say(kind)) <= 23  # what fits beside the picture of the night


def test_levels_measures_and_reasons_have_french_names():
    words = [*LEVELS.values(), *(limit.reason for limit in LIMITS)]
    words += [norm.meaning for norm in norms.read_norms().values()]
    assert [word for word in words if untranslated(word)] == []


def test_what_a_human_scored_is_said_in_french():
    kinds = tomllib.loads((files("sleeplab.scoring") / "vocabulary.toml").read_text("utf-8"))["events"]
    events = events_table([(10.0 * i, 1.5, kind, "", "") for i, kind in enumerate(kinds)])
    found = take_over_scored([], Scoring(None, events, pd.DataFrame()), np.repeat("N2", 120))
    assert {finding.kind for finding in found} == set(SCORED)
    assert {x.evidence: untranslated(x.evidence) for x in found if untranslated(x.evidence)} == {}


@pytest.mark.parametrize(
    ("header", "tail"),
    [
        ({"n_records": -1, "date": "bientôt", "recording": ""}, b""),
        ({"n_records": 4, "time": "", "header_bytes": 256}, b"123"),
        ({"n_records": "many", "header_bytes": "Eva", "date": "15.03.20"}, b""),
        ({"n_records": 310, "reserved": "EDF+D"}, b""),
        ({"n_records": 11}, b""),
    ],
)
def test_what_is_unsound_in_a_file_is_said_in_french(tmp_path, header, tail):
    ramp = np.arange(400) - 200
    signals = [
        RawSignal(digital=ramp, unit=""),
        RawSignal(digital=ramp, physical=("-1,5", "1,5")),
        RawSignal("C4", ramp, unit="kg"),
        RawSignal("O1", ramp[:8], per_record=2),
        RawSignal("F4", ramp, physical=(0, 0)),
        RawSignal("F3", ramp, digital_range=("x", 1)),
    ]
    (tmp_path / "night.edf").write_bytes(edf_bytes(signals, n_records=4, header=header) + tail)
    problems = read_recording(tmp_path / "night.edf").info["temp"]["problems"]
    assert len(problems) > 6
    left = {part for text in problems for part in untranslated(text)}
    assert left <= {"eeg", "and is kg", "{}+D"}  # the same in both languages


def test_why_a_night_has_no_stages_is_said_in_french():
    info = mne.create_info(["C4-M1"], 100.0, "eeg")
    for minutes in (2, 10):
        raw = mne.io.RawArray(np.zeros((1, 6000 * minutes)), info, verbose="error")
        with pytest.raises(NotStageableError, match="Staging needs") as caught:
            stage(raw, check_quality(raw))
        assert untranslated(str(caught.value)) == []
    assert [x for x in LIMITS if untranslated(f"{x.reason} 120")] == []


def test_the_page_is_french_and_says_the_same_numbers():
    night = make_night()
    english, french = (night_report(*night, context=make_context(), lang=lang).html for lang in ("en", "fr"))
    assert '<html lang="fr">' in french
    for words in ("pas un dispositif médical", "À regarder", "Deux personnes", "Élément"):
        assert words in french
    for words in ("not a medical device", "Worklist", "Two people who score"):
        assert words in english
        assert words not in french
    numbers = [re.findall(r"κ <b>(\d\.\d\d)</b>|<td>(\d\.\d\d)</td>", page) for page in (english, french)]
    assert numbers[0] == numbers[1] != []


def test_the_channels_are_explained_in_french_and_keep_their_codes():
    context = {
        **make_context(),
        "channels": channel_table(["ECG II", "EEG C4-M1"], sfreqs=[256, 256], units=["uV", "uV"]),
    }
    page = night_report(*make_night(), context=context, lang="fr").html
    table = page[page.index('<section id="channels">') : page.index('<section id="limits">')]
    cells = re.findall(r"<t[hd]>(.*?)</t[hd]>", table)
    assert cells[cells.index("rôle") + 2 :][:2] == ["fréquence (Hz)", "unité déclarée"]
    assert {"ecg", "eeg", "Dérivation EEG", "l&#39;étiquette dit : ECG"} <= set(cells)


@pytest.mark.parametrize(
    "label", ["C4-M1", "C4", "EEG", "EOG", "E1-M2", "M1-M2", "Bidule", "C4 X", "SpO2", ""]
)
def test_what_labels_say_is_said_in_french(label):
    assert untranslated(parse_label(label).reason) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bruno", "clara", "denis"])
def test_what_is_found_in_a_patient_is_said_in_french(name):
    results = process_night(f"simulated:{name}")
    said = {*results.anomalies["evidence"], *results.gate["reason"], *results.context["header"].problems}
    assert len(said) > 20
    assert {text: untranslated(text) for text in said if untranslated(text)} == {}
