# %% [markdown]
# # What does a night look like?
#
# A program gives you a number for every 30 seconds of sleep. Is it right? Only your eyes can say, and only if they
# know what sleep looks like. In this lesson you look at four pages of one night as a technician does: the brain, the
# eyes, the chin, the heart. And you see how a filter, set wrongly, can hide deep sleep, or invent a rhythm that no
# brain has made.

# %% [markdown]
# ## Card
#
# - **You can then**
#   1. tell a page of waking, light sleep, deep sleep and REM sleep apart, by brain, eyes and chin;
#   2. make one derivation out of two others, and say when this is not allowed;
#   3. choose a filter, and say what it takes away and what it adds.
# - **Before this**: lessons `00_welcome` and `01_load_a_recording`.
# - **Time**: 30 min to read, 30 min to practise, 15 s for the machine (the first time 25 s more: the night is made).
# - **Data**: one simulated night; no person was recorded. Free to use (BSD-3-Clause licence). Or a file of your own.

# %% [markdown]
# ## What do you remember?
#
# <details><summary>1. What does the name C4-M1 say?</summary>
#
# The voltage between the electrode C4 and the electrode M1 behind the left ear. A voltage is always a difference.
# </details>
#
# <details><summary>2. Which signals does one need to score sleep by the rules?</summary>
#
# EEG, two EOG channels and the chin EMG.
# </details>
#
# <details><summary>3. MNE holds an EEG wave of 50 µV as which number?</summary>
#
# 0.00005 (5e-5): MNE counts in volts. Times 1e6, and it is microvolts again.
# </details>

# %% [markdown]
# ## The parameters of this lesson
#
# Four pages of the night, given by the minute at which they start, and the channels to look at. With a file of your
# own, write the names that `sleeplab.read_recording` gives to its channels (lesson 01). It must hold a chin and an ECG, too.

# %% tags=["parameters"]
recording: str = "simulated:anna"  # or the path of your own EDF file
page_1_min: float = 346.5  # four pages to look at: minutes from the start of the recording
page_2_min: float = 108.5  # the second page
page_3_min: float = 7.0  # the third page
page_4_min: float = 52.5  # the fourth page
brain: str = "C4-M1"  # an EEG channel over the middle of the head
front: str = "F4-M1"  # one over the forehead, against the same ear
back: str = "O2-M1"  # one at the back of the head, against the same ear
left_eye: str = "E1-M2"  # beside the left eye
right_eye: str = "E2-M2"  # beside the right eye

# %%
import matplotlib.pyplot as plt
import mne
import numpy as np

import sleeplab

# %% [markdown]
# `page` is a *function*: a recipe with a name, written once and used often. It cuts 30 seconds out of one channel and gives them in
# µV: `page(brain, 4)` is the EEG channel on page 4, a list of 3000 numbers.

# %%
night = sleeplab.read_recording(recording)
missing = {brain, front, back, left_eye, right_eye, "Chin", "ECG"}.difference(night.ch_names)
if missing:
    msg = f"this lesson needs the channels {sorted(missing)}; the file has {night.ch_names}"
    raise ValueError(msg)
sfreq = night.info["sfreq"]
pages_min = {1: page_1_min, 2: page_2_min, 3: page_3_min, 4: page_4_min}


def page(ch_name, number):
    start_s = 60 * pages_min[number]
    return night.get_data(picks=ch_name, tmin=start_s, tmax=start_s + 30)[0] * 1e6


print(len(night.ch_names), "channels at", sfreq, "Hz; a page has", len(page(brain, 1)), "numbers per channel")

# %% [markdown]
# ## 1. Four pages
#
# One of the next four pages is waking, one light sleep (N2), one deep sleep (N3), one REM sleep. This is what to look
# for:
#
# | | brain | eyes | chin |
# |---|---|---|---|
# | WAKE, eyes closed | *alpha rhythm*: 8 to 13 waves per second, at the back of the head | blinks, glances | tense |
# | N2 | *spindle*: a short burst of 11 to 16 waves per second; *K-complex*: one large wave, down and up | quiet | less |
# | N3 | *slow waves*: large, one or two per second | they show the brain's waves | little |
# | REM | small and mixed, as in waking | quick movements | the slackest of the night |
#
# Here a positive voltage points up. Many scoring programs draw it down: the same K-complex then goes up first.
#
# The picture shows the first 15 of the 30 seconds of each page.
#
# **Predict.** Look at it before you read on. Which page is which? Begin with the largest waves.

# %%
rows = [front, brain, back, left_eye, right_eye, "Chin"]
seconds = np.arange(15 * round(sfreq)) / sfreq
fig, axes = plt.subplots(2, 2, figsize=(11, 6.5), sharex=True, sharey=True, layout="constrained")
for number, ax in zip(pages_min, axes.flat, strict=True):
    for row, ch_name in enumerate(rows):
        ax.plot(seconds, page(ch_name, number)[: len(seconds)] - 150 * row, color="#1F2933", linewidth=0.6)
    ax.plot([15.3, 15.3], [-100, 0], color="#D55E00", linewidth=3)
    ax.set(title=f"Page {number} (orange bar: 100 µV)", ylim=(-900, 150))
    ax.set_yticks([-150 * row for row in range(len(rows))], rows)
for ax in axes[1]:
    ax.set_xlabel("Time on the page (s)")

# %% [markdown]
# **Reading.** All four pages have the same scale, so size counts: page 4, with the largest waves, is N3; page 1 (a quick
# movement of the eyes, thin chin) is REM; page 3 (thick chin, blinks) is WAKE; page 2 (single large waves, quiet eyes) is N2.
#
# *In words: four panels, each with six lines: three of the brain, two of the eyes, one of the chin. Page 1: flat brain
# lines, the two eye lines jump away from each other once, far, the chin is a thin line. Page 2: quiet lines with a few
# large single waves. Page 3: flat brain lines, eye lines with sharp jumps, the thickest chin line. Page 4: large waves,
# about one per second, in all brain lines and, smaller, in the eye lines.*
#
# **In the clinic.** REM sleep and waking with open eyes have nearly the same EEG. Whoever looks at the brain alone cannot tell them
# apart; the eyes and the chin decide. This is why a recording without a chin electrode is a poor recording.
#
# **A trap.** Many viewers scale each page by itself, so that a flat page fills the screen too. Look at the scale bar
# before you say "large". The next cell says the sizes in numbers: from the lowest to the highest point
# (*peak to peak*), and for the chin the typical distance from the middle (the *standard deviation*).

# %% tags=["nbval-check-output"]
for number in pages_min:
    size, tone = np.ptp(page(brain, number)), page("Chin", number).std()
    print(f"page {number}: {brain} {size:4.0f} µV from peak to peak, chin {tone:4.1f} µV")

# %% [markdown]
# ## 2. Montages: the same electrodes, other pairs
#
# The recorder measures each electrode against a *reference*, an electrode that should be quiet: behind the ear, M1 or
# M2. A *montage* is the choice of pairs that one looks at. Pairs can be made afterwards, by taking one away from the
# other, because what they share drops out:
#
# $$(F4 - M1) - (C4 - M1) = F4 - C4$$
#
# In words: the way from M1 to F4, less the way from M1 to C4, is the way from C4 to F4. A pair without the common
# reference is called *bipolar*.
#
# **Predict.** F4 and C4 are some 6 cm apart, M1 is farther away. Will the deep-sleep waves of F4-C4 be larger or smaller than those of F4-M1?

# %%
bipolar = page(front, 4) - page(brain, 4)
fig, ax = plt.subplots(figsize=(9, 3.2))
for row, signal in enumerate((page(front, 4), page(brain, 4), bipolar)):
    ax.plot(seconds, signal[: len(seconds)] - 200 * row, color="#1F2933", linewidth=0.8)
ax.set_yticks([0, -200, -400], [front, brain, "the first\nminus the second"])
_ = ax.set(xlabel="Time on page 4 (s)", ylabel="200 µV between two rows")

# %% [markdown]
# **Reading.** The two upper lines are much alike; what they share is gone in the third, which is smaller.
#
# *In words: three lines of fifteen seconds. The first two swing up and down by about 150 microvolts, nearly together.
# The third, their difference, swings by about half of that.*
#
# **In the clinic.** The rule for deep sleep speaks of waves larger than 75 µV measured **against the ear** (AASM manual:
# in the frontal derivation). On a bipolar montage the same brain looks as if it slept less deeply. A size is worth
# nothing without its pair.
#
# In MNE the same is one line: `mne.set_bipolar_reference(night, anode="F4-M1", cathode="C4-M1")`.
#
# **A trap.** O2-M1 minus O1-M2 is **not** O2-O1: the two references differ, and the result also holds M2 minus M1.

# %% [markdown] exercise="02-1"
# ### Exercise 02-1: from the middle to the back
#
# Make the pair C4-O2 on page 3 out of two channels that share a reference, and say how large it is from peak to peak.
# Hints: `page(brain, 3)` and `page(back, 3)` are the two channels; `np.ptp(...)` gives the peak to peak.
#
# **Your answer:** `c4_o2_uv`, the size of C4-O2 on page 3 in µV, from peak to peak.

# %% exercise="02-1" tags=["nbval-check-output"]
c4_o2_uv = np.ptp(page(brain, 3) - page(back, 3))
print(f"{c4_o2_uv:.0f} µV from peak to peak")

# %% [markdown]
# ## 3. Filters: what they take away
#
# A *filter* lets some waves pass and holds others back. A *high-pass* filter lets fast waves pass, a *low-pass* filter
# slow ones, a *band-pass* those in between. The border is the *cut-off*, in Hz (waves per second). For the EEG, the usual
# setting of sleep laboratories is 0.3 to 35 Hz (AASM manual).
#
# A colleague finds the baseline restless and sets the high-pass to 3 Hz. "Now it is nice and straight."
#
# **Predict.** What happens to waves of one per second?

# %%
import scipy.signal

whole = night.get_data(picks=brain)[0] * 1e6  # the whole night: filter first, cut afterwards
usual = mne.filter.filter_data(whole, sfreq, l_freq=0.3, h_freq=35, verbose="error")
too_high = mne.filter.filter_data(whole, sfreq, l_freq=3, h_freq=35, verbose="error")
first = round(60 * page_4_min * sfreq)
page_4 = slice(first, first + round(30 * sfreq))
fig, ax = plt.subplots(figsize=(9, 3.2))
for row, signal in enumerate((whole, usual, too_high)):
    ax.plot(seconds, signal[page_4][: len(seconds)] - 200 * row, color="#1F2933", linewidth=0.8)
ax.set_yticks([0, -200, -400], ["as recorded", "0.3 to 35 Hz", "3 to 35 Hz"])
_ = ax.set(xlabel="Time on page 4 (s)", ylabel=f"{brain}, 200 µV between rows")

# %% [markdown]
# **Reading.** The usual filter changes nothing that you can see; with a high-pass of 3 Hz the slow waves are gone.
#
# *In words: three lines of the same fifteen seconds. The upper two are alike, with large slow waves. The third is nearly
# straight; only short, quick waves are left.*
#
# Let us count the waves of at least 75 µV on this page, the size that the rule for deep sleep asks for. (`prominence` is
# how far a peak stands out from the valleys beside it.)

# %% tags=["nbval-check-output"]
for name, signal in (("as recorded", whole), ("0.3 to 35 Hz", usual), ("3 to 35 Hz", too_high)):
    waves, _ = scipy.signal.find_peaks(signal[page_4], prominence=75)
    print(
        f"{name:13} {np.ptp(signal[page_4]):4.0f} µV from peak to peak, {len(waves):2} waves of 75 µV or more"
    )

# %% [markdown]
# **In the clinic.** The patient slept deeply; the screen shows light sleep. Nobody will notice from the hypnogram. Always
# know the filter of what you look at, and never score a file whose filter you do not know. (On older devices the high-pass
# is set as a *time constant*: 0.3 s is 0.5 Hz, 0.1 s is 1.6 Hz.)
#
# **A trap: cut first, filter afterwards.** At the ends of a piece the filter has nothing to work with and makes something
# up. With a low cut-off this spoils several seconds on each side. So: filter the whole recording, then cut.

# %% [markdown] exercise="02-2"
# ### Exercise 02-2: a time constant of 0.3 s
#
# Your laboratory's device has a high-pass of 0.5 Hz and a low-pass of 35 Hz. What would page 4 look like on it? Filter `whole`
# with `mne.filter.filter_data` as above, **then** cut with `page_4`. Afterwards, try it the other way round and compare the
# first and the last two seconds.
#
# **Your answer:** `page_4_filtered`, the numbers of page 4 in µV, filtered from 0.5 to 35 Hz.

# %% exercise="02-2" tags=["nbval-check-output"]
page_4_filtered = mne.filter.filter_data(whole, sfreq, l_freq=0.5, h_freq=35, verbose="error")[page_4]
cut_first = mne.filter.filter_data(whole[page_4], sfreq, l_freq=0.5, h_freq=35, verbose="error")
wrong = np.abs(cut_first - page_4_filtered)
print(
    f"cut first: up to {wrong[-200:].max():.0f} µV wrong at the end, {wrong[1000:2000].max():.0f} µV in the middle"
)

# %% [markdown]
# ## 4. Filters: what they add
#
# A colleague is looking for spindles. She lets only 11 to 16 Hz pass: "What is left must be spindles." We give this
# filter a signal without any rhythm: a straight line with one jump of 100 µV, as when somebody pulls at a wire (an
# electrode *pop*), and no brain at all.
#
# **Predict.** What comes out?

# %%
jump = np.zeros(1000)
jump[500:] = 100  # ten seconds; at the fifth, the electrode jumps
after = mne.filter.filter_data(jump, 100, l_freq=11, h_freq=16, verbose="error")
fig, axes = plt.subplots(2, 1, figsize=(9, 3.4), sharex=True, layout="constrained")
axes[0].plot(np.arange(1000) / 100, jump, color="#1F2933")
axes[0].set(ylabel="before (µV)")
axes[1].plot(np.arange(1000) / 100, after, color="#D55E00", linewidth=0.9)
_ = axes[1].set(xlabel="Time (s)", ylabel="after, 11–16 Hz (µV)", xlim=(3, 7))

# %% [markdown]
# **Reading.** One jump went in; a burst of waves that grows and fades came out. It is a little short for a spindle (0.5 s at
# least), and looks like one.
#
# *In words: above, a line that is flat, rises by 100 microvolts at second 5 and is flat again. Below, a flat line with a
# short burst of about 13 waves per second around second 5, largest in its middle.*
#
# **In the clinic.** The filter rings (*ringing*), like a bell that is struck. A band-pass makes a rhythm of its own band out of any
# jump, spike or blink. So look at the signal **before** the filter as well: a true spindle can be seen there.
#
# ## 5. The eyes
#
# The eye is a small battery: its front is positive. When both eyes turn to the left, the left electrode becomes more
# positive and the right one more negative: the two lines go **apart**. The brain's waves reach both electrodes alike: the
# lines go **together**. A *correlation* says it in one number: +1 fully together, 0 no relation, -1 fully apart.
#
# **Predict.** On page 1 (REM): nearer to +1 or to -1?

# %% tags=["nbval-check-output"]
eyes_rem = np.corrcoef(page(left_eye, 1), page(right_eye, 1))[0, 1]
print(f"page 1: {eyes_rem:+.2f}")

# %% [markdown] exercise="02-3"
# ### Exercise 02-3: the eyes in deep sleep
#
# On page 4 the eye channels are full of waves, too. Are these eye movements? Compute the same number for page 4 and decide.
# (`np.corrcoef` gives a table of four numbers; `[0, 1]` takes the one that compares the first signal with the second.)
#
# **Your answer:** `eyes_deep`, the correlation of the two eye channels on page 4.

# %% exercise="02-3" tags=["nbval-check-output"]
eyes_deep = np.corrcoef(page(left_eye, 4), page(right_eye, 4))[0, 1]
print(f"page 4: {eyes_deep:+.2f}")

# %% [markdown]
# Together: the brain's slow waves, seen at the eyes, and not eye movements.
#
# **In the clinic.** A program that counts "large waves in the EOG" finds rapid eye movements in the deepest sleep. A person
# sees at once that the lines go together. (A file with a single EOG channel cannot tell.)
#
# ## 6. The heart
#
# Each beat gives one sharp peak in the ECG, the *R peak*. scipy finds it, as it found the waves: a peak must be higher than half of
# the highest (`height`) and at least 0.4 s from the next (`distance`, counted in numbers, not in seconds).

# %%
ecg = page("ECG", 1)
peaks, _ = scipy.signal.find_peaks(ecg, height=ecg.max() / 2, distance=0.4 * sfreq)
fig, ax = plt.subplots(figsize=(9, 2.4))
ax.plot(seconds, ecg[: len(seconds)] / 1000, color="#1F2933", linewidth=0.8)
shown = peaks[peaks < len(seconds)]
ax.plot(shown / sfreq, ecg[shown] / 1000, "o", mfc="none", color="#D55E00", label="R peak")
_ = ax.set(xlabel="Time on page 1 (s)", ylabel="ECG (mV)")
_ = ax.legend(loc="lower right", bbox_to_anchor=(1, 1))

# %% [markdown]
# **Reading.** Every tall peak has a circle, and the small waves after them have none: the beats are counted rightly.
#
# *In words: a line with tall narrow peaks of about one millivolt, about one per second, each with an open circle on top and
# a low, round wave behind it.*
#
# From beat to beat: `np.diff(peaks) / sfreq` gives the seconds between peaks. 60 divided by the middle one (the *median*) is
# the heart rate in beats per minute; the median does not mind one missed beat.

# %% tags=["nbval-check-output"]
print("page 1:", round(60 / np.median(np.diff(peaks) / sfreq)), "beats per minute")

# %% [markdown] exercise="02-4"
# ### Exercise 02-4: the heart in another page
#
# What is the heart rate on page 3? This time without a recipe. Look at your peaks in a picture before you trust them: with too
# low a `height`, the round wave behind each beat (the T wave) is counted too, and the heart seems to race.
#
# **Your answer:** `heart_bpm`, the beats per minute on page 3.

# %% exercise="02-4" tags=["nbval-check-output"]
ecg_3 = page("ECG", 3)
peaks_3, _ = scipy.signal.find_peaks(ecg_3, height=ecg_3.max() / 2, distance=0.4 * sfreq)
heart_bpm = 60 / np.median(np.diff(peaks_3) / sfreq)
print(f"page 3: {heart_bpm:.0f} beats per minute")

# %% [markdown]
# ## Frequent errors
#
# | Symptom | Cause | Remedy |
# |---|---|---|
# | all waves look equally large on every page | the viewer scales each page by itself | fix the scale; read the scale bar |
# | hardly any N3 in the whole laboratory | high-pass set too high, or a bipolar montage | 0.3 Hz; measure against the ear |
# | a "spindle" at each jerk of the line | ringing of a band-pass | look at the signal before the filter |
# | the first and last seconds of an excerpt look odd | it was cut before it was filtered | filter the whole, then cut |
# | `ValueError: … picks … could not be interpreted` | no channel of this name | `night.ch_names` lists them |
# | a heart rate of 120 or 200 in quiet sleep | T waves counted as beats | raise `height`, look at the peaks |
#
# ## Key points
#
# - Brain alone is not enough: eyes and chin tell REM from waking.
# - A derivation is a difference. Pairs with the same reference may be subtracted, others not.
# - A high-pass of 3 Hz hides deep sleep; a narrow band-pass makes rhythms out of jumps.
# - Filter first, cut afterwards.
# - Eye movements go apart, brain waves go together.
#
# ## Self-assessment
#
# Say for each line: *I can explain it to a colleague* / *I must read it again* / *I have a question*.
#
# - [ ] How do I tell REM from waking?
# - [ ] Why is F4-C4 smaller than F4-M1?
# - [ ] What do I lose with a high-pass of 3 Hz?
# - [ ] What does ringing look like, and how do I unmask it?
# - [ ] How do I know that a wave in the EOG comes from the brain?
#
# Next: `03_frequency_content`, the rhythms in numbers.

# %% [markdown]
# ## Reuse this
#
# ```
# papermill notebooks/02_look_at_signals.ipynb my_pages.ipynb -p recording "path/of/your/night.edf" \
#     -p page_1_min 300 -p right_eye E2-M1
# ```
#
# The sentences below the pictures then still speak of the simulated night; the pictures and the numbers are yours.
