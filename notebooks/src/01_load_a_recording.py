# %% [markdown]
# # What is in this file?
#
# A colleague hands you `night.edf` and asks: "Can we use it?" Before anyone scores it, and long before any program
# does, four questions need an answer. **What was recorded? In which unit? How often per second? And whose night is
# it?** A wrong answer to the second question makes a healthy brain look like an epileptic one; a wrong answer to the
# last one is a breach of medical secrecy.

# %% [markdown]
# ## Card
#
# - **You can then**
#   1. read the header of a recording and say what each channel is, its unit and its sampling rate;
#   2. load a night with MNE and with sleeplab, and say what each of the two did to it;
#   3. find wrong units, channels that are not signals, and personal data, before they do harm.
# - **Before this**: lesson `00_welcome`.
# - **Time**: 25 min to read, 20 min to practise, 15 s for the machine.
# - **Data**: one hour of a simulated night, written as a file while you wait; no person was recorded. Free to use
#   (BSD-3-Clause licence). Or a file of your own: see the parameters.

# %% [markdown]
# ## What do you remember?
#
# <details><summary>1. How long is an epoch, and how many are there in eight hours?</summary>
#
# 30 seconds; 960.
# </details>
#
# <details><summary>2. What do EEG, EOG, EMG and SpO2 measure?</summary>
#
# Brain, eye movements, muscle tension, oxygen in the blood.
# </details>
#
# <details><summary>3. How large is a typical EEG wave?</summary>
#
# Some tens of microvolts (µV). 1 µV = 0.000 001 V, written `1e-6` in Python.
# </details>

# %% [markdown]
# ## The parameters of this lesson
#
# `simulated:nap` is the name of a simulated night; `sleeplab datasets` lists the others. Or write the path of your own EDF
# file between the quotes. (A *path* says where a file is: the folders, then the name.)

# %% tags=["parameters"]
recording: str = "simulated:nap"  # or the path of your own EDF file
look_at_min: float = 20.0  # which minute of the recording to look at

# %%
import tempfile
from pathlib import Path

import sleeplab

# %%
workspace = tempfile.TemporaryDirectory()  # for what this lesson writes; it goes when the kernel stops
folder = Path(workspace.name)
path = sleeplab.locate(recording)  # a name becomes a file on this computer, a path stays as it is
print(round(path.stat().st_size / 1e6, 1), "MB")

# %% [markdown]
# ## 1. The header first
#
# **EDF** (European Data Format, 1992) is the file that almost every sleep recorder can export. It has two parts:
#
# ```
# | header: a few thousand characters of plain text | data: numbers, second after second ... |
# | who, when, how many channels, label, unit, ...  | EEG EEG EOG ... | EEG EEG EOG ... | ... |
# ```
#
# The *header* says what the file is; it is read in a blink, also for a file of 200 MB. So: **header first**.
#
# **Predict.** Which of these stands in the header: the name of the patient, the sleep stages, the sampling rate?

# %%
header = sleeplab.read_header(path)
print("format  ", header.format)
print("starts  ", f"{header.start:%H:%M}" if header.start else "unknown")
print("lasts   ", round(header.duration_s / 60, 1), "min")
print("channels", len(header.channels))
print("gaps    ", len(header.gaps), "| problems", len(header.problems))

# %% [markdown]
# The sampling rate is in the header, and the name of the patient may be (section 6). The sleep stages are not: they
# come in a file of their own, or as *annotations* (section 4).
#
# `format` is `EDF`, or `EDF+C` when the file also holds annotations (C: continuous), or `EDF+D` when the recording was
# interrupted (D: discontinuous). `gaps` counts the interruptions: many programs read over them in silence, and then
# every time after the gap is wrong. `problems` lists what was unsound in the file and how it was read.
#
# ### The channel table

# %%
header.channels[["label", "name", "role", "kind", "sfreq", "unit"]]

# %% [markdown]
# One line per channel:
#
# - `label` is what the technician or the recorder wrote. Every laboratory writes it in its own way.
# - `name` is the same channel in one common spelling, that of the AASM (American Academy of Sleep Medicine, whose
#   manual most laboratories follow). `C4-M1` means: the electrode C4 (above the right ear, towards the top of the
#   head) measured against M1 (the bone behind the left ear). A voltage is always a difference between two places; the
#   pair is called a *derivation*. Older files write A1 and A2 for M1 and M2.
# - `role` is what the channel serves for: brain (`eeg`), eyes (`eog`), chin, heart (`ecg`), legs, `flow`, `effort` …
# - `kind` says whether it is a recorded `signal`, or something else that only looks like one (section 5).
# - `sfreq` is the *sampling rate*: how many numbers per second, in hertz (Hz).
# - `unit` is what one unit of these numbers is worth: µV, mV, % …
#
# **In the clinic.** Without an EEG, two EOG channels and a chin EMG a night cannot be scored by the rules. Look for
# them in this table first.

# %% tags=["nbval-check-output"]
signals = header.channels.query("kind == 'signal'")
print(
    signals.groupby(["role", "unit", "sfreq"]).size().rename("channels").reset_index().to_string(index=False)
)

# %% [markdown]
# Not all channels have the same rate, and that is good design: an EEG changes 30 times a second and needs a high rate;
# oxygen in the blood changes within many seconds and needs one number per second. To show a wave one needs **more than
# two** numbers per wave: at 100 Hz, waves up to just under 50 per second.

# %% [markdown] exercise="01-1"
# ### Exercise 01-1: how much does one channel cost?
#
# In EDF each number takes 2 bytes (1 MB is a million bytes). How many MB does one EEG channel of 256 Hz need for a
# night of 8 hours? And an SpO2 channel of 1 Hz? Try it in an empty cell first.
#
# **Your answer:** `eeg_mb`, the MB of the EEG channel.

# %% exercise="01-1" tags=["nbval-check-output"]
eight_hours_s = 8 * 3600  # given
eeg_mb = 256 * eight_hours_s * 2 / 1e6
print("EEG ", round(eeg_mb, 1), "MB")
print("SpO2", round(1 * eight_hours_s * 2 / 1e6, 2), "MB")

# %% [markdown]
# ## 2. Two ways to load it
#
# **MNE** is the library that most EEG researchers use. It opens a file in one line. It wants one sampling rate for
# all channels, and takes the highest.
#
# **Predict.** The oxygen channel has one or a few numbers per second. How many will it have in MNE?

# %%
import mne

raw = mne.io.read_raw_edf(path, preload=False, verbose="error")
print("one rate for all:", raw.info["sfreq"], "Hz")
print("types:", sorted(set(raw.get_channel_types())))
growth = len(raw.ch_names) * raw.n_times / header.channels["n_samples"].sum()
print(f"numbers in memory: {growth:.1f} times those in the file")

# %% [markdown]
# MNE fills in numbers that were never measured, so that all channels have the highest rate. The simulated night grows
# by a third. A file of 250 MB with two channels at 512 Hz took 37 seconds and 4.7 GB of memory when we measured it. And
# MNE takes all channels for EEG, the legs and the oxygen too, because an EDF header has no field for the type. You can
# set the types yourself, channel by channel: `raw.set_channel_types({"SpO2": "misc"})`.
#
# `sleeplab.read_recording` gives back the same kind of object, an MNE *Raw*, so that everything MNE offers works on it.
# It reads only the channels that serve, by their role, under their common name, in volts, all at 100 Hz.

# %%
night = sleeplab.read_recording(path)
print("one rate for all:", night.info["sfreq"], "Hz")
for name, kind in zip(night.ch_names, night.get_channel_types(), strict=True):
    print(f"  {name:8} {kind}")

# %% [markdown]
# `resp` is breathing; `misc` is what is not a voltage, for example the oxygen in %.
#
# ## 3. What resampling does
#
# To go from one rate to another is called *resampling*. Going down to 100 Hz loses the waves faster than 50 Hz; sleep
# is scored on waves up to 30 or 35 Hz, so nothing that matters is lost. Before it throws numbers away, the computer
# removes the fast waves (a *filter*, lesson 02); otherwise they would come back disguised as slow ones, which is called
# *aliasing*. The library scipy does both in `resample_poly`.

# %%
import edfio
import scipy.signal

eeg_label = header.channels.query("role == 'eeg' and kind == 'signal'")["label"].iloc[0]
track = edfio.read_edf(path, header_encoding="utf-8").get_signal(eeg_label)
rate = round(track.sampling_frequency)
page_s = min(60 * look_at_min, header.duration_s - 30) // 30 * 30  # where the epoch starts that we look at
as_recorded = track.get_data_slice(page_s, page_s + 30)
at_100_hz = scipy.signal.resample_poly(as_recorded, 100, rate)
print(f"30 s of one EEG channel: {len(as_recorded)} numbers at {rate} Hz, {len(at_100_hz)} at 100 Hz")

# %%
import matplotlib.pyplot as plt
import numpy as np

fig, ax = plt.subplots(figsize=(9, 2.8))  # one second, from the middle of the page
ax.plot(
    np.arange(rate) / rate, as_recorded[15 * rate : 16 * rate], ".-", color="#9AA5B1", label="as recorded"
)
ax.plot(np.arange(100) / 100, at_100_hz[1500:1600], "o", mfc="none", color="#D55E00", label="100 Hz")
ax.set(xlabel="Time (s)", ylabel=f"EEG ({track.physical_dimension})")
_ = ax.legend(ncols=2, loc="lower right", bbox_to_anchor=(1, 1))

# %% [markdown]
# **Reading.** Fewer points, the same wave: the open circles (100 Hz) lie on the grey line with dots (as recorded).
#
# *In words: one second of EEG. A grey line with many small dots rises and falls by a hundred microvolts and more. Open orange
# circles, fewer than the dots, sit on the same line; only the finest jitter of the grey line is missing in them.*
#
# **In the clinic.** A file at 50 Hz, from an old or a home device, cannot show spindles well and is refused by most
# programs. Look at `sfreq` before you promise a result. And never invent a higher rate: it adds numbers, not knowledge.

# %% [markdown] exercise="01-2"
# ### Exercise 01-2: slow channels
#
# Which channels have a rate of 10 Hz or less? Hint: `header.channels` is a table; `table.query("sfreq < 200")` keeps
# the lines for which the condition holds, and `table["name"].to_list()` makes a list of one of its columns.
#
# **Your answer:** `slow_channels`, the list of their names (column `name`).

# %% exercise="01-2"
slow_channels = header.channels.query("sfreq <= 10")["name"].to_list()
print(slow_channels)

# %% [markdown]
# ## 4. Annotations, and thirty seconds of signal
#
# An *annotation* is a remark with a time: "lights off", "patient turns", a stage, an apnea (a pause in breathing). In EDF+ it stands in a
# special channel. What the recorder writes is useful; what a person types is *free text* and may hold anything.

# %%
print("annotations in the file:", len(raw.annotations))
ax = sleeplab.plotting.plot_excerpt(night, page_s, 30)

# %% [markdown]
# **Reading.** One epoch, one row per channel: the short bars at the right give the size, the bar below gives the time.
#
# *In words: thirty seconds of about fifteen signals, one above the other. At the top the brain channels, irregular and
# fine; then the eyes; the chin as a thin band; the heart as sharp, evenly spaced peaks; breathing as slow waves; the
# oxygen as an almost flat line at the bottom.*
#
# **In the clinic.** This is the page that a technician looks at, for some seconds, about a thousand times. Ask of each
# row: "Can this be what the label says?" A heart without peaks, a chest that does not move, a brain channel that is a
# straight line: then the label, the unit or the sensor is wrong.

# %% [markdown]
# ## 5. Two traps that real files hold
#
# ### Trap 1: the unit that is wrong by a million
#
# Some programs write `V` in the header while the numbers are microvolts. We plant this fault: the thirty seconds from
# above, the right numbers, one wrong word. Then MNE reads the file, and then sleeplab; `sleeplab.check_labels` asks of
# each channel whether it looks like what its label says.
#
# **Predict.** What will MNE say? How large will the brain waves be?

# %%
eeg_uv = night.get_data(picks="eeg", tmin=page_s, tmax=page_s + 30)[0] * 1e6
false_unit = edfio.EdfSignal(eeg_uv, 100, label="EEG C4-M1", physical_dimension="V")
edfio.Edf([false_unit]).write(folder / "false_unit.edf")

trusting = mne.io.read_raw_edf(folder / "false_unit.edf", verbose="error").get_data()
print(f"MNE: from the lowest to the highest point {trusting.max() - trusting.min():.0f} V")
doubted = sleeplab.check_labels(sleeplab.read_recording(folder / "false_unit.edf"))
print("sleeplab:", doubted["evidence"].iloc[0])

# %% [markdown]
# MNE believes the header, without a word: a brain with the voltage of a wall socket. Every threshold in µV (is this
# wave large enough to be deep sleep?) is then wrong by a million. sleeplab reads the file too, but it says what is
# impossible, and such a channel is not staged (lesson 05).
#
# **In the clinic.** A program that guesses silently is more dangerous than one that stops. When a file is refused, ask
# the laboratory for a new export.
#
# ### Trap 2: the channel that is not a signal
#
# Before the night, the recorder measures how well each electrode touches the skin: the *impedance*. Many recorders
# write it as a channel, with the name of the electrode in its label. A program that only searches for the letters
# "C4" takes it for a brain.
#
# **Predict.** Which of these labels are signals of the body?

# %% tags=["nbval-check-output"]
labels = ["EEG C4-M1", "Impedance C4", "Jambe gauche", "Audio Volume dB", "SpO2", "Battery"]
judged = sleeplab.channel_table(labels)
print(judged[["label", "role", "kind"]].to_string(index=False))

# %% [markdown]
# ## 6. What a header tells about a person
#
# We now write a file as a careless export would: everything in it is invented. Then we look at its first bytes as
# anyone could, with a text editor.
#
# **Predict.** In how many places of the file does the name stand?

# %%
from datetime import date

person = edfio.Patient(code="H-204417", sex="F", birthdate=date(1961, 3, 14), name="Exemple_Anne")
stay = edfio.Recording(
    startdate=date(2024, 5, 2), investigator_technician_code="Modele", equipment_code="SN-88231"
)
remark = edfio.EdfAnnotation(12, None, "Mme Exemple asks for her husband Paul")
brain = edfio.EdfSignal(eeg_uv, 100, label="EEG C4-M1", physical_dimension="uV")
edfio.Edf([brain], patient=person, recording=stay, annotations=[remark]).write(folder / "careless.edf")
content = (folder / "careless.edf").read_bytes()
print(content[8:88].decode().strip())
print(content[88:168].decode().strip())

# %% [markdown]
# No password, no special program: hospital number, sex, date of birth, name; the date of the night, the technician, the
# serial number of the device. The name of the file is often the name of the patient, too.
#
# **In the clinic.** In Europe these are health data (GDPR, article 9). They stay in the hospital unless its data
# protection officer has agreed: no e-mail, no website that "converts EDF". sleeplab never prints them, and
# `read_recording` leaves them behind.

# %% [markdown] exercise="01-3"
# ### Exercise 01-3: is it enough to empty the header?
#
# A colleague says: "I have overwritten the 160 characters of the header, so the file is anonymous." Count how often
# `b"Exemple"` stands in `content`, and how often it still stands in what follows the header's first 168 bytes
# (`content[168:]`). Hint: `content.count(b"…")`.
#
# **Your answer:** `n_left`, how often the name stands behind those fields.

# %% exercise="01-3" tags=["nbval-check-output"]
n_left = content[168:].count(b"Exemple")
print("in the whole file:   ", content.count(b"Exemple"))
print("behind those fields: ", n_left)

# %% [markdown]
# The technician typed it into an annotation. Free text is where names survive. Lesson 14 is about removing them, and
# about proving that they are gone.
#
# ## Frequent errors
#
# | Symptom | Cause | Remedy |
# |---|---|---|
# | the EEG is a flat line, or fills the whole page | wrong unit: V for µV, or µV for V | look at `unit` and at the size of the signal |
# | times are too late or too early after some hour | a gap (EDF+D) was read over | look at `header.gaps` |
# | `Impédance` shows as `ImpÃ©dance` | the header was read in another character set (UTF-8 read as Latin-1) | harmless; match channels by role, not by text |
# | memory runs out while a 250 MB file loads | all channels were brought to the highest rate | `read_recording`, or MNE with `include=[…]` |
# | "no EEG found" | unusual labels | look at the table; name the channel: `read_recording(path, eeg=["LABEL"])` |
#
# ## Key points
#
# - Header first: channels, units, rates, gaps. It costs a blink.
# - A label is a text that somebody typed; the role and the kind are what counts.
# - Channels have different rates; MNE brings all to the highest, sleeplab to 100 Hz.
# - A wrong unit is silent. Check that the size of a signal is possible.
# - Names stand in the header, in annotations and in file names.
#
# ## Self-assessment
#
# Say for each line: *I can explain it to a colleague* / *I must read it again* / *I have a question*.
#
# - [ ] What is a header, and what is in it?
# - [ ] What does `C4-M1` mean?
# - [ ] Why does SpO2 need fewer numbers per second than the EEG?
# - [ ] What happens when µV are declared as V, and how do I notice?
# - [ ] Where in an EDF file can the name of a patient stand?

# %% [markdown]
# ## Reuse this
#
# Run the whole lesson on your own file, in a terminal, in the folder of the project:
#
# ```
# papermill notebooks/01_load_a_recording.ipynb my_file.ipynb -p recording "path/of/your/night.edf"
# ```
#
# The result, `my_file.ipynb`, holds the path that you typed: choose a file name that is not the name of a patient.
# The channel table alone, without a notebook: `sleeplab channels path/of/your/night.edf`.
