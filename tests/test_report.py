"""The page says what the tables say, escapes what comes from files, and needs nothing but itself."""

import re
import subprocess
import sys
from base64 import b64decode, b64encode
from hashlib import sha256
from html import unescape
from html.parser import HTMLParser
from io import BytesIO
from types import SimpleNamespace

import mne
import numpy as np
import pandas as pd
import pytest
import yasa
from matplotlib import pyplot as plt
from PIL import Image
from report_night import N_EPOCHS, make_context, make_gate, make_night

from sleeplab.agreement import compare_scorings
from sleeplab.report import Report, _excerpts, _overview, _page, _tables, night_report, spectrogram
from sleeplab.report._figures import Inputs
from sleeplab.report._language import speak

HOSTILE = "<script>alert('Müller')</script>"


class Page(HTMLParser):
    """What a reader sees of a page: its text, its pictures, and the names of its tags."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self.tags: list[str] = []
        self.images: list[dict[str, str]] = []
        self.ids: list[str] = []
        self.feed(html)
        self.text = " ".join(" ".join(self.pieces).split())

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.ids += [value for name, value in attrs if name == "id"]
        if tag == "img":
            self.images.append(dict(attrs))

    def handle_data(self, data):
        if self.tags[-1:] not in (["style"], ["script"]):
            self.pieces.append(data)


@pytest.fixture(scope="module")
def night():
    return make_night()


@pytest.fixture(scope="module")
def html(night):
    return night_report(*night, context=make_context()).html


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def without_pictures(monkeypatch):
    """Leave out what takes time where a test is about words."""
    monkeypatch.setattr(_page, "MOST_PICTURE_BYTES", 0)


# The page -------------------------------------------------------------------------------------------------


def test_header_says_who_when_how_long_and_what_it_is_not(page):
    head = page.text[:400]
    for words in ("0123456789ab", "23:10", "40 min", "not a medical device"):
        assert words in head


def test_summary_counts_minutes_findings_and_what_could_not_be_judged(page):
    # 15 + 3 × 30 s = 1.75 min; 4 of 80 epochs; 66 of 80 epochs asleep
    for words in (
        "2 min to look at 4 items",
        "6 findings",
        "5 % of the night could not be staged: gap.",
        "33 min asleep",
    ):
        assert words in page.text


def test_every_finding_is_on_the_page_once(page, night):
    for evidence in night.anomalies["evidence"]:
        assert page.text.count(evidence) == 1


def test_items_come_in_their_rank_with_clock_stage_channels_and_price(page):
    assert [name for name in page.ids if name.startswith("item-")] == ["item-1", "item-2", "item-3", "item-4"]
    second = page.text[page.text.index("Arousal-like shift") : page.text.index("3 Oxygen desaturation")]
    # 23:10:00 + 1130 s = 23:28:50
    for words in (
        "23:28:50",
        "0.31 h",
        "9 s",
        "N3",
        "F3-M2, O1-M2",
        "AASM 2.6, V.A",
        "p = 0.004",
        "about 30 s",
    ):
        assert words in second


def test_agreement_stands_beside_the_human_ceiling(page):
    said = page.text[
        page.text.index("Agreement with the scoring") : page.text.index("What could not be judged")
    ]
    # The same stage: 10 WAKE, 4 N1, 16 + 6 N2, 14 N3, 10 REM, 60 of 76. By chance: ours 10/4/30/18/14,
    # the expert 10/8/30/18/10 epochs: 1496 / 76². So kappa is (0.789 - 0.259) / (1 - 0.259) = 0.72.
    for words in ("κ 0.72", "79 % of 76 epochs", "reach κ 0.76", "N1 0.64 0.24"):
        assert words in said


def test_versions_parameters_and_channels_are_listed(page):
    for words in (
        "sleeplab 0.1.0",
        "minutes 10",
        "EEG F3-A2 F3-M2 eeg signal 256 µV",
        "impedance is not a signal",
    ):
        assert words in page.text


def test_pictures_are_inside_and_say_what_they_show(page):
    assert len(page.images) == 2 + 4
    for image in page.images:
        assert image["src"].startswith("data:image/png;base64,")
        assert len(image["alt"]) > 20


def test_page_names_no_network_and_forbids_it(html):
    words = re.sub(r"data:image/png;base64,[^\"]+", "", html)
    assert not re.search(r"https?:|//[a-z]|@import|url\(", words)
    policy = unescape(re.search(r'Content-Security-Policy" content="([^"]+)"', html).group(1))
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("tag", ["script", "style"])
def test_policy_allows_exactly_our_own_script_and_style(html, tag):
    (body,) = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
    ours = "sha256-" + b64encode(sha256(body.encode()).digest()).decode()
    policy = unescape(re.search(r'Content-Security-Policy" content="([^"]+)"', html).group(1))
    assert f"{tag}-src '{ours}'" in policy


def test_no_attribute_needs_a_style_or_script_that_the_policy_refuses(html):
    assert not re.search(r"<[^>]+ (style|on[a-z]+)=", html)


def test_page_stays_small(html):
    assert len(html.encode()) < 1_000_000  # 5 MB for a night of 8 h with 40 items; this is 40 min with 4


def test_report_leaves_inputs_and_pyplot_alone(night):
    copies = [night.gate.copy(), night.anomalies.copy(), night.worklist.copy()]
    samples = night.recording.get_data(stop=1000)
    night_report(*night)
    for table, copy in zip((night.gate, night.anomalies, night.worklist), copies, strict=True):
        pd.testing.assert_frame_equal(table, copy)
    np.testing.assert_array_equal(night.recording.get_data(stop=1000), samples)
    assert plt.get_fignums() == []


def test_what_comes_from_files_is_escaped(night, monkeypatch):
    without_pictures(monkeypatch)
    context = make_context() | {"not_staged": HOSTILE, "night_id": HOSTILE, "recall": HOSTILE}
    context["channels"] = context["channels"].assign(label=HOSTILE, reason=HOSTILE)
    context["header"] = SimpleNamespace(format=HOSTILE, problems=(HOSTILE,))
    context["provenance"] = {HOSTILE: {HOSTILE: HOSTILE}}
    text = {"evidence": HOSTILE, "reference": HOSTILE, "kind": HOSTILE, "ch_names": HOSTILE, "stage": HOSTILE}
    gate = night.gate.assign(reason=night.gate["reason"].where(night.gate["fit"], HOSTILE))
    tables = night._replace(
        gate=gate, anomalies=night.anomalies.assign(**text), worklist=night.worklist.assign(**text)
    )
    html = night_report(*tables, context=context).html
    assert HOSTILE not in html
    assert Page(html).tags.count("script") == 1
    assert html.count("&lt;script&gt;alert(") > 15


# Nights that lack something ---------------------------------------------------------------------------------


def test_a_night_without_findings_says_so(night, monkeypatch):
    without_pictures(monkeypatch)
    empty = night._replace(anomalies=night.anomalies.iloc[:0], worklist=night.worklist.iloc[:0])
    text = Page(night_report(*empty).html).text
    for words in (
        "0 min to look at 0 items",
        "0 findings",
        "Nothing to look at",
        "Findings not in the worklist None.",
    ):
        assert words in text


def test_a_night_that_was_not_staged_says_so_first_and_still_shows_quality(night, monkeypatch):
    without_pictures(monkeypatch)
    unstaged = yasa.Hypnogram(["UNS"] * N_EPOCHS, scorer="sleeplab")
    why = "Only 2.0 min of EEG were fit; 5 min are needed."
    text = Page(night_report(*night._replace(hypnogram=unstaged), context={"not_staged": why}).html).text
    assert text.index(why) < text.index("min to look at")
    assert "100 % of the night could not be staged" in text
    assert "– not staged" in text
    assert "Nothing can be said: the night was not staged" in text
    assert "C3-M2 flat 5.0 12.5 %" in text


def test_a_recording_without_eeg_start_or_context_still_gets_a_page(night):
    recording = night.recording.copy().pick(["ECG", "Flow", "SpO2"]).set_meas_date(None)
    gate = night.gate[night.gate["ch_name"].isin(recording.ch_names)]
    unstaged = yasa.Hypnogram(["UNS"] * N_EPOCHS)
    text = Page(night_report(recording, gate, unstaged, night.anomalies, night.worklist).html).text
    for words in (
        "Start not recorded",
        "+0:18:50",
        "Read for this report: ECG, Flow, SpO2",
        "ECG gap 2.0 5.0 %",
    ):
        assert words in text


def test_pictures_stop_before_the_page_grows_too_large(night, monkeypatch):
    monkeypatch.setattr(_page, "MOST_PICTURE_BYTES", 1)
    page = Page(night_report(*night).html)
    assert len(page.images) == 2 + 1
    assert page.text.count("No picture") == 3


def test_a_worklist_is_shown_whole_even_beside_a_shortened_ledger(night, monkeypatch):
    without_pictures(monkeypatch)
    text = Page(night_report(*night._replace(anomalies=night.anomalies.iloc[4:])).html).text
    assert "1 Electrode off" in text
    assert "Short sleep" in text


def test_a_hypnogram_of_another_length_is_refused(night):
    with pytest.raises(
        ValueError, match=r"hypnogram covers 79 epochs \(39\.5 min\) but the recording lasts 40\.0 min"
    ):
        night_report(*night._replace(hypnogram=yasa.Hypnogram(["WAKE"] * 79)))


# Saving ---------------------------------------------------------------------------------------------------


def test_save_replaces_an_older_page(tmp_path):
    Report("old").save(tmp_path / "night.html")
    assert Report("κ 0.76").save(tmp_path / "night.html").read_text(encoding="utf-8") == "κ 0.76"
    assert [path.name for path in tmp_path.iterdir()] == ["night.html"]


def test_save_leaves_the_older_page_whole_when_it_fails(tmp_path):
    target = tmp_path / "night.html"
    Report("old").save(target)
    with pytest.raises(UnicodeEncodeError, match="surrogates"):
        Report("new \ud800").save(target)
    assert target.read_text(encoding="utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["night.html"]


def test_save_into_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"must go into a folder that exists, but .*nowhere does not"):
        Report("page").save(tmp_path / "nowhere" / "night.html")


def test_import_is_light():
    heavy = "{'matplotlib', 'mne', 'yasa', 'pandas', 'jinja2'}"
    code = f"import sys, sleeplab.report; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


# Spectrogram and display filter -----------------------------------------------------------------------------


def make_tone(hz: float, amplitude_uv: float = 10.0, kind: str = "eeg") -> mne.io.RawArray:
    times = np.arange(12000) / 100
    data = 1e-6 * (500 + amplitude_uv * np.sin(2 * np.pi * hz * times))  # on an offset of 500 µV
    return mne.io.RawArray(data[None], mne.create_info(["C3-M2"], 100.0, kind), verbose="error")


def test_spectrogram_holds_the_power_of_a_sine_at_its_frequency():
    power_db = spectrogram(make_tone(12.0, amplitude_uv=10.0), "C3-M2")
    assert power_db.index.tolist() == [0.0, 30.0, 60.0, 90.0]
    assert power_db.idxmax(axis=1).tolist() == [12.0] * 4
    uv2 = (10 ** (power_db.loc[:, 11.0:13.0] / 10)).sum(axis=1) * 0.25
    np.testing.assert_allclose(uv2, 10.0**2 / 2, rtol=1e-3)  # a sine of A µV has A²/2 µV²; Hann leaks < 0.1 %


def test_spectrogram_grows_by_6_db_when_the_amplitude_doubles():
    small, large = (
        spectrogram(make_tone(12.0, amplitude_uv=a), "C3-M2").loc[0.0, 12.0] for a in (10.0, 20.0)
    )
    assert large - small == pytest.approx(20 * np.log10(2))


def test_spectrogram_of_a_dead_channel_is_empty(night):
    dead = spectrogram(night.recording, "C3-M2")
    assert dead.isna().all(axis=1).tolist() == [20 <= epoch < 30 for epoch in range(N_EPOCHS)]


@pytest.mark.parametrize(
    ("kind", "hz", "kept"),
    [
        ("eeg", 1.0, 1),
        ("eeg", 10.0, 1),
        ("eeg", 0.02, 0),
        ("eeg", 49.0, 0),
        ("emg", 30.0, 1),
        ("emg", 1.0, 0),
    ],
)
def test_display_filter_keeps_the_band_it_names(kind, hz, kept):
    excerpt = _excerpts.cut_out(make_tone(hz, kind=kind), (40.0, 30.0), ["C3-M2"], bands=_excerpts.BANDS)
    uv = excerpt.get_data()[0] * 1e6
    assert len(uv) == 3000
    assert np.abs(uv).max() == pytest.approx(
        10.0 * kept, abs=1.0
    )  # Butterworth, twice: < 10 % at these places
    assert abs(uv.mean()) < 0.5


def test_display_filter_does_not_move_a_peak_in_time():
    recording = make_tone(10.0, amplitude_uv=0.0)
    recording._data[0, 5950:6051] += 100e-6 * np.hanning(101)  # its middle is at 60 s
    excerpt = _excerpts.cut_out(recording, (50.0, 20.0), ["C3-M2"], bands=_excerpts.BANDS)
    uv = excerpt.get_data()[0] * 1e6
    assert np.abs(uv).argmax() == 1000
    np.testing.assert_allclose(uv[500:1000], uv[1500:1000:-1], atol=0.1)  # as long before as after


def test_faults_of_the_signal_are_shown_as_recorded(page):
    fault, moment = (
        page.text[page.text.index(kind) :] for kind in ("1 Electrode off", "2 Arousal-like shift")
    )
    assert fault.index("as recorded, not filtered") < fault.index("shown filtered")
    assert "as recorded" not in moment


def test_display_filter_leaves_sensors_as_they_are(night):
    excerpt = _excerpts.cut_out(night.recording, (100.0, 30.0), ["SpO2"], bands=_excerpts.BANDS)
    np.testing.assert_array_equal(
        excerpt.get_data(), night.recording.get_data(["SpO2"], start=10000, stop=13000)
    )


# What is chosen to be shown -------------------------------------------------------------------------------

MONTAGE = [
    "F3-M2",
    "F4-M1",
    "C3-M2",
    "C4-M1",
    "O1-M2",
    "E1-M2",
    "E2-M2",
    "Chin",
    "ECG",
    "LegL",
    "LegR",
    "Flow",
    "Thorax",
    "SpO2",
]


@pytest.mark.parametrize(
    ("own", "shown"),
    [
        (["C4-M1"], ["C4-M1", "F3-M2", "F4-M1", "C3-M2", "E1-M2", "E2-M2", "Chin"]),
        (["SpO2"], ["SpO2", "Flow", "Thorax", "F3-M2"]),
        (["LegL", "LegR"], ["LegL", "LegR", "Chin", "F3-M2", "F4-M1"]),
        (["ECG"], ["ECG", "SpO2", "F3-M2", "F4-M1"]),
        (["Chin"], ["Chin", "F3-M2", "F4-M1", "C3-M2", "C4-M1", "E1-M2", "E2-M2"]),
        ([""], ["F3-M2", "F4-M1", "C3-M2", "C4-M1", "E1-M2", "E2-M2", "Chin"]),
        (["not there", "SpO2"], ["SpO2", "Flow", "Thorax", "F3-M2"]),
    ],
)
def test_channels_that_matter_come_first(own, shown):
    assert _excerpts.choose_channels(MONTAGE, own) == shown


@pytest.mark.parametrize(
    ("onset_s", "duration_s", "left_s", "width_s"),
    [
        (100.0, 0.2, 95.0, 10.0),
        (100.0, 10.0, 90.0, 30.0),
        (100.0, 30.0, 85.0, 60.0),
        (200.0, 60.0, 170.0, 120.0),
        (200.0, 7200.0, 170.0, 120.0),
        (0.0, 4.0, 0.0, 30.0),
        (3599.0, 1.0, 3590.0, 10.0),
    ],
)
def test_window_holds_the_beginning_of_the_finding(onset_s, duration_s, left_s, width_s):
    assert _excerpts.choose_window(onset_s, duration_s, 3600.0) == pytest.approx((left_s, width_s), abs=1.0)


def test_window_is_never_longer_than_the_recording():
    assert _excerpts.choose_window(10.0, 100.0, 50.0) == (0.0, 50.0)


def test_findings_left_out_are_those_not_taken(night):
    left = _tables.not_in_worklist(night.anomalies, night.worklist)
    assert left["kind"].tolist() == ["short sleep", "doubtful scoring"]


def test_gate_summary_counts_minutes_by_channel_and_reason(night):
    rows = _tables.gate_rows(make_gate(), night.recording.info["meas_date"])
    first = rows[0]
    assert (first["channel"], first["reason"], first["minutes"]) == ("C3-M2", "flat", 5.0)
    assert (first["share"], first["first"], first["value"]) == (0.125, "23:20:00", "0 µV (limit 0.5 µV)")
    assert len(rows) == 1 + 8
    assert {row["minutes"] for row in rows[1:]} == {2.0}


def test_channels_that_were_always_fit_share_one_row():
    gate = make_gate()
    gate = gate[gate["epoch"] < 76]
    merged = _overview.merge_fit_channels(gate)
    assert merged["ch_name"].unique().tolist() == ["C3-M2", "7 others"]
    assert merged.groupby("ch_name")["epoch"].nunique().tolist() == [76, 76]


def test_spectrogram_is_taken_from_the_eeg_that_was_fit_for_longest(night):
    gate = make_gate()
    gate.loc[(gate["ch_name"] == "F3-M2") & (gate["epoch"] < 20), "fit"] = False
    assert _overview.best_eeg(Inputs(*night._replace(gate=gate), speak("en"))) == "O1-M2"
    power_db = _overview.fit_spectrogram(Inputs(*night, speak("en")), "O1-M2")
    assert power_db.index[power_db.isna().all(axis=1)].tolist() == [
        76 * 30.0,
        77 * 30.0,
        78 * 30.0,
        79 * 30.0,
    ]


def test_agreement_rows_shade_by_the_share_of_the_expert_stage():
    stages = ["WAKE", "N1", "N2", "N3", "REM"]
    counts = pd.DataFrame(np.diag([8, 0, 4, 4, 4]), index=stages, columns=stages)
    counts.loc["WAKE", "N1"] = 8
    figures = SimpleNamespace(
        confusion=counts,
        f1=pd.Series([0.5, np.nan, 1, 1, 1], index=stages),
        stage_kappa=pd.Series([0.5, np.nan, 1, 1, 1], index=stages),
    )
    rows = _tables.agreement_rows(figures)
    assert rows[0]["cells"] == [(8, 2), (8, 2), (0, 0), (0, 0), (0, 0)]
    assert rows[1]["cells"] == [(0, 0)] * 5
    assert rows[2]["cells"][2] == (4, 4)  # all of it: the darkest
    assert (rows[1]["kappa"], rows[1]["human"]) == ("–", "0.24")


def test_a_scoring_that_shares_no_epoch_is_said(night, monkeypatch):
    without_pictures(monkeypatch)
    nothing = compare_scorings(night.hypnogram, yasa.Hypnogram(["UNS"] * N_EPOCHS, scorer="expert"))
    text = Page(night_report(*night, context={"agreement": nothing}).html).text
    assert "No epoch has a stage in both" in text
    assert "nan" not in text


def test_one_stage_throughout_has_no_kappa(night, monkeypatch):
    without_pictures(monkeypatch)
    awake = yasa.Hypnogram(["WAKE"] * N_EPOCHS, scorer="sleeplab")
    same = compare_scorings(awake, yasa.Hypnogram(["WAKE"] * N_EPOCHS, scorer="expert"))
    text = Page(night_report(*night, context={"agreement": same}).html).text
    assert "100 % of 80 epochs the same. There is no κ" in text
    assert "nan" not in text


def test_channels_that_were_read_come_first_and_empty_columns_go():
    channels = pd.DataFrame(
        {
            "label": ["Imp", "EEG C3"],
            "name": ["C3 (impedance)", "C3-M2"],
            "sfreq": [1.0, 200.0],
            "unit": ["", ""],
        }
    )
    columns, rows = _tables.channel_rows(channels, ["C3-M2"])
    assert columns == ["label", "name", "sfreq"]
    assert rows == [["EEG C3", "C3-M2", "200"], ["Imp", "C3 (impedance)", "1"]]


def test_short_recordings_are_not_compared_with_whole_nights(night):
    rows = _tables.architecture_rows(Inputs(*night, speak("en")), None, None)
    assert {row["p"] for row in rows} == {""}
    assert rows[0]["value"] == "33.0 min"


def test_marks_lie_over_their_row(night):
    overview = _overview.draw_overview(Inputs(*night, speak("en")), None, None, layout=_overview.WIDE)
    left, width = overview.across
    source = overview.picture.source.removeprefix("data:image/png;base64,")
    image = np.asarray(Image.open(BytesIO(b64decode(source))).convert("RGB")).astype(int)
    top, height = overview.rows["electrode off"]
    y = round((top + height / 2) * image.shape[0])
    x = round((left + width * 750 / 2400) * image.shape[1])  # it lasts from 600 to 900 s of 2400 s
    np.testing.assert_allclose(image[y, x], (0xD5, 0x5E, 0x00), atol=8)  # within the palette's rounding
    before = round((left + width * 500 / 2400) * image.shape[1])
    assert image[y, before].min() > 200
