# %% [markdown]
# # How is a night turned into a table?
#
# A program that learns does not look at waves. It gets a table: a row for every 30 seconds, a column for every number that
# somebody has thought of. Making this table is easy. Testing honestly what was learned from it is not: most published figures that
# are too good to be true have one of three faults. You will make all three here, on purpose, and measure what each is worth.

# %% [markdown]
# ## Card
#
# - **You can then**
#   1. turn a night into a table of features, with a unit for every column;
#   2. test a program on sleepers that it has never met, and say what leaks when you do not;
#   3. say why "90 % correct" can be worthless, and what to print beside it.
# - **Before this**: lessons `03_frequency_content` and `04_hypnogram`; `07_agreement` explains kappa.
# - **Time**: 35 min to read, 30 min to practise, 20 s for the machine.
# - **Data**: one hour each of eight simulated sleepers, and one nap; no person was recorded. Free to use (BSD-3-Clause licence).

# %% [markdown]
# ## What do you remember?
#
# <details><summary>1. What is delta power, and in which unit?</summary>
#
# How much of the waves of 0.5 to 4 Hz there is, in µV². In deep sleep it is high.
# </details>
#
# <details><summary>2. How many rows will a night of 8 hours have, at 30 seconds each?</summary>
#
# 960.
# </details>
#
# <details><summary>3. What does a kappa of 0 mean, what a kappa of 1?</summary>
#
# No better than chance; perfect agreement.
# </details>

# %% [markdown]
# ## The parameters of this lesson

# %% tags=["parameters"]
recording: str = "simulated:nap"  # or the path of your own EDF file
scoring: str = "simulated:nap.hypnogram.csv"  # its stages
seed: int = 0  # which sleepers are simulated
n_sleepers: int = 8  # how many, at least 4
hours: float = 1.0  # how long each of them is recorded

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import yasa

import sleeplab

# %% [markdown]
# ## 1. A night becomes a table
#
# A *feature* is a number that describes an epoch: the delta power, the height of the largest wave, the tone of the chin.
# `sleeplab.epoch_features` computes some twenty for each epoch. Where there are several EEG channels it takes the median over them;
# with the table of the quality gate (lesson 05) as third argument, it leaves out channels that are not fit.
#
# **Predict.** Which columns will tell N3 from N2? Which ones waking from sleep?

# %% tags=["nbval-check-output"]
night = sleeplab.read_recording(recording)
hypnogram = sleeplab.align_hypnogram(sleeplab.read_hypnogram(scoring), night)
table = sleeplab.epoch_features(night, hypnogram)
print(table.shape[0], "rows,", table.shape[1], "columns")
few = ["eeg_delta_power_uv2", "eeg_sigma_power_uv2", "eeg_slope", "eog_ptp_uv", "chin_rms_uv"]
print(table.groupby("stage")[few].median().round(1).to_string())
for name in few:
    print(f"{name:20} [{sleeplab.FEATURES[name].unit}] {sleeplab.FEATURES[name].reference}")

# %% [markdown]
# The unit stands in the name of the column, the source in `FEATURES`. In half a year you will be glad of both.
#
# **A trap: columns by place.** `table[:, 7]` is delta power today. Tomorrow somebody adds a column, and a program that was trained by
# place goes on without an error, on other numbers. Use names.
#
# YASA makes a table, too, the one with which it stages a night (lesson 06). Look at the endings of its names.

# %% tags=["nbval-check-output"]
eeg = next(name for name in night.ch_names if sleeplab.parse_label(name).role == "eeg")
staging = yasa.SleepStaging(night, eeg_name=eeg)
staging.fit()  # computes the features; nothing is learned here
of_yasa = staging.get_features()
print(of_yasa.shape[1], "columns, for example:")
print([name for name in of_yasa if name.startswith("eeg_sigma")])

# %% [markdown]
# `eeg_sigma` is this epoch alone. `c7min` is a mean over 7.5 minutes around it, `p2min` over the 2 minutes before it; `norm` means: scaled
# over the whole recording. That is clever: sleep changes slowly, and people differ in size. But from now on **an epoch contains its
# neighbours, and the whole night**. Keep it in mind for section 4.
#
# ## 2. Eight sleepers
#
# We simulate the first hour of several people of 25 to 60 years, and stack their tables. One column says who it is.

# %%
tables = []
for number in range(n_sleepers):
    person = sleeplab.simulate_night(seed + number, age=25 + 35 * number / (n_sleepers - 1), hours=hours)
    rows = sleeplab.epoch_features(person.recording, person.hypnogram)
    tables.append(rows.assign(sleeper=number))
nights = pd.concat(tables, ignore_index=True)
names = [name for name in nights if name.startswith(("eeg_", "eog_", "chin_"))]
X, stages, sleeper = nights[names], nights["stage"], nights["sleeper"]  # what is given; what is asked; who

# %% tags=["nbval-check-output"]
print(len(nights), "epochs of", sleeper.nunique(), "sleepers,", len(names), "features")
print((100 * stages.value_counts() / len(stages)).round(1).to_string())

# %%
fig, axes = plt.subplots(1, 2, figsize=(11, 4), sharex=True, sharey=True, layout="constrained")
x, y = "eeg_delta_power_uv2", "chin_rms_uv"
look = {"WAKE": ("#E69F00", "o"), "N1": ("#999999", "x"), "N2": ("#56B4E9", "+")}
look |= {"N3": ("#0072B2", "^"), "REM": ("#D55E00", "s")}
for stage, rows in nights.groupby("stage"):
    axes[0].scatter(rows[x], rows[y], 14, look[stage][0], marker=look[stage][1], label=stage)
for number, marker in {0: "o", n_sleepers // 2: "x", n_sleepers - 1: "^"}.items():
    rows = nights[(stages == "N2") & (sleeper == number)]
    axes[1].scatter(rows[x], rows[y], 18, marker=marker, label=f"sleeper {number}")
for ax, title in zip(axes, ("all sleepers, by stage", "N2 only, three sleepers"), strict=True):
    ax.set(xscale="log", yscale="log", xlabel="delta power (µV²)", title=title), ax.legend()
_ = axes[0].set_ylabel("tone of the chin (µV)")

# %% [markdown]
# **Reading.** At the left each stage has its own region: waking left, N3 right and low, N2 and N1 between them. The arm that goes up to
# the right is movement: large waves **and** a tense chin. At the right is N2 alone, and still the three sleepers lie apart: each
# person is an island.
#
# *In words: two clouds of points; on both axes each step is ten times more. In the left one the waking points lie at the left and along
# an arm to the upper right, the N3 points at the lower right, N2 and N1 between. In the right one the points of three
# sleepers, all in N2, lie in three patches above each other that overlap little.*
#
# **In the clinic.** Skull, electrodes and age change the size of the EEG more than sleep does. A limit that fits one patient does not
# fit the next.

# %% [markdown] exercise="09-1"
# ### Exercise 09-1: how different are people?
#
# Take N2 only. For each sleeper, what is the median of `eeg_delta_power_uv2`? How many times larger is the largest of these medians
# than the smallest? A table is grouped with `groupby`, as in section 1.
#
# **Your answer:** `spread`, how many times.

# %% exercise="09-1" tags=["nbval-check-output"]
only_n2 = nights[nights["stage"] == "N2"]  # given
medians = only_n2.groupby("sleeper")["eeg_delta_power_uv2"].median()
spread = medians.max() / medians.min()
print(f"{spread:.1f} times")

# %% [markdown]
# ## 3. Learning by looking for the most alike
#
# The simplest program that learns: "Which five epochs that I know are most like this one? What were they scored as? The most frequent
# answer is mine." It is called *k nearest neighbours*. "Alike" means: near in the table. A column in thousands of µV² would drown one
# that goes from 0 to 1; so every column is brought to mean 0 and standard deviation 1 first: *scaling*.
#
# scikit-learn ties both together with a *pipeline*: whatever is given to learn from goes through all steps, and so does what is to be
# answered later.
#
# To test it, we hide a part of the table (the *test set*), let the program learn from the rest (the *training set*), and ask for what
# was hidden. Four times, each time another quarter, until each epoch was hidden once: *cross-validation*.
#
# **Predict.** We shuffle all epochs like cards and deal them into four quarters. Is that a fair test for a program that shall stage
# **new** patients?

# %%
from sklearn.metrics import accuracy_score, balanced_accuracy_score, cohen_kappa_score
from sklearn.model_selection import GroupKFold, KFold, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

model = make_pipeline(StandardScaler(), KNeighborsClassifier(n_neighbors=5))

# %% tags=["nbval-check-output"]
shuffled = KFold(4, shuffle=True, random_state=0)
by_cards = cross_val_predict(model, X, stages, cv=shuffled)
by_sleeper = cross_val_predict(model, X, stages, cv=GroupKFold(4), groups=sleeper)
for name, said in (("epochs dealt like cards", by_cards), ("whole sleepers hidden", by_sleeper)):
    print(
        f"{name:24} accuracy {accuracy_score(stages, said):.2f}, kappa {cohen_kappa_score(stages, said):.2f}"
    )

# %% [markdown]
# The same program, the same table. `GroupKFold` keeps all epochs of a sleeper on one side: they are all hidden, or all known.
#
# The difference is *leakage*: in the first test, something of the answer was in the training set. The sleeper was known: the most
# alike epochs are those of the same person, often of the same minute, with the stage already written beside them. A new patient does
# not bring hers along.
#
# **In the clinic.** A program was "95 % right" in its publication and is not in your laboratory. First question: were sleepers in both
# halves? Second: were two nights of **one** patient in both halves? That is the same fault, harder to see.
#
# ## 4. Three kinds of leak, measured
#
# How much of it is the person, how much the neighbouring minute? A third cut stands between the two: blocks of 10 minutes are dealt, so
# that most direct neighbours stay together, but each sleeper is in both halves. And a second table, in the manner of YASA: every
# column is the mean over 15 epochs (7.5 minutes) around each epoch.
#
# **Predict.** Is the smoothed table better or worse? In which of the three tests?


# %% tags=["nbval-check-output"]
def kappa(features, cut, groups=None):
    return cohen_kappa_score(stages, cross_val_predict(model, features, stages, cv=cut, groups=groups))


def around(column):
    return column.rolling(15, center=True, min_periods=1).mean()


smooth = X.groupby(sleeper).transform(around)
block = sleeper * 1000 + nights["epoch"] // 20  # 20 epochs are 10 minutes
cuts = {"epochs": (shuffled, None), "10-min blocks": (GroupKFold(4, shuffle=True, random_state=0), block)}
cuts["sleepers"] = (GroupKFold(4), sleeper)
measured = pd.DataFrame({name: [kappa(X, *cut), kappa(smooth, *cut)] for name, cut in cuts.items()})
measured.index = ["each epoch alone", "mean over 7.5 min"]
print(measured.round(2).to_string())

# %%
ax = measured.T.plot.bar(
    figsize=(7, 3.4), rot=0, color=["#0072B2", "#E69F00"], edgecolor="black", ylim=(0, 1)
)
for bars, hatch in zip(ax.containers, ("", "//"), strict=True):
    ax.bar_label(bars, fmt="%.2f")
    for bar in bars:
        bar.set_hatch(hatch)
ax.legend(loc="upper center", ncols=2, frameon=False)
_ = ax.set(xlabel="what is dealt into training and test", ylabel="kappa against the truth")

# %% [markdown]
# **Reading.** From left to right the test gets more honest and kappa falls. With epochs dealt like cards the smoothed table looks
# better than the other; on sleepers that the program has never met it is clearly worse.
#
# *In words: three pairs of bars. In the left pair, epochs, the bars are highest, and the hatched one, the mean over 7.5 minutes, is the
# higher one. In the middle pair, blocks, both are lower, and the hatched one is now the lower one. In the right pair, sleepers, both
# are lower still, and the hatched one is the lowest of all.*
#
# So a leak does worse than flatter: **it makes you choose the wrong table.** Two smoothed neighbours share 14 of their 15 epochs; when one
# is known and the other asked, the program needs to recognise, not to understand.
#
# **A trap: features that look around.** YASA's `c7min` columns do it, too. There it is no fault: YASA was trained on other people, and your
# patient is whole on the other side. It becomes one when you deal **your** epochs like cards.

# %% [markdown] exercise="09-2"
# ### Exercise 09-2: one sleeper at a time
#
# With few sleepers one hides only one of them at a time, and learns from all others. That is `GroupKFold(n_sleepers)`: as many parts as
# sleepers. What kappa does the table `X` get? Use the function `kappa` of above. Do not round.
#
# **Your answer:** `kappa_one_out`, a number up to 1.

# %% exercise="09-2" tags=["nbval-check-output"]
kappa_one_out = kappa(X, GroupKFold(n_sleepers), sleeper)
print(round(kappa_one_out, 2))

# %% [markdown]
# ## 5. The quiet leak: preparing with the test night
#
# Scaling needs a mean and a standard deviation. Of which epochs? If they come from **all** epochs, the hidden ones were looked at before they
# were hidden. It matters little here, but the same fault in another step makes something out of nothing: when the **columns** are chosen
# with the hidden answers.
#
# We throw dice: 5,000 columns of pure chance. Then we keep the 50 that go best with the stages, once before hiding, once in the
# pipeline, after hiding.
#
# **Predict.** What kappa does a table of dice deserve?

# %% tags=["nbval-check-output"]
from sklearn.feature_selection import SelectKBest

dice = np.random.default_rng(seed).normal(size=(len(nights), 5000))
scaled_before = StandardScaler().fit_transform(X)
chosen_before = SelectKBest(k=50).fit_transform(dice, stages)
choosing = make_pipeline(SelectKBest(k=50), model)
honest = cross_val_predict(choosing, dice, stages, cv=GroupKFold(4), groups=sleeper)
cut = (GroupKFold(4), sleeper)
print(f"scaled with all epochs {kappa(scaled_before, *cut):.2f}, in the pipeline {kappa(X, *cut):.2f}")
print(f"dice, chosen with all epochs: {kappa(chosen_before, *cut):.2f}")
print(f"dice, chosen in the pipeline: {cohen_kappa_score(stages, honest):.2f}")

# %% [markdown]
# A little, but more than nothing: dice that "know" something about sleep, although whole sleepers were hidden. With fewer epochs or
# more columns it is much more. So: **everything that learns from data goes into the
# pipeline**: scaling, filling of gaps, choice of columns, choice of a limit.
#
# Scaling each night by itself, with its own mean, is another thing: it looks at the patient's whole night, but at no stage. YASA does it.
# It is honest where the whole night is there before the answer is needed, and impossible at the bedside, where the night has just begun.

# %% [markdown] exercise="09-3"
# ### Exercise 09-3: each night by itself
#
# Scale each sleeper's columns by that sleeper's own mean and standard deviation (`(column - column.mean()) / column.std()`), as `around`
# was used above: `X.groupby(sleeper).transform(…)`. What kappa does this table get when whole sleepers are hidden (`GroupKFold(4)`)? Do
# not round.
#
# **Your answer:** `kappa_by_night`, a number up to 1.

# %% exercise="09-3" tags=["nbval-check-output"]
by_night = X.groupby(sleeper).transform(lambda column: (column - column.mean()) / column.std())
kappa_by_night = kappa(by_night, GroupKFold(4), sleeper)
print(
    f"each night by itself {kappa_by_night:.2f}, all with the training mean {kappa(X, GroupKFold(4), sleeper):.2f}"
)

# %% [markdown]
# Here it is much better. Be careful: with eight sleepers, one hour each, that can be chance. Run the lesson with another `seed`: with some
# sleepers it is worse.
#
# ## 6. Rare stages
#
# N1 is rare. A program that never says N1 is hardly ever punished.
#
# **Predict.** In how many percent of the epochs is it right about the question "N1 or not"?

# %% [markdown] exercise="09-4"
# ### Exercise 09-4: never N1
#
# Without a recipe: the question is "N1 or not N1?", and the program always says "not N1". In how many percent of the epochs of `stages` is it
# right?
#
# **Your answer:** `never_n1_percent`, a number from 0 to 100.

# %% exercise="09-4" tags=["nbval-check-output"]
never_n1_percent = 100 * (stages != "N1").mean()
print(f"{never_n1_percent:.1f} % right, and no N1 found")

# %% [markdown]
# Three numbers for one program. *Accuracy*: the share of all epochs that are right; frequent stages rule. *Balanced accuracy*: for each
# stage, the share of its epochs that was found, then the mean over stages; a rare stage counts as much as a frequent one. *Kappa*:
# accuracy, minus what chance alone would give.

# %% tags=["nbval-check-output"]
is_n1, never = stages == "N1", np.zeros(len(stages), dtype=bool)
for name, truth, said in (("never N1", is_n1, never), ("our program", stages, by_sleeper)):
    accuracy, balanced = accuracy_score(truth, said), balanced_accuracy_score(truth, said)
    print(
        f"{name:11} accuracy {accuracy:.2f}, balanced {balanced:.2f}, kappa {cohen_kappa_score(truth, said):.2f}"
    )
right = pd.Series(by_sleeper == stages).groupby(stages).mean()
print("found, of each stage:", right.round(2).to_dict())

# %% [markdown]
# **In the clinic.** The rare thing is mostly the one that matters: the seizure, the apnea in REM sleep, the N1 that tells a broken night.
# Ask for the line of the stage that you need, not for the total. And remember the ceiling: two technicians agree on N1 with a kappa of only
# 0.24 (lesson 07).
#
# ## Frequent errors
#
# | Symptom | Cause | Remedy |
# |---|---|---|
# | wonderful in the test, poor on new patients | the same sleepers in both halves | `GroupKFold`, groups = people, not nights |
# | smoothed features win every test | neighbours in both halves | hide whole sleepers |
# | chance columns "predict" | columns chosen before hiding | `SelectKBest` in the pipeline |
# | one column rules everything | not scaled, or volts | `StandardScaler` in the pipeline |
# | other results after an update | columns by place | columns by name |
# | 91 % and no N1 | imbalance | balanced accuracy, kappa, a line per stage |
# | `The groups parameter is ignored by KFold` | groups were given to the wrong cutter | `GroupKFold` |
#
# ## Key points
#
# - A feature table: a row per epoch, columns by name, unit in the name.
# - People differ more than stages: hide whole people.
# - A leak flatters, and it makes you choose the wrong method.
# - Everything that learns goes into the pipeline.
# - Beside accuracy: balanced accuracy, kappa, and a line per stage.
#
# ## Self-assessment
#
# Say for each line: *I can explain it to a colleague* / *I must read it again* / *I have a question*.
#
# - [ ] Why is shuffling epochs unfair?
# - [ ] Two nights of one patient: may one be for training, one for the test?
# - [ ] What does a pipeline protect from?
# - [ ] What is the balanced accuracy of a program that always says the same of two classes?
#
# Next: `10_first_detector`, what is unusual in this table?

# %% [markdown]
# ## Reuse this
#
# The table of section 1 is made from your own file; the test with eight sleepers stays simulated.
#
# ```
# papermill notebooks/09_features.ipynb my_table.ipynb -p recording "path/of/your/night.edf" \
#     -p scoring "path/of/your/scoring.xml"
# ```
