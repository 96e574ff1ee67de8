# %% [markdown]
# # How good is good?
#
# A machine agrees with the technician in 82 of 100 epochs. Is that bad? It depends: how often would a **second technician** have agreed? If
# two people agree in 82 of 100, nobody can do better, because there is no better truth. So one measures people first.

# %% [markdown]
# ## Card
#
# - **You can then**
#   1. compute accuracy and kappa of two scorings, and say why the first one flatters;
#   2. read a confusion matrix stage by stage, with an interval;
#   3. compare a machine with people in a fair way, and yourself too.
# - **Before this**: lesson `04_hypnogram`; `06_stage_with_yasa` helps.
# - **Time**: 35 min to read, 35 min to practise, 10 s for the machine (25 s more where the night is not made yet).
# - **Data**: a simulated night, and five simulated scorers who disagree as often as real ones; no person was recorded. Free to use
#   (BSD-3-Clause licence). Or the scorings of five real experts, once you have fetched them: see the end.

# %% [markdown]
# ## What do you remember?
#
# <details><summary>1. What is a confusion matrix?</summary>
#
# A table: rows are the stages of one scoring, columns those of the other; each number counts epochs.
# </details>
#
# <details><summary>2. Which stage takes about half of the sleep?</summary>
#
# N2.
# </details>
#
# <details><summary>3. What does UNS mean?</summary>
#
# Not scored. Such epochs are left out of every comparison.
# </details>

# %% [markdown]
# ## The parameters of this lesson

# %% tags=["parameters"]
scoring: str = "simulated:anna.hypnogram.csv"  # the night that five simulated people score
seed: int = 1  # which five people
panel: str = ""  # or a folder of real scorings with one folder per person: scorer_1 to scorer_5
night_number: int = 0  # which night of that folder
recording: str = "simulated:nap"  # the recording that you score yourself
answers: str = "simulated:nap.hypnogram.csv"  # its scoring
score_myself: bool = False  # True: buttons appear in section 6

# %%
from pathlib import Path

import yasa

import sleeplab

# %% [markdown]
# ## 1. Five people, one night
#
# Five experts score the same night, alone, by the same rules. The simulated ones do it like the real ones of the Dreem Open Datasets (Guillot et al.
# 2020, doi:10.1109/TNSRE.2020.3011181): how often people disagree, and what they then say, was counted there.
#
# **Predict.** In how many of 100 epochs will **all five** agree?

# %% tags=["nbval-check-output"]
files = sorted(Path(panel, "scorer_1").glob("*")) if panel else []
if panel:
    folders = [Path(panel, f"scorer_{number}") for number in range(1, 6)]
    scorers = [sleeplab.read_hypnogram(folder / files[night_number].name) for folder in folders]
else:
    truth = sleeplab.read_hypnogram(scoring)
    scorers = sleeplab.simulate.simulate_scorers(truth, seed)
table = [person.hypno.to_numpy(dtype=str) for person in scorers]
all_agree = [len(set(said)) == 1 for said in zip(*table, strict=True)]
print(f"{len(all_agree)} epochs; all five agree in {100 * sum(all_agree) / len(all_agree):.0f} %")

# %%
import matplotlib.pyplot as plt

fig, axes = plt.subplots(3, 1, figsize=(9, 5.5), sharex=True, layout="constrained")
for ax, person, title in zip(axes, scorers, "ABC", strict=False):
    sleeplab.plotting.plot_hypnogram(person, ax=ax).set_title(f"scorer {title}", loc="left")

# %% [markdown]
# **Reading.** The large shape is the same for all three; the thin lines, single epochs of N1 or WAKE, are different in each.
#
# *In words: three step lines over a night, one above the other. They go down to N3 and up to REM at the same hours. Thin vertical lines, short
# visits to other stages, stand at other places in each.*
#
# (Our simulated people doubt for single epochs; real ones for minutes, so that real lines look calmer.)
#
# ## 2. Accuracy, and why it flatters
#
# *Accuracy* is the share of epochs with the same stage. It has a flaw. Let us make a scorer who sleeps: he writes N2 from the first epoch to the
# last.
#
# **Predict.** What is his accuracy? What should it be?

# %% tags=["nbval-check-output"]
first, second = scorers[0], scorers[1]
lazy = yasa.Hypnogram(["N2"] * len(first), freq="30s")
for name, hypnogram in (("scorer B", second), ("the sleeper", lazy)):
    result = sleeplab.compare_scorings(hypnogram, first)
    print(f"{name:12} accuracy {result.accuracy:.2f}   kappa {result.kappa:.2f}")

# %% [markdown]
# He gets the share of N2 for nothing. *Kappa* (Cohen 1960, doi:10.1177/001316446002000104) takes away what comes by **chance**: how often would two
# people agree who write the same numbers of each stage, but blindly? What is left is compared with what was possible:
#
# $$\text{kappa} = \frac{\text{observed} - \text{chance}}{1 - \text{chance}}$$

# %% tags=["nbval-check-output"]
names = ["WAKE", "N1", "N2", "N3", "REM"]
result = sleeplab.compare_scorings(second, first)
observed = result.accuracy
rows = result.confusion.sum(axis=1) / result.n_epochs  # share of each stage for scorer A
columns = result.confusion.sum(axis=0) / result.n_epochs  # and for scorer B
chance = float(sum(rows[name] * columns[name] for name in names))
print(f"observed {observed:.3f}, by chance {chance:.3f}")

# %%
fig, ax = plt.subplots(figsize=(9, 1.5))
widths = {"chance": chance, "earned": observed - chance, "missed": 1 - observed}
left = 0
for (word, width), color in zip(widths.items(), ("#9AA5B1", "#56B4E9", "#E5E9EE"), strict=True):
    ax.barh(0, width, left=left, color=color)
    ax.text(left + width / 2, 0, word, ha="center", va="center")
    left += width
_ = ax.set(yticks=[], xlim=(0, 1), xlabel="share of the epochs")

# %% [markdown]
# **Reading.** Kappa is the blue part divided by the blue and the pale part together: what was earned of what could be earned.
#
# *In words: one bar from 0 to 1 in three pieces: grey, chance, more than a quarter; blue, earned, half; pale, missed, a fifth.*

# %% [markdown] exercise="07-1"
# ### Exercise 07-1: kappa by hand
#
# Compute kappa from `observed` and `chance`, with the formula above. Mind the brackets.
#
# **Your answer:** `kappa`, a number up to 1.

# %% exercise="07-1" tags=["nbval-check-output"]
kappa = (observed - chance) / (1 - chance)
print(f"by hand {kappa:.3f}, by the program {result.kappa:.3f}")

# %% [markdown]
# 0 is chance, 1 is perfect; 0.6 to 0.8 is often called "substantial". **A trap: kappa depends on the night.** In a night with little else than N2
# chance is high, and the same eyes get a lower kappa. Compare kappas of the same night only, or of many nights.
#
# ## 3. Stage by stage
#
# **Predict.** Of the epochs that A calls N1, how many percent does B call N1 too?

# %%
import numpy as np

percent = 100 * result.confusion.to_numpy() / result.confusion.to_numpy().sum(axis=1, keepdims=True).clip(1)
fig, ax = plt.subplots(figsize=(5, 4.2))
ax.imshow(percent, cmap="Blues", vmin=0, vmax=100)
for row, column in np.ndindex(5, 5):
    color = "white" if percent[row, column] > 50 else "black"
    ax.text(column, row, f"{percent[row, column]:.0f}", ha="center", va="center", color=color)
_ = ax.set(xticks=range(5), xticklabels=names, yticks=range(5), yticklabels=names)
_ = ax.set(xlabel="scorer B", ylabel="scorer A", title="in % of the row")

# %% [markdown]
# **Reading.** The diagonal is where both agree; N1 is the palest: it spreads over its neighbours WAKE and N2. N3 goes
# to N2, hardly anywhere else.
#
# *In words: five by five squares. The diagonal is dark, with 90 for REM, 84 for N2, 76 for N3, 67 for WAKE and 50 for N1. A third of
# the row N1 lies under N2, a fifth of the row N3 too; the other squares are pale.*
#
# A stage has a kappa of its own, too: this stage against all others. And a number from one night needs an *interval*. The *bootstrap* makes it: draw pieces
# of 10 minutes from the night, with repetition, until it is full; compute again; a thousand times. The middle 95 % of the results are the interval.

# %% tags=["nbval-check-output"]
print(result.summary.drop(index="mcc").round(2).to_string())

# %% [markdown]
# The last column is the *human ceiling*: what people reach among each other, over many studies (kappa 0.76, N1 only 0.24; Lee et al. 2022,
# doi:10.5664/jcsm.9538; accuracy: Rosenberg & Van Hout 2013, doi:10.5664/jcsm.2350). After a whole night, kappa may still lie
# anywhere between `low` and `high`, and for a rare stage the two are far apart. So "my machine has 0.74, yours 0.71, on this night" says nothing.
#
# **In the clinic.** "The N1 of this patient rose from 8 to 12 %" may be one technician's holiday.

# %% [markdown] exercise="07-2"
# ### Exercise 07-2: what becomes of N1?
#
# Of the epochs that scorer A calls N1, how many **percent** does scorer B call **N2**? Rows of `result.confusion` are A, columns are B.
#
# **Your answer:** `n1_to_n2_percent`, a number from 0 to 100.

# %% exercise="07-2" tags=["nbval-check-output"]
of_n1 = result.confusion.loc["N1"]
n1_to_n2_percent = 100 * of_n1["N2"] / of_n1.sum()
print(f"{n1_to_n2_percent:.0f} %")

# %% [markdown]
# ## 4. The ceiling of this panel
#
# Five people make ten pairs.
#
# **Predict.** Will the ten kappas be alike?

# %% [markdown] exercise="07-3"
# ### Exercise 07-3: ten pairs
#
# What is the **mean** kappa over all ten pairs of `scorers`? `pairs` lists them; `sleeplab.compare_scorings(a, b).kappa` is that of one pair.
#
# **Your answer:** `panel_kappa`, a number.

# %% exercise="07-3" tags=["nbval-check-output"]
from itertools import combinations  # given

pairs = list(combinations(scorers, 2))  # given
kappas = [sleeplab.compare_scorings(a, b).kappa for a, b in pairs]
panel_kappa = float(np.mean(kappas))
print(f"mean {panel_kappa:.2f}, from {min(kappas):.2f} to {max(kappas):.2f}")

# %% [markdown]
# Our simulated people are alike; real ones have habits (one sees N3 everywhere), and their pairs differ more.
#
# ## 5. A fair comparison
#
# Which of the five is the truth? None. The stage that most of them gave is the *consensus*.
#
# **Predict.** Compare scorer A with the consensus of all five, and with that of the **other four**. Which is higher, which is fair?

# %% tags=["nbval-check-output"]
of_all = sleeplab.consensus(scorers)
of_others = sleeplab.consensus(scorers[1:])
for name, reference in (("all five", of_all), ("the other four", of_others)):
    print(
        f"scorer A against the consensus of {name:15} {sleeplab.compare_scorings(first, reference).kappa:.2f}"
    )

# %% [markdown]
# In the first line A has voted for his own examiner. A machine has not: so it must be compared with the **second** line. And everybody agrees better with a
# consensus than with one person, because the single mistakes are voted out. Two traps in one sentence: "our machine (0.80, against the consensus) beats
# people (0.76, against each other)".
#
# To be fair: machine against four, each person against the other four; the same epochs, the same nights.

# %% [markdown] exercise="07-4"
# ### Exercise 07-4: where there is no truth
#
# Without a recipe: in how many epochs is there **no majority**, that is, no stage with at least three of the five votes? Hint: `zip(*table)` gives the five
# stages of each epoch, and `list(said).count("N2")` counts.
#
# **Your answer:** `n_no_majority`, a number of epochs.

# %% exercise="07-4" tags=["nbval-check-output"]
most = [max(list(said).count(stage) for stage in set(said)) for said in zip(*table, strict=True)]
n_no_majority = sum(votes < 3 for votes in most)
print(n_no_majority, "of", len(most), "epochs")

# %% [markdown]
# On these epochs nobody can be right or wrong, and no machine can learn them.
#
# ## 6. And you?
#
# Thirty pages of one hour of sleep. Set `score_myself` to `True` in the cell of the parameters, run all cells, and buttons appear here: look at the page,
# press a stage, the next page comes. After page 29, run the last cell of code of this section again. Until you do, `mine` holds what a simulated scorer said, so that the lesson
# runs by itself.

# %%
import ipywidgets as widgets
from IPython.display import display

night = sleeplab.read_recording(recording)
known = sleeplab.align_hypnogram(sleeplab.read_hypnogram(answers), night)
epochs = [len(known) * n // 30 for n in range(30)]  # thirty pages, evenly spread
recorded = sleeplab.simulate.simulate_scorers(known, seed)[2].hypno
mine = [recorded.iloc[epoch] for epoch in epochs]
page = widgets.IntSlider(0, 0, 29, description="page")
buttons = [widgets.Button(description=name) for name in names]


# %%
def show_page(number):
    sleeplab.plotting.plot_excerpt(night, 30 * epochs[number], 30)
    plt.show()


def press(button):
    mine[page.value] = button.description
    page.value += 1  # the slider stops at the last page


for button in buttons:
    button.on_click(press)
if score_myself:
    display(widgets.HBox(buttons), page, widgets.interactive_output(show_page, {"number": page}))

# %%
right = known.hypno.iloc[epochs].to_numpy(dtype=str)
my_result = sleeplab.compare_scorings(yasa.Hypnogram(mine), yasa.Hypnogram(list(right)))
print(f"30 pages: accuracy {my_result.accuracy:.2f}, kappa {my_result.kappa:.2f}")
for number, (scored, is_so) in enumerate(zip(mine, right, strict=True)):
    if scored != is_so:
        print(f"  page {number:2}: scored {scored}, was {is_so}")

# %% [markdown]
# Look at each page in this list again. With thirty epochs the number itself means little; the list means a lot. A new technician is trained exactly so:
# score, compare, talk.
#
# ## Frequent errors
#
# | Symptom | Cause | Remedy |
# |---|---|---|
# | accuracy of 0.5 for a scorer who sleeps | N2 is half of the night | kappa |
# | kappa near 0, although the lines look alike | one scoring starts later | `align_hypnogram`; plot both |
# | kappa is `nan` | both wrote one single stage | there is nothing to measure |
# | machine better than people | consensus against single person | the same reference for both |
# | 0.78 "beats" 0.75 | one night | an interval, many nights |
# | N1 is bad | it is bad among people too | compare with 0.24, not with 1 |
#
# ## Key points
#
# - First measure people, then the machine.
# - Accuracy is flattered by the most frequent stage; kappa takes chance away.
# - Look stage by stage; N1 is the weak one for everybody.
# - A number without an interval is an opinion.
# - A fair comparison: the same reference, without the one who is judged.
#
# ## Self-assessment
#
# Say for each line: *I can explain it to a colleague* / *I must read it again* / *I have a question*.
#
# - [ ] Why does the sleeping scorer get a kappa of 0?
# - [ ] What is the human ceiling, over all stages and for N1?
# - [ ] What does the bootstrap do?
# - [ ] Why may scorer A not vote for his own reference?
# - [ ] Which of my thirty pages were wrong, and why?
#
# Next: `08_microstructure`, spindles and slow waves, where experts agree even less.

# %% [markdown]
# ## Reuse this
#
# ```
# papermill notebooks/07_agreement.ipynb my_agreement.ipynb -p scoring "path/of/your/scoring.xml" -p seed 5
# papermill notebooks/07_agreement.ipynb real_people.ipynb -p panel "path/of/scorers/dodo" -p night_number 3
# ```
#
# The second line needs the scorings of the Dreem Open Datasets: a few MB, 55 nights, five experts each. How to fetch them stands in `datasets/dod.md`.
