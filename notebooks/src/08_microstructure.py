# %% [markdown]
# # Does the machine find the same spindles as two experts?
#
# "How many spindles has this patient? Fewer than last year?" Two people count by eye, a program counts too, and you get three
# numbers. Who is right? Before you call a program bad, you need to know how well people agree with each other. This lesson
# measures it, event by event.

# %% [markdown]
# ## Card
#
# - **You can then**
#   1. find spindles, slow waves and rapid eye movements with YASA, in the right stages and the right unit;
#   2. say when two marks mean the same event, and compute precision, recall and F1 by event;
#   3. compare a program with the human ceiling instead of with perfection.
# - **Before this**: lessons `00_welcome` to `04_hypnogram`.
# - **Time**: 35 min to read, 35 min to practise, 15 s for the machine (25 s more where the night is not made yet).
# - **Data**: 45 minutes of a simulated night and its truth; no person was recorded. Free to use (BSD-3-Clause licence). The real
#   excerpts of DREAMS with two experts may not be passed on with this course (licence CC BY-NC-ND 3.0); the last section says
#   how to run the lesson on them.

# %% [markdown]
# ## What do you remember?
#
# <details><summary>1. What is a spindle, and in which stage do you expect it?</summary>
#
# A burst of about 13 waves per second, half a second to two seconds long, in N2 (and some in N3).
# </details>
#
# <details><summary>2. What is special about the eyes in REM sleep?</summary>
#
# They dart, both together: one eye channel goes up while the other goes down.
# </details>
#
# <details><summary>3. MNE gives volts, YASA wants µV. What is the factor?</summary>
#
# A million: times 1e6.
# </details>

# %% [markdown]
# ## The parameters of this lesson
#
# `expert_1` and `expert_2` are files with the marks of two people. By default expert 1 is the list of what the simulation has put
# in, and expert 2 is made by the lesson.

# %% tags=["parameters"]
recording: str = "simulated:anna"  # or your own EDF, or a text file: a title, then one number (µV) per line
text_sfreq: float = 200.0  # only for a text file: how many numbers per second
scoring: str = "simulated:anna.hypnogram.csv"  # the stages
expert_1: str = "simulated:anna.truth.csv"  # the marks of the first expert
expert_2: str = ""  # the marks of the second; "" makes a simulated one
brain: str = "C4-M1"  # the EEG channel (a text file has only one)
start_min: float = 90.0  # where the stretch begins, in minutes: a multiple of 0.5
length_min: float = 45.0  # how long it is
eyes: str = "simulated:anna"  # a recording with eye channels, and REM sleep in it
eyes_scoring: str = "simulated:anna.hypnogram.csv"  # its stages
seed: int = 8  # for the simulated second expert

# %%
import matplotlib.pyplot as plt
import numpy as np
import yasa

import sleeplab

# %%
if recording.endswith(".txt"):
    sfreq, whole = text_sfreq, np.loadtxt(recording, skiprows=1)  # µV already
else:
    night = sleeplab.read_recording(recording, eeg=[brain], roles=["eeg"])
    sfreq, whole = night.info["sfreq"], night.get_data(picks=brain)[0] * 1e6  # from volts to µV, once, here
signal = whole[round(60 * start_min * sfreq) :][: round(60 * length_min * sfreq)]
stages = list(sleeplab.read_hypnogram(scoring).hypno)[round(2 * start_min) :][: round(2 * length_min)]
if len(signal) < 30 * sfreq * len(stages) or not stages:
    msg = f"the stretch must lie in the recording, which lasts {len(whole) / sfreq / 60:.1f} min"
    raise ValueError(msg)
hypnogram = yasa.Hypnogram(stages, freq="30s")
print(len(signal) / sfreq / 60, "min;", {stage: stages.count(stage) / 2 for stage in ("N2", "N3", "REM")})

# %% [markdown]
# ## 1. Two experts
#
# `read_events` reads the marks of many programs into one table: `onset_s`, `duration_s`, `kind`. Onsets count from the start of the
# **recording**. We keep the spindles of our stretch, and count from the start of the **stretch**.
#
# The real excerpts of DREAMS were marked by two experts. In three of them, each of 30 min, their F1 (section 3 explains it) is 0.38,
# 0.63 and 0.17, and 0.42 together (`datasets/dreams.md`); the second expert gave nearly all marks the same length, 1 s. Our
# simulated expert 2 is like that: she keeps 42 % of the marks of expert 1, a little shifted, and has as many of her own as are
# missing.
#
# **Predict.** Two trained people look at the same 45 minutes. How many percent of the marks of one will the other have, too?


# %% tags=["nbval-check-output"]
def marks_of(path):
    events = sleeplab.read_events(path).query("kind == 'spindle'").reset_index(drop=True)
    events["onset_s"] -= 60 * start_min
    return events[events["onset_s"].between(0, len(signal) / sfreq - 3)]


first = marks_of(expert_1)
print(len(first), "marks of expert 1, typically", round(first["duration_s"].median(), 2), "s long")

# %%
if expert_2:
    second = marks_of(expert_2)
else:
    rng = np.random.default_rng(seed)
    same = first.sample(round(0.42 * len(first)), random_state=seed)["onset_s"].to_numpy()
    of_sleep = 30 * np.flatnonzero(np.isin(stages, ["N2", "N3"]))  # where the epochs of N2 and N3 begin, in s
    own = rng.choice(of_sleep, len(first) - len(same)) + rng.uniform(0, 29, len(first) - len(same))
    onsets_s = np.sort(np.concatenate([same + rng.normal(0, 0.1, len(same)), own]))
    second = first.assign(onset_s=onsets_s, duration_s=1.0)

# %% [markdown]
# ## 2. The machine
#
# `yasa.spindles_detect` asks three questions of each moment: is much of the power between 12 and 15 Hz? does the EEG follow the
# filtered signal? is the filtered signal large, compared with the rest of the stretch? It says yes where all three hold for 0.5 to
# 2 s (Vallat & Walker 2021, doi:10.7554/eLife.70092). We give it the stages: it must look in N2 and N3 only.
#
# **A trap: `None`.** Where YASA finds nothing it gives no empty table but `None`, and the next line fails. It also gives `None` when the
# signal is implausibly small, for example in volts. So ask first.

# %% tags=["nbval-check-output"]
detected = yasa.spindles_detect(signal, sfreq, hypno=hypnogram, include=["N2", "N3"])
in_volts = yasa.spindles_detect(signal / 1e6, sfreq, hypno=hypnogram, verbose="critical")
found = detected.summary()  # a row per spindle
print(len(found), "spindles by YASA; the same signal in volts:", in_volts)
print(found[["Start", "End", "Duration", "Amplitude", "Frequency", "Stage"]].head(3).round(1).to_string())

# %% [markdown]
# Now all three on one page: the 20 seconds with the most marks.

# %%
all_onsets_s = np.concatenate([first["onset_s"], second["onset_s"], found["Start"]])
page_s = 20 * np.bincount((all_onsets_s // 20).astype(int)).argmax()
shown = slice(round(page_s * sfreq), round((page_s + 20) * sfreq))
ax = plt.figure(figsize=(11, 3.6)).gca()
ax.plot(np.arange(len(signal))[shown] / sfreq, signal[shown], color="#1F2933", linewidth=0.7)
by_yasa = found.rename(columns={"Start": "onset_s", "Duration": "duration_s"})
scorers = {"expert 1": (first, "#0072B2"), "expert 2": (second, "#D55E00"), "YASA": (by_yasa, "#009E73")}
for row, (name, (marks, color)) in enumerate(scorers.items()):
    bottom = np.abs(signal[shown]).max() * (1.8 - 0.25 * row)
    ax.broken_barh(marks[["onset_s", "duration_s"]].to_numpy(), (bottom, bottom * 0.08), color=color)
    ax.text(page_s + 20.2, bottom, name, color=color)
_ = ax.set(xlim=(page_s, page_s + 20), xlabel="Time from the start of the stretch (s)", ylabel="µV")

# %% [markdown]
# **Reading.** A bar is a mark. Where bars stand above each other, people and program mean the same moment; their lengths differ
# all the same. Bars that stand alone are the disagreement of this lesson.
#
# *In words: twenty seconds of EEG as a black line. Above it three rows of short bars, one row per scorer. Some bars of two or three
# rows stand above the same burst of quick waves; others stand alone.*
#
# **In the clinic.** The number of spindles per minute falls with age, in dementia and in schizophrenia, and rises with some sleeping
# pills. A change of a third between two years may be the patient, or the person who counted.
#
# ## 3. When do two marks mean the same event?
#
# They hardly ever begin at the same millisecond. The usual measure is the time that both marks share, divided by the time that at least one of
# them covers: *IoU*, "intersection over union". 1 means the same mark, 0 means nothing in common. Two marks *match* when it is
# at least 0.2, a usual limit (Warby et al. 2014, doi:10.1038/nmeth.2855), and each mark has one partner at most.
#
# Example: one mark from 10.0 to 11.2 s, the other from 10.4 to 11.4 s.

# %% tags=["nbval-check-output"]
shared_s = min(11.2, 11.4) - max(10.0, 10.4)  # first end minus last beginning
covered_s = (11.2 - 10.0) + (11.4 - 10.4) - shared_s  # what both cover is in the sum twice: once too often
print(round(shared_s, 1), "s shared,", round(covered_s, 1), "s covered, IoU", round(shared_s / covered_s, 2))

# %% [markdown] exercise="08-1"
# ### Exercise 08-1: a function for any two marks
#
# Write the function `iou`: it gets begin and end of two marks, in seconds, and gives their IoU. The example above is nearly it. Mind
# two marks that have nothing in common, for example 1 to 2 s and 5 to 6 s: "first end minus last beginning" is then -3, and must
# count as 0. (`max(0, …)` helps.)
#
# **Your answer:** `iou`, a function of `begin_a`, `end_a`, `begin_b`, `end_b`.


# %% exercise="08-1" tags=["nbval-check-output"]
def iou(begin_a, end_a, begin_b, end_b):
    shared = max(0, min(end_a, end_b) - max(begin_a, begin_b))
    return shared / ((end_a - begin_a) + (end_b - begin_b) - shared)


print(round(iou(10.0, 11.2, 10.4, 11.4), 2), iou(1, 2, 5, 6))

# %% [markdown]
# Now three kinds of marks can be counted: *hits* (the program and the expert), *false alarms* (the program alone), *misses* (the
# expert alone). From them:
#
# | word | question | how |
# |---|---|---|
# | *precision* | of what the program marked, how much has the expert, too? | hits / (hits + false alarms) |
# | *recall* | of what the expert marked, how much has the program, too? | hits / (hits + misses) |
# | *F1* | both in one number, 0 to 1 | 2 × hits / (all marks of both) |
#
# `yasa.compare_detection` counts them. It wants a begin and an end per mark.
#
# **Predict.** Which pair will agree best: the two experts, or YASA with one of them?

# %% tags=["nbval-check-output"]
one = np.column_stack([first["onset_s"], first["onset_s"] + first["duration_s"]])
two = np.column_stack([second["onset_s"], second["onset_s"] + second["duration_s"]])
machine = found[["Start", "End"]].to_numpy()
for name, marks, truth in (("expert 2", two, one), ("YASA", machine, one), ("YASA", machine, two)):
    result = yasa.compare_detection(marks, truth, method="intersection")  # IoU of 0.2 or more
    against = "expert 1" if truth is one else "expert 2"
    counts = f"{len(result['tp'])} hits, {len(result['fp'])} false alarms, {len(result['fn'])} misses"
    print(
        f"{name:8} against {against}: {counts}; precision {result['precision']:.2f}, recall {result['recall']:.2f}"
    )

# %% [markdown]
# Hardly anything that YASA marks is wrong for expert 1, but it misses many: its limits are strict. (Here expert 1 is the list of
# the simulation: it also holds spindles too small for any eye. No person marks all of them.)
#
# **A trap: the default of `compare_detection`.** Without `method="intersection"` it takes beginnings only, counted in samples, and demands
# that they are **equal**. Two people hardly ever begin at the same sample: nearly nothing matches, and a good program looks useless.

# %% [markdown] exercise="08-2"
# ### Exercise 08-2: F1, the machine and the ceiling
#
# What is the F1 of YASA (`machine`) against expert 1 (`one`)? Count the hits, then use the row *F1* of the table above. `len(one)`
# is the number of marks.
#
# **Your answer:** `f1_machine`, a number from 0 to 1.

# %% exercise="08-2" tags=["nbval-check-output"]
result_1 = yasa.compare_detection(machine, one, method="intersection")  # given
f1_machine = 2 * len(result_1["tp"]) / (len(machine) + len(one))
ceiling = yasa.compare_detection(two, one, method="intersection")["f1"]
print(f"YASA against expert 1: {f1_machine:.2f}; expert 2 against expert 1: {ceiling:.2f}")

# %% [markdown]
# The second number is the *human ceiling*: nobody can ask of a program that it agrees with a person better than a second person does.
# In a study with 24 technicians, the mean F1 of two of them was 0.61; of one technician with herself, asked twice, 0.72
# (Wendt et al. 2015, PMC4426257). So a program with an F1 of 0.55 is not "45 % wrong".
#
# On real EEG the ceiling depends on the sleeper. This lesson, run on three excerpts of DREAMS (1, 2, 4): the two experts reach an F1 of
# 0.38, 0.63 and 0.17 with each other, YASA with expert 1 0.38, 0.42 and 0.09.
#
# **In the clinic.** Ask of every program: compared with whom, and how well do two such people agree?
#
# ## 4. Why not simply "% correct"?
#
# A spindle lasts a second; the rest of the time there is none. A scorer who sleeps at his desk marks nothing at all.
#
# **Predict.** In how many percent of all seconds does he agree with expert 1?

# %% [markdown] exercise="08-3"
# ### Exercise 08-3: the scorer who marks nothing
#
# In how many percent of the time of the stretch does an empty scoring agree with expert 1? You need the sum of the durations of
# expert 1's marks (`first["duration_s"]`) and the length of the stretch in seconds (`stretch_s`).
#
# **Your answer:** `lazy_percent`, a number from 0 to 100.

# %% exercise="08-3" tags=["nbval-check-output"]
stretch_s = len(signal) / sfreq  # given
lazy_percent = 100 * (1 - first["duration_s"].sum() / stretch_s)
print(f"{lazy_percent:.1f} % correct, recall 0, F1 0")

# %% [markdown]
# This is *imbalance*: where one answer is nearly always right, "% correct" says nothing. It comes back in lesson 09. Precision,
# recall and F1 never count the empty time.
#
# ## 5. Stricter or milder
#
# Each question of YASA has a limit. The first one, "how much of the power is between 12 and 15 Hz?", wants a fifth (`rel_pow` is 0.2).
# Let us turn this knob, and ask the second one a little less strictly, too (`corr`, by default 0.65).
#
# **Predict.** With a milder limit: which one of precision and recall rises, which one falls?

# %%
limits = [0.02, 0.05, 0.1, 0.15, 0.2, 0.3]
scores = []
for rel_pow in limits:
    knob = {"rel_pow": rel_pow, "corr": 0.5}
    tried = yasa.spindles_detect(signal, sfreq, hypno=hypnogram, include=["N2", "N3"], thresh=knob)
    spans = [] if tried is None else tried.summary()[["Start", "End"]].to_numpy()
    result = yasa.compare_detection(spans, one, method="intersection")
    scores.append([result["precision"], result["recall"], result["f1"]])
lines = plt.figure(figsize=(7, 3.2)).gca().plot(limits, scores, color="#1F2933", marker="o")
plt.setp(lines[0], linestyle="--"), plt.setp(lines[1], linestyle=":")
_ = plt.legend(lines, ("precision", "recall", "F1"), loc="center right"), plt.ylim(0, 1.05)
_ = plt.xlabel("limit rel_pow: mild to strict"), plt.ylabel("against expert 1")

# %% [markdown]
# **Reading.** Mild (left): more hits, more false alarms. Strict (right): no false alarm, but hardly a hit. F1 is best at the mild
# end.
#
# *In words: three lines over limits from 0.02 to 0.3. The dashed one, precision, rises from 0.8 to 1. The dotted one, recall, falls
# from a half to a tenth. The full one, F1, lies between them and falls from about 0.6 to 0.2.*
#
# **A trap: tuned and reported on the same night.** It is tempting to take the best limit and report its F1. But it was chosen
# **because** it is best on these marks; on the next night it will be worse. Choose on some nights, report on others (lesson 09).
#
# **In the clinic.** Where the knob should stand depends on the cost. Spindles for a study: balance both. Epileptic spikes: mild, because
# a person looks at each of them anyway and a miss is dangerous.

# %% [markdown] exercise="08-4"
# ### Exercise 08-4: spindles per minute of N2
#
# The *density* is the number of spindles per minute. How many spindles per minute of **N2** did YASA find? The column `Stage` of
# `found` says in which stage each spindle is (2 is N2). Minutes of N2: `stages` has one entry per 30 seconds.
#
# **Your answer:** `density`, spindles per minute of N2.

# %% exercise="08-4" tags=["nbval-check-output"]
in_n2 = (found["Stage"] == 2).sum()
density = in_n2 / (stages.count("N2") / 2)
print(f"{density:.1f} per minute of N2")

# %% [markdown]
# Compare densities only where stage, channel and program are the same. Here the human eye (expert 1) would have said much more.
#
# ## 6. Slow waves
#
# `yasa.sw_detect` looks for single waves of 0.3 to 1.5 Hz, first down, then up, of at least 75 µV from the lowest to the highest
# point. The same number as in the rule for N3, and the same trap: a dead electrode or volts give `None`, movements give "slow waves".
#
# **Predict.** We let it look everywhere, not in N2 and N3 only. Will it find slow waves in stages that have none?

# %% tags=["nbval-check-output"]
waves = yasa.sw_detect(signal, sfreq, hypno=hypnogram, include=["WAKE", "N1", "N2", "N3", "REM"]).summary()
names = {0: "WAKE", 1: "N1", 2: "N2", 3: "N3", 4: "REM"}
for code, group in waves.groupby("Stage"):
    per_min = len(group) / (stages.count(names[code]) / 2)
    print(
        f"{names[code]:4} {len(group):4} waves, {per_min:4.1f} per min, typically {group['PTP'].median():3.0f} µV"
    )

# %% [markdown]
# A program finds what its limits describe, not what we mean. In N3 these are slow waves. In N2 some are K-complexes, single large
# waves. Waking has few, but the largest of all: they are movements of the body or the eyes that reach the EEG.
#
# **In the clinic.** Slow waves become smaller with age: with a fixed limit of 75 µV, old people "have none". Whether their sleep has
# changed or only its size is a question of the limit; say which one you took.
#
# ## 7. Rapid eye movements
#
# Both eyes move together, so one eye channel goes up when the other goes down. `yasa.rem_detect` multiplies both, turns the sign, and
# takes what is large. It needs both channels, in µV. We ask twice: with the stages (it looks in REM sleep only) and without.
#
# **Predict.** Without stages: in which stages will it "find" eye movements?

# %% tags=["nbval-check-output"]
face = sleeplab.read_recording(eyes, roles=["eog"])
left, right = face.get_data()[:2] * 1e6
of_eyes = yasa.Hypnogram(list(sleeplab.read_hypnogram(eyes_scoring).hypno), freq="30s")
in_rem = yasa.rem_detect(left, right, face.info["sfreq"], hypno=of_eyes, include="REM").summary()
blind = yasa.rem_detect(left, right, face.info["sfreq"]).summary()
where = of_eyes.hypno.astype(str).to_numpy()[(blind["Peak"] // 30).astype(int)]
print(len(in_rem), "in REM sleep, with the stages")
print("without:", {stage: int((where == stage).sum()) for stage in ("WAKE", "N1", "N2", "N3", "REM")})

# %% [markdown]
# Three of four are found outside of REM sleep. In waking the eyes look around and blink. In N1 they roll slowly. In N2 and N3 hardly
# an eye moves: there it is waves of the brain, large enough to reach the eye channels, as in lesson 02.
#
# **A trap: a detector without stages.** The number looks fine, nothing fails. Always give the stages, and look at ten findings by eye.

# %% [markdown] exercise="08-5"
# ### Exercise 08-5: what both experts saw and the machine missed
#
# Without a recipe. The marks that **both** experts have are the surest ones: `yasa.compare_detection(one, two,
# method="intersection")["tp"]` gives those of expert 1 (begin and end) that expert 2 has, too. How many of them did YASA miss?
#
# **Your answer:** `n_missed`, a whole number.

# %% exercise="08-5" tags=["nbval-check-output"]
sure = yasa.compare_detection(one, two, method="intersection")["tp"]
n_missed = len(yasa.compare_detection(machine, sure, method="intersection")["fn"])
print(n_missed, "of", len(sure), "sure spindles were missed")

# %% [markdown]
# **In the clinic.** Look at these first. A program that misses only doubtful spindles can be used; one that misses the sure ones cannot.
#
# ## Frequent errors
#
# | Symptom | Cause | Remedy |
# |---|---|---|
# | `'NoneType' object has no attribute 'summary'` | nothing was found, or the signal is in volts | look at the size of the signal; × 1e6 |
# | F1 near 0 of a good program | only equal beginnings count | `method="intersection"` |
# | all marks a little or a lot too late | onsets from the start of the recording, signal from the start of the stretch | subtract once, for both |
# | spindles in waking | alpha, and no stages given | `hypno=…, include=["N2", "N3"]` |
# | eye movements in N2 and N3 | `rem_detect` without stages | give the stages |
# | 97 % correct | empty time was counted | precision, recall, F1 |
# | F1 falls on the next night | the limit was chosen on the reported night | choose and report on different nights |
#
# ## Key points
#
# - Two marks mean the same event when they overlap enough: IoU.
# - Precision: is it right when it speaks? Recall: does it see what is there? F1: both.
# - "% correct" is worthless for rare events.
# - Two people agree on spindles with an F1 of about 0.4 to 0.6, on some sleepers below 0.2: that is the ceiling.
# - Detectors need µV, stages, and ten looks by eye.
#
# ## Self-assessment
#
# Say for each line: *I can explain it to a colleague* / *I must read it again* / *I have a question*.
#
# - [ ] What is the IoU of 0 to 2 s and 1 to 3 s?
# - [ ] A program has precision 0.9 and recall 0.3: what does it do?
# - [ ] Why can F1 of 0.5 be excellent?
# - [ ] Why does `rem_detect` need the stages?
#
# Next: `09_features`, how a night becomes a table.

# %% [markdown]
# ## Reuse this
#
# On a night of your own: `-p recording night.edf -p scoring stages.csv -p expert_1 marks_1.csv -p expert_2 marks_2.csv`, and the
# same recording for `eyes`. On DREAMS (`sleeplab fetch dreams --subjects DatabaseSpindles`, then unpack the archive):
#
# ```
# papermill notebooks/08_microstructure.ipynb my_spindles.ipynb -p recording excerpt2.txt -p text_sfreq 200 \
#     -p scoring Hypnogram_excerpt2.txt -p expert_1 Visual_scoring1_excerpt2.txt \
#     -p expert_2 Visual_scoring2_excerpt2.txt -p start_min 0 -p length_min 30
# ```
#
# Excerpts 1 and 3 have 100 and 50 numbers per second, the others 200; 50 are too few for YASA's spindles.
