# %% [markdown]
# # Does the detector find what it should?
#
# "Our detector is right in 99 % of the epochs." The sentence is true, and the detector is useless: it never finds anything. Before a
# technician gives minutes to a program, and a patient's night to its limit, somebody has to answer four questions. **What does it
# find? What does it miss? What does it show for nothing? How long does it take to look?**

# %% [markdown]
# ## Card
#
# - **You can then**
#   1. measure a detector on known truth: precision, recall, and minutes of review;
#   2. set a limit on some nights and report it on others, and give a score a p-value;
#   3. say where a detector fails, before somebody else finds out.
# - **Before this**: lesson `10_first_detector`.
# - **Time**: 35 min to read, 35 min to practise, 20 s for the machine.
# - **Data**: three short simulated nights, made while you wait; no person was recorded. Free to use (BSD-3-Clause licence).

# %% [markdown]
# ## What do you remember?
#
# <details><summary>1. Against what does one compare an epoch?</summary>
#
# Against the other epochs of its own stage.
# </details>
#
# <details><summary>2. Why median and MAD, and not mean and standard deviation?</summary>
#
# Outliers bend the mean and the standard deviation, and then hide behind them.
# </details>
#
# <details><summary>3. What does <code>contamination=0.01</code> promise?</summary>
#
# That 1 % of the epochs are called, in ill and in healthy nights. Not that they are ill.
# </details>

# %% [markdown]
# ## The parameters of this lesson
#
# A seed is a simulated person. Two nights have different tasks, and that is the point of section 3. The illnesses: epilepsy;
# *apnea* (breathing stops again and again); *PLM* (periodic limb movements: the legs kick in series); *RBD* (REM sleep behaviour
# disorder: in REM sleep the muscles do not go slack, and dreams are acted out).

# %% tags=["parameters"]
tuning_seed: int = 1001  # the night on which the limit is set
reporting_seed: int = 21  # the night on which it is judged
patient: str = "epilepsy"  # the illness of the third night; also "apnea", "plm", "rbd"
hours: float = 2.0  # length of each night

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import sleeplab

# %% [markdown]
# ## 1. Truth that one makes oneself
#
# To count what a detector misses one must know what is there. In a real night nobody knows all of it. So we make truth: we take a
# simulated healthy night and put something into it, at times that we choose (`sleeplab.inject_faults`). We plant eight times
# 20 seconds of a **rhythm** that grows and slows down, as at the start of an epileptic seizure: small ones and large ones, from
# half of the typical size (1) to four times of it.
#
# The detector is that of lesson 10: each epoch against its own stage, the largest robust z-score.


# %%
sizes = [0.5, 3, 1, 2, 0.7, 1.5, 4, 1.2]  # 1 is typical
starts = 30 * np.linspace(40, 120 * hours - 10, 8).round() + 5  # in seconds
rhythms = [sleeplab.Fault("evolving_rhythm", at, 20, (), x) for at, x in zip(starts, sizes, strict=True)]


def plant(seed):  # a night, the same night with planted rhythms, and the table of what was planted
    night = sleeplab.simulate_night(seed, hours=hours)
    return night, *sleeplab.inject_faults(night.recording, rhythms)


def robust_z(x):  # a table without wild values as a ruler: median and MAD of the rows' own stage
    middle = x - x.groupby(level=0).transform("median")
    return middle / (1.4826 * middle.abs().groupby(level=0).transform("median"))


# %%
names = [f"eeg_{band}_power_uv2" for band in ("delta", "theta", "alpha", "sigma", "beta")]
tables, nights = {}, {"tuning": plant(tuning_seed), "reporting": plant(reporting_seed)}
for name, (night, recording, truth) in nights.items():
    features = sleeplab.epoch_features(recording, night.hypnogram)
    x = np.log10(features[names]).set_axis(features["stage"])
    table = pd.DataFrame({"score": robust_z(x).abs().max(axis=1).to_numpy(), "planted": False})
    table.loc[(truth["onset_s"] // 30).astype(int), "planted"] = True
    tables[name] = table
tuning, reporting = tables["tuning"], tables["reporting"]

# %% [markdown]
# ## 2. Why accuracy misleads
#
# *Accuracy* is the share of epochs in which the detector is right. We compare ours (limit: 4) with a "detector" that always says "all is
# well".
#
# **Predict.** Which of the two has the better accuracy?

# %% tags=["nbval-check-output"]
found = reporting["score"] > 4
for words, says in (("ours", found), ("always says no", reporting["score"] > np.inf)):
    accuracy = 100 * (says == reporting["planted"]).mean()
    seen = (says & reporting["planted"]).sum()
    print(f"{words:15} accuracy {accuracy:.0f} %, finds {seen} of {reporting['planted'].sum()}")

# %% [markdown]
# The one that says nothing looks better. What we look for is rare (its share is called *prevalence*), and so nearly all of the
# accuracy is made of epochs in which nothing is to be found. At a prevalence of 1 %, "no" is right in 99 % of all cases.
#
# Two other numbers tell the truth:
#
# - *Recall* (also called sensitivity): of what is **there**, how much is found?
# - *Precision*: of what is **shown**, how much is right?
#
# ```
#                    shown          not shown
# planted            hits           missed        recall    = hits / (hits + missed)
# not planted        false alarms   (the rest)    precision = hits / (hits + false alarms)
# ```
#
# **In the clinic.** A missed seizure costs the patient. A false alarm costs the technician a quarter of a minute, and after the fiftieth
# her trust. Neither number is enough alone: who shows everything has a recall of 100 %.

# %% [markdown] exercise="11-1"
# ### Exercise 11-1: of what it shows, how much is right?
#
# Compute the precision of our detector on the reporting night: `found` says what it shows, `reporting["planted"]` what is there.
#
# **Your answer:** `precision`, a number from 0 to 1.

# %% exercise="11-1" tags=["nbval-check-output"]
hits = (found & reporting["planted"]).sum()  # given
precision = hits / found.sum()
print(f"precision {precision:.2f}: {hits} of {found.sum()}")

# %% [markdown]
# **A trap: a truth that is not complete.** Are the other findings false? The simulated person also moves and wakes for a moment, as
# everybody does. We did not plant that, but it is in the truth of the night.

# %% tags=["nbval-check-output"]
night = nights["reporting"][0]
bodily = night.truth[night.truth["kind"].isin(["movement", "arousal"])]
busy = {
    epoch
    for e in bodily.itertuples()
    for epoch in range(int(e.onset_s // 30), int((e.onset_s + e.duration_s) // 30) + 1)
}
others = reporting.index[found & ~reporting["planted"]]
print(
    f"{len(others)} others, {len(busy.intersection(others))} of them with a movement or an arousal of the person"
)

# %% [markdown]
# So a "false alarm" is often a true event of another kind. Before you say "it is wrong", open the page; before you say "its precision is
# 0.5", say what counted as right.
#
# ## 3. The limit: set here, judged there
#
# At each limit there is another recall and another precision. The curve through all limits shows the choice that one has. We draw it for
# both nights.
#
# **Predict.** If you choose the best limit on a night, will it be the best on another night?

# %%
from sklearn.metrics import precision_recall_curve

fig, ax = plt.subplots(figsize=(6.5, 4))
for name, color, marker in (("tuning", "#0072B2", "o-"), ("reporting", "#D55E00", "s--")):
    precisions, recalls, limits = precision_recall_curve(tables[name]["planted"], tables[name]["score"])
    ax.plot(recalls, precisions, marker, ms=3, color=color, label=f"{name} night")
ax.set(xlabel="recall (of what is there)", ylabel="precision (of what is shown)", ylim=(0, 1.05))
_ = ax.legend(loc="lower left")

# %% [markdown]
# **Reading.** To the right one finds more and more, and shows more and more for nothing: each curve falls. The two nights have
# different curves, although the planted rhythms are equally large.
#
# *In words: two falling, jagged lines, one per night, from upper left (few findings, most of them right) to lower right (all
# found, most findings wrong). They do not lie on each other.*
#
# Recall and precision in one number: *F1*, 1 when both are perfect. We choose the limit with the best F1 on one night, and try it on
# the other.

# %% tags=["nbval-check-output"]
from sklearn.metrics import f1_score

limits = np.arange(1, 12, 0.25)
f1 = pd.DataFrame(
    {n: [f1_score(t["planted"], t["score"] > k) for k in limits] for n, t in tables.items()}, index=limits
)
limit = f1["tuning"].idxmax()
print(f"limit set on the tuning night: {limit}")
print(
    f"F1 on the tuning night {f1.loc[limit, 'tuning']:.2f}, on the reporting night {f1.loc[limit, 'reporting']:.2f}"
)
print(f"F1 on the reporting night, had one cheated: {f1['reporting'].max():.2f}")

# %% [markdown] exercise="11-2"
# **A trap: tuned and reported on the same night.** The last line can never be lower than the one before: the limit that was chosen
# on a night fits the chance of that night. It is a promise that the next patient breaks. **Set the limit on some nights,
# report on others.** The others must be other people, not the other half of the same night.
#
# (Two nights are enough to show the idea, not to trust the number: another person gives another one. In earnest one takes dozens of people, and gives an interval.)
#
# ### Exercise 11-2: a limit that misses little
#
# The physician wants a recall of at least 0.75. Which is the **highest** of the `limits` that finds at least 6 of the 8 planted epochs?
# Set it where one may set it. Hint: `(tuning["score"] > k) & tuning["planted"]` are the hits at the limit `k`; go through `limits`.
#
# **Your answer:** `safe_limit`, one of the `limits`.

# %% exercise="11-2" tags=["nbval-check-output"]
enough = [k for k in limits if ((tuning["score"] > k) & tuning["planted"]).sum() >= 6]
safe_limit = max(enough)
print(safe_limit)

# %% [markdown]
# ## 4. What does a score of 5 mean?
#
# Nothing, by itself. A score begins to speak when one knows the scores of **usual** epochs: those of nights without anything to find.
# How many of them are at least as high as this one? That share is the *p-value*. Small: hardly ever seen in usual epochs.
#
# $$p = \frac{1 + \text{number of usual scores} \ge \text{this score}}{1 + \text{number of usual scores}}$$
#
# The two ones count the epoch itself; so p is never 0. (This is called a *conformal* p-value.) It must keep a promise: among
# usual epochs of a **new** night, 5 % have a p-value up to 0.05, 10 % up to 0.1, and so on. A p-value that keeps it is *calibrated*.

# %%
usual = tuning.loc[~tuning["planted"], "score"].to_numpy()
fresh = reporting.loc[~reporting["planted"], "score"].to_numpy()
p_fresh = np.array([(1 + (usual >= score).sum()) / (1 + len(usual)) for score in fresh])
fig, ax = plt.subplots(figsize=(6.5, 2.8))
counts, borders = np.histogram(p_fresh, bins=10, range=(0, 1))
ax.bar(borders[:-1], 100 * counts / len(fresh), 0.09, align="edge", color="#9AA5B1")
ax.axhline(10, color="#1F2933", linestyle="--", label="promised: 10 % in each bar")
ax.set(xlabel="p-value of epochs without a planted rhythm, reporting night", ylabel="epochs (%)")
_ = ax.legend(loc="lower right")

# %% [markdown]
# **Reading.** If the promise were kept, all bars would end at the dashed line; where a bar is higher, the p-values say something
# else than they promise.
#
# *In words: ten grey bars side by side between p = 0 and p = 1, roughly as high as a dashed line at 10 percent, some above and some
# below it.*

# %% tags=["nbval-check-output"]
for level in (0.05, 0.1, 0.5):
    print(
        f"p up to {level:4}: promised {100 * level:3.0f} %, measured {100 * (p_fresh <= level).mean():3.0f} % of the usual epochs"
    )
print("alarms in a healthy night of 8 h (960 epochs) at p up to 0.05:", round(960 * 0.05))

# %% [markdown] exercise="11-3"
# **A trap: five percent of a thousand.** A calibrated p-value of 0.05 still calls 48 epochs of every healthy night, because one asks a
# thousand times. To expect less than one false alarm in twenty nights, ask for p below 0.05 / 960. (This is Bonferroni's
# correction.) With 200 usual scores p cannot get that small: one needs more nights, or a model of the tail.
#
# ### Exercise 11-3: the p-value as a function
#
# Write the function `p_value`: it takes one `score` and an array of `usual` scores, and gives the p-value as defined above.
#
# **Your answer:** `p_value`, a function of `score` and `usual`.


# %% exercise="11-3"
def p_value(score, usual):
    return (1 + np.sum(usual >= score)) / (1 + len(usual))


print(round(p_value(np.median(usual), usual), 2))

# %% [markdown]
# ## 5. Minutes
#
# A technician does not have a limit; she has ten minutes. Now we take the detectors of sleeplab, and a patient whose truth the simulation
# knows. Beside his illness he gets a hidden one: 15 minutes in which the spindles are weak on the right side (`spindle_loss`).
#
# - `find_anomalies` writes the *ledger*: one row per finding (lesson 12);
# - `plan_review` orders it by what a look is worth per second, and cuts it to the minutes there are: the worklist;
# - `recall_curve` says how much of the truth has been seen after each item.
#
# **Predict.** The other way is to leaf through the night from the start, 10 seconds per page. How much has one seen after ten minutes?

# %%
from sleeplab.simulate import ORDINARY  # what every healthy night is full of: spindles, eye movements ...

ill = sleeplab.simulate_night(reporting_seed + 1, hours=hours, patient=patient)
weak = sleeplab.Fault("spindle_loss", 1800 * hours, 900, ["C4-M1", "F4-M1"], severity=0.6)
recording, planted = sleeplab.inject_faults(ill.recording, [weak])
truth = pd.concat([ill.truth[~ill.truth["kind"].isin(ORDINARY)], planted])
gate = sleeplab.check_quality(recording)
features = sleeplab.epoch_features(recording, ill.hypnogram, gate)
ledger = sleeplab.find_anomalies(recording, gate, ill.hypnogram, features)
worklist = sleeplab.plan_review(ledger, minutes=10)
curve = sleeplab.recall_curve(worklist, truth)

# %%
pages = pd.DataFrame({"onset_s": 30.0 * features["epoch"], "duration_s": 30.0, "kind": "unusual EEG"})
leafing = sleeplab.recall_curve(pages.assign(cumulative_min=10 * (pages.index + 1) / 60), truth)
fig, ax = plt.subplots(figsize=(6.5, 3.4))
ax.step(curve["minutes"], 100 * curve["recall"], "o-", ms=3, where="post", color="#0072B2", label="worklist")
ax.step(leafing["minutes"], 100 * leafing["recall"], "--", where="post", color="#D55E00", label="leafing")
ax.set(xlabel="minutes of looking", ylabel="seen, of all true events (%)", xlim=(0, 10), ylim=(0, 102))
_ = ax.legend(loc="center right")

# %% [markdown]
# **Reading.** The worklist shows most of what is there within its first minutes, because one item can show a whole series; leafing
# shows what comes first in the night.
#
# *In words: two step lines. The blue one, worklist, jumps up within the first minutes and then stays nearly flat below 100 percent. The
# dashed orange one, leafing, climbs slowly from left to right.*
#
# **Read this curve with doubt.** One item "many sharp waves from 0:25 to 1:55" counts as having shown each of them. That is right
# for the question "does this person have spikes?", and wrong for "how many?". And the curve is flat at the end: what the ledger
# does not hold, no minutes will show.

# %% [markdown] exercise="11-4"
# ### Exercise 11-4: the price of the first half
#
# Without a recipe: after how many minutes with the worklist has at least half of the true events been seen? Use `curve`.
#
# **Your answer:** `half_min`, in minutes.

# %% exercise="11-4"
half_min = curve.loc[curve["recall"] >= 0.5, "minutes"].min()
print(f"{half_min:.1f} min")

# %% [markdown]
# ## 6. Where it fails: say it
#
# One number for all kinds hides what is never found. So count by kind.

# %%
counted = sleeplab.count_found(truth, ledger, worklist).set_index("kind")
counted["missed"] = counted["n_true"] - counted["in_ledger"]
print(counted.to_string())

# %% [markdown]
# (A *hypopnea* is breathing that gets shallow, a *desaturation* a fall of the oxygen in the blood; a *spike-wave* is a spike with
# a slow wave behind it.)
#
# The row to read first is the one with the most zeros. `spindle_loss`: fifteen minutes, and no detector of the ledger looks
# at left against right. Single leg movements: the rule counts series only. Each has a
# reason, and each must stand in the description of the program, in plain words: **what it does not look for, it does not find.** In the
# next lesson you write the detector that is missing.
#
# How small may a thing be? The second question about failing. We plant the rhythm at the same places, all eight
# of one size, and count.

# %% tags=["nbval-check-output"]
brain = nights["reporting"][0].recording.copy().pick(["C4-M1"])  # one channel, to be quick
hypnogram, where = nights["reporting"][0].hypnogram, reporting.index[reporting["planted"]]
for size in (0.25, 0.5, 1, 2, 4):
    faults = [sleeplab.Fault("evolving_rhythm", 30 * epoch + 5, 20, severity=size) for epoch in where]
    table = sleeplab.epoch_features(sleeplab.inject_faults(brain, faults).recording, hypnogram)
    scores = robust_z(np.log10(table[names]).set_axis(table["stage"])).abs().max(axis=1).to_numpy()
    print(f"size {size:4}: {(scores[where] > limit).sum()} of {len(where)} found at the limit of {limit}")

# %% [markdown]
# **In the clinic.** "Sensitivity 95 %" without the size, the kind and the people it was measured on is advertising. And all of this was
# measured on simulated nights, which are easier than people. Before a patient, measure on real ones, scored by more than one human.
#
# ## Frequent errors
#
# | Symptom | Cause | Remedy |
# |---|---|---|
# | accuracy of 99 % and nobody is helped | what is looked for is rare | recall, precision, minutes |
# | in daily use worse than in the report | limit set and reported on the same nights | other people for the report |
# | precision "too bad to be true" | the truth is not complete | open the pages |
# | 48 alarms in a healthy night | p of 0.05, asked a thousand times | divide by the number of questions |
# | p-values of exactly 0 | the epoch itself was not counted | the two ones in the formula |
# | good on average, and one kind never found | all kinds in one number | count by kind |
#
# ## Key points
#
# - Recall: of what is there. Precision: of what is shown. Accuracy: mostly of what nobody looks for.
# - Set the limit on some people, report on others.
# - A score speaks through the scores of usual epochs: the p-value, and it must keep its promise.
# - The currency is minutes of a technician.
# - Count by kind, say what is not found, and how large a thing must be.
#
# ## Self-assessment
#
# Say for each line: *I can explain it to a colleague* / *I must read it again* / *I have a question*.
#
# - [ ] Why is "always no" right in 99 %?
# - [ ] Which of recall and precision falls when the limit goes up?
# - [ ] Why must the reporting night be another person?
# - [ ] What does a calibrated p-value promise?
# - [ ] What does our ledger not find?
#
# Next: `12_report`, what the technician gets.

# %% [markdown]
# ## Reuse this
#
# Other people, another illness, longer nights:
#
# ```
# papermill notebooks/11_detector_one_trusts.ipynb my_test.ipynb -p tuning_seed 1002 -p reporting_seed 21 \
#     -p patient apnea -p hours 4
# ```
