# %% [markdown]
# # What does a sleep laboratory do all night, and does my computer work?
#
# A person sleeps badly, or stops breathing at night, or moves in dreams. A hospital records one night of this
# person. The next day a technician reads all of it, page by page, before a physician decides. This first lesson
# shows you the night, the work, and the tool you will use: this notebook.

# %% [markdown]
# ## Card
#
# - **You can then**
#   1. say what is recorded during a night in a sleep laboratory, and what "scoring" means;
#   2. read a hypnogram and six numbers of a night;
#   3. run a notebook from top to bottom and know what to do when it fails.
# - **Before this**: nothing. You have used a computer; you need not know Python.
# - **Time**: 15 min to read, 10 min to practise, 20 s for the machine.
# - **Data**: one simulated night, made while you wait. No person was recorded. Free to use (BSD-3-Clause licence,
#   like the rest of sleeplab).

# %% [markdown]
# ## How this page works
#
# A *notebook* is a page made of *cells*. Some cells hold text, like this one. Others hold *code*: short
# instructions in the language Python. The result of a code cell appears just below it.
#
# - Click a code cell and press **Shift + Enter**: it runs, and the next cell is selected.
# - Run the cells **from top to bottom**. A later cell uses what an earlier cell has made.
# - To run everything: menu **Run → Run All Cells**. To start again from zero: menu
#   **Kernel → Restart Kernel and Run All Cells…** (the *kernel* is the program that runs the code).
# - You cannot break anything. You may change every cell; `notebooks/src` keeps the original text.
#
# A word like *kernel* above, in slanted letters, is new; all such words are explained in `GLOSSARY.md`.
#
# Each lesson has the same parts. A **card** says what you will be able to do. A **quiz** asks what you remember.
# **Predict** asks you to guess **before** you look: a wrong guess teaches more than a right answer that you only read.
# **In the clinic** says what a result means for a patient. An **exercise** is yours to do; one solution follows it.
# At the end you mark, for yourself, what you can do now. Nobody sees your answers, and nothing leaves this computer.

# %% [markdown]
# ## What do you know already?
#
# Say your answer aloud, then click the question.
#
# <details><summary>1. How long is a night in a sleep laboratory, roughly?</summary>
#
# About eight hours of recording: from "lights off" in the evening to "lights on" in the morning.
# </details>
#
# <details><summary>2. What does the brain produce that can be measured from outside?</summary>
#
# Very small electrical voltages: some tens of microvolts (µV; one µV is a millionth of a volt). A small battery gives
# 1.5 V, so it is some 30 000 times stronger.
# </details>
#
# <details><summary>3. Is sleep one single state?</summary>
#
# No. It moves through stages, several times in a night. You will see them below.
# </details>

# %% [markdown]
# ## The parameters of this lesson
#
# The next cell holds what you may change. A *seed* is a number from which the computer draws a simulated person:
# the same seed always gives the same night, another seed gives another person.

# %% tags=["parameters"]
seed: int = 9  # which simulated person: any whole number from 0
age: int = 35  # age of this person, in years

# %%
import pandas as pd

import sleeplab

# %% [markdown]
# ## 1. Does my computer work?
#
# `sleeplab.check_computer()` looks at what the lessons need: Python, the packages (ready-made pieces of software), the
# memory, the free space on the disk. It changes nothing and sends nothing.
#
# **Predict.** Which line is the most likely to fail on a laptop that is ten years old?

# %%
checks = sleeplab.check_computer()
checks[["check", "ok", "needed"]]

# %% [markdown]
# Every line should say `True`. The memory is what fails first on an old computer: a night is large.
#
# A line says `False`? Show the whole table to your instructor: type `checks` in an empty cell and run it. The column
# `found` says what your computer has. There is no name of a person or of a folder in it.

# %% [markdown]
# ## 2. A night in the laboratory
#
# In the evening the technician glues about twenty small metal discs, the *electrodes*, to the head, the face, the
# chest and the legs, and adds a few other sensors. The whole recording is called a *polysomnography* (PSG): "many
# signals of sleep". Each signal is a *channel*.
#
# | what is measured | short name | where | why |
# |---|---|---|---|
# | electrical activity of the brain | EEG (electroencephalogram) | scalp | shows the depth of sleep |
# | movements of the eyes | EOG (electro-oculogram) | beside the eyes | rapid in the stage called REM |
# | muscle tension | EMG (electromyogram) | chin, legs | the chin goes slack in REM; legs may kick |
# | heart | ECG (electrocardiogram) | chest | rate and rhythm |
# | breathing | flow, effort | nose, chest, belly | pauses in breathing |
# | oxygen in the blood | SpO2 (a percentage) | finger | falls after a pause in breathing |
#
# The next cell makes a whole night of such signals. It takes a few seconds.

# %%
night = sleeplab.simulate_night(seed=seed, age=age)
print(len(night.recording.ch_names), "channels:", ", ".join(night.recording.ch_names))
print(round(night.recording.times[-1] / 3600, 1), "hours")

# %% [markdown]
# ### What scoring is
#
# The technician cuts the night into pieces of 30 seconds, called *epochs*, and gives each epoch one *stage*. This is
# called *scoring*.
#
# | stage | name | what the EEG shows |
# |---|---|---|
# | WAKE | awake | fast and small; with closed eyes often a rhythm of about 10 waves per second |
# | N1 | falling asleep | the rhythm fades; the eyes roll slowly |
# | N2 | light sleep | short bursts of about 13 waves per second (*spindles*), single large waves |
# | N3 | deep sleep | large slow waves, one or two per second |
# | REM | rapid eye movement sleep | small and fast, the eyes dart, the chin is slack; most dreams are told from here |
#
# The list of stages, drawn against time, is the *hypnogram*: the whole night in one picture.
#
# **Predict.** In which half of the night is most of the deep sleep (N3)? And most of the REM sleep?

# %%
hypnogram = night.hypnogram
ax = sleeplab.plotting.plot_hypnogram(hypnogram)

# %% [markdown]
# **Reading.** Each bar is a stretch of one stage; read it from left (evening) to right (morning): N3 comes mostly in
# the first half, REM gets longer towards the morning.
#
# *In words: a step line over eight hours. From top to bottom the rows are WAKE, REM, N1, N2 and N3. The line goes down
# to N3 early in the night and comes up to REM every one and a half to two hours, with short visits to WAKE in between.*
#
# **In the clinic.** A physician looks at this picture first. Many short visits to WAKE say "broken sleep". No N3 at
# all, or REM right after falling asleep, are reasons to look closer.

# %% [markdown]
# ### Six numbers of this night
#
# The library YASA computes the usual numbers from a hypnogram. (A *library* is code that others wrote and share; YASA
# is by Raphael Vallat and Matthew Walker, doi:10.7554/eLife.70092.) We call it directly and keep six of them.

# %% tags=["nbval-check-output"]
names = {
    "TIB": "time in bed, min",
    "TST": "total sleep time, min",
    "SE": "sleep efficiency, %",
    "SOL": "sleep onset latency, min",
    "WASO": "awake after sleep onset, min",
    "REM": "REM sleep, min",
}
numbers = pd.Series(hypnogram.sleep_statistics())[list(names)].rename(names)
print(numbers.astype(float).round().astype(int).to_string())

# %% [markdown]
# **In the clinic.**
#
# - *Sleep onset latency* is the time from lights off to the first sleep. *WASO* is the time awake after that. More than
#   half an hour of either is a sign of insomnia only if it comes back three nights a week for three months, and if the
#   person suffers from it by day. One number of one night proves nothing.
# - *Sleep efficiency* is sleep time divided by time in bed. For adults, 85 % or more is usually called good
#   (Ohayon et al. 2017, doi:10.1016/j.sleh.2016.11.006).
# - *REM sleep* takes about a fifth to a quarter of the sleep of a healthy adult. Some medicines (many antidepressants)
#   reduce it.
#
# And the first night in a laboratory is often worse than a night at home.

# %% [markdown] exercise="00-1"
# ### Exercise 00-1: how many pages?
#
# On a technician's screen, one epoch of 30 s is one page. How many pages does this night have? How many of them are
# deep sleep (N3)? Add an empty cell (press **Esc**, then **B**) and try: `hypnogram.hypno` is the list of stages, and
# `(hypnogram.hypno == "WAKE").sum()` counts the epochs of WAKE. Then run the solution below.

# %% exercise="00-1" tags=["nbval-check-output"]
n_epochs = len(hypnogram.hypno)
n_deep = (hypnogram.hypno == "N3").sum()
print(n_epochs, "pages,", n_deep, "of them N3, which is", n_deep / 2, "minutes")

# %% [markdown]
# ## 3. Where the time goes
#
# A technician needs one to three hours to score one night, and scores several nights a day.
#
# **Predict.** How many seconds does the technician have for one page?

# %% tags=["nbval-check-output"]
for scoring_h in (1, 3):
    seconds_per_page = scoring_h * 3600 / n_epochs
    pages_in_ten_minutes = 600 / seconds_per_page
    print(
        f"{scoring_h} h for a night: {seconds_per_page:.0f} s per page; "
        f"ten minutes are enough for {pages_in_ten_minutes:.0f} of {n_epochs} pages"
    )

# %% [markdown]
# A few seconds per page, a thousand times. Two trained people who score the same night do not agree everywhere: over
# many studies their agreement, on a scale where 0 is chance and 1 is perfect, is about 0.76 (Lee et al. 2022,
# doi:10.5664/jcsm.9538). It is called *kappa*; lesson 07 is about it. A machine will not be perfect either.
#
# **What sleeplab shortens.** A machine proposes stages in seconds, but it also proposes stages for a dead electrode, and
# sounds sure. So sleeplab does three things:
#
# 1. it says which parts of the night can be trusted at all;
# 2. it looks for moments that are unusual, and says against which rule or reference;
# 3. it gives the technician a *worklist*: the moments to look at in, say, ten minutes, the most unusual first, and
#    what is expected to be missed when the rest is not looked at.
#
# **In the clinic.** The person decides, not the program. sleeplab is for teaching and research; it is not a medical
# device.

# %% [markdown] exercise="00-2"
# ### Exercise 00-2: another person
#
# Simulate a person who is 75 years old (same seed) and compare the minutes of deep sleep. **Predict** first: more or
# less N3 than at the age of 35? Hint: copy the line with `sleeplab.simulate_night` and change one thing.

# %% exercise="00-2" tags=["nbval-check-output"]
older = sleeplab.simulate_night(seed=seed, age=75)
older_deep = (older.hypnogram.hypno == "N3").sum()
print(f"N3 at {age} years: {n_deep / 2:.0f} min; at 75 years: {older_deep / 2:.0f} min")

# %% [markdown]
# Deep sleep becomes shorter with age, in healthy people too (Ohayon et al. 2004, doi:10.1093/sleep/27.7.1255).
#
# **In the clinic.** A number is "low" only compared with people of the same age. A tool that forgets the age finds
# illness in every old person.

# %% [markdown]
# ## Frequent errors
#
# | Symptom | Cause | Remedy |
# |---|---|---|
# | `NameError: name 'hypnogram' is not defined` | a cell above was not run | **Run → Run All Cells** |
# | `ModuleNotFoundError: No module named 'sleeplab'` | JupyterLab was started from another Python | close it; start with `python run.py lab` |
# | `[*]` stays beside a cell | the cell is still running | wait one minute; then **Kernel → Interrupt Kernel** |
# | "Kernel died" or "Kernel Restarting" | the computer has no memory left | close other programs and tabs, run again |
# | your numbers are not those of your neighbour | another seed or age, or a changed cell | set both back, **Restart Kernel and Run All Cells…** |

# %% [markdown]
# ## Key points
#
# - A polysomnography records brain, eyes, muscles, heart and breathing for about eight hours.
# - Scoring gives one of five stages to each epoch of 30 s: about 960 pages for a night.
# - The hypnogram is the night in one picture. N3 comes early, REM comes late.
# - Scoring costs one to three hours; sleeplab makes a worklist of minutes, and a person decides.
# - Run a notebook from top to bottom. When in doubt: restart and run all.

# %% [markdown]
# ## Self-assessment
#
# Say for each line: *I can explain it to a colleague* / *I must read it again* / *I have a question*.
#
# - [ ] What is an epoch, and how many are there in a night?
# - [ ] Which signal shows eye movements? Which one muscle tension?
# - [ ] Where in the night do I look for N3, where for REM?
# - [ ] What is sleep efficiency, and why does the age matter?
# - [ ] What do I do when a cell says that a name is not defined?
#
# Next: `01_load_a_recording`, what is in a file.

# %% [markdown]
# ## Reuse this
#
# *papermill* runs a whole notebook with other parameters and keeps the result as a new notebook. In a terminal (a
# window for typed commands), in the folder of the project:
#
# ```
# papermill notebooks/00_welcome.ipynb my_night.ipynb -p seed 7 -p age 62
# ```
#
# A complete report of a simulated night, in one command: `python run.py demo`.
