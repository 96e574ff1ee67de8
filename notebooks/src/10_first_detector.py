# %% [markdown]
# # What is unusual in this night?
#
# A night has a thousand pages. A technician who knows the person's usual sleep sees the odd page at once. Can a program learn
# what is usual, and point at the rest, **without anybody telling it what to look for**? That is what a detector of the unusual
# (an *anomaly detector*) does. It takes one afternoon to write one. It also takes one line to write one that points at the
# wrong pages.

# %% [markdown]
# ## Card
#
# - **You can then**
#   1. say how unusual an epoch is: with a z-score, a robust z-score, a distance, a forest of trees;
#   2. choose what an epoch is compared with, and say why the stage matters;
#   3. set a limit, and say what the limit costs.
# - **Before this**: lessons `03_frequency_content`, `04_hypnogram`, `09_features`.
# - **Time**: 35 min to read, 35 min to practise, 15 s for the machine (25 s more where the night is not made yet).
# - **Data**: one simulated night with its stages; no person was recorded. Free to use (BSD-3-Clause licence). Or your own.

# %% [markdown]
# ## What do you remember?
#
# <details><summary>1. What is a row of a feature table, what is a column?</summary>
#
# A row is an epoch of 30 s. A column is one number measured in every epoch, for example the delta power in µV².
# </details>
#
# <details><summary>2. What does a single wild number do to a mean? To a median?</summary>
#
# It pulls the mean to its side. The median, the middle one in order of size, stays.
# </details>
#
# <details><summary>3. In which stage is the delta power largest?</summary>
#
# In N3.
# </details>

# %% [markdown]
# ## The parameters of this lesson

# %% tags=["parameters"]
recording: str = "simulated:anna"  # or the path of your own EDF file
scoring: str = "simulated:anna.hypnogram.csv"  # its stages
stage: str = "N2"  # the stage that we look at closely

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import sleeplab

# %% [markdown]
# ## 1. A night with three secrets
#
# To learn whether a detector works one must know what is there. So we put three faults into a copy of the night, each into one
# epoch of the same stage:
#
# - **movement**: 20 s of a large body movement, on all EEG channels;
# - **heart**: the heart beat leaks into the EEG (*ECG artefact*), as it does when an electrode sits near a blood vessel;
# - **rhythm**: 20 s of a rhythm that grows and slows down, as in the beginning of an epileptic seizure.
#
# Then the night becomes a table, as in lesson 09. On purpose we leave out the quality gate of lesson 05: we want to see what
# a loud artefact does. Powers are spread over decades (1, 10, 100 µV²), so we work with their logarithm: each step of 1 is ten
# times more.

# %%
night = sleeplab.read_recording(recording)
hypnogram = sleeplab.align_hypnogram(sleeplab.read_hypnogram(scoring), night)
stages = hypnogram.hypno.astype(str).to_numpy()
own = np.flatnonzero(stages == stage)  # the numbers of the epochs in this stage
if len(own) < 20:
    msg = f"there are {len(own)} epochs of {stage}; 20 are needed to say what is usual"
    raise ValueError(msg)
planted = pd.Series(own[[len(own) // 5, len(own) // 2, 4 * len(own) // 5]], ["movement", "heart", "rhythm"])
faults = [
    sleeplab.Fault(kind, onset_s=30 * epoch + 5, duration_s=20, severity=2)  # twice the typical size
    for kind, epoch in zip(("movement", "ecg_leak", "evolving_rhythm"), planted, strict=True)
]

# %% tags=["nbval-check-output"]
changed = sleeplab.inject_faults(night, faults).recording
features = sleeplab.epoch_features(changed, hypnogram)
names = ["eeg_delta_power_uv2", "eeg_theta_power_uv2", "eeg_alpha_power_uv2", "eeg_sigma_power_uv2"]
names += ["eeg_beta_power_uv2", "eeg_ptp_uv"]  # ptp: peak to peak, the height of the largest wave
x = np.log10(features[names])
x.columns = ["delta", "theta", "alpha", "sigma", "beta", "height"]
print(len(x), "epochs,", len(own), "of them", stage)
print(x.loc[planted].set_axis(planted.index).round(1).to_string())

# %% [markdown]
# ## 2. The z-score, and the trap in it
#
# How far is a value from the usual? The oldest answer is the *z-score*: the distance from the mean, counted in standard
# deviations (lesson 02). Beyond 3 is called unusual, because in a bell-shaped distribution only 3 of 1000 values lie there.
#
# We look at the beta power in µV², without the logarithm, as beginners do.
#
# **Predict.** The movement is by far the largest value. What does it do to the mean and to the standard deviation? What happens
# to the z-score of the `heart` epoch?

# %% tags=["nbval-check-output"]
beta_uv2 = features["eeg_beta_power_uv2"].to_numpy()
z_with = (beta_uv2 - beta_uv2[own].mean()) / beta_uv2[own].std()
quiet = own[own != planted["movement"]]  # the same epochs without the movement
z_without = (beta_uv2 - beta_uv2[quiet].mean()) / beta_uv2[quiet].std()
print(
    f"standard deviation with the movement {beta_uv2[own].std():.1f}, without {beta_uv2[quiet].std():.1f} µV²"
)
print(
    f"z of the heart epoch: with the movement {z_with[planted['heart']]:.1f}, without {z_without[planted['heart']]:.1f}"
)

# %% [markdown]
# One epoch of hundreds changed the ruler with which all are measured: the z-score of the heart epoch falls to a fraction. This
# is called *masking*: **an outlier inflates the mean and the standard deviation, and hides the others behind it.** (An *outlier* is
# a value far from the rest.) Real nights always hold outliers; that is why we look.
#
# The remedy is a ruler that a few wild values cannot bend. In the place of the mean: the **median**. In the place of the
# standard deviation: the **MAD** (*median absolute deviation*: how far is the middle epoch from the median?). Times 1.4826 it
# equals the standard deviation where there are no outliers. This is the *robust z-score*.

# %%
b = x.loc[own, "beta"]
median, mad = b.median(), (b - b.median()).abs().median()
fig, ax = plt.subplots(figsize=(9, 3))
ax.hist(b, bins=60, color="#9AA5B1")
bent = (b.mean() - 3 * b.std(), b.mean() + 3 * b.std())
robust = (median - 3 * 1.4826 * mad, median + 3 * 1.4826 * mad)
ax.axvspan(*bent, color="#D55E00", alpha=0.18, label="mean ± 3 standard deviations")
ax.axvspan(*robust, color="#0072B2", alpha=0.18, label="median ± 3 × 1.4826 MAD")
for name, epoch in planted.items():
    ax.text(x.loc[epoch, "beta"], 8, name + "\n↓", ha="center")
ax.set(xlabel="beta power (log10 of µV²)", ylabel=f"epochs of {stage}")
_ = ax.legend(loc="upper right")

# %% [markdown]
# **Reading.** What lies outside of a coloured band is called unusual: the blue band (median and MAD) is narrow and fits the grey heap;
# the orange one (mean and standard deviation) is
# wider, even with the logarithm.
#
# *In words: a grey heap of bars, narrow, with a few single bars far to the right. A blue band covers the heap; a wider orange
# band covers more. Arrows mark three epochs:
# rhythm inside the heap (its beta is ordinary), heart to the right of both bands, movement far out.*
#
# **In the clinic.** "Normal values" computed from patients' nights have the same fault: sick people in the sample widen what counts
# as normal, and then the sick look normal.

# %% [markdown] exercise="10-1"
# ### Exercise 10-1: a ruler that does not bend
#
# Compute the robust z-score of the `heart` epoch from its beta (log10, table `x`), against all epochs in `own`. `median` and
# `mad` are made in the cell above.
#
# **Your answer:** `heart_z`, the robust z-score.

# %% exercise="10-1" tags=["nbval-check-output"]
heart_beta = x.loc[planted["heart"], "beta"]  # given
heart_z = (heart_beta - median) / (1.4826 * mad)
print(f"{heart_z:.1f}")

# %% [markdown]
# ## 3. Unusual against what?
#
# An epoch is never "unusual"; it is unusual **against something**. A child is small against adults. What happens when we learn
# from one stage only what is usual, and judge the whole night with it?
#
# **Predict.** We learn from N2, look at all our columns, and call an epoch unusual when one of its robust z-scores is beyond ±4.
# How much of the REM sleep will be "unusual"?


# %%
def robust_z(rows, usual):
    middle = usual.median()
    return (rows - middle) / (1.4826 * (usual - middle).abs().median())


against_one = robust_z(x, x.loc[own]).abs().max(axis=1)  # the largest of an epoch's z-scores
groups = [group for _, group in x.groupby(stages) if len(group) >= 20]  # fewer epochs: "usual" is not known
by_stage = pd.concat([robust_z(group, group) for group in groups]).abs().max(axis=1).reindex(x.index)

# %%
share = pd.DataFrame({f"against {stage}": against_one > 4, "against its own stage": by_stage > 4})
share = 100 * share.groupby(stages).mean().reindex(["WAKE", "N1", "N2", "N3", "REM"]).dropna()
ax = share.plot.bar(
    figsize=(8, 3), rot=0, color=["#D55E00", "#0072B2"], ylabel="epochs called unusual (%)", xlabel="stage"
)
_ = [ax.bar_label(bars, fmt="%.0f", padding=2) for bars in ax.containers]
ax.margins(y=0.12)

# %% [markdown]
# **Reading.** Judged by N2, most of the REM sleep and of the waking is "unusual"; judged by its own stage, each keeps a small rest.
#
# *In words: pairs of bars for five stages. The orange bars (against N2) reach about 80 percent for WAKE and REM, half for N1, and
# are low for N2 and N3. The blue bars (against its own stage) are low for all sleep, and about a quarter for WAKE.*
#
# **A trap: REM is not an anomaly of NREM.** A detector that knows one kind of sleep finds the other kinds, a whole hour of
# them, and calls them findings. Comparing with "the whole night" is no better: the stages differ so much that the usual becomes
# wide, and a true oddity inside one stage disappears in it. So: **compare each epoch with its own stage.**
#
# It has a price: the stages must be right. An epoch that was scored wrongly is unusual in its wrong stage; that is a finding, too,
# about the scoring. And waking keeps more "unusual" epochs than sleep: people move when they are awake.

# %% [markdown] exercise="10-2"
# ### Exercise 10-2: what a wrong comparison costs
#
# Somebody learned from `stage` alone (`against_one`), with a limit of 4. How many minutes of **another** stage than `stage` would
# the technician have to look at for nothing, or nearly nothing?
#
# **Your answer:** `wasted_min`, in minutes.

# %% exercise="10-2" tags=["nbval-check-output"]
called = against_one > 4  # given
wasted_min = (called & (stages != stage)).sum() / 2
print(f"{wasted_min:.0f} min")

# %% [markdown]
# ## 4. Ordinary one by one, unusual together
#
# A man of 1.95 m is not rare. A weight of 55 kg is not rare. Both in one person: go and see a doctor. The z-score looks at one
# column at a time and cannot see that. The *Mahalanobis distance* can: it knows which columns go together, and asks how far an epoch
# is from the **cloud** of the others. scikit-learn learns the cloud robustly, from the half of the epochs that lies closest
# together (`MinCovDet`, *minimum covariance determinant*), so that outliers do not bend this ruler either.
#
# We look at two columns of one stage: `delta`, and `height` (the largest wave). Where the waves are slow and large, both grow.
#
# **Predict.** An epoch with little delta **and** a large height: what could it hold?

# %%
from sklearn.covariance import MinCovDet

two = x.loc[own, ["delta", "height"]]
cloud = MinCovDet(random_state=0).fit(two.to_numpy())
distance = pd.Series(np.sqrt(cloud.mahalanobis(two.to_numpy())), own)
single = robust_z(two, two).abs().max(axis=1)
hidden = (distance - single).idxmax()  # ordinary in each column, far from the cloud
print(f"epoch {hidden}: largest z {single[hidden]:.1f}, distance {distance[hidden]:.1f}")

# %%
fig, ax = plt.subplots(figsize=(6.5, 4))
ax.scatter(two["delta"], two["height"], s=8, color="#9AA5B1", label=f"epochs of {stage}")
grid = np.stack(np.meshgrid(np.linspace(*ax.get_xlim(), 80), np.linspace(*ax.get_ylim(), 80)), axis=-1)
far = np.sqrt(cloud.mahalanobis(grid.reshape(-1, 2))).reshape(80, 80)
_ = ax.clabel(ax.contour(grid[..., 0], grid[..., 1], far, [2, 4, 8], colors="#0072B2"), fmt="%d")
for name, epoch in [*planted.items(), ("?", hidden)]:
    ax.annotate(name, two.loc[epoch], (8, 8), textcoords="offset points", weight="bold")
    ax.plot(*two.loc[epoch], "o", mfc="none", color="#D55E00")
ax.set(xlabel="delta power (log10 of µV²)", ylabel="largest wave (log10 of µV)")
_ = ax.legend(loc="lower right")

# %% [markdown]
# **Reading.** The ellipses are lines of equal distance (2, 4, 8): an epoch beside the narrow side of the cloud is far, although each of
# its two values is common.
#
# *In words: a slanted grey cloud of points from lower left to upper right, with three slanted blue ellipses around it. Orange
# circles mark the three planted epochs and one called "?"; the "?" is beside the cloud, not beyond its ends.*
#
# The epoch "?" is nothing that we put in. A large single wave in an otherwise calm epoch can be a K-complex, a
# movement of the eyes, a *pop* of an electrode, an epileptic *spike*, or an *arousal* (for some seconds the EEG is nearly that of
# waking; the sleeper hardly ever notices). The detector does not know. It says: look.
#
# ## 5. The isolation forest
#
# A third idea, and the most used one today. Take all epochs. Draw a column and a border at random, and split the epochs in
# two. Split each part again, until every epoch is alone. An epoch far from the rest is alone after few splits; one in the middle of the
# cloud needs many. Do this with a hundred random trees: the *isolation forest*. It needs no bell shape and no cloud.
#
# **A trap: which way is up?** In scikit-learn, `score_samples` is **high for usual** epochs. In pyod, another library, and in
# sleeplab, **up is more unusual**. Who forgets the minus sign sends the technician to the most boring pages of the night.

# %%
from sklearn.ensemble import IsolationForest

forest = IsolationForest(random_state=0).fit(x.loc[own])
score = pd.Series(-forest.score_samples(x.loc[own]), own)  # minus: up = more unusual
all_columns = MinCovDet(random_state=0).fit(x.loc[own])
distance = pd.Series(np.sqrt(all_columns.mahalanobis(x.loc[own])), own)

# %%
fig, ax = plt.subplots(figsize=(6.5, 4))
ax.scatter(distance, score, s=8, color="#9AA5B1")
for name, epoch in planted.items():
    ax.plot(distance[epoch], score[epoch], "o", mfc="none", color="#D55E00")
    ax.annotate(name, (distance[epoch], score[epoch]), (8, -10), textcoords="offset points", weight="bold")
_ = ax.set(xscale="log", xlabel="robust distance", ylabel="score of the forest (minus score_samples)")

# %% [markdown]
# **Reading.** Both rulers agree about the ends: what is far to the right is also high up; in the crowded middle each has its own order,
# which nobody needs.
#
# *In words: a cloud of grey points that rises to the right. The circles named movement, heart and rhythm lie at the upper right,
# above nearly all other points; a few unnamed points are near them.*
#
# **In the clinic.** The unnamed points up there were not planted. They belong to the night itself: movements, arousals. A detector of
# the unusual always finds something; a human eye says what it is.

# %% tags=["nbval-check-output"]
places = pd.DataFrame({"z by stage": by_stage[own], "distance": distance, "forest": score})
ranks = places.rank(ascending=False).loc[planted].set_axis(planted.index).astype(int)
print(f"place among the {len(own)} epochs of {stage}, 1 = most unusual")
print(ranks.to_string())

# %% [markdown] exercise="10-3"
# ### Exercise 10-3: the first five pages
#
# Which five epochs of `stage` are the most unusual for the **forest**? Give their numbers in the night (the first epoch of the night
# is 0), in any order. Hint: a Series has `.nlargest(5)`, and its `.index` holds the numbers.
#
# **Your answer:** `first_five`, a list or set of five epoch numbers.

# %% exercise="10-3"
first_five = set(score.nlargest(5).index)
print(sorted(first_five))

# %% [markdown]
# ## 6. Where is the limit?
#
# A score is an order: this page before that one. A *threshold* (limit) turns the order into a decision. Many programs ask for
# `contamination`, the share of epochs that shall be called unusual.
#
# **Predict.** We ask for 1 %, in the night with three faults and in the same night without any. How many epochs are called?

# %% tags=["nbval-check-output"]
clean = np.log10(sleeplab.epoch_features(night, hypnogram)[names]).set_axis(x.columns, axis=1)
for words, rows in (("with the faults", x.loc[own]), ("without", clean.loc[own])):
    flags = IsolationForest(contamination=0.01, random_state=0).fit_predict(rows)  # -1: unusual, 1: usual
    print(f"{words:16} {(flags == -1).sum()} of {len(rows)} epochs")

# %% [markdown]
# The same number: 1 % is 1 %, whether somebody is ill or not. `contamination` is not something that the detector finds out. It is a
# budget that you set: **a threshold is a decision about minutes**. Honest ways to choose it:
#
# - by time: "I have ten minutes, show me the worst" (lesson 12);
# - by false alarms: "at most one in twenty nights without anything", which needs the scores of many usual epochs (lesson 11);
# - never by looking at the night until it looks good.

# %% [markdown] exercise="10-4"
# ### Exercise 10-4: a detector in minutes
#
# Without a recipe: judge every epoch of the night against its own stage, with the largest of its robust z-scores (only stages with at
# least 20 epochs), and call it unusual from 5 on. For how many **minutes** does a technician have to look at pages,
# if each unusual epoch takes 15 seconds to look at?
#
# **Your answer:** `review_min`, in minutes.

# %% exercise="10-4" tags=["nbval-check-output"]
n_unusual = (by_stage >= 5).sum()
review_min = n_unusual * 15 / 60
print(n_unusual, "epochs,", review_min, "min")

# %% [markdown]
# Is that good? We cannot say. We know how long it takes, but not what it misses and what it shows for nothing. That is lesson 11.
#
# ## Frequent errors
#
# | Symptom | Cause | Remedy |
# |---|---|---|
# | the worst artefact is found, nothing else | it inflates mean and standard deviation | median and MAD; the quality gate first |
# | all of REM is "unusual" | learned from NREM | each epoch against its own stage |
# | the findings look perfectly normal | `score_samples` is up for usual | put a minus before it |
# | a healthy night has as many findings as an ill one | `contamination` is a share that you set | a limit from usual nights, or a budget |
# | z-scores of 50 everywhere | powers without logarithm | `np.log10` |
# | `nan` in the score | an epoch without a usable channel, or a stage with too few epochs | leave it out, and say so |
#
# ## Key points
#
# - Unusual is always against something: say against what.
# - An outlier bends the mean and the standard deviation; the median and the MAD stay.
# - Compare an epoch with its own stage.
# - A distance sees what is odd only in combination; a forest needs no shape.
# - In sleeplab up is more unusual; scikit-learn's `score_samples` goes down.
# - A threshold is a decision about minutes.
#
# ## Self-assessment
#
# Say for each line: *I can explain it to a colleague* / *I must read it again* / *I have a question*.
#
# - [ ] How does one movement hide a second finding?
# - [ ] Why is a REM epoch not an anomaly?
# - [ ] What can a distance see that z-scores cannot?
# - [ ] What does `contamination=0.01` promise, and what not?
#
# Next: `11_detector_one_trusts`, whether it finds what it should.

# %% [markdown]
# ## Reuse this
#
# ```
# papermill notebooks/10_first_detector.ipynb my_unusual.ipynb -p recording "path/of/your/night.edf" \
#     -p scoring "path/of/its/scoring.xml" -p stage N2
# ```
