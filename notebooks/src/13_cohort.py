# %% [markdown]
# # What about several terabytes?
#
# One night in two minutes: fine. The archive of the laboratory holds 25,000 nights. "Let it run over the weekend", somebody says. Will
# it be ready on Monday? Must we buy a computer? And what happens at three o'clock on Sunday morning, when night 8,417 turns out to be
# damaged? These questions are answered **on paper first**. Then we let a small archive run, break it, and mend it.

# %% [markdown]
# ## Card
#
# - **You can then**
#   1. say on paper how long an archive takes, and what runs out first: computing, disk, network or memory;
#   2. give work to Dask, and process a folder of nights into tables that pandas reads;
#   3. say what has failed and why, go on after an interruption, and say what "unlike the other nights" means.
# - **Before this**: lessons `01_load_a_recording`, `09_features`; `12_report` helps.
# - **Time**: 30 min to read, 30 min to practise, 20 s for the machine.
# - **Data**: four simulated recordings of 6 to 12 minutes, written as files while you wait; no person was recorded. Free to use
#   (BSD-3-Clause licence). Or a folder of your own: see the parameters.

# %% [markdown]
# ## What do you remember?
#
# <details><summary>1. How many epochs has a night of eight hours?</summary>
#
# 960.
# </details>
#
# <details><summary>2. What is a row of a feature table, what is a column?</summary>
#
# A row is an epoch of 30 s, a column is one number measured in every epoch.
# </details>
#
# <details><summary>3. What stands in the header of an EDF file?</summary>
#
# Who, when, and for each channel its label, unit and sampling rate. It is read in a blink.
# </details>
#
# ## The parameters of this lesson
#
# `night_cpu_s` is how long one processor is busy with one night. The small machine on which sleeplab is
# tested took 3 s (see `docs/cohort.md`); 5 s leave room for a slower or busier one. `python benchmarks/cohort.py` measures yours.

# %% tags=["parameters"]
recordings: str = ""  # the path of a folder of your own; empty: a small archive is made here
results: str = ""  # the folder for the tables; empty: a temporary one, gone when the kernel stops
archive_tb: float = 5.0  # the size of the archive, in TB
night_mb: float = 200.0  # the size of one night, in MB
night_cpu_s: float = 5.0  # seconds that one processor needs for one night
n_workers: int = 1  # programs that work at the same time in this lesson
seed: int = 13  # of the simulated recordings

# %%
import os
import tempfile
from pathlib import Path

import sleeplab
from sleeplab import cohort

# %% [markdown]
# ## 1. On paper first
#
# 1 TB (*terabyte*) is 1,000 GB or 1,000,000 MB. Each night has to be **read**, which the disk or the network does, and **computed**, which
# the processors do. A processor has several *cores*, and each core works by itself: a laptop has 4 to 16, a server 64 or more.
#
# **Predict.** One core, 25,000 nights, 5 s for each: hours, days or weeks?

# %% tags=["nbval-check-output"]
n_nights = round(archive_tb * 1e6 / night_mb)
computing_h = n_nights * night_cpu_s / 3600
nights_per_hour = 3600 / night_cpu_s
print(f"{n_nights:,} nights")
print(f"computing, one core: {nights_per_hour:.0f} nights per hour, {computing_h:.0f} hours in all")

disk_mb_s, network_mb_s = 150, 118  # MB per second
network_h = archive_tb * 1e6 / network_mb_s / 3600
print(f"reading, over the network: {network_h:.1f} hours")

# %% [markdown]
# A day and a half for one core. From Friday evening to Monday morning there are some 60 hours: even a laptop would be ready. But the
# nights must also be read. Two usual speeds: a hard disk gives 150 MB per second; a network cable of "1 Gb/s"
# gives 118. (Gb with a small b are giga**bits**. A byte has eight bits, and a little is lost on the way.)

# %% [markdown] exercise="13-1"
# ### Exercise 13-1: and from the disk?
#
# How many hours does it take to read the whole archive from one hard disk of `disk_mb_s` MB per second?
#
# **Your answer:** `reading_h`, in hours.

# %% exercise="13-1" tags=["nbval-check-output"]
archive_mb = archive_tb * 1e6  # given
reading_h = archive_mb / disk_mb_s / 3600
print(f"{reading_h:.1f} hours")

# %% [markdown]
# More cores make the computing shorter, but not the reading. The slower of the two decides: it is the *bottleneck*.

# %%
import matplotlib.pyplot as plt
import numpy as np

cores = np.array([1, 2, 4, 8, 16, 32, 64, 128])
fig, ax = plt.subplots(figsize=(8, 3.6))
ax.plot(cores, computing_h / cores, "o-", color="#0072B2", label="computing")
ax.axhline(network_h, color="#D55E00", linestyle="--", label="reading, 1 Gb/s network")
ax.axhline(reading_h, color="#555555", linestyle=":", label="reading, one hard disk")
ax.set(xscale="log", yscale="log", xlabel="cores", ylabel="hours for the archive", xticks=cores)
ax.set(xticklabels=cores, yticks=[0.1, 1, 10, 100], yticklabels=[0.1, 1, 10, 100])
ax.minorticks_off()
_ = ax.legend()

# %% [markdown]
# **Reading.** To the left of the crossings more cores help; to the right of them the cores wait for the disk.
#
# *In words: the hours for the archive against the number of cores, on logarithmic axes. A blue line falls
# straight from about 35 hours with one core to a quarter of an hour with 128. Two flat lines cross it: dashed, the network, near 12 hours
# and 3 cores; dotted, the hard disk, near 9 hours and 4 cores.*
#
# **In the clinic.** "We need a bigger computer" is often wrong. Where the nights lie on one old disk behind one cable, four cores are
# enough. Ask where the files are before you ask for processors.

# %% [markdown] exercise="13-2"
# ### Exercise 13-2: how many cores can one disk feed?
#
# With how many cores does the computing take exactly as long as the reading from the disk? That is where the lines cross. Hint: how
# many hours are there for one core (`computing_h`), and how many for the disk?
#
# **Your answer:** `cores_fed`, a number of cores; it need not be whole.

# %% exercise="13-2" tags=["nbval-check-output"]
cores_fed = night_cpu_s * disk_mb_s / night_mb
print(f"{cores_fed:.1f} cores")

# %% [markdown]
# The third thing that runs out is **memory**. sleeplab lets each of its workers take up to 3 GB, so a laptop with 16 GB feeds five of
# them, however many cores it has. The fourth is your own time: nobody looks at 25,000 reports. What comes out must be tables.
#
# ## 2. Dask: a counter and its clerks
#
# *Dask* is a Python library that spreads work. Think of a post office. You (the *client*) hand in slips of paper. Each slip is a *task*:
# a function and what to call it with. The *scheduler* at the counter gives each slip to a clerk who is free. The clerks are the *workers*:
# programs of their own, on this computer or on others. For each slip you get a receipt, a *future*: the promise of a result.
#
# `LocalCluster` opens such an office on this computer. `127.0.0.1` is the computer's address for itself: no other computer can reach it.

# %% tags=["nbval-check-output"]
from distributed import Client, LocalCluster, wait

cluster = LocalCluster(
    n_workers=n_workers,
    threads_per_worker=1,
    memory_limit="3GB",
    host="127.0.0.1",
    dashboard_address="127.0.0.1:0",  # a page that shows the work, also for this computer alone
    silence_logs=50,  # only what is fatal
)
client = Client(cluster)
receipt = client.submit(os.getpid)  # a task: ask for the number of the program that runs it
print("is the worker another program than this notebook?", receipt.result() != os.getpid())

# %% [markdown]
# `submit` hands in one slip and comes back at once; `result()` waits until the work is done. Each program on a computer has a number
# (`os.getpid()` tells it): the worker has another one than this notebook.
#
# Now an archive. Three recordings, of different length so that it goes fast; one of them lies there twice, under two names, as it happens
# in real archives. And one arrived today, but the copy broke off.

# %%
workspace = tempfile.TemporaryDirectory()
folder = Path(recordings) if recordings else Path(workspace.name, "archive")
today = Path(workspace.name, "today")
today.mkdir()
if not recordings:
    folder.mkdir()
    for k, minutes in enumerate([6, 8, 12]):
        sleeplab.write_simulated_edf(folder / f"night_{k}.edf", seed + k, hours=minutes / 60)
    (folder / "copy of night_1.edf").write_bytes((folder / "night_1.edf").read_bytes())
sleeplab.write_simulated_edf(today / "night_3.edf", seed + 3, hours=10 / 60)
whole = (today / "night_3.edf").read_bytes()
_ = (today / "night_3.edf").write_bytes(whole[:3000])  # the copy broke off

# %% [markdown]
# The header of each file, read by the workers. `map` makes one task per file.
#
# **Predict.** What will the broken file do to the others?

# %%
files = [*sorted(folder.rglob("*.edf")), today / "night_3.edf"]
futures = client.map(sleeplab.read_header, files)
_ = wait(futures)
for future in futures:
    if future.status == "finished":
        print("finished:", round(future.result().duration_s / 60, 1), "min")
    else:
        print(future.status)

# %% [markdown]
# Nothing: its future ends in `error`, the others are finished. With a plain `for` loop the program would have stopped at the first
# damaged file, on Sunday morning at three.
#
# **A trap: the error that nobody asked for.** Dask tells of an error only when you call `result()`. Who never asks, takes the nights
# that came out for all nights. And those that are missing are seldom missing by chance: think of very long nights, of restless ones, of
# an old recorder. Always ask three things: how many went in, how many came out, and **why** the others did not.
#
# ## 3. A cohort
#
# A *cohort* is a group of people, here of nights. `sleeplab.cohort` does what a hundred lines around Dask would: it gives every night the
# same steps as lesson 12 (quality, stages, features, findings), keeps what is finished, and lists what failed. A few seconds per night
# here; the first one is slower, because the worker loads YASA. (`lambda p: …` is a small function without a name: it is called now and
# then, and prints how far the work is.)

# %% tags=["nbval-check-output"]
out = Path(results) if results else Path(workspace.name, "results")
sources, office = [folder, today], cohort.Workers(scheduler=cluster.scheduler_address)
first = cohort.run_cohort(
    sources, out, workers=office, on_progress=lambda p: print(p.stage, p.done, "of", p.total)
)
print("went in    ", first.n_recordings)
print("copies     ", first.n_duplicates)
print("computed   ", first.n_computed)
print("failed     ", len(first.failures))

# %% [markdown]
# `computed 4 of 4` counts what was tried. What came of it stands below: the three last numbers add up to the first, 5 = 1 + 3 + 1.
#
# Copies are found by the **content**: a night's name in the tables, `night_id`, is made from the bytes of the file, not from its file
# name. So no patient's name gets in, and a copy does not count twice, in an average or in a training (lesson 09: a copy in both halves
# would be a leak).
#
# Why did one fail? The list of failures is a table, too, `failures.parquet`.

# %%
import pandas as pd

failures = pd.read_parquet(out / "failures.parquet")
for row in failures.itertuples():
    print(f"recording {row.position}, at step '{row.step}': {row.reason}")

# %% [markdown]
# The step, and a reason that says what to do. No file name: a list of failures gets mailed around, and file names hold names. `position` is
# the place in the list; which file that is you see on your own computer: `first.items[position - 1].place`.
#
# We "ask for a new copy". Then **the same command again**.
#
# **Predict.** How many nights will be computed now? How many in all?

# %% tags=["nbval-check-output"]
_ = (today / "night_3.edf").write_bytes(whole)  # the new, complete copy
again = cohort.run_cohort(sources, out, workers=office)
print("finished before", again.n_finished)
print("computed now   ", again.n_computed)
print("failed         ", len(again.failures))
client.close()
cluster.close()

# %% [markdown]
# Only the mended one. That is called to *resume*. It is the same after a power cut, a full disk or a restart: a finished night is written
# beside its place and then renamed, so there are no half nights, and what is finished is never computed again. `docs/cohort.md` lists
# what was tried. A new version of sleeplab or another setting counts as new work: numbers of two versions never get mixed.
#
# The last two lines close the office: the workers are needed no more, and as long as they are there they keep their memory.
#
# ## 4. The tables
#
# *Parquet* is a file format for tables, as CSV is, but it knows the type of each column (a number stays a number, 007 stays a text), it
# is several times smaller, and it can be read **by column**: who needs three of a hundred columns reads those three.

# %%
nights = pd.read_parquet(out / "nights.parquet").sort_values("duration_min")  # one row per night
print(len(nights), "rows,", len(nights.columns), "columns")
shown = nights[["duration_min", "n_channels", "n_problems", "unfit_pct", "tst_min"]]
print(shown.round(1).to_string(index=False))

# %% [markdown]
# `nights.parquet` answers most questions, and it is small: one row per night. `unfit_pct` is the share of the signal that is not fit to be
# staged, `tst_min` the sleep time.
#
# **A trap: the file that is only half damaged.** Our broken copy had lost a part of its header, so it could not be read. A copy that broke
# off in the middle can be read: it is a shorter night, and a shorter sleep. sleeplab reads it and counts a problem, `n_problems`. Before
# you compute any average, look at `duration_min` and `n_problems`.
#
# What belongs to epochs is in folders: `gate`, `hypnogram`, `features`, and `ledger` for the findings.
# pandas reads a folder as one table; `columns=` says which columns.

# %% tags=["nbval-check-output"]
stages = pd.read_parquet(out / "hypnogram", columns=["night_id", "stage"])
features = pd.read_parquet(out / "features")
n_columns = features.select_dtypes("number").shape[1]
print(len(stages), "epochs of", stages["night_id"].nunique(), "nights")
print(n_columns, "columns of numbers in the feature table")

is_asleep = stages["stage"].isin(["N1", "N2", "N3", "REM"])
per_night = 100 * is_asleep.groupby(stages["night_id"]).mean()
print(f"asleep, mean of the nights: {per_night.mean():.1f} %")

# %% [markdown] exercise="13-3"
# ### Exercise 13-3: will it fit?
#
# In memory each number takes 8 bytes. How many GB (billions of bytes) does the whole feature table of the archive need: `n_nights` nights of
# eight hours, `n_columns` numbers per epoch?
#
# **Your answer:** `table_gb`, in GB.

# %% exercise="13-3"
n_epochs = n_nights * 8 * 120  # given
table_gb = n_epochs * n_columns * 8 / 1e9
print(f"all columns {table_gb:.1f} GB, one column {n_epochs * 8 / 1e9:.2f} GB")

# %% [markdown]
# A laptop with 8 GB would do nothing else any more. One column is no problem. So: read the columns that you need, or let a program do it
# that works piece by piece (`polars` and `duckdb` read the same folders; examples in `docs/cohort.md`).
#
# **A trap: the mean of the means.** The last line above is the share of sleep of each night, and then the mean of these shares. A night
# of 6 minutes counts as much as one of 12. Sometimes one wants that ("the average patient"), sometimes not ("of all recorded time").
# Say which.

# %% [markdown] exercise="13-4"
# ### Exercise 13-4: of all recorded time
#
# Without a recipe: of **all epochs of all nights** together, how many percent are sleep?
#
# **Your answer:** `asleep_percent`, a number from 0 to 100.

# %% exercise="13-4" tags=["nbval-check-output"]
asleep_percent = 100 * is_asleep.sum() / len(stages)
print(f"{asleep_percent:.1f} %")

# %% [markdown]
# ## 5. Unlike the other nights: a reference
#
# With many nights a new question can be asked: is this night unlike the others? For that, sleeplab learns from the table of nights what
# is usual (the middle of each number, and its spread). This is a *reference*. For a new night it says how many of the nights of the
# reference are at least as unusual: the *p-value*. Four nights are no reference. So we invent a table of 200: no EEG, drawn numbers.

# %% tags=["nbval-check-output"]
from sleeplab.anomalies.cohort import CohortReference

rng = np.random.default_rng(0)
others = pd.DataFrame({"tst_min": rng.normal(420, 35, 200), "n3_pct": rng.normal(18, 4, 200)})
reference = CohortReference().fit(others, description="200 invented nights")
two = pd.DataFrame({"tst_min": [415.0, 240.0], "n3_pct": [17.0, 3.0]}, index=["usual", "broken"])
for name, p in zip(two.index, reference.p_value(two), strict=True):
    print(f"{name:7} p = {p:.3f}")
print("smallest p with 200 nights:", round(1 / 201, 3), "| with 4 nights:", 1 / 5)
print(f"usual nights with p of 0.05 or less, in the archive: {round(0.05 * n_nights):,}")

# %% [markdown]
# Seven hours with 17 % N3 are nothing special among these. Four hours with 3 % N3 get the smallest p-value that 200 nights can give, 1 in
# 201: none of them is as unusual. With four nights nothing could ever be below 1 in 5, so nothing could be said.
#
# **In the clinic.** Four things to know before you believe a reference:
#
# - **Who are the others?** In a sleep laboratory nobody sleeps like at home, and most are ill. "Usual" means usual **here**. A night that is
#   usual here may be quite ill, and a healthy sleeper may stand out.
# - **The device.** Other amplifiers, other electrodes, other filters: a new recorder makes every night "unusual". Compare by site and device.
# - **One in twenty.** With a limit of 5 %, one usual night in twenty is called unusual: in our archive 1,250 nights, by
#   chance alone. It is a reason to look, never a finding to write into a letter.
# - **Age.** Deep sleep shrinks with age. Give ages along, in a list (`.csv` with the columns `recording` and `age`).
#
# For a real archive: `sleeplab cohort-reference DIR --out ours.json --description "adults of our laboratory"`, then `sleeplab cohort … --reference ours.json`.
#
# ## Frequent errors
#
# | Symptom | Cause | Remedy |
# |---|---|---|
# | twice the cores, the same time | the disk or the network is the bottleneck | section 1, on paper |
# | workers are restarted again and again | too little memory per worker | fewer workers, `--memory` |
# | fewer nights come out than went in, without a word | errors that nobody asked for | compare the counts; read `failures.parquet` |
# | one night counts twice | two copies under different names | names by content, `night_id` |
# | a number changed between two runs | another version, another setting | compare within one version only |
# | memory runs out when the table is read | all columns were read | `columns=[…]` |
# | the computer is slow after the lesson | a cluster that was never closed | `client.close()`, `cluster.close()` |
#
# ## Key points
#
# - First on paper: bytes, seconds per night, nights per hour. Then the computer.
# - The bottleneck decides; more cores do not make a disk faster.
# - A night that fails must not stop the others, and must not vanish: in = copies + computed + failed.
# - The same command again goes on where it stopped.
# - Parquet: types are kept, and columns are read one by one.
# - "Unlike the others" depends on who the others are.
#
# ## Self-assessment
#
# Say for each line: *I can explain it to a colleague* / *I must read it again* / *I have a question*.
#
# - [ ] How long does our archive take with 8 cores, and what is the bottleneck?
# - [ ] What are a client, a scheduler, a worker, a task and a future?
# - [ ] Which three questions do I ask after every run?
# - [ ] Why is a night named by its content?
# - [ ] What does a p-value of 0.005 against 200 nights mean, and what does it not mean?
#
# Next: `14_personal_data`, what may leave the hospital.

# %% [markdown]
# ## Reuse this
#
# A folder of your own, with tables that stay:
#
# ```
# papermill notebooks/13_cohort.ipynb my_cohort.ipynb -p recordings "path/of/your/folder" -p results "path/of/results" \
#     -p n_workers 2
# ```
#
# The lesson adds its one simulated recording of "today" to the tables. Without a notebook, and without it:
#
# ```
# sleeplab index SOURCE                  # what is there, from the headers alone
# sleeplab cohort SOURCE --out DIR       # all nights; the same command again goes on
# ```
#
# A server, a cluster or the cloud: `docs/cohort.md`. Dask's connections have no password by themselves: keep them inside a closed network.
