# %% [markdown]
# # What would a machine score?
#
# A technician needs one to three hours for a night; YASA needs a few seconds. The question is not whether it is right: it is right
# in eight or nine epochs of ten, and so is a colleague. The question is **which** epochs are wrong, whether the machine knows it, and
# what you do with the minutes that you have.

# %% [markdown]
# ## Card
#
# - **You can then**
#   1. stage a night with YASA, and say what it looks at;
#   2. say where it fails, and why in old people;
#   3. judge a confidence, and let a human look at the tenth of the night that needs it most.
# - **Before this**: lessons `04_hypnogram` and `05_quality_gate`.
# - **Time**: 35 min to read, 25 min to practise, 20 s for the machine (25 s more where the night is not made yet).
# - **Data**: one simulated night of a healthy person of 72 years; no person was recorded. Free to use (BSD-3-Clause licence). Or a night of
#   your own with its scoring.

# %% [markdown]
# ## What do you remember?
#
# <details><summary>1. Why must a dead electrode be cut out before staging, not after?</summary>
#
# YASA compares each epoch with the whole recording: the dead part changes the good one.
# </details>
#
# <details><summary>2. What is the mark of N3?</summary>
#
# Large slow waves (delta, 0.5–2 Hz, above 75 µV) in at least a fifth of the epoch.
# </details>
#
# <details><summary>3. What does the chin do in REM sleep?</summary>
#
# It is slack: its EMG is at its lowest.
# </details>

# %% [markdown]
# ## The parameters of this lesson

# %% tags=["parameters"]
recording: str = "simulated:henri"  # or the path of your own EDF file
scoring: str = "simulated:henri.hypnogram.csv"  # its scoring by a person; here the true stages
central: str = "C4-M1"  # the EEG derivation that YASA prefers: over the middle of the head
other: str = "O2-M1"  # another one, here at the back of the head
eye: str = "E1-M2"  # an eye channel; "" where there is none
chin: str = "Chin"  # the chin; "" where there is none

# %%
import contextlib
import io

import yasa

import sleeplab

# %% [markdown]
# ## 1. One call
#
# YASA wants an MNE Raw with more than 80 numbers per second, in volts, **not** filtered and not scaled: it does that itself. It can
# do with one EEG channel; an eye channel and the chin help it to tell REM.
#
# It also sends a warning, which we collect in `remarks` and read aloud: its *model*, the rules it has learnt, was saved with an older
# version of a library. The stages come from
# a part that this does not touch. A warning should be read once, then decided about.

# %%
night = sleeplab.read_recording(recording, roles=("eeg", "eog", "chin"))
print("channels:", *night.ch_names)
remarks = io.StringIO()
with contextlib.redirect_stderr(remarks):
    stager = yasa.SleepStaging(night, eeg_name=central, eog_name=eye or None, emg_name=chin or None)
    machine = stager.predict()
print("YASA's warning:", remarks.getvalue().partition("Warning: ")[2].partition(". ")[0])
expert = sleeplab.align_hypnogram(sleeplab.read_hypnogram(scoring), night)
ours, theirs = machine.hypno.to_numpy(), expert.hypno.to_numpy()  # their stages, epoch by epoch

# %%
import matplotlib.pyplot as plt

fig, axes = plt.subplots(3, 1, figsize=(9, 6), sharex=True, layout="constrained")
for ax, hypnogram, title in zip(axes, (expert, machine), ("the scoring", "YASA"), strict=False):
    sleeplab.plotting.plot_hypnogram(hypnogram, ax=ax).set_title(title, loc="left")
ax = sleeplab.plotting.plot_probabilities(machine, ax=axes[2])

# %% [markdown]
# **Reading.** The two step lines have the same shape; in the colours below, a narrow mixture of several colours is a moment in which the
# machine is not sure.
#
# *In words: three panels over eight hours. The first two are step lines that go down to N2, seldom to N3, and up to REM or WAKE at nearly the
# same times; the second touches N3 at other moments than the first. The third is filled with the colours of the five stages, one colour
# nearly everywhere, several at the borders between stages.*
#
# ## 2. What does it look at?
#
# Not at waves, as you do. For every epoch YASA computes a row of numbers, its *features*: how strong each band is, how much the signal
# jumps, how regular it is, for the EEG, the eye and the chin. Then many small *decision trees* ("if delta is
# high and the chin is slack …") vote. They learnt from some 3,000 nights that people had scored (Vallat & Walker 2021, doi:10.7554/eLife.70092).
#
# **Predict.** How many numbers describe one epoch? Five, fifty, more?

# %% tags=["nbval-check-output"]
features = stager.get_features()
smoothed = [name for name in features if name.endswith("_norm")]
clock = [name for name in features if name.startswith("time")]
print(features.shape[1], "numbers per epoch:", len(smoothed), "of them also look at the minutes around it,")
print("and", len(clock), "know only the hour of the night:", ", ".join(clock))

# %%
import seaborn as sns

names = ["WAKE", "N1", "N2", "N3", "REM"]
shown = {"eeg_sdelta": "share of slow delta", "eeg_sigma": "share of sigma"}
if chin:
    shown["emg_std"] = "chin tone (µV)"
fig, axes = plt.subplots(1, len(shown), figsize=(10, 3.2), layout="constrained")
for ax, (column, words) in zip(axes, shown.items(), strict=True):
    sns.boxplot(
        x=expert.hypno.to_numpy(), y=features[column].to_numpy(), order=names, ax=ax, showfliers=False
    )
    _ = ax.set(ylabel=words, xlabel="")

# %% [markdown]
# **Reading.** No feature alone tells all stages apart: slow delta lifts N3, a high chin tone marks WAKE, a low one REM; in each panel the box of N1
# overlaps with others.
#
# *In words: three panels with five boxes each, for WAKE, N1, N2, N3 and REM. A box holds the middle half of the epochs. Left: the box of N3 is
# highest. Middle: WAKE and REM are highest, then N1, N2 and N3 lower and lower. Right: WAKE is highest, REM lowest.*
#
# Where are the spindles of N2 in the middle panel? Hidden by the trap of lesson 03: these are **shares**, and the slow waves take theirs from the rest.
#
# **In the clinic.** Two things follow. The features are scaled over **this** night (lesson 05). And the machine knows the time: it expects N3 early and
# REM late. Narcolepsy, with REM in the first minutes, is the case it has to be wrong in most easily.
#
# ## 3. How often is it right?

# %% [markdown] exercise="06-1"
# ### Exercise 06-1: the share that agrees
#
# In how many **percent** of the epochs do YASA and the scoring say the same? `ours` are the stages of YASA, `theirs` those of the scoring.
#
# **Your answer:** `agree_percent`, a number from 0 to 100.

# %% exercise="06-1" tags=["nbval-check-output"]
agree_percent = 100 * (ours == theirs).mean()
print(f"{agree_percent:.0f} %")

# %% [markdown]
# Two experts give the same stage in about 83 of 100 epochs (Rosenberg & Van Hout 2013, doi:10.5664/jcsm.2350). But our night is simulated and
# cleaner than a real one: on real nights of patients YASA does worse than here. Now **where** is it wrong?
#
# **Predict.** Which stage will be the worst?

# %% tags=["nbval-check-output"]
agreement = sleeplab.compare_scorings(machine, expert)
print("rows: the scoring; columns: YASA")
print(agreement.confusion.to_string())

# %% [markdown]
# Such a table is called a *confusion matrix*. Read along a row: of all epochs that are N1, so many were called N1, so many N2 … Two rows
# are bad.
#
# **N1** is a border, not a country: it lasts a minute or two, and people quarrel about it too (lesson 07).
#
# **N3 of the old.** The rule for N3 asks for waves above 75 µV. With age slow waves become smaller, and their share in the machine's
# features too; it calls them N2. It is not a detail: who compares the deep sleep of old and young with such a machine finds "age", and a part of it
# is the machine.

# %% [markdown] exercise="06-2"
# ### Exercise 06-2: lost deep sleep
#
# How many **minutes** of N3 in the scoring did YASA call something else? Take it from `agreement.confusion`: `table.loc["N3"]` is a row.
#
# **Your answer:** `lost_n3_min`, in minutes.

# %% exercise="06-2" tags=["nbval-check-output"]
deep = agreement.confusion.loc["N3"]
lost_n3_min = (deep.sum() - deep["N3"]) / 2
print(lost_n3_min, "of", deep.sum() / 2, "min")

# %% [markdown]
# ## 4. Ask several electrodes
#
# Slow waves are largest at the front of the head and small at the back. YASA takes one EEG derivation. We ask it again, with another one.
#
# **Predict.** Which stage will suffer most at the back of the head?

# %% tags=["nbval-check-output"]
with contextlib.redirect_stderr(remarks):
    second = yasa.SleepStaging(night, eeg_name=other, eog_name=eye or None, emg_name=chin or None).predict()
for name, hypnogram in ((central, machine), (other, second)):
    result = sleeplab.compare_scorings(hypnogram, expert)
    found = result.confusion.loc["N3", "N3"] / 2
    print(f"{name:6} agrees in {100 * result.accuracy:.0f} %, finds {found:.0f} min of the N3")

# %% [markdown]
# Nearly the same share of agreement, and a very different deep sleep: **one number over all stages hides the stage you care about.** Always say from which
# electrode a machine has staged.
#
# **A trap: the best of six.** Who tries all derivations and reports the one that agrees best has looked at the answers first.
#
# Two electrodes are good for something else. Where they disagree, somebody should look.

# %% [markdown] exercise="06-3"
# ### Exercise 06-3: does disagreement warn?
#
# Take the epochs in which `machine` and `second` give **different** stages. In how many percent of these is `machine` wrong? Hint: `x[mask]` keeps
# the epochs for which `mask` is `True`.
#
# **Your answer:** `wrong_percent`, a number from 0 to 100.

# %% exercise="06-3" tags=["nbval-check-output"]
differ = second.hypno.to_numpy() != ours
wrong_percent = 100 * (ours != theirs)[differ].mean()
print(
    f"wrong where they differ: {wrong_percent:.0f} %, where they agree: {100 * (ours != theirs)[~differ].mean():.0f} %"
)

# %% [markdown]
# ## 5. Does it know when it is wrong?
#
# A confidence of 0.8 should mean: of a hundred such epochs, eighty are right. If that holds, the confidence is called *calibrated*. To see it, sort all
# epochs by confidence, cut them into groups of equal size, and count in each group how many are right.
#
# `sleeplab.stage` stages behind the gate, with YASA's models, and brings the probabilities nearer to that meaning; how, it has learnt on
# other simulated nights.

# %%
gate = sleeplab.check_quality(night)
calibrated = sleeplab.stage(night, gate)
fig, ax = plt.subplots(figsize=(5, 5))
errors = {}
for name, hypnogram, style in (("YASA", machine, "-"), ("sleeplab", calibrated, ":")):
    right = hypnogram.hypno.to_numpy() == theirs
    curve = sleeplab.agreement.reliability_curve(sleeplab.confidence(hypnogram), right, n_bins=6)
    errors[name] = sleeplab.agreement.expected_calibration_error(curve)
    sleeplab.plotting.plot_reliability(curve, ax=ax).lines[-1].set(label=name, linestyle=style)
_ = ax.legend()

# %% [markdown]
# **Reading.** On the dashed line a confidence means what it says; above it the machine is better than it believes, below it is too sure.
#
# *In words: a square with a dashed diagonal. Two lines with six dots each run from the middle to the upper right, close to the diagonal, most dots a
# little above it; those of sleeplab are nearer to it.*

# %% tags=["nbval-check-output"]
for name, error in errors.items():
    print(f"{name:9} mean distance between confidence and share of right epochs: {error:.2f}")
expected = sleeplab.agreement.expected_agreement(calibrated)
print(
    f"expected before anybody looked: {100 * expected.accuracy:.0f} %, 90 % of nights within {100 * expected.low:.0f} to {100 * expected.high:.0f} %"
)

# %% [markdown]
# The gain is small, and it is not there in every night: on the night of `simulated:anna` YASA's own confidence is a little better than ours. A
# calibration is a promise about nights like those it was made on. Another laboratory, other electrodes: check it again.
#
# And remember lesson 05: the wire in the air had a confidence of 0.9. Calibration speaks about brains.
#
# ## 6. Ask a human for the least sure tenth
#
# Nobody has time to check everything. In a study on clinical nights, scoring by hand the 20 % of the epochs that a machine was least
# sure of lifted its accuracy from 76 to 87 % (Hong et al. 2021, doi:10.2147/NSS.S333566). We ask for 10 % only.
#
# **Predict.** A tenth of the night chosen by chance holds a tenth of the errors. And the least sure tenth?

# %%
import numpy as np

sure = sleeplab.confidence(calibrated)
n_asked = len(sure) // 10
asked = np.argsort(sure)[:n_asked]  # the places of the least sure epochs
fig, ax = plt.subplots(figsize=(9, 2.4))
sleeplab.plotting.plot_confidence(calibrated, ax=ax)
_ = ax.vlines(asked * 30 / 3600, 0, 0.12, color="#D55E00", linewidth=0.8)

# %% [markdown]
# **Reading.** The orange marks at the bottom are the epochs for the human: many stand in clusters, where sleep begins or breaks.
#
# *In words: grey bars over eight hours, most of them near 1, with notches. Under the deep notches short orange marks stand at the bottom: several
# near 0.4 h, none around 4 h, many after 4 and after 6 h.*

# %% [markdown] exercise="06-4"
# ### Exercise 06-4: what do these minutes buy?
#
# Without a recipe: the human scores the epochs `asked` as in `theirs`; all others stay as in `calibrated`. In how many percent of the night do the
# stages then agree with `theirs`?
#
# **Your answer:** `reviewed_percent`, a number from 0 to 100.

# %% exercise="06-4" tags=["nbval-check-output"]
reviewed = calibrated.hypno.to_numpy().copy()
before_percent = 100 * (reviewed == theirs).mean()
reviewed[asked] = theirs[asked]
reviewed_percent = 100 * (reviewed == theirs).mean()
print(f"{n_asked / 2:.0f} min of the night asked: from {before_percent:.0f} to {reviewed_percent:.0f} %")

# %% [markdown]
# **In the clinic.** The machine scores, the human decides where it matters. But look at what stays: errors of which the machine is **sure**, like
# the N3 of an old person. No list of unsure epochs will ever show them.
#
# ## Frequent errors
#
# | Symptom | Cause | Remedy |
# |---|---|---|
# | `sampling frequency must be above 80 Hz` or alike | slow recording | it cannot be staged; do not invent a higher rate |
# | everything is one stage | the channel is typed `misc`, so it came in 10⁶ too small | `raw.get_channel_types()`; set `eeg`, `eog`, `emg` |
# | worse after "cleaning" | you filtered or scaled before | give YASA the raw signal |
# | other stages for the same hour | the recording was cut differently | cut to lights off and on, always |
# | hardly any N3 | old person, or an occipital electrode | look at the pages; use C4, C3, F4 |
# | `predict_proba` does not exist | text about YASA 0.6 | `machine.proba` |
#
# ## Key points
#
# - One call; no filter before it; say which electrode.
# - The machine sees numbers, scaled over the night, and the time.
# - It is weak where people are (N1), and where it has a habit (N3 of the old).
# - Confidence is useful when calibrated, and blind for what the machine has not learnt.
# - Ask a human for the least sure tenth, and know what stays.
#
# ## Self-assessment
#
# Say for each line: *I can explain it to a colleague* / *I must read it again* / *I have a question*.
#
# - [ ] What does YASA need, and what must I not do before?
# - [ ] What does a row of the confusion matrix say?
# - [ ] Why is N3 lost in old people?
# - [ ] What does "calibrated" mean?
# - [ ] Which errors does a list of unsure epochs never show?
#
# Next: `07_agreement`, how good is good, and how good are people.

# %% [markdown]
# ## Reuse this
#
# ```
# papermill notebooks/06_stage_with_yasa.ipynb my_staging.ipynb -p recording "path/of/your/night.edf" \
#     -p scoring "path/of/its/scoring.xml" -p central C3-M2 -p other F4-M1
# ```
