# %% [markdown]
# # What may leave the hospital?
#
# A friend at another university asks: "Can you send me ten nights? Without names, of course." You overwrite the name, and send. Is
# that allowed? And is it without names? A recording says who it is in many places, some of them hidden; and a person can be found
# again without any name. This lesson takes the person out of a file, checks it, and says what remains. **It gives facts with their
# sources, no legal advice: the data protection officer of the hospital decides.**

# %% [markdown]
# ## Card
#
# - **You can then**
#   1. find the places where a file tells who it is, and make a copy without the person;
#   2. say what a pseudonym protects from, and why "anonymous" is a big word;
#   3. count who stands out in a table, and say whom to ask before anything leaves.
# - **Before this**: lesson `01_load_a_recording`.
# - **Time**: 30 min to read, 30 min to practise, 15 s for the machine.
# - **Data**: six minutes of a simulated night, to which an **invented** person is added; a table of invented people. Free to use
#   (BSD-3-Clause licence). Or a file of your own, which stays on this computer.

# %% [markdown]
# ## What do you remember?
#
# <details><summary>1. Name three places of an EDF file where the name of a patient can stand.</summary>
#
# The header, an annotation, the file name. (And a label, as we shall see.)
# </details>
#
# <details><summary>2. What is free text?</summary>
#
# What a person typed, in any words. It may hold anything.
# </details>
#
# <details><summary>3. Why is the list of failures of lesson 13 without file names?</summary>
#
# Such lists get mailed around, and file names hold names.
# </details>
#
# ## The parameters of this lesson
#
# The names to look for are in a file, not in the parameters: parameters are printed into every notebook that papermill makes.

# %% tags=["parameters"]
recording: str = ""  # the path of an EDF file of your own; empty: a careless export, made here
names_file: str = ""  # a text file, one name or number per line; empty: those of the invented person
n_people: int = 600  # in the invented table of section 5
seed: int = 14  # of that table and of the simulated night

# %%
import hashlib
import tempfile
from pathlib import Path

import sleeplab

workspace = tempfile.TemporaryDirectory()  # for what this lesson writes; it goes when the kernel stops

# %% [markdown]
# ## 1. A careless export
#
# We write a file as a careless export would. Everything in it is invented. The recorder has written the header; the technician has typed
# a remark, and, because the electrode C4 came off twice, a note into the label of the channel.

# %%
from datetime import date, time

import edfio

folder = Path(workspace.name)
sleeplab.write_simulated_edf(folder / "plain.edf", seed, hours=0.1)
tracks = list(edfio.read_edf(folder / "plain.edf").signals)[:3]
tracks[1].label = "C4 Exemple"
person = edfio.Patient(code="H-204417", sex="F", birthdate=date(1961, 3, 14), name="Exemple_Anne")

# %%
stay = edfio.Recording(
    startdate=date(2024, 5, 2), investigator_technician_code="Modele", equipment_code="SN-88231"
)
remark = edfio.EdfAnnotation(12, None, "Mme Exemple asks for her husband Paul")
lights = edfio.EdfAnnotation(30, None, "Lights off")
export = folder / "Exemple_Anne.edf"
edfio.Edf(
    tracks, patient=person, recording=stay, starttime=time(22, 41, 7), annotations=[remark, lights]
).write(export)
source = Path(recording) if recording else export

# %% [markdown]
# **Predict.** In how many places does this file say who it is? Count before you go on.
#
# `sleeplab.check_identity` searches a file byte by byte: for the names that you give it, and for what looks like a date, a phone
# number, a serial number, an e-mail address. In an EDF file it also tells of every text that is not made of words it knows.

# %%
names = (
    Path(names_file).read_text("utf-8-sig").splitlines() if names_file else ["Exemple", "Anne", "H-204417"]
)
found = sleeplab.check_identity([source], names=names)
print(found[["kind", "field"]].to_string(index=False))

# %% [markdown]
# One line per place. `name 1` is the first of the names that we gave; the name itself is not printed, so that this list can be shown to
# somebody else. "Paul" was not in our list. His name is inside the `free text`: a list of names never holds the husband.

# %% [markdown] exercise="14-1"
# ### Exercise 14-1: where does the first name of the list stand?
#
# `found` is a table. In which fields was `name 1` found? Hint: `found.query("kind == 'date'")["field"].to_list()` gives the fields of the
# dates.
#
# **Your answer:** `name_fields`, the list of these fields, in the order of the table.

# %% exercise="14-1"
name_fields = found.query("kind == 'name 1'")["field"].to_list()
print(name_fields)

# %% [markdown]
# **In the clinic.** Who empties the header only has done a part of the work. And the recorder's serial number with the date of the
# night is enough for anyone who can look into the laboratory's diary.
#
# ## 2. Another name: the pseudonym
#
# The researcher must still know which two nights are of the same person. So the name is replaced by a made-up one: a *pseudonym*. How does
# one make it? An idea that comes to many: a *hash*. A hash turns any text into a row of letters and digits (`hexdigest()` writes them), always the
# same for the same text, and nobody can compute it backwards.
#
# **Predict.** The hospital's number is `H-` and six digits. How long does a laptop need to find it from its hash?

# %% tags=["nbval-check-output"]
hashed = hashlib.sha256(b"H-204417").hexdigest()[:12]
for number in range(1_000_000):  # there are no more than a million of them: try them all
    if hashlib.sha256(f"H-{number:06}".encode()).hexdigest()[:12] == hashed:
        break
print(f"found: H-{number:06}")

# %% [markdown]
# About a second. (`{number:06}` writes six digits, with zeros in front.) Backwards is not needed where forwards is so cheap: whoever knows what the numbers look like tries them all. The same holds
# for names with dates of birth.
#
# What helps is a *key*: a secret, long, random number that goes into the hash. Without the key there is nothing to try. This kind
# of hash is called *HMAC*; Python has it: `hmac.new(key, message, "sha256")`, both as bytes (`"text".encode()` makes bytes of a text).

# %%
import hmac
import secrets

secret = secrets.token_bytes(32)  # 32 random bytes; in the hospital they are in a file that never leaves it
other = secrets.token_bytes(32)
one, two = (hmac.new(key, b"any text", "sha256").hexdigest() for key in (secret, other))
print(len(one), "letters and digits; another key gives another hash:", one != two)

# %% [markdown] exercise="14-2"
# ### Exercise 14-2: a pseudonym that holds
#
# Write a function that takes a hospital number such as `"H-204417"` (a text) and returns the first 12 letters and digits of its HMAC
# under `secret`.
#
# **Your answer:** `pseudonym`, a function of one text that returns a text.


# %% exercise="14-2" tags=["nbval-check-output"]
def pseudonym(code):
    return hmac.new(secret, code.encode(), "sha256").hexdigest()[:12]


print("same person, same pseudonym:", pseudonym("H-204417") == pseudonym("H-204417"))
print("another person, another one:", pseudonym("H-204417") != pseudonym("H-204418"))

# %% [markdown]
# **In the clinic.** Many keep a table of pseudonyms and names, and such a table can be lost. With a key nobody needs it: with the
# key, and only with it, the pseudonym of a known patient can be computed again. Who loses the key can no longer join a later night to an
# earlier one. Who gives it away has given away the names. So it lies where the recordings come from, and never beside what leaves.
#
# ## 3. The person taken out
#
# To *de-identify* is to take out of a file what says who it is. `sleeplab.deidentify` does the opposite of a list of forbidden words: a
# text stays only when **every word of it is known** ("Lights off", "EEG C4-M1"). All else goes. Then we search the new file.

# %% tags=["nbval-check-output"]
sleeplab.new_key(folder / "key")
done = sleeplab.deidentify(source, folder / "out", key=folder / "key")
left = sleeplab.check_identity([done.path], names=names)
print(done.removed.to_string(index=False))
print("places found before:", len(found), "| after:", len(left))

# %% [markdown]
# `removed` says what went and where, without the words: a human can look them up in the source. And what has stayed?

# %% tags=["nbval-check-output"]
before, after = sleeplab.read_header(source), sleeplab.read_header(done.path)
samples = [edfio.read_edf(path, header_encoding="utf-8").signals[0].data for path in (source, done.path)]
print("first channel the same, number by number:", (samples[0] == samples[1]).all())
if before.start and after.start:
    print("weekday and clock the same:", f"{before.start:%a %H:%M:%S}" == f"{after.start:%a %H:%M:%S}")
    print("date the same:", before.start.date() == after.start.date())

# %% [markdown]
# The date moves by whole weeks, by the same number for all nights of a person. So the weekday stays, the clock, and the time between two
# nights: sleep research needs them. The season is lost.
#
# **A trap: other programs.** MNE has `anonymize()`. The name is inviting. Here is what it leaves in our export.

# %% tags=["nbval-check-output"]
import mne

raw = mne.io.read_raw_edf(export, verbose="error").anonymize(verbose="error")
texts = [*raw.ch_names, *raw.annotations.description]
print("the person of the header:", raw.info["subject_info"]["first_name"])
print("texts that still hold her name:", sum("Exemple" in text for text in texts), "of", len(texts))
print(f"start of the night: {raw.info['meas_date']:%H:%M:%S}")

# %% [markdown]
# The header is emptied. The label and the technician's remark stay, with her name and her husband's. And the clock is
# gone: 22:41 has become midnight, so nobody can tell any more when she went to bed. MNE does what it promises; it promises less than its
# name. **Whatever program you use: search the result.** And nothing found is no proof. It finds the names that you give, and what looks like
# a number or a date.
#
# ## 4. Where else? Logs, tables, notebooks
#
# A *log* is what a program writes down while it works. Four files that nobody thinks of:

# %%
(folder / "run.log").write_text("02:14 cannot read archive/Exemple_Anne.edf")
(folder / "results.csv").write_text("patient,tst_min\nH-204417,402\n")
(folder / "my_night.ipynb").write_text('{"cells": [], "metadata": {"recording": "Exemple_Anne.edf"}}')
(folder / "note.txt").write_text("The organist of the village church; sleeps by day since she plays.")
for name in ("run.log", "results.csv", "my_night.ipynb", "note.txt"):
    hits = sleeplab.check_identity([folder / name], names=names)
    print(f"{name:15}", len(hits), "places:", *sorted(set(hits["kind"])))

# %% [markdown]
# The log holds a path, the table a hospital number, the notebook the parameter that papermill wrote into it. Each tells who it was. In the
# note nothing is found. But everybody in that village knows who plays the organ. No program finds this one; **a human must read free
# text**.
#
# **In the clinic.** Before you send a screenshot of an error, an executed notebook or "only the numbers": search them, then read them.
#
# ## 5. Found again without a name
#
# Take away all names, and keep age, sex and the month of the night. Is that anonymous? We invent a laboratory's year.
#
# **Predict.** Of 600 people, how many are the only ones with their age, sex and month?

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

rng = np.random.default_rng(seed)
people = pd.DataFrame({"age": rng.normal(54, 15, n_people).clip(18, 95).astype(int)})
people["sex"] = rng.choice(["F", "M"], n_people, p=[0.4, 0.6])
people["month"] = rng.choice([f"2025-{m:02}" for m in range(1, 13)], n_people)
risk = sleeplab.privacy.cohort_risk(people, k=5).sort_values("rare_pct")
fig, ax = plt.subplots(figsize=(7.5, 3))
bars = ax.barh(risk["columns"], risk["rare_pct"], color="#0072B2")
ax.bar_label(bars, fmt="%.0f %%", padding=3)
_ = ax.set(xlim=(0, 115), xlabel="people who share these with fewer than four others (%)")

# %% [markdown]
# **Reading.** Each column alone hides most people; as soon as the age meets the month, hardly anybody is hidden.
#
# *In words: seven bars. Sex, month, and sex with month are at 0 %, age alone at 9 %. Age with sex is at a quarter; age with month, and
# all three, are at 97 and 100 %.*
#
# A neighbour knows the age, the sex, and that the bed was empty in May. In a group of five she can only guess who of the five it is. This is
# called *k-anonymity*: each person shares what could be known from elsewhere with at least k - 1 others. `sleeplab.rare_groups(people, columns,
# k=5)` lists the combinations that fewer than five share, with their `count`.

# %% [markdown] exercise="14-3"
# ### Exercise 14-3: the only one
#
# How many people are **alone** with their age, sex and month? Hint: in groups of fewer than **two**.
#
# **Your answer:** `n_alone`, a whole number.

# %% exercise="14-3" tags=["nbval-check-output"]
groups = sleeplab.rare_groups(people, ["age", "sex", "month"], k=2)
n_alone = int(groups["count"].sum())
print(n_alone, "of", len(people))

# %% [markdown]
# What helps is to say less: decades for years, no month, no rare diagnosis. Each thing that is left out costs the research
# something; so the question decides what is kept, not the habit.

# %% [markdown] exercise="14-4"
# ### Exercise 14-4: say less
#
# Without a recipe: make the age coarse (52 becomes 50, 58 becomes 50, too) and leave the month out. How many people are still in
# groups of **fewer than five**?
#
# **Your answer:** `n_rare`, a whole number of people.

# %% exercise="14-4" tags=["nbval-check-output"]
coarse = people.assign(age=people["age"] // 10 * 10)
n_rare = int(sleeplab.rare_groups(coarse, ["age", "sex"], k=5)["count"].sum())
print(n_rare, "of", len(people))

# %% [markdown]
# The few that are left are the very young and the very old. That is why the oldest are put into one group: `deidentify` groups ages above 89,
# where it keeps the age at all.
#
# **The EEG itself.** It can tell a person, too: in experiments people were recognised by their EEG (Nakamura and others 2018,
# doi:10.1109/TIFS.2017.2763124). Who holds another recording of the same person may compare. So a night without a name is *pseudonymous*,
# not anonymous, and must still be protected.
#
# ## 6. Who decides, and by which rules
#
# | who | what they do |
# |---|---|
# | the **hospital** | decides why and how recordings are used: in general the *controller* (GDPR art. 4(7)). Recordings and key stay there |
# | the **school** | works on its instructions (*processor*, art. 28) or together with it (art. 26); a contract says which |
# | the **data protection officer** | is asked first, before anything is copied |
# | **you** | use the simulated nights to learn. A night recorded for care may not simply be used for teaching: that is another purpose |
#
# The *GDPR* is the European law on data about people (in French *RGPD*). The *CNIL* is the French authority that watches over it.
#
# | rule | what it says, in our words |
# |---|---|
# | GDPR art. 4(1), 4(5), recital 26 | pseudonymous data are still personal data: the key makes them a person again |
# | GDPR art. 9 | data about health must not be processed, unless a reason of its list holds: care, or research with safeguards |
# | GDPR art. 32, 89 | protect them; keep no more than needed; pseudonyms are named as a measure |
# | GDPR art. 33(1) | a leak: the hospital tells the authority, where feasible within 72 hours. So tell the data protection officer **at once** |
# | GDPR art. 35 | many health data: an assessment of the risks beforehand; an archive of nights can be a case. Ask |
# | Code de la santé publique, art. L. 1111-8 | who stores health data of care **for others** must be certified (HDS). So ask before anything goes into a cloud |
# | CNIL, MR-004 | research on data that exist: who keeps to this method needs no single authorisation; else the CNIL must authorise |
# | CNIL, "internal" studies | a team that studies its own patients, for its own use, needs no authorisation |
#
# How each of these was checked, with links: `datasets/PRIVACY.md`. Most were read in texts about them (art. 33, too), not in the law itself. Laws change: look
# them up before you rely on them.
#
# ## Frequent errors
#
# | Symptom | Cause | Remedy |
# |---|---|---|
# | the name is in the file although the header was emptied | annotations, labels, the file name | `deidentify`, then `check_identity` |
# | a pseudonym was undone | a hash without a key | HMAC, the key stays in the hospital |
# | `check_identity` finds nothing, the name is there | it was not in the list; or it is in a picture | longer list; read free text yourself |
# | two nights of one person get two pseudonyms | no patient code in the header | `deidentify(…, patient=…)`, the same text for both |
# | the person is known although no name is left | a rare combination | say less; `rare_groups` |
# | a notebook was sent, with a path in it | papermill writes the parameters | names of files without names; search the notebook |
#
# ## Key points
#
# - A file says who it is in its name, header, labels, remarks and serial numbers.
# - A hash without a key is no pseudonym.
# - Search every result, and do not take silence for proof.
# - Age × sex × month is a person. The EEG is one, too.
# - Pseudonymous is not anonymous; what leaves the hospital leaves with the data protection officer's yes.
#
# ## Self-assessment
#
# Say for each line: *I can explain it to a colleague* / *I must read it again* / *I have a question*.
#
# - [ ] Where does an EDF file say who it is?
# - [ ] Why is a hash of the hospital number not safe, and what does the key change?
# - [ ] What does MNE's `anonymize` leave?
# - [ ] What is k-anonymity, and what does it not protect from?
# - [ ] Whom do I ask before I send ten nights to a friend?
#
# The answer to the friend: "Not yet. I ask our data protection officer, and I bring her a list of what would be in the files."
#
# This is the last lesson. Go back to the one that you liked least.

# %% [markdown]
# ## Reuse this
#
# On a file of your own, on the hospital's computer. The result holds the paths that you type:
#
# ```
# papermill notebooks/14_personal_data.ipynb my_check.ipynb -p recording "path/of/your/night.edf" -p names_file "path/of/names.txt"
# ```
#
# In daily work, without a notebook:
#
# ```
# sleeplab deidentify NIGHT.edf --out FOLDER --key KEYFILE
# sleeplab check-identity FOLDER/NIGHT.edf --names names.txt
# sleeplab check-identity --cohort nights.parquet
# ```
