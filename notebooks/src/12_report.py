# %% [markdown]
# # What does the technician get?
#
# The best detector helps nobody if its findings stay in a notebook. A technician has ten minutes, an EDF viewer, and no Python. She needs
# one page: **where to look, why, in which order, and what remains unseen.** In this lesson you write a detector that is missing in
# sleeplab, plug it in, and read the page with her eyes.

# %% [markdown]
# ## Card
#
# - **You can then**
#   1. read a ledger, cut a worklist from it, and say what it leaves out;
#   2. plug a detector of your own into them, with its price;
#   3. make the report, in English or French, and read it critically.
# - **Before this**: lessons `10_first_detector`, `11_detector_one_trusts`.
# - **Time**: 35 min to read, 35 min to practise, 20 s for the machine.
# - **Data**: one hour of a simulated night, with faults put in; no person was recorded. Free to use (BSD-3-Clause licence). Or your own.

# %% [markdown]
# ## What do you remember?
#
# <details><summary>1. What is the currency of a review?</summary>
#
# Minutes of a technician.
# </details>
#
# <details><summary>2. Which fault did the ledger of lesson 11 not find?</summary>
#
# Spindles that are weak on one side.
# </details>
#
# <details><summary>3. What does the quality gate say?</summary>
#
# For each channel and epoch, whether the signal is fit to be used, and if not, why.
# </details>

# %% [markdown]
# ## The parameters of this lesson

# %% tags=["parameters"]
recording: str = "simulated:nap"  # or the path of your own EDF file
left: str = "C3-M2"  # an EEG channel of the left side
right: str = "C4-M1"  # its twin on the right
minutes: float = 2.0  # what the technician has

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import sleeplab

# %% [markdown]
# ## 1. Seven lines
#
# We put three things into a copy of the recording, at places that are shares of its length: a rhythm that grows, an electrode whose cable
# is pulled out (a flat line), and a stretch in which the spindles are weak on the right side. Then the whole flow of sleeplab, line by line. Each line gives a
# table, or an object of MNE or YASA, that you know.

# %%
night = sleeplab.read_recording(recording)
share = night.duration / 100
faults = [
    sleeplab.Fault("evolving_rhythm", 85 * share, 0.6 * share, [left, right]),
    sleeplab.Fault("flat", 70 * share, 8 * share, [left]),
    sleeplab.Fault("spindle_loss", 40 * share, 25 * share, [right], severity=0.6),
]
night, truth = sleeplab.inject_faults(night, faults)
gate = sleeplab.check_quality(night)
hypnogram = sleeplab.stage(night, gate)
features = sleeplab.epoch_features(night, hypnogram, gate)
ledger = sleeplab.find_anomalies(night, gate, hypnogram, features)

# %%
ledger[["onset_s", "duration_s", "level", "kind", "stage", "score", "p_value"]].round(2)

# %% [markdown]
# This is the *ledger*: one row per *finding*, in order of time.
#
# - `onset_s`, `duration_s`: where, in seconds from the start of the recording;
# - `level`: what it is about: `signal` (electrode, recorder), `event` (a moment of the night), `night` (the whole night), `label` (a
#   doubtful scoring), `cohort` (a night unlike others);
# - `kind`: the name of what was found; `ch_names`: on which channels; `stage`: in which stage it begins;
# - `score`: up is more unusual, comparable within one kind only; `p_value` where a test was made, empty (`NaN`) where a rule decides;
# - `evidence`: one sentence with numbers and units; `reference`: the rule, norm or detector behind it.
#
# The last two are what a technician reads. A finding without evidence is an opinion.

# %%
for finding in ledger.head(3).itertuples():
    print(f"{finding.onset_s / 60:5.1f} min  {finding.kind}: {finding.evidence}")
    print(f"           ({finding.reference})")

# %% [markdown]
# ## 2. From the ledger to the worklist
#
# The ledger holds all; the technician has a few minutes. `plan_review` gives each kind a *price*: the seconds that a look costs, and what
# the look is worth (the chance that it is real and matters). It orders by worth per second, lets each kind have its turn, and stops
# when the minutes are used.
#
# **Predict.** What is left out: the least unusual, the least important, or the longest to look at?

# %%
worklist = sleeplab.plan_review(ledger, minutes=minutes)
worklist[["rank", "kind", "stage", "score", "review_s", "cumulative_min"]].round(2)

# %% [markdown] exercise="12-1"
# Each of the three counts. `review_s` is what the item costs, `cumulative_min` the time that is used up to and with it.
#
# **In the clinic.** The prices are judgement, not measurements (`sleeplab.review.PRICES`). A laboratory that looks for seizures will set
# others than one that looks for apneas. Whoever sets the prices decides what is not seen. Ask who it was.
#
# ### Exercise 12-1: and with half of the time?
#
# The technician is called away: only half of `minutes` are left. How many findings of the ledger will **not** be on her worklist?
#
# **Your answer:** `n_left_out`, a whole number.

# %% exercise="12-1"
short = sleeplab.plan_review(ledger, minutes=minutes / 2)  # given
n_left_out = len(ledger) - len(short)
print(n_left_out, "of", len(ledger))

# %% [markdown]
# ## 3. A detector of your own
#
# Spindles come from the thalamus, on both sides alike. When they are weak on one side, one thinks of a stroke or a scar there, or of
# a bad electrode. None of sleeplab's detectors compares left with right. So we do it: sigma power (12 to 16 Hz) of the right channel against
# that of the left, as a logarithm: 0 is equal, -1 is ten times less on the right. Only in N2 and N3, where spindles belong; a median
# over five epochs, because one epoch proves nothing; then the robust z-score of lesson 10.
#
# **Predict.** The left electrode was dead for some minutes. What will our detector say to that?

# %%
import yasa

n = len(features)


def sigma(ch_name):  # its sigma power in µV², one value per epoch
    epochs_uv = night.get_data([ch_name])[0, : n * 3000].reshape(n, 3000) * 1e6  # 30 s at 100 Hz
    return yasa.bandpower(epochs_uv, sf=100, relative=False)["Sigma"].to_numpy()


ratio = pd.Series(
    np.log10((sigma(right) + 0.01) / (sigma(left) + 0.01))
)  # 0.01 µV²: nothing divided by nothing


# %%
def judge(usable):  # robust z of the ratio, only where it may be used
    smooth = ratio.where(usable).rolling(5, center=True, min_periods=3).median().where(usable)
    middle = smooth - smooth.median()
    return middle / max(1.4826 * middle.abs().median(), 0.05)  # a ruler of 0 would call everything


deep_enough = features["stage"].isin(["N2", "N3"]).to_numpy()
unfit = gate.loc[~gate["fit"] & gate["ch_name"].isin([left, right]), "epoch"]
both_fit = ~features["epoch"].isin(unfit).to_numpy()
trusting, careful = judge(deep_enough), judge(deep_enough & both_fit)

# %%
fig, ax = plt.subplots(figsize=(9, 3))
ax.plot(features["onset_s"] / 60, trusting, "x", color="#D55E00", label="without the gate")
ax.plot(features["onset_s"] / 60, careful, "o", color="#0072B2", ms=4, label="with the gate")
_ = [ax.axhline(y, color="#1F2933", linestyle=":") for y in (-5, 5)]
ax.set(
    xlabel="minutes from the start", ylabel="right against left (robust z)", yscale="symlog", ylim=(-60, 200)
)
_ = ax.legend(loc="upper left")

# %% [markdown]
# **Reading.** Below the lower dotted line the right side has too little sigma: the stretch that we planted. Crosses alone, without
# circles, are epochs that the gate refuses: there the left electrode was dead, and the detector without the gate is loud about it.
#
# *In words: points along one hour, most of them near 0. A block of circles and crosses lies far below the lower dotted line. Another
# block, of crosses only, lies far above the upper one, where the left electrode was dead.*
#
# **A trap: the clever detector of a dead electrode.** Whatever compares two channels finds the broken one first. **The gate first**
# (lesson 05); then think about brains.
#
# Neighbouring epochs beyond the limit are one finding. The library scipy groups them (`label` numbers the groups); a short
# gap in which nothing could be judged, for example a moment of N1, does not break it.

# %%
from scipy import ndimage

beyond = careful.interpolate(limit=5, limit_area="inside").abs() > 5  # bridges up to five epochs not judged
groups, n_groups = ndimage.label(beyond.to_numpy())
runs = [
    (int(run.start), int(run.stop)) for (run,) in ndimage.find_objects(groups)
]  # stop: the first epoch after it
print("epochs from, up to (not with):", runs)

# %% [markdown] exercise="12-2"
# ### Exercise 12-2: from epochs to seconds
#
# A ledger counts in seconds from the start of the recording. Suppose that a detector says "epochs from 24, up to and not with 54". What
# are the onset and the duration of this finding?
#
# **Your answer:** `place`, a list of two numbers: onset and duration, in seconds.

# %% exercise="12-2" tags=["nbval-check-output"]
begin, end = 24, 54  # given
place = [30 * begin, 30 * (end - begin)]
print(place)

# %% [markdown]
# ## 4. Plugged in
#
# A finding of yours becomes a row with the columns of the ledger, `LEDGER_COLUMNS`. Two rules make it useful: the **score** goes up
# with unusualness, and the **evidence** is a sentence with numbers and units that somebody can check.

# %%
KIND = "weak spindles on one side"


def as_row(start, stop):
    evidence = f"Sigma power of {right} is {10 ** ratio[start:stop].median():.2f} times that of {left}."
    place = (30.0 * start, 30.0 * (stop - start), "event", KIND, f"{left},{right}", features["stage"][start])
    return (*place, careful[start:stop].abs().max(), np.nan, evidence, "right against left, robust z > 5")


mine = pd.DataFrame([as_row(*run) for run in runs], columns=list(sleeplab.anomalies.LEDGER_COLUMNS))
full = pd.concat([ledger, mine]).sort_values("onset_s", ignore_index=True) if len(mine) else ledger
print(len(ledger), "rows,", len(full), "with mine")

# %% [markdown]
# Now the worklist. **Predict.** The new kind has no price. What will `plan_review` do?

# %%
from sleeplab.review import PRICES, Price

try:
    sleeplab.plan_review(full, minutes=minutes)
except ValueError as error:
    print(error)
prices = {**PRICES, KIND: Price(review_s=20, worth=0.7, half_score=5)}
full_worklist = sleeplab.plan_review(full, minutes=minutes, prices=prices)
full_worklist[["rank", "kind", "stage", "score", "review_s", "cumulative_min"]].round(2)

# %% [markdown]
# It refuses: a finding that costs nothing would always come first. The price says: a look takes 20 seconds; a strong finding matters
# in 7 of 10 cases; at a score of 5 one believes half of that. You may guess it, but you must write it down.
#
# Does the detector find what it should? `match_events` says for each true event which finding shows it first (`count_found`
# of lesson 11 counts with it). The truth table calls the
# fault `spindle_loss`, we call it otherwise; so we give it our name first.

# %%
named = truth.replace({"kind": {"spindle_loss": KIND}})
for words, table in (("without mine", ledger), ("with mine", full)):
    first = sleeplab.review.match_events(
        table, named
    )  # the first finding that shows each true event, -1: none
    named[words] = [table["kind"][place] if place >= 0 else "nothing" for place in first]
print(named[["onset_s", "kind", "without mine", "with mine"]].to_string(index=False))

# %% [markdown] exercise="12-3"
# A row with `nothing` is a miss, also when it is ours: say it. And read what was counted, too: if a page called `unusual EEG` happened to
# lie in the stretch, the count would be generous and say that it shows the weak spindles. Would you have seen them, on a page that you
# opened for another reason?
#
# One night is a demonstration, not a test. Before it goes to a technician: a limit set on other people, its false alarms per night, and how
# weak the spindles must be (lesson 11).
#
# ### Exercise 12-3: a more expensive look
#
# A colleague says: comparing two sides takes 40 seconds, not 20. Make the worklist with that price and a budget of 60 minutes, so that
# everything fits. After how many minutes has the **last** item been seen?
#
# **Your answer:** `all_seen_min`, in minutes.

# %% exercise="12-3"
dearer = {**PRICES, KIND: Price(review_s=40, worth=0.7, half_score=5)}
all_seen_min = sleeplab.plan_review(full, minutes=60, prices=dearer)["cumulative_min"].max()
print(f"{all_seen_min:.1f} min")

# %% [markdown]
# ## 5. The page
#
# `night_report` takes the tables, computes nothing new, and makes one HTML file. It opens in any browser, without internet, and holds no
# name. `lang="fr"` speaks French. Here the files go to a folder that is deleted at the end; for yourself give another path.

# %%
import re
import tempfile
from pathlib import Path

folder = tempfile.TemporaryDirectory()
for lang in ("en", "fr"):
    report = sleeplab.night_report(night, gate, hypnogram, full, full_worklist, lang=lang)
    size_kb = report.save(Path(folder.name, f"night_{lang}.html")).stat().st_size / 1000
    titles = [
        re.sub(r"<[^>]+>", "", title).strip() for title in re.findall(r"<h2.*?</h2>", report.html, re.DOTALL)
    ]
    print(f"{lang}: {size_kb:.0f} kB |", " | ".join(titles))
print("my finding is on the page:", KIND.capitalize() in report.html)

# %% [markdown]
# Your finding is on the page, with a picture of its own. On the French page its words are still English: sleeplab can only translate
# sentences that it knows. If your readers are French, write `KIND` and `evidence` in French.
#
# The first picture of the page shows the night from above. Here it is in short: the stages, and every finding below at its time.

# %%
fig, (top, below) = plt.subplots(2, figsize=(9, 4.5), sharex=True, height_ratios=(1, 1.4))
_ = sleeplab.plotting.plot_hypnogram(hypnogram, ax=top).set_xlabel("")
ax = sleeplab.plotting.plot_findings(full, ax=below)
_ = ax.set_xlim(0, night.duration / 3600)  # the axis counts hours, its labels minutes

# %% [markdown]
# **Reading.** Above the stages, below one bar per finding, a row per kind: look where bars stand above each other, and where there
# are none.
#
# *In words: a step line of one hour of sleep; below it coloured bars, a row for each kind of finding. Some are as short as a dot,
# some last ten minutes or more; the bar of our own detector lies in the middle of the hour.*
#
# ## 6. Read it critically
#
# A printed page looks true. Read every report, ours too, with these questions:
#
# 1. **How much of the night was judged?** Epochs without a stage, channels that were off: they are not healthy, they are unknown.
# 2. **What was left out?** The findings that did not fit into the minutes are listed at the end of the page. And what the program does
#    not look for is in no list.
# 3. **Against what is it unusual?** The reference of each finding: a rule, a norm of other people, or this night itself.
# 4. **How many times was asked?** A p-value of 0.03 among thirty questions is what chance gives.
# 5. **Does the picture agree with the sentence?** If not, believe the picture, and tell the programmer.
# 6. **Who decides?** A finding is a place to look. The diagnosis is made by a physician. sleeplab is not a medical device.

# %% [markdown] exercise="12-4"
# ### Exercise 12-4: what remains unseen
#
# Without a recipe: how many **minutes** of the recording are covered by no item of `full_worklist`? Count whole seconds. Items overlap, so
# adding up their durations is not enough. Hint: a list with one `False` per second, and a `for` loop over
# `full_worklist.itertuples()` that sets to `True` what an item covers, from `int(onset_s)` up to `int(onset_s + duration_s)`.
#
# **Your answer:** `unseen_min`, in minutes.

# %% exercise="12-4"
covered = np.zeros(int(night.duration), dtype=bool)
for item in full_worklist.itertuples():
    covered[int(item.onset_s) : int(item.onset_s + item.duration_s)] = True
unseen_min = (~covered).sum() / 60
print(f"{unseen_min:.1f} of {night.duration / 60:.0f} min")

# %% [markdown]
# That is the price of speed, and the reason for a program of this kind, in one number. A report that does not tell it hides
# it.
#
# ## Frequent errors
#
# | Symptom | Cause | Remedy |
# |---|---|---|
# | `every kind of finding needs a price` | a new kind | add it to `prices` |
# | my findings lie at the wrong time | epochs for seconds, or counted from lights off | times 30, from the start of the recording |
# | my finding is always the last | its score goes down with unusualness, or its half score is far too large | turn the sign; look at the scores |
# | it finds every broken electrode | no gate | use only what is fit |
# | a technician says "so what?" | evidence without a number | one sentence, with value, unit and what is usual |
# | the report is empty | nothing was staged | read its first lines: they say why |
#
# ## Key points
#
# - Ledger: all findings. Worklist: those for which there is time, in order. Report: both, with pictures.
# - A detector is plugged in by rows with the columns of the ledger, and a price.
# - The gate comes first.
# - Evidence is a sentence with numbers; the reference says against what.
# - What is not listed can still be there.
#
# ## Self-assessment
#
# Say for each line: *I can explain it to a colleague* / *I must read it again* / *I have a question*.
#
# - [ ] What is the difference between ledger and worklist?
# - [ ] What are the three numbers of a price?
# - [ ] Why may scores of two kinds not be compared?
# - [ ] Which six questions do I ask of a report?
#
# Next: `13_cohort`, a whole archive of nights.

# %% [markdown]
# ## Reuse this
#
# ```
# papermill notebooks/12_report.ipynb my_page.ipynb -p recording "path/of/your/night.edf" \
#     -p left C3-M2 -p right C4-M1 -p minutes 10
# ```
#
# Without a detector of your own, one line does it all: `sleeplab.process_night("night.edf").report.save("night.html")`.
