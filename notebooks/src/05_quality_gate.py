# %% [markdown]
# # Can this night be trusted?
#
# At two in the morning a sleeper turns over, and the electrode C4 comes off. Nobody notices. In the morning the file goes through a
# program that stages sleep, and the program answers: four hours awake, and quite sure of it. The physician reads "insomnia". The
# brain slept; the wire did not. So before anything is staged, one question: **is this a signal of a brain at all?**

# %% [markdown]
# ## Card
#
# - **You can then**
#   1. say what a staging program answers to a dead electrode, and what that does to the rest of the night;
#   2. read the table of a quality gate: what is refused, why, the measured value and the limit;
#   3. choose a limit, and say what it costs on each side.
# - **Before this**: lessons `02_look_at_signals` and `04_hypnogram`.
# - **Time**: 30 min to read, 30 min to practise, 20 s for the machine.
# - **Data**: one hour of a simulated night, in which we break things on purpose; no person was recorded. Free to use
#   (BSD-3-Clause licence). Or a file of your own.

# %% [markdown]
# ## What do you remember?
#
# <details><summary>1. How large are EEG waves?</summary>
#
# Some tens of µV; the slow waves of deep sleep reach 75 µV and much more in the young.
# </details>
#
# <details><summary>2. What happens when a header says V and the numbers are µV?</summary>
#
# The waves are read a million times too large, and most programs say nothing (lesson 01).
# </details>
#
# <details><summary>3. Which frequency has the mains (the power of the wall socket) in Europe?</summary>
#
# 50 Hz; 60 Hz in North America.
# </details>

# %% [markdown]
# ## The parameters of this lesson

# %% tags=["parameters"]
recording: str = "simulated:nap"  # or the path of your own EDF file, at least 5 minutes long
brain: str = "C4-M1"  # the EEG channel whose electrode will come off
off_from_min: float = 30.0  # when it comes off: minutes from the start

# %%
import contextlib
import io

import yasa

import sleeplab

# %% [markdown]
# ## 1. We take an electrode off
#
# `sleeplab.inject_faults` plants faults in a copy of a recording. A `Fault` says what, from when (in seconds), and in which channel.
# `electrode_off` is a wire that hangs in the air: no brain any more, only weak noise. So we know the truth, which in a
# real night we never do.
#
# Then YASA, a program that gives each epoch a stage; how it works is lesson 06. One EEG channel is enough for it. It talks
# to us on the red channel of the notebook ("my model was saved with an older library", lesson 06); we keep that in `remarks`.

# %%
night = sleeplab.read_recording(recording)
off = sleeplab.Fault("electrode_off", onset_s=60 * off_from_min, ch_names=[brain])
broken, what_we_did = sleeplab.inject_faults(night, [off])
remarks = io.StringIO()
with contextlib.redirect_stderr(remarks):
    before = yasa.SleepStaging(night, eeg_name=brain).predict()
    after = yasa.SleepStaging(broken, eeg_name=brain).predict()
what_we_did[["onset_s", "duration_s", "kind", "channel"]]

# %% [markdown]
# For each epoch YASA also gives a *probability* for each stage, from 0 to 1; the five sum to 1. The largest of the five is called
# its *confidence*: how sure it is of the stage that it chose.
#
# **Predict.** Which stage will YASA give to a wire in the air? Will it be sure?

# %% tags=["nbval-check-output"]
n_intact = round(2 * off_from_min)  # epochs before the electrode came off
dead = after.hypno[n_intact:]
sure = after.proba.max(axis=1).to_numpy()
for stage, n in dead.value_counts().items():
    if n:
        print(f"dead electrode: {stage:5}{n:4} epochs")
print(
    f"confidence: {sure[n_intact:].mean():.2f} where it is dead, {sure[:n_intact].mean():.2f} where it is sound"
)

# %%
import matplotlib.pyplot as plt

fig, axes = plt.subplots(3, 1, figsize=(9, 6), sharex=True, layout="constrained")
for ax, hypnogram, title in zip(axes, (before, after), ("before", "after"), strict=False):
    sleeplab.plotting.plot_hypnogram(hypnogram, ax=ax)
    ax.set_title(f"YASA, {title} the electrode is broken", loc="left")
sleeplab.plotting.plot_confidence(after, ax=axes[2])
for ax in axes:
    ax.axvline(off_from_min / 60, color="#D55E00", linestyle="--")

# %% [markdown]
# **Reading.** Right of the dashed line everything is WAKE now, and the bars of confidence at the bottom are **higher** there than
# on the left, where the EEG is sound; and the left half has changed too.
#
# *In words: three panels over one hour, with a dashed vertical line in the middle. Top: the stages before, going down from WAKE
# over N1 and N2 to a long N3 at the right. Middle: the stages after; right of the line one flat line at WAKE. Bottom: the confidence as grey bars, up and
# down between 0.3 and 1 on the left, high and even on the right.*
#
# A program that must choose among five stages has no word for "this is no brain". It takes the nearest: a flat line with weak fast
# noise looks like waking. **Confidence is no protection**: it says which of the five stages fits best, not whether any fits.
#
# This is not a habit of simulated nights. With real EEG (four excerpts of the DREAMS data, doi:10.5281/zenodo.2650142, their second half
# set to zero) YASA called the flat half WAKE with a confidence of 0.87 to 0.98; on the sound half it had 0.74 to 0.84.
#
# **In the clinic.** A night of "WAKE from 2 o'clock on, confidence 0.9" is first of all a question about the electrode.

# %% [markdown] exercise="05-1"
# ### Exercise 05-1: damage far from the fault
#
# The first part of the recording is the same in both, number for number. How many **percent** of these first `n_intact` epochs
# have another stage in `after` than in `before`? `different` holds `True` for each epoch of the recording where the two differ.
#
# **Your answer:** `changed_percent`, a number from 0 to 100.

# %% exercise="05-1" tags=["nbval-check-output"]
different = before.hypno.to_numpy() != after.hypno.to_numpy()  # given
changed_percent = 100 * different[:n_intact].mean()
print(f"{changed_percent:.0f} % of the intact epochs have another stage now")

# %% [markdown]
# Why? YASA compares each epoch with **the rest of the recording**: "large waves" means large for this person. A dead half moves what is
# usual, and every sound epoch is seen differently. On the four real excerpts 30 to 57 % of the intact epochs changed.
#
# So it does not help to stage everything and strike out the bad part afterwards. **First judge, then stage.**
#
# ## 2. The gate
#
# A *gate* lets pass what is fit and stops the rest. `sleeplab.check_quality` judges every channel in every epoch **before** staging.
#
# **Predict.** What could one measure in 30 s to tell a wire in the air from a brain?

# %% tags=["nbval-check-output"]
gate = sleeplab.check_quality(broken)
refused = gate[~gate["fit"]]  # ~ means "not"
print(len(gate), "channel-epochs judged,", len(refused), "refused")
print(
    refused[["epoch", "ch_name", "reason", "value", "limit", "unit"]].head(3).round(2).to_string(index=False)
)

# %% [markdown]
# Each line gives a **reason**, the measured **value**, the **limit** it broke, and the unit. `disconnected` with the unit `correlation`
# means: the electrodes of one head share a part of their activity; this one shares too little with the others. (With the unit
# `times`: slow waves are not much stronger than fast ones; a brain's always are, see the slope of lesson 03.) A verdict without a value
# cannot be argued with; this one can.
#
# **A trap: a recording with one or two EEG channels.** There is nobody to compare with, and a wire in the air may pass. A gate finds what it can
# measure, not everything.
#
# Now five faults at once, as a bad week in the laboratory collects them.
#
# **Predict.** Which of the five is the most dangerous, because the signal still looks alive?

# %%
from sleeplab import Fault

eeg = [name for name, kind in zip(night.ch_names, night.get_channel_types(), strict=True) if kind == "eeg"]
tenth_s = 30 * (len(before.hypno) // 10)  # a tenth of the recording, in whole epochs
faults = [
    Fault("flat", 1 * tenth_s, tenth_s, eeg[:1]),
    Fault("flat", 3 * tenth_s, tenth_s, eeg[1:2]),
    Fault("mains_50hz", 3 * tenth_s, tenth_s, eeg[1:2]),  # a dead wire that hums
    Fault("unit_error", 5 * tenth_s, tenth_s, eeg[-1:]),
    Fault("clipping", 7 * tenth_s, tenth_s, eeg[:1]),
    Fault("gap", 9 * tenth_s, tenth_s / 2),  # nothing recorded, in any channel
]

# %%
week, _ = sleeplab.inject_faults(night, faults)
week_gate = sleeplab.check_quality(week)
ax = sleeplab.plotting.plot_gate(week_gate)

# %% [markdown]
# **Reading.** One line per channel: the orange blocks are refused, with the reason written in; the rest is fit.
# The gap at the right goes through all channels.
#
# *In words: horizontal lines, one per channel, over one hour. On the first line an orange block from 0.1 h, flat, and one from 0.7 h,
# clipped; on the second line one from 0.3 h, mains; on the last EEG line one from 0.5 h, amplitude; from 0.9 h a narrow block on every
# line, gap.*
#
# | reason | what happened | why it fools a program |
# |---|---|---|
# | `flat` | the plug is out, the amplifier sends zeros | looks like waking |
# | `mains` | the electrode is off, the wire picks up 50 Hz | after the program's filter hardly anything is left, and that is scored |
# | `amplitude`, `unit` | wrong unit or gain | everything is "deep sleep", or nothing is |
# | `clipped` | waves larger than the recorder can write (*clipping*) | tops cut flat: new, false frequencies |
# | `gap` | nothing was recorded | zeros are read as signal |
#
# **A trap: hum on a good EEG.** 50 Hz **on top of** a sound EEG is ugly and harmless: staging looks at 0.4 to 30 Hz and filters it out. The
# gate refuses hum only where nothing else is left. Who refuses every channel with hum throws away half of the nights of an old building.

# %% tags=["nbval-check-output"]
hum, _ = sleeplab.inject_faults(night, [Fault("mains_50hz", 0, ch_names=[brain])])
of_hum = sleeplab.check_quality(hum).query("ch_name == @brain")
print("hum on a sound EEG: refused", (~of_hum["fit"]).sum(), "of", len(of_hum), "epochs")

# %% [markdown] exercise="05-2"
# ### Exercise 05-2: how much was lost?
#
# How many **minutes** of the first EEG channel, `eeg[0]`, are refused in `week_gate`? Keep the lines of this channel
# (`table[table["ch_name"] == eeg[0]]`), count those that are not fit; an epoch is half a minute.
#
# **Your answer:** `lost_min`, in minutes.

# %% exercise="05-2" tags=["nbval-check-output"]
of_first = week_gate[week_gate["ch_name"] == eeg[0]]
lost_min = (~of_first["fit"]).sum() / 2
print(lost_min, "min")

# %% [markdown] exercise="05-3"
# ### Exercise 05-3: how many epochs are lost for good?
#
# Where one EEG channel is refused, another one may still be fit. In how many epochs of `week_gate` is **no** EEG channel fit? Hint:
# `week_gate[week_gate["ch_name"].isin(eeg)]` keeps the EEG; `….groupby("epoch")["fit"].any()` says for each epoch whether at least one line
# is fit.
#
# **Your answer:** `n_blind`, the number of epochs without any fit EEG.

# %% exercise="05-3" tags=["nbval-check-output"]
one_is_fit = week_gate[week_gate["ch_name"].isin(eeg)].groupby("epoch")["fit"].any()
n_blind = int((~one_is_fit).sum())
print(n_blind, "epochs")

# %% [markdown]
# ## 3. What comes out behind the gate
#
# `sleeplab.stage` is YASA behind this gate. An epoch is staged on EEG channels that are fit there; where none is, the
# epoch becomes `UNS`, not scored. We stage the sound night, and the night with the electrode off.
#
# **Predict.** How many epochs of the first, intact part will change now?

# %% tags=["nbval-check-output"]
sound = sleeplab.stage(night, sleeplab.check_quality(night)).hypno.to_numpy()
gated = sleeplab.stage(broken, gate).hypno.to_numpy()
moved = sound != gated
print(
    f"intact part: {100 * moved[:n_intact].mean():.0f} % changed behind the gate, {changed_percent:.0f} % without it"
)
print(
    f"dead part: {100 * moved[n_intact:].mean():.0f} % changed, {(gated[n_intact:] == 'UNS').sum()} epochs not scored"
)

# %% [markdown]
# Hardly anything changes: other electrodes took over. **In the clinic.** This is why a recording has several EEG derivations. When all of
# them are refused, the right answer is `UNS`: "I do not know" is a result, and a technician can look at those minutes.
#
# ## 4. A limit is a choice
#
# Where do limits come from? Many papers refuse an epoch with more than so many µV from its lowest to its highest point. We try it: we
# plant movements in every tenth epoch, and ask for each limit what is caught, and **what else**.
#
# **Predict.** Which stage will a low limit throw away first?

# %%
import numpy as np

every_tenth = range(4, len(before.hypno), 10)
moves = [Fault("movement", 30 * epoch, 30, [brain]) for epoch in every_tenth]
moved_night, _ = sleeplab.inject_faults(night, moves)
uv = 1e6 * moved_night.get_data(picks=[brain])[0]
pages = uv[: len(before.hypno) * 3000].reshape(-1, 3000)  # one row per epoch: 30 s at 100 Hz
height_uv = np.ptp(pages, axis=1)  # from the lowest to the highest point
is_movement = np.isin(np.arange(len(pages)), every_tenth)
limits_uv = np.arange(50, 1001, 25)

# %%
is_deep = (before.hypno == "N3").to_numpy() & ~is_movement
groups = {"movements": is_movement, "sound epochs": ~is_movement, "deep sleep (N3)": is_deep}
fig, ax = plt.subplots(figsize=(9, 3.4))
for (name, chosen), style in zip(groups.items(), ("-", "--", ":"), strict=True):
    share = [100 * (height_uv[chosen] > limit).mean() if chosen.any() else 0 for limit in limits_uv]
    ax.plot(limits_uv, share, style, linewidth=2, label=name)
ax.set(xlabel="limit (µV, lowest to highest point)", ylabel="refused (%)")
_ = ax.legend()

# %% [markdown]
# **Reading.** A limit of 200 µV catches every movement, and throws away most of the deep sleep; a limit of 900 µV spares all sleep, and
# lets the movements pass.
#
# *In words: three falling curves over limits from 50 to 1000 µV. The dashed one (sound epochs) falls slowly from 100 % to about zero at 500.
# The dotted one (deep sleep) stays high until 200 and is at zero at 400. The full one (movements) stays at 100 % until 700, then falls.*
#
# A gate that is **trigger-happy** makes a clean table, and takes the deep sleep of the young out of it: a disease made by a program. A
# gate that is **blind** gives every movement a stage. Neither mistake shows in the result. So each limit of sleeplab stands in one
# table with its source, `sleeplab.quality.LIMITS`; where nobody has published one, it says "ours".

# %% tags=["nbval-check-output"]
for limit in sleeplab.quality.LIMITS:
    if limit.role == "eeg" and limit.reason in ("flat", "amplitude", "clipped"):
        print(
            f"{limit.reason:10}{limit.measure:13}{limit.bound} {limit.value:g} {limit.unit}: {limit.source[:28]} …"
        )

# %% [markdown] exercise="05-4"
# ### Exercise 05-4: the lowest limit that one can afford
#
# Without a recipe: which is the **lowest** limit in `limits_uv` that refuses at most 2 % of the epochs without movement? Refused means:
# `height_uv` is above the limit.
#
# **Your answer:** `limit_uv`, one of the values of `limits_uv`.

# %% exercise="05-4" tags=["nbval-check-output"]
refused_percent = [100 * (height_uv[~is_movement] > limit).mean() for limit in limits_uv]
limit_uv = next(limit for limit, x in zip(limits_uv, refused_percent, strict=True) if x <= 2)
print(limit_uv, "µV refuses", round(100 * (height_uv[is_movement] > limit_uv).mean()), "% of the movements")

# %% [markdown]
# You chose this limit on one person. On another one, with other electrodes and another age, it would be another: a
# limit is chosen on some nights and tested on **others** (lesson 11).
#
# ## Frequent errors
#
# | Symptom | Cause | Remedy |
# |---|---|---|
# | long WAKE with high confidence | a dead electrode was staged | gate first |
# | the stages of sound hours change when a bad hour is cut | features are compared with the whole recording | cut before staging, always in the same way |
# | all N3, or none | wrong unit or gain | look at the value in µV |
# | no N3 in the young | the amplitude limit is too low | plot what was refused, by stage |
# | nothing is ever refused | the limit is too high, or the unit wrong | inject a fault: is it found? |
# | everything is refused | one bad reference electrode spoils all channels | look at the page; measure against the other mastoid |
#
# ## Key points
#
# - A staging program has no stage for "no brain"; it answers WAKE, and it is sure.
# - Bad epochs change good ones: judge before you stage.
# - A verdict needs a reason, a value and a limit.
# - Hum on a good EEG is harmless; hum alone is a dead electrode.
# - Every limit is a choice between trigger-happy and blind. Look at what was refused.
#
# ## Self-assessment
#
# Say for each line: *I can explain it to a colleague* / *I must read it again* / *I have a question*.
#
# - [ ] Why does confidence not protect against a dead electrode?
# - [ ] Why do intact epochs change?
# - [ ] What do the columns `reason`, `value`, `limit` say?
# - [ ] What does `UNS` mean, and why is it a good answer?
# - [ ] What happens to the deep sleep of the young when a limit is too low?
#
# Next: `06_stage_with_yasa`, what a machine scores, and how.

# %% [markdown]
# ## Reuse this
#
# ```
# papermill notebooks/05_quality_gate.ipynb my_gate.ipynb -p recording "path/of/your/night.edf" \
#     -p brain F4-M1 -p off_from_min 120
# ```
#
# On your own file the table that counts is that of the file itself: `sleeplab.check_quality(night)`, before any fault is planted.
