# %% [markdown]
# # How did this person sleep?
#
# The technician has scored the night: one stage for every 30 seconds. Now the physician asks: "How long did she sleep? How
# often did she wake up? When did the first REM sleep come?" Each of these numbers can be computed in one line, and each of them
# can be wrong in one line. The sleep is the same; what differs is from where one counts.

# %% [markdown]
# ## Card
#
# - **You can then**
#   1. read a technician's scoring into Python, whatever program it comes from, and say what was done to its words;
#   2. compute the numbers of a sleep report, and check them by counting;
#   3. say from where a latency counts, and what a table of transitions tells about broken sleep.
# - **Before this**: lesson `00_welcome`; `02_look_at_signals` helps.
# - **Time**: 35 min to read, 35 min to practise, 10 s for the machine (25 s more where the night is not made yet).
# - **Data**: the stages of one simulated night; no person was recorded. Free to use (BSD-3-Clause licence). Or a scoring of your own.

# %% [markdown]
# ## What do you remember?
#
# <details><summary>1. How many epochs are one hour?</summary>
#
# 120: an epoch lasts 30 s.
# </details>
#
# <details><summary>2. What is sleep efficiency?</summary>
#
# Sleep time divided by time in bed, in %.
# </details>
#
# <details><summary>3. Where in the night is most of the N3, where most of the REM?</summary>
#
# N3 in the first half, REM towards the morning.
# </details>

# %% [markdown]
# ## The parameters of this lesson
#
# A recorder is often started long before the light goes out. `lights_off_min` and `lights_on_min` say when the person was left to
# sleep and when she was woken, in minutes from the first scored epoch. The technician writes both down; ask for them.

# %% tags=["parameters"]
scoring: str = "simulated:anna.hypnogram.csv"  # or the path of a scoring of your own: EDF+, XML, CSV, text
lights_off_min: float = 0.0  # when the light went out: minutes from the first epoch
lights_on_min: float = 480.0  # when it went on again

# %%
import tempfile
from pathlib import Path

import yasa

import sleeplab

# %% [markdown]
# ## 1. A technician's scoring, read in
#
# Every program writes stages in its own words. Here is the same short night as four programs would write it: in today's rules; in
# the older rules of 1968 (Rechtschaffen and Kales, "R&K"), in which deep sleep has two stages, 3 and 4; in French; and as numbers.
#
# **Predict.** Which of the four can be read safely, and which cannot?

# %%
folder = tempfile.TemporaryDirectory()  # it goes when the kernel stops
file = Path(folder.name, "night.txt")
old_words = "Sleep stage W, Sleep stage 1, Sleep stage 2, Sleep stage 4, Sleep stage R"
for words in ("W, N1, N2, N3, R", old_words, "Veille, S1, S2, S3, SP", "0, 1, 2, 3, 4"):
    file.write_text(words.replace(", ", "\n"), encoding="utf-8")  # one stage per line
    try:
        print(words, "->", *sleeplab.read_hypnogram(file).hypno)
    except ValueError as error:
        print(words, "->", error)

# %% [markdown]
# The numbers are refused, and rightly: 3 means N3 in YASA, N1 in another program, S3 in older files. A program that guesses makes
# light sleep out of deep sleep, and nobody notices. In our tables a stage is always a **word**: `WAKE N1 N2 N3 REM`, and
# `ART` (disturbed) and `UNS` (not scored).
#
# **A trap: S3 and S4.** Today both are N3. Who looks for `S4` alone loses half of the deep sleep; who keeps them apart gets
# numbers that compare with nothing.
#
# **A trap: other lengths.** Older scorings have epochs of 20 s, some files one value per 5 s or per second. Count minutes, not
# lines. `read_hypnogram` brings everything to 30 s.
#
# Now the real one. `hypnogram.hypno` is the list of its stages; we keep the part from lights off to lights on.

# %% tags=["nbval-check-output"]
whole = sleeplab.read_hypnogram(scoring)
stages = list(whole.hypno)[round(2 * lights_off_min) : round(2 * lights_on_min)]  # two epochs are a minute
if not {"N1", "N2", "N3", "REM"}.intersection(stages):
    raise ValueError("there is no sleep from lights off to lights on: look at these two parameters")
hypnogram = yasa.Hypnogram(stages, freq="30s")
print(len(whole.hypno), "epochs scored,", len(stages), "of them from lights off to lights on")

# %%
ax = sleeplab.plotting.plot_hypnogram(hypnogram)

# %% [markdown]
# **Reading.** Four or five times the line goes down to N2 or N3 and comes back up to REM: these are the *sleep cycles*, each about
# one and a half to two hours.
#
# *In words: a step line over eight hours. It goes down to N3 in the first, the second and the third hour, later seldom. REM comes
# for the first time near hour 2, then near hours 4, 6 and 7.5, longer each time. Short steps up to WAKE are spread over the night.*
#
# ## 2. Counting
#
# **Predict.** Which stage takes the most time in an adult's night? How many percent of the sleep, roughly?

# %% tags=["nbval-check-output"]
names = ["WAKE", "N1", "N2", "N3", "REM"]
minutes = {name: stages.count(name) / 2 for name in names}
asleep = sum(minutes[name] for name in names if name != "WAKE")
for name in names:
    share = f"{100 * minutes[name] / asleep:3.0f} % of the sleep" if name != "WAKE" else ""
    print(f"{name:5} {minutes[name]:6.1f} min  {share}")

# %% [markdown]
# **In the clinic.** Young adults: N1 about 5 %, N2 about half, N3 and REM about a fifth each (Ohayon et al. 2004,
# doi:10.1093/sleep/27.7.1255). Much N1 says "disturbed". Little N3 is common at 70 and a question at 25.
#
# **A trap: of what?** 20 % of the sleep, of the time in bed, or of the recording: three different numbers. Stage
# percentages are parts of the total sleep time (TST).

# %% [markdown] exercise="04-1"
# ### Exercise 04-1: light and deep, in percent of the sleep
#
# *NREM sleep* is N1, N2 and N3 together. How many percent of the total sleep time are NREM? Use `minutes` and `asleep`.
#
# **Your answer:** `nrem_percent`, a number from 0 to 100.

# %% exercise="04-1" tags=["nbval-check-output"]
nrem_percent = 100 * (minutes["N1"] + minutes["N2"] + minutes["N3"]) / asleep
print(f"{nrem_percent:.1f} %")

# %% [markdown]
# ## 3. The numbers of a report, and from where they count
#
# YASA computes all usual numbers at once. Some of them you know from lesson 00:
#
# | name | meaning |
# |---|---|
# | `TIB`, `TST`, `SE` | time in bed; total sleep time; sleep efficiency, TST in % of TIB |
# | `SOL` | sleep onset latency: from the **start** to the first epoch of sleep |
# | `Lat_REM` | from the **start** to the first epoch of REM |
# | `WASO` | minutes awake between the first and the last epoch of sleep |
# | `SFI` | how often sleep ends in WAKE, per hour of sleep (*fragmentation*) |
#
# For YASA the start is the first epoch that you give it. Now a technician starts the recorder 25 minutes before lights off, and
# somebody forgets to cut. It is the same sleep.
#
# **Predict.** Which of these numbers change?

# %% tags=["nbval-check-output"]
statistics = hypnogram.sleep_statistics()
uncut = yasa.Hypnogram(["WAKE"] * 50 + stages, freq="30s").sleep_statistics()
print("         right  uncut")
for name in ("TIB", "TST", "SE", "SOL", "Lat_REM", "WASO", "SFI"):
    print(f"{name:8} {statistics[name]:5.1f}  {uncut[name]:5.1f}")

# %% [markdown]
# TST, WASO and SFI stay. TIB, SOL and `Lat_REM` grow by 25 minutes, and the sleep efficiency falls.
#
# **In the clinic.** A healthy sleeper now has a sleep onset latency of more than half an hour: "insomnia", made by a program. A
# recording that was not cut is a frequent reason for a wrong sleep report. Some devices record 24 hours: a
# healthy person of the public Sleep-EDF data (SC4001), uncut, has a "sleep efficiency" of 23 %.
#
# **A trap: the REM latency.** By the AASM's rule it counts from the **first epoch of sleep**, not from the start. YASA's `Lat_REM`
# is something else. It matters: a REM latency under 15 minutes is a sign of *narcolepsy* (ICSD-3-TR, table 1 in
# doi:10.5664/jcsm.11104), and an hour of lying awake hides it.

# %% [markdown] exercise="04-2"
# ### Exercise 04-2: the REM latency by the rule
#
# How many minutes after the first epoch of sleep does the first REM sleep come? Two of the numbers in `statistics` are enough.
#
# **Your answer:** `rem_latency_min`, in minutes.

# %% exercise="04-2" tags=["nbval-check-output"]
rem_latency_min = statistics["Lat_REM"] - statistics["SOL"]
print(f"{rem_latency_min:.1f} min")

# %% [markdown]
# **In the clinic.** In adults about 60 to 120 minutes are usual. Shorter: narcolepsy, depression, lack of sleep, a medicine that was
# stopped. Longer: many antidepressants, or the first night in a laboratory.

# %% [markdown] exercise="04-3"
# ### Exercise 04-3: awake, but until when?
#
# By the AASM's rule, WASO is **all** waking after the first sleep, until lights on. YASA stops at the last epoch of sleep: lying
# awake in the morning does not count. Compute the AASM's: from the time in bed take away the latency and the sleep.
#
# **Your answer:** `waso_min`, in minutes, until lights on.

# %% exercise="04-3" tags=["nbval-check-output"]
waso_min = statistics["TIB"] - statistics["SOL"] - statistics["TST"]
print(f"{waso_min:.1f} min; YASA says {statistics['WASO']:.1f} min")

# %% [markdown]
# **In the clinic.** Waking at four and not sleeping again is typical of depression. With YASA's WASO it is invisible. When you
# compare two reports, ask which WASO they mean. (Epochs that are `ART` or `UNS` are neither sleep nor waking; where there are many,
# this sum counts them as waking, and no number of the night can be trusted much.)
#
# ## 4. Transitions: how sleep breaks
#
# Two people have slept seven hours. One woke up three times, the other forty times. The percentages may be alike; the *transitions*,
# the steps from each epoch to the next, are not.
#
# **Predict.** Of all epochs of N2, how many percent are followed by N2 again?

# %%
import matplotlib.pyplot as plt
import numpy as np

counts, shares = hypnogram.transition_matrix()
counts = counts.reindex(index=names, columns=names, fill_value=0)
percent = 100 * shares.reindex(index=names, columns=names, fill_value=0).to_numpy()
fig, ax = plt.subplots(figsize=(5, 4.2))
ax.imshow(percent, cmap="Blues", vmin=0, vmax=100)
for row, column in np.ndindex(5, 5):
    color = "white" if percent[row, column] > 50 else "black"
    ax.text(column, row, f"{percent[row, column]:.0f}", ha="center", va="center", color=color)
_ = ax.set(xticks=range(5), xticklabels=names, yticks=range(5), yticklabels=names)
_ = ax.set(xlabel="to this stage", ylabel="from this stage", title="next epoch, in % of the row")

# %% [markdown]
# **Reading.** Read along a row: the dark diagonal says that a stage is mostly followed by itself; only N1 is a corridor that
# people soon leave, most often to N2.
#
# *In words: a table of five by five squares. The squares from upper left to lower right are dark, with numbers above 90, except
# WAKE with about 70 and N1 with about half. The other squares are pale; the largest leads from N1 to N2, the next from WAKE to N1.*
#
# **In the clinic.** In sleep apnea the diagonal gets paler and the column WAKE (or N1) darker: sleep is broken all the time. In
# narcolepsy there are steps that healthy sleepers hardly make, from WAKE straight to REM.

# %% tags=["nbval-check-output"]
print(counts.to_string())

# %% [markdown] exercise="04-4"
# ### Exercise 04-4: how often did she wake up?
#
# An awakening is a step from any stage of sleep (N1, N2, N3, REM) to WAKE, however long the waking lasts. Count them. Hint:
# `counts.loc["N2", "WAKE"]` (row, then column) is the number of steps from N2 to WAKE.
#
# **Your answer:** `n_awakenings`, a whole number.

# %% exercise="04-4" tags=["nbval-check-output"]
n_awakenings = int(counts.loc[["N1", "N2", "N3", "REM"], "WAKE"].sum())
print(n_awakenings, "awakenings,", round(n_awakenings / (asleep / 60), 1), "per hour of sleep")

# %% [markdown]
# The second number is YASA's `SFI`. An old version of YASA (0.7) gave half of it: a mistake with epochs and hours. So count
# once by hand, whatever the program.

# %% [markdown] exercise="04-5"
# ### Exercise 04-5: the longest sleep without waking
#
# Without a recipe: how many minutes does the longest stretch of sleep last that is not interrupted by a single epoch of WAKE? The
# stages may change in it. Hint: go through `stages` with `for`, count up in sleep, and go back to 0 at each WAKE.
#
# **Your answer:** `longest_sleep_min`, in minutes.

# %% exercise="04-5" tags=["nbval-check-output"]
longest = running = 0
for stage in stages:
    running = running + 1 if stage in ("N1", "N2", "N3", "REM") else 0
    longest = max(longest, running)
longest_sleep_min = longest / 2
print(longest_sleep_min, "min")

# %% [markdown]
# **In the clinic.** Patients feel this number: an hour in one piece is worth more than an hour in ten.
#
# ## Frequent errors
#
# | Symptom | Cause | Remedy |
# |---|---|---|
# | all durations are twice too long | epochs counted as minutes | divide by 2 |
# | sleep efficiency of 20 to 60 % in a good sleeper | not cut to lights off and lights on | ask for both times |
# | REM latency too long | `Lat_REM` counts from the start | minus `SOL` |
# | hardly any N3 in an old file | only S4 or only S3 was read | both are N3 |
# | `integer stage codes need a meaning` | a file with numbers | find out what they mean; write words |
# | two programs disagree about WASO | one counts the last waking, one does not | say which |
# | `Lat_REM` is `nan` | no REM in this night | that is the finding |
#
# ## Key points
#
# - Stages are words. S3 and S4 are N3. Numbers without a key are refused.
# - An epoch is half a minute.
# - First cut to lights off and lights on; then compute.
# - The REM latency by the AASM is `Lat_REM - SOL`; its WASO lasts until lights on.
# - Percentages hide broken sleep; transitions show it.
#
# ## Self-assessment
#
# Say for each line: *I can explain it to a colleague* / *I must read it again* / *I have a question*.
#
# - [ ] Why must stage 3 not be read as a number?
# - [ ] Which numbers change when the recorder starts too early?
# - [ ] From where does the REM latency count?
# - [ ] What are two meanings of WASO?
# - [ ] What does the diagonal of the transitions say?
#
# Next: `05_quality_gate`, whether a night can be trusted at all.

# %% [markdown]
# ## Reuse this
#
# ```
# papermill notebooks/04_hypnogram.ipynb my_scoring.ipynb -p scoring "path/of/your/scoring.xml" \
#     -p lights_off_min 12.5 -p lights_on_min 470
# ```
#
# What can be read: EDF+ annotations, Noxturnal CSV, Profusion and NSRR XML, text and tables with one stage per line, and more:
# `help(sleeplab.read_scoring)`.
