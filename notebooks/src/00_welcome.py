# %% [markdown]
# # What does a sleep laboratory do all night, and does my computer work?
#
# A person sleeps badly, or stops breathing at night, or moves in dreams. A hospital records one night of this
# person. The next day a technician reads all of it, page by page, before a physician decides. This first lesson
# shows you the night, the work, and the tool you will use: this notebook.

# %% [markdown] lang="fr" of="f7cc9c"
# # Que fait un laboratoire du sommeil toute la nuit, et mon ordinateur convient-il ?
#
# Une personne dort mal, ou cesse de respirer la nuit, ou bouge dans ses rêves. Un hôpital enregistre une de ses nuits.
# Le lendemain, un technicien la lit en entier, page après page, avant qu'un médecin décide. Cette première leçon vous
# montre la nuit, le travail, et votre outil : ce notebook.

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

# %% [markdown] lang="fr" of="509351"
# ## Fiche
#
# - **Vous pourrez ensuite**
#   1. dire ce qu'on enregistre pendant une nuit dans un laboratoire du sommeil, et ce que « scorer » veut dire ;
#   2. lire un hypnogramme et six nombres d'une nuit ;
#   3. exécuter un notebook de haut en bas, et savoir que faire quand il échoue.
# - **Avant cela** : rien. Vous avez déjà utilisé un ordinateur ; nul besoin de connaître Python.
# - **Durée** : 15 min de lecture, 10 min de pratique, 20 s pour la machine.
# - **Données** : une nuit simulée, fabriquée pendant que vous attendez. Personne n'a été enregistré. Usage libre (licence
#   BSD-3-Clause, comme le reste de sleeplab).

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
# - You cannot break anything. You may change every cell; `sleeplab exercises reset 00` makes a fresh copy beside yours.
#
# A word like *kernel* above, in slanted letters, is new; all such words are explained in `notebooks/GLOSSARY.md`.
#
# Each lesson has the same parts. A **card** says what you will be able to do. A **quiz** asks what you remember.
# **Predict** asks you to guess **before** you look: a wrong guess teaches more than a right answer that you only read.
# **In the clinic** says what a result means for a patient. An **exercise** is yours to do:
# in the folder `exercises` your answer is checked, in the folder `notebooks` one solution stands below it. At the end you
# mark, for yourself, what you can do now. Nothing leaves this computer unless you hand it in.

# %% [markdown] lang="fr" of="ea1469"
# ## Comment cette page fonctionne
#
# Un *notebook* est une page faite de *cellules*. Les unes contiennent du texte, comme celle-ci. Les autres contiennent
# du *code* : de courtes instructions en langage Python. Le résultat d'une cellule de code apparaît juste en dessous.
#
# - Cliquez sur une cellule de code et tapez **Maj + Entrée** : elle s'exécute, et la suivante est sélectionnée.
# - Exécutez les cellules **de haut en bas**. Une cellule se sert de ce que les précédentes ont produit.
# - Pour tout exécuter : menu **Run → Run All Cells**. Pour repartir de zéro : menu
#   **Kernel → Restart Kernel and Run All Cells…** (le *kernel*, ou noyau, est le programme qui exécute le code).
# - Vous ne pouvez rien casser. Modifiez ce que vous voulez : `sleeplab exercises reset 00` fait une
#   copie neuve à côté de la vôtre.
#
# Un mot en italique, comme *kernel* ci-dessus, est nouveau ; tous ces mots sont expliqués (en anglais) dans
# `notebooks/GLOSSARY.md`.
#
# Toutes les leçons ont la même structure. Une **fiche** dit ce que vous saurez faire. Un **quiz** demande ce dont vous
# vous souvenez. **Pronostic** vous invite à deviner **avant** de regarder : une erreur de pronostic apprend plus qu'une
# bonne réponse simplement lue. **En clinique** dit ce qu'un résultat signifie pour un patient. Un **exercice** est à vous :
# dans le dossier `exercises`, votre réponse est vérifiée ; dans le dossier `notebooks`, une solution la suit. À la fin,
# vous notez pour vous-même ce que vous savez faire. Rien ne quitte cet ordinateur sans que vous le remettiez vous-même.

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

# %% [markdown] lang="fr" of="68b8da"
# ## Que savez-vous déjà ?
#
# Répondez à voix haute, puis cliquez sur la question.
#
# <details><summary>1. Combien de temps dure une nuit au laboratoire du sommeil, à peu près ?</summary>
#
# Environ huit heures d'enregistrement : de l'extinction de la lumière le soir jusqu'au réveil le matin.
# </details>
#
# <details><summary>2. Que produit le cerveau qui puisse se mesurer de l'extérieur ?</summary>
#
# De très petites tensions électriques : quelques dizaines de microvolts (µV ; un µV est un millionième de volt). Une petite
# pile donne 1,5 V : c'est environ 30 000 fois plus.
# </details>
#
# <details><summary>3. Le sommeil est-il un état unique ?</summary>
#
# Non. Il passe par des stades, plusieurs fois par nuit. Vous les verrez plus bas.
# </details>

# %% [markdown]
# ## The parameters of this lesson
#
# The next cell holds what you may change. A *seed* is a number from which the computer draws a simulated person:
# the same seed always gives the same night, another seed gives another person.

# %% [markdown] lang="fr" of="433705"
# ## Les paramètres de cette leçon
#
# La cellule suivante contient ce que vous pouvez changer. Une *graine* (`seed`) est un nombre dont l'ordinateur tire une
# personne simulée : la même graine donne toujours la même nuit, une autre graine donne une autre personne. `age` est
# l'âge de cette personne, en années.

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

# %% [markdown] lang="fr" of="7bd7ef"
# ## 1. Mon ordinateur convient-il ?
#
# `sleeplab.check_computer()` vérifie ce dont les leçons ont besoin : Python, les paquets (des logiciels tout prêts), la
# mémoire, la place libre sur le disque. La commande ne change rien et n'envoie rien.
#
# **Pronostic.** Sur un portable de dix ans, quelle ligne risque le plus d'échouer ?

# %%
checks = sleeplab.check_computer()
checks[["check", "ok", "needed"]]

# %% [markdown]
# Every line should say `True`. The memory is what fails first on an old computer: a night is large.
#
# A line says `False`? Show the whole table to your instructor: type `checks` in an empty cell and run it. The column
# `found` says what your computer has. There is no name of a person or of a folder in it.

# %% [markdown] lang="fr" of="db7bd6"
# Chaque ligne devrait afficher `True` (vrai). Sur un vieil ordinateur, c'est la mémoire qui manque en premier : une nuit est
# volumineuse.
#
# Une ligne affiche `False` (faux) ? Montrez le tableau entier à votre formateur : écrivez `checks` dans une cellule vide et
# exécutez-la. La colonne `found` dit ce que votre ordinateur possède. Elle ne contient ni nom de personne, ni nom de dossier.

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

# %% [markdown] lang="fr" of="74bc00"
# ## 2. Une nuit au laboratoire
#
# Le soir, le technicien colle une vingtaine de petits disques de métal, les *électrodes*, sur la tête, le visage, la
# poitrine et les jambes, et ajoute quelques autres capteurs. L'ensemble de l'enregistrement s'appelle une
# *polysomnographie* (PSG) : « de nombreux signaux du sommeil ». Chaque signal est une *voie* (en anglais, *channel*).
#
# | ce qu'on mesure | nom court | où | pourquoi |
# |---|---|---|---|
# | activité électrique du cerveau | EEG (électroencéphalogramme) | cuir chevelu | montre la profondeur du sommeil |
# | mouvements des yeux | EOG (électro-oculogramme) | à côté des yeux | rapides dans le stade appelé REM |
# | tension des muscles | EMG (électromyogramme) | menton, jambes | le menton se relâche en REM ; les jambes peuvent sursauter |
# | cœur | ECG (électrocardiogramme) | poitrine | fréquence et rythme |
# | respiration | débit (`flow`), effort | nez, poitrine, ventre | pauses respiratoires |
# | oxygène dans le sang | SpO2 (un pourcentage) | doigt | baisse après une pause respiratoire |
#
# La cellule suivante fabrique une nuit entière de ces signaux. Cela prend quelques secondes.

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

# %% [markdown] lang="fr" of="a7242a"
# ### Ce que veut dire scorer
#
# Le technicien découpe la nuit en morceaux de 30 secondes, les *époques*, et donne un *stade* à chacune. Cela s'appelle
# le *scorage*.
#
# | stade | nom | ce que montre l'EEG |
# |---|---|---|
# | WAKE | éveil | rapide et petit ; les yeux fermés, souvent un rythme d'environ 10 ondes par seconde |
# | N1 | endormissement | ce rythme s'efface ; les yeux roulent lentement |
# | N2 | sommeil léger | de courtes bouffées d'environ 13 ondes par seconde (*fuseaux*), de grandes ondes isolées |
# | N3 | sommeil profond | de grandes ondes lentes, une ou deux par seconde |
# | REM | sommeil paradoxal | petit et rapide, les yeux bougent par saccades, le menton est relâché ; la plupart des rêves racontés viennent d'ici |
#
# La suite des stades, dessinée en fonction du temps, est l'*hypnogramme* : toute la nuit en une image.
#
# **Pronostic.** Dans quelle moitié de la nuit se trouve l'essentiel du sommeil profond (N3) ? Et du sommeil paradoxal (REM) ?

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

# %% [markdown] lang="fr" of="9f3dd9"
# **Lecture.** Chaque barre est une période d'un même stade ; on lit de gauche (le soir) à droite (le matin) : N3 vient surtout
# dans la première moitié, REM s'allonge vers le matin.
#
# *En mots : une ligne en escalier sur huit heures. De haut en bas, les rangées sont WAKE, REM, N1, N2 et N3. La ligne descend
# jusqu'à N3 tôt dans la nuit et remonte à REM toutes les heures et demie à deux heures, avec de brefs passages par WAKE.*
#
# **En clinique.** Un médecin regarde d'abord cette image. Beaucoup de brefs passages par WAKE disent « sommeil haché ». Pas de N3
# du tout, ou REM juste après l'endormissement, sont des raisons d'y regarder de plus près.

# %% [markdown]
# ### Six numbers of this night
#
# The library YASA computes the usual numbers from a hypnogram. (A *library* is code that others wrote and share; YASA
# is by Raphael Vallat and Matthew Walker, doi:10.7554/eLife.70092.) We call it directly and keep six of them.

# %% [markdown] lang="fr" of="553e38"
# ### Six nombres de cette nuit
#
# La bibliothèque YASA calcule les nombres habituels à partir d'un hypnogramme. (Une *bibliothèque* est du code que d'autres
# ont écrit et partagé ; YASA est de Raphael Vallat et Matthew Walker, doi:10.7554/eLife.70092.) Nous l'appelons directement et
# gardons six nombres, que la cellule nomme en anglais :
#
# - *time in bed* : temps passé au lit ; *total sleep time* : temps de sommeil total ;
# - *sleep efficiency* : efficacité du sommeil ; *sleep onset latency* : délai d'endormissement ;
# - *awake after sleep onset* (WASO) : temps d'éveil après l'endormissement ; *REM sleep* : sommeil paradoxal.

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

# %% [markdown] lang="fr" of="3b6ec3"
# **En clinique.**
#
# - Le *délai d'endormissement* va de l'extinction de la lumière au premier sommeil. *WASO* est le temps d'éveil qui vient après.
#   Plus d'une demi-heure de l'un ou de l'autre n'évoque une insomnie que si cela revient trois nuits par semaine pendant
#   trois mois, et si la personne en souffre le jour. Un seul nombre d'une seule nuit ne prouve rien.
# - L'*efficacité du sommeil* est le temps de sommeil divisé par le temps passé au lit. Chez l'adulte, on juge d'ordinaire bonne
#   une efficacité de 85 % ou plus (Ohayon et al. 2017, doi:10.1016/j.sleh.2016.11.006).
# - Le *sommeil paradoxal* (REM) occupe un cinquième à un quart du sommeil d'un adulte en bonne santé. Certains médicaments
#   (beaucoup d'antidépresseurs) le réduisent.
#
# Et la première nuit au laboratoire est souvent moins bonne qu'une nuit à la maison.

# %% [markdown] exercise="00-1"
# ### Exercise 00-1: how many pages?
#
# On a technician's screen, one epoch of 30 s is one page. How many pages of this night are deep sleep (N3)? Add an
# empty cell (press **Esc**, then **B**) and try: `hypnogram.hypno` is the list of stages, `len(hypnogram.hypno)` its
# length, and `(hypnogram.hypno == "WAKE").sum()` counts the epochs of WAKE. Then put your
# answer into the cell below.
#
# **Your answer:** `n_deep`, the number of pages that are N3.

# %% [markdown] lang="fr" of="9f1c2b"
# ### Exercice 00-1 : combien de pages ?
#
# Sur l'écran d'un technicien, une époque de 30 s est une page. Combien de pages de cette nuit sont du sommeil profond (N3) ?
# Ajoutez une cellule vide (tapez **Échap**, puis **B**) et essayez : `hypnogram.hypno` est la suite des stades,
# `len(hypnogram.hypno)` sa longueur, et `(hypnogram.hypno == "WAKE").sum()` compte les époques d'éveil. Mettez ensuite
# votre réponse dans la cellule ci-dessous.
#
# **Votre réponse :** `n_deep`, le nombre de pages qui sont en N3.

# %% exercise="00-1" tags=["nbval-check-output"]
n_deep = (hypnogram.hypno == "N3").sum()
print(len(hypnogram.hypno), "pages,", n_deep, "of them N3, which is", n_deep / 2, "minutes")

# %% [markdown]
# ## 3. Where the time goes
#
# A technician needs one to three hours to score one night, and scores several nights a day.
#
# **Predict.** How many seconds does the technician have for one page?

# %% [markdown] lang="fr" of="ae5a68"
# ## 3. Où passe le temps
#
# Un technicien met une à trois heures pour scorer une nuit, et score plusieurs nuits par jour.
#
# **Pronostic.** De combien de secondes le technicien dispose-t-il pour une page ?

# %% tags=["nbval-check-output"]
n_epochs = len(hypnogram.hypno)
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

# %% [markdown] lang="fr" of="630d36"
# Quelques secondes par page, un millier de fois. Deux personnes formées qui scorent la même nuit ne sont pas partout d'accord :
# sur de nombreuses études, leur accord, sur une échelle où 0 est le hasard et 1 la perfection, est d'environ 0,76 (Lee et al.
# 2022, doi:10.5664/jcsm.9538). On l'appelle *kappa* ; la leçon 07 lui est consacrée. Une machine ne sera pas parfaite non plus.
#
# **Ce que sleeplab raccourcit.** Une machine propose des stades en quelques secondes, mais elle en propose aussi pour une
# électrode morte, et d'un ton assuré. sleeplab fait donc trois choses :
#
# 1. il dit quelles parties de la nuit sont dignes de confiance ;
# 2. il cherche les moments inhabituels, et dit par rapport à quelle règle ou à quelle référence ;
# 3. il remet au technicien une *liste de travail* (worklist) : les moments à regarder en dix minutes, par exemple, les plus
#    inhabituels d'abord, et ce qu'on risque de manquer si on ne regarde pas le reste.
#
# **En clinique.** C'est la personne qui décide, pas le programme. sleeplab sert à l'enseignement et à la recherche ; ce n'est
# pas un dispositif médical.

# %% [markdown] exercise="00-2"
# ### Exercise 00-2: another person
#
# Simulate a person who is 75 years old (same seed) and compare the minutes of deep sleep. **Predict** first: more or
# less N3 than at the age of 35? Hint: copy the line with `sleeplab.simulate_night`, change one thing in it, and give
# the result a new name, so that `night` stays what it is.
#
# **Your answer:** `older_deep_min`, the minutes of N3 at 75 years.

# %% [markdown] lang="fr" of="632413"
# ### Exercice 00-2 : une autre personne
#
# Simulez une personne de 75 ans (même graine) et comparez les minutes de sommeil profond. **Pronostic** d'abord : plus ou
# moins de N3 qu'à 35 ans ? Un indice : copiez la ligne qui contient `sleeplab.simulate_night`, changez-y une seule chose, et
# donnez un nouveau nom au résultat, pour que `night` reste ce qu'il est.
#
# **Votre réponse :** `older_deep_min`, les minutes de N3 à 75 ans.

# %% exercise="00-2" tags=["nbval-check-output"]
older = sleeplab.simulate_night(seed=seed, age=75)
older_deep_min = (older.hypnogram.hypno == "N3").sum() / 2
deep_min = (hypnogram.hypno == "N3").sum() / 2
print(f"N3 at {age} years: {deep_min:.0f} min; at 75 years: {older_deep_min:.0f} min")

# %% [markdown]
# Deep sleep becomes shorter with age, in healthy people too (Ohayon et al. 2004, doi:10.1093/sleep/27.7.1255).
#
# **In the clinic.** A number is "low" only compared with people of the same age. A tool that forgets the age finds
# illness in every old person.

# %% [markdown] lang="fr" of="648a2b"
# Le sommeil profond diminue avec l'âge, y compris chez les personnes en bonne santé (Ohayon et al. 2004,
# doi:10.1093/sleep/27.7.1255).
#
# **En clinique.** Un nombre n'est « bas » que comparé à des personnes du même âge. Un outil qui oublie l'âge trouve une
# maladie chez toute personne âgée.

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

# %% [markdown] lang="fr" of="43a991"
# ## Erreurs fréquentes
#
# | Symptôme | Cause | Remède |
# |---|---|---|
# | `NameError: name 'hypnogram' is not defined` | une cellule plus haut n'a pas été exécutée | **Run → Run All Cells** |
# | `ModuleNotFoundError: No module named 'sleeplab'` | JupyterLab a été lancé depuis un autre Python | le fermer ; lancer `python run.py lab` |
# | `[*]` reste à côté d'une cellule | la cellule est encore en cours | attendre une minute ; puis **Kernel → Interrupt Kernel** |
# | « Kernel died » ou « Kernel Restarting » | l'ordinateur n'a plus de mémoire | fermer d'autres programmes et onglets, recommencer |
# | vos nombres ne sont pas ceux de votre voisin | une autre graine ou un autre âge, ou une cellule modifiée | remettre les deux, **Restart Kernel and Run All Cells…** |

# %% [markdown]
# ## Key points
#
# - A polysomnography records brain, eyes, muscles, heart and breathing for about eight hours.
# - Scoring gives one of five stages to each epoch of 30 s: about 960 pages for a night.
# - The hypnogram is the night in one picture. N3 comes early, REM comes late.
# - Scoring costs one to three hours; sleeplab makes a worklist of minutes, and a person decides.
# - Run a notebook from top to bottom. When in doubt: restart and run all.

# %% [markdown] lang="fr" of="e78ea2"
# ## À retenir
#
# - Une polysomnographie enregistre le cerveau, les yeux, les muscles, le cœur et la respiration pendant environ huit heures.
# - Scorer, c'est donner un stade parmi cinq à chaque époque de 30 s : environ 960 pages pour une nuit.
# - L'hypnogramme est la nuit en une image. N3 vient tôt, REM vient tard.
# - Scorer coûte une à trois heures ; sleeplab en fait une liste de travail de quelques minutes, et une personne décide.
# - Exécutez un notebook de haut en bas. Dans le doute : redémarrer et tout exécuter.

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

# %% [markdown] lang="fr" of="578dc9"
# ## Autoévaluation
#
# Dites pour chaque ligne : *je peux l'expliquer à un collègue* / *je dois le relire* / *j'ai une question*.
#
# - [ ] Qu'est-ce qu'une époque, et combien y en a-t-il dans une nuit ?
# - [ ] Quel signal montre les mouvements des yeux ? Lequel la tension des muscles ?
# - [ ] Où dans la nuit chercher N3, où chercher REM ?
# - [ ] Qu'est-ce que l'efficacité du sommeil, et pourquoi l'âge compte-t-il ?
# - [ ] Que faire quand une cellule dit qu'un nom n'est pas défini ?
#
# Suite : `01_load_a_recording`, ce qu'il y a dans un fichier.

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

# %% [markdown] lang="fr" of="094665"
# ## Réutiliser cette leçon
#
# *papermill* exécute un notebook entier avec d'autres paramètres et conserve le résultat dans un nouveau notebook. Dans un
# terminal (une fenêtre où l'on tape des commandes), dans le dossier du projet :
#
# ```
# papermill notebooks/00_welcome.ipynb ma_nuit.ipynb -p seed 7 -p age 62
# ```
#
# Un compte rendu complet d'une nuit simulée, en une commande : `python run.py demo`.
