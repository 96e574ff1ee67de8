# %% [markdown]
# # Which rhythms does this sleep hold?
#
# "Are there enough slow waves? Is there alpha in this sleep? Did the sleeping pill change the EEG?" The eye answers such
# questions roughly. A *spectrum* answers in numbers: it says how much of each rhythm a signal holds. It also gives wrong
# answers readily, and they look as good as the right ones. You will meet both kinds.

# %% [markdown]
# ## Card
#
# - **You can then**
#   1. compute a spectrum and the power of a band, in µV², and check it on a wave that you know;
#   2. read the spectrogram of a whole night;
#   3. tell a rhythm from the slope that every EEG has, and say what leaks through a filter.
# - **Before this**: lessons `00_welcome` to `02_look_at_signals`.
# - **Time**: 35 min to read, 30 min to practise, 15 s for the machine (25 s more where the night is not made yet).
# - **Data**: one simulated night; no person was recorded. Free to use (BSD-3-Clause licence). Or a file of your own.

# %% [markdown]
# ## What do you remember?
#
# <details><summary>1. What does 13 Hz mean?</summary>
#
# 13 waves per second.
# </details>
#
# <details><summary>2. Which rhythm do you expect in waking with closed eyes, in N2, in N3?</summary>
#
# Alpha (8 to 13 Hz); spindles (11 to 16 Hz); slow waves (0.5 to 2 Hz).
# </details>
#
# <details><summary>3. What comes out of an 11–16 Hz filter when one jump goes in?</summary>
#
# A burst that looks like a spindle: the filter rings. Keep this in mind below.
# </details>

# %% [markdown]
# ## The parameters of this lesson
#
# Three stretches of a few minutes: one awake, one of light sleep, one of deep sleep. With a file of your own, choose calm
# ones, without movements; in lesson 02 you have learned to recognise them.

# %% tags=["parameters"]
recording: str = "simulated:anna"  # or the path of your own EDF file
brain: str = "C4-M1"  # the EEG channel to look at
awake_min: float = 1.0  # where the waking stretch begins: minutes from the start of the recording
light_min: float = 417.0  # where the stretch of light sleep begins
deep_min: float = 45.0  # where the stretch of deep sleep begins
stretch_min: float = 4.0  # how long each stretch is, in minutes

# %%
import matplotlib.pyplot as plt
import numpy as np
import scipy.signal

import sleeplab

# %%
night = sleeplab.read_recording(recording)
print("channels:", *night.ch_names)
sfreq = round(night.info["sfreq"])
whole = night.get_data(picks=brain)[0] * 1e6  # from volts to µV, once, here
n_stretch = round(60 * stretch_min * sfreq)
starts = {"awake": awake_min, "light": light_min, "deep": deep_min}
stretches = {name: whole[round(60 * start * sfreq) :][:n_stretch] for name, start in starts.items()}
print({name: f"{len(stretch) / sfreq:.0f} s" for name, stretch in stretches.items()})

# %% [markdown]
# ## 1. From a wave to its spectrum
#
# We begin with a signal that we know: a slow wave (1 Hz, 30 µV high) plus a quick one (13 Hz, 10 µV high). *Height* here goes from the
# middle to the top: half of the peak to peak of lesson 02.
#
# `scipy.signal.welch` does what the picture shows: it cuts the signal into pieces of 4 s (`nperseg`, counted in numbers),
# asks of each piece how much of each frequency it holds, and takes the mean over the pieces (Welch 1967,
# doi:10.1109/TAU.1967.1161901). It gives two lists of the same length: the frequencies, and for each of them the *power spectral
# density* (PSD), in µV² per Hz. Squared, because a wave of twice the height carries four times the energy.
#
# **Predict.** How many peaks will the spectrum have, and where?

# %%
t = np.arange(60 * sfreq) / sfreq
made = 30 * np.sin(2 * np.pi * 1 * t) + 10 * np.sin(2 * np.pi * 13 * t)
freqs, made_psd = scipy.signal.welch(made, sfreq, nperseg=4 * sfreq)

fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3), layout="constrained")
left.plot(t[: 4 * sfreq], made[: 4 * sfreq], color="#1F2933", linewidth=0.8)
left.set(xlabel="Time (s)", ylabel="µV", title="the signal")
right.plot(freqs, made_psd, color="#D55E00")
_ = right.set(xlabel="Frequency (Hz)", ylabel="PSD (µV²/Hz)", xlim=(0, 20), title="its spectrum")

# %% [markdown]
# **Reading.** Two waves went in, two peaks come out: a high one at 1 Hz, a low one at 13 Hz.
#
# *In words: at the left a slow wave with a fine quick wave riding on it. At the right a line that is zero nearly
# everywhere, with a tall peak at 1 and a small one at 13 hertz.*
#
# The *power* of a band is the **area** under the curve: the sum of the values, times their distance (here 0.25 Hz). For a
# wave of height $a$ it must be $a^2/2$: 450 µV² for 30 µV, and 50 µV² for 10 µV. So we can check our own code:

# %% tags=["nbval-check-output"]
step_hz = freqs[1] - freqs[0]
for low, high in ((0.5, 4), (12, 16)):
    inside = (freqs >= low) & (freqs < high)
    print(f"{low:4} to {high:2} Hz: {made_psd[inside].sum() * step_hz:.0f} µV²")

# %% [markdown]
# **A trap: the unit.** Power goes with the **square**. A signal in volts instead of µV (a factor of a million) gives a
# power that is too small by a million times a million, 10¹². And a channel with twice the size has four times the power.
#
# **A trap: the window.** With pieces of 4 s the frequencies are 1/4 Hz apart. With pieces of 1 s they are 1 Hz apart, and
# a slow wave that lasts two seconds does not even fit into a piece. For sleep, use 4 s or more.
#
# ## 2. Three kinds of brain
#
# Sleep researchers group the frequencies in *bands*. YASA uses these borders: *delta* 0.5–4, *theta* 4–8, *alpha* 8–12,
# *sigma* 12–16 (spindles), *beta* 16–30 Hz. Other authors use slightly other ones: say which you took.
#
# **Predict.** Which of the three stretches has the most delta? Which one a peak in sigma?

# %%
looks = {"awake": ("#E69F00", "-"), "light": ("#56B4E9", "--"), "deep": ("#0072B2", ":")}
psd = {name: scipy.signal.welch(x, sfreq, nperseg=4 * sfreq)[1] for name, x in stretches.items()}
shown = (freqs >= 0.5) & (freqs <= 30)
fig, ax = plt.subplots(figsize=(9, 3.6))
for name, (color, style) in looks.items():
    ax.semilogy(freqs[shown], psd[name][shown], color=color, linestyle=style, linewidth=2, label=name)
for border in (4, 8, 12, 16):
    ax.axvline(border, color="#9AA5B1", linewidth=0.8)
for word, middle in (("delta", 2), ("theta", 6), ("alpha", 10), ("sigma", 14), ("beta", 22)):
    ax.text(middle, 1.02, word, ha="center", transform=ax.get_xaxis_transform())
_ = ax.set(xlabel="Frequency (Hz)", ylabel="PSD (µV²/Hz), each line × 10"), ax.legend()

# %% [markdown]
# **Reading.** Deep sleep has some forty times the delta of waking; light sleep has a hump in sigma (the spindles); waking has
# one in alpha and more beta.
#
# *In words: three lines from upper left to lower right over 0.5 to 30 hertz; the vertical axis grows tenfold from line to
# line. At the left the dotted line (deep) is highest, then the dashed one (light), then the full one (awake). The dashed line
# has a hump near 12 hertz, the full one near 9. At the right awake is highest.*
#
# The vertical axis is *logarithmic*: each step up is ten times more. Without it, only delta would be seen.
#
# YASA does band powers for many channels at once. We give it the three stretches as if they were three channels.

# %% tags=["nbval-check-output"]
import yasa

rows = np.stack(list(stretches.values()))
bands = yasa.bandpower(rows, sf=sfreq, ch_names=list(stretches))  # relative: parts of the whole
print((100 * bands[["Delta", "Theta", "Alpha", "Sigma", "Beta"]]).round().astype(int).to_string())

# %% [markdown]
# These are *relative* powers, in % of the whole. (What is missing to 100 % is *gamma*, 30 to 40 Hz, which we do not show.) With `relative=False` YASA gives *absolute* ones, in µV².
#
# **In the clinic.** Delta power measures how deep sleep is, and how much the brain needed it: it is high after a night without
# sleep. Sleeping pills like benzodiazepines lower delta and raise sigma and beta; a spectrum shows it in one line.
#
# **A trap: relative power.** The parts sum to 100 %. When alpha falls, the share of delta rises, although not one slow wave has
# been added. To compare two people or two nights, look at both numbers.
#
# **A trap: one movement.** YASA takes the *median* over the 4-second pieces, the middle one in order of size; so a few seconds of
# movement count little. `welch` takes the mean, in which one huge piece counts for all. In this night one movement of seven
# seconds, shortly before minute 6, is enough:

# %% tags=["nbval-check-output"]
restless = whole[round(60 * awake_min * sfreq) :][: round(60 * 6 * sfreq)]
delta = (freqs >= 0.5) & (freqs < 4)
for average in ("median", "mean"):
    density = scipy.signal.welch(restless, sfreq, nperseg=4 * sfreq, average=average)[1]
    print(f"awake, 6 min, {average:6} over the pieces: delta {density[delta].sum() * step_hz:4.0f} µV²")

# %% [markdown] exercise="03-1"
# ### Exercise 03-1: the delta power of deep sleep
#
# How large is the absolute delta power of the deep stretch? Call `yasa.bandpower` as above, with one more argument:
# `relative=False`. Then take one value out of the table: `table.loc["deep", "Delta"]`.
#
# **Your answer:** `delta_uv2`, the delta power of the deep stretch in µV².

# %% exercise="03-1" tags=["nbval-check-output"]
absolute = yasa.bandpower(rows, sf=sfreq, ch_names=list(stretches), relative=False)
delta_uv2 = absolute.loc["deep", "Delta"]
print(f"{delta_uv2:.0f} µV², {delta_uv2 / absolute.loc['awake', 'Delta']:.0f} times that of waking")

# %% [markdown]
# ## 3. The whole night in one picture
#
# Make a spectrum of every 30 seconds, and write it as a column of colours: that is a *spectrogram*. A single spectrum of 30 s is
# restless. *Multitaper* means: look at the same 30 s through several windows that fade in different ways, and take the mean
# (Thomson 1982, doi:10.1109/PROC.1982.12433). The picture becomes calm without becoming coarse. YASA draws it in one line, in *decibels*
# (dB): 10 dB more is ten times the power, 20 dB a hundred times.
#
# **Predict.** Deep sleep comes in the first half of the night. Where, and in which colour, will it be?

# %%
fig = yasa.plot_spectrogram(whole, sfreq, win_sec=30, fmin=0.5, fmax=25, cmap="viridis")
fig.set_size_inches(13, 5)

# %% [markdown]
# **Reading.** The brightest columns at the bottom, before hour 1, before hour 2 and around hour 3, are deep sleep; light sleep is
# paler; in the dark gaps between (around hours 2, 4 and 6) slow waves are missing: REM sleep or waking.
#
# *In words: a field of colour over eight hours, from 0.5 Hz at the bottom to 25 Hz at the top. The bottom is yellow, above it is
# green, then blue. Broad columns where the yellow reaches higher come and go about every ninety minutes. Between them the picture
# is green down to the bottom. Thin bright vertical lines, most of them at the end, are movements.*
#
# **In the clinic.** One glance shows the cycles of a night, a change of the signal in the middle of it, an electrode that came off
# (a black block). It does not replace the pages: a movement is bright too, and a dead channel can look calm.
#
# **A trap: colour.** The colours are spread over what this night holds. The same yellow in another night is another number. Two
# nights may be compared only with the same limits (`vmin`, `vmax`).
#
# ## 4. The slope that every EEG has
#
# The spectrum of any EEG falls from left to right, roughly as 1 divided by the frequency to some power: "*1/f*". This slope is no
# rhythm. With **both** axes logarithmic (`np.log10`: 10 becomes 1, 100 becomes 2, 1000 becomes 3) it becomes nearly a straight line, and a rhythm is what **stands above** the line.

# %%
fitted = (freqs >= 2) & (freqs <= 30)
x = np.log10(freqs[fitted])
fig, axes = plt.subplots(1, 3, figsize=(11, 3.4), sharey=True, layout="constrained")
for ax, (name, (color, _)) in zip(axes, looks.items(), strict=True):
    y = np.log10(psd[name][fitted])
    slope, height = np.polyfit(x, y, 1)  # the straight line that fits best
    ax.plot(x, y, color=color, linewidth=2)
    ax.plot(x, slope * x + height, color="#1F2933", linestyle="--")
    ax.set(title=f"{name}: slope {slope:.1f}", xlabel="Frequency (Hz)")
    ax.set_xticks(np.log10([2, 4, 8, 16, 30]), ["2", "4", "8", "16", "30"])
_ = axes[0].set_ylabel("log10 of PSD")

# %% [markdown]
# **Reading.** The dashed line is the slope; the hump above it is the rhythm: alpha in the left panel, spindles in the middle
# one. From waking to deep sleep the line gets steeper.
#
# *In words: three panels, each with a coloured curve and a straight dashed line, both falling. At the left the line falls gently
# and the curve has a hump around 9 hertz. In the middle it falls more, with a hump around 12. At the right it falls most, with
# hardly a hump.*
#
# **In the clinic.** The slope itself tells waking, sleep and anaesthesia apart (Lendner et al. 2020, doi:10.7554/eLife.55092). And
# who compares "alpha power" of two people without looking at the slope may find a difference in the slope and call it alpha.
# (`yasa.irasa` separates slope and rhythm more carefully than our straight line.)

# %% [markdown] exercise="03-2"
# ### Exercise 03-2: this person's alpha
#
# At which frequency between 7 and 14 Hz does the spectrum of the **awake** stretch stand highest above its line? Steps: the line
# as above (`x` and `fitted` are there already); `above = y - line`; among the frequencies from 7 to 14 Hz take the one with the
# largest `above` (`argmax()` gives its **place** in the list, not the frequency).
#
# **Your answer:** `alpha_hz`, the frequency in Hz.

# %% exercise="03-2" tags=["nbval-check-output"]
y_awake = np.log10(psd["awake"][fitted])
above = y_awake - np.polyval(np.polyfit(x, y_awake, 1), x)
candidates = (freqs[fitted] >= 7) & (freqs[fitted] <= 14)
alpha_hz = freqs[fitted][candidates][above[candidates].argmax()]
print(f"{alpha_hz:.2f} Hz")

# %% [markdown]
# **In the clinic.** Alpha becomes slower with age and in dementia: a rhythm of 7 Hz in a waking adult is a finding.
#
# ## 5. What leaks through a filter
#
# There is a second way to the power of a band: filter the signal to the band, then take the mean of its square. We try both on a
# wave of 11.1 Hz (20 µV high, so 200 µV²) and ask for sigma, 12 to 16 Hz. There is **nothing** between 12 and 16 Hz in it.
#
# The filters are MNE's and a *Butterworth* filter of scipy, sent over the signal there and back so that nothing is delayed. The
# spectra are made once with pieces that fade in and out (a *Hann window*, what `welch` does by itself), once with pieces cut hard.
#
# **Predict.** How much sigma will each of them report?

# %% tags=["nbval-check-output"]
import mne

alpha_wave = 20 * np.sin(2 * np.pi * 11.1 * t)
by_mne = mne.filter.filter_data(alpha_wave, sfreq, 12, 16, verbose="error")
gentle = scipy.signal.butter(2, [12, 16], "bandpass", fs=sfreq, output="sos")
by_scipy = scipy.signal.sosfiltfilt(gentle, alpha_wave)
inside = (freqs >= 12) & (freqs < 16)
for name, filtered in (("MNE's filter", by_mne), ("Butterworth, order 2", by_scipy)):
    print(f"{name:22} {(filtered[1000:-1000] ** 2).mean():6.1f} µV²")  # without 10 s at the ends
for name, window in (("spectrum, Hann window", "hann"), ("spectrum, hard cut", "boxcar")):
    density = scipy.signal.welch(alpha_wave, sfreq, window=window, nperseg=4 * sfreq)[1]
    print(f"{name:22} {density[inside].sum() * step_hz:6.1f} µV²")

# %%
fir = mne.filter.create_filter(None, sfreq, 12, 16, verbose="error")
at_hz, of_mne = scipy.signal.freqz(fir, worN=2000, fs=sfreq)
of_scipy = scipy.signal.sosfreqz(gentle, at_hz, fs=sfreq)[1]
fig, ax = plt.subplots(figsize=(9, 3.2))
ax.axvspan(12, 16, color="#E5E9EE", label="what was asked for")
ax.plot(at_hz, abs(of_mne) ** 2, color="#D55E00", label="MNE's filter")
ax.plot(at_hz, abs(of_scipy) ** 4, color="#0072B2", linestyle="--", label="Butterworth, there and back")
ax.axvline(11.1, color="#1F2933", linestyle=":", label="our wave")
ax.set(xlabel="Frequency (Hz)", ylabel="share of the power that passes", xlim=(6, 26))
_ = ax.legend(loc="upper right")

# %% [markdown]
# **Reading.** The edge of a filter is a slope, not a wall: where our wave is, outside the band, MNE's filter still lets two thirds
# of the power pass, the other a little.
#
# *In words: a grey block from 12 to 16 hertz. An orange curve rises from zero at about 9.5 hertz to one at 12, stays there, and falls
# again to zero at about 19. A dashed blue curve is narrower and rounder. A dotted vertical line at 11.1 hertz meets the orange
# curve more than half way up, the blue one low.*
#
# **In the clinic.** A relaxed waking person with a strong alpha of 11 Hz gets "sigma power", and a careless program finds spindles in
# waking. A window that is cut hard leaks too (the last line of the table). So: compute band power from a spectrum with a window that
# fades (Hann, Welch's default here; or multitaper), and keep away from a strong neighbour.

# %% [markdown] exercise="03-3"
# ### Exercise 03-3: how far must the neighbour be?
#
# Take a wave of 10 Hz, 20 µV high (200 µV²), and MNE's filter from 12 to 16 Hz as above. How much power leaks? Leave out 1000
# numbers at each end, as above: there the filter starts and stops.
#
# **Your answer:** `leak_uv2`, the power that comes out, in µV².

# %% exercise="03-3" tags=["nbval-check-output"]
ten_hz = 20 * np.sin(2 * np.pi * 10 * t)
leaked = mne.filter.filter_data(ten_hz, sfreq, 12, 16, verbose="error")
leak_uv2 = (leaked[1000:-1000] ** 2).mean()
print(f"{leak_uv2:.0f} of 200 µV², which is {100 * leak_uv2 / 200:.0f} %")

# %% [markdown] exercise="03-4"
# ### Exercise 03-4: how long was this sleep deep?
#
# Without a recipe: for how many **minutes** of the night is the absolute delta power of an epoch (30 s) at least half of that of the
# deep stretch? Two hints: `whole[: n * 30 * sfreq].reshape(n, -1)` cuts the night into a table with one row per epoch, where `n` is the
# number of whole epochs; `yasa.bandpower` takes such a table as if each row were a channel.
#
# **Your answer:** `much_delta_min`, in minutes.

# %% exercise="03-4" tags=["nbval-check-output"]
n = len(whole) // (30 * sfreq)
per_epoch = yasa.bandpower(whole[: n * 30 * sfreq].reshape(n, -1), sf=sfreq, relative=False)["Delta"]
of_deep = yasa.bandpower(stretches["deep"][np.newaxis], sf=sfreq, relative=False)["Delta"].iloc[0]
much_delta_min = (per_epoch >= of_deep / 2).sum() / 2
print(f"{much_delta_min:.0f} min")

# %% [markdown]
# Look at the result with doubt: large movements have delta power too. How long it was N3 by the rules, the technician's scoring
# says: the next lesson.
#
# ## Frequent errors
#
# | Symptom | Cause | Remedy |
# |---|---|---|
# | powers like 0.0000000006 | volts, not µV | times 1e6 **before** the spectrum |
# | a power four times too large, or half | values summed without the distance of the frequencies | area = sum × step |
# | the spindle hump is a broad hill | pieces too short | `nperseg` of 4 s or more |
# | delta rises when alpha falls | relative power | look at the absolute power too |
# | spindles in waking | alpha leaks into sigma | spectrum instead of a filter; look at the page |
# | everything yellow | one huge artefact sets the colours | `vmin`, `vmax`, or cut the artefact out |
#
# ## Key points
#
# - A spectrum says how much of each rhythm there is; the power of a band is the area under it, in µV².
# - Check your code on a wave that you know: height 20 µV, power 200 µV².
# - Relative powers sum to 100 %; absolute ones need the right unit.
# - Every EEG falls like 1/f; a rhythm is what stands above the line.
# - The edge of a filter is a slope: neighbours leak.
#
# ## Self-assessment
#
# Say for each line: *I can explain it to a colleague* / *I must read it again* / *I have a question*.
#
# - [ ] What is the power of a wave of 40 µV height?
# - [ ] Why 4-second pieces?
# - [ ] Where is deep sleep in a spectrogram?
# - [ ] How do I tell a rhythm from the 1/f slope?
# - [ ] Why can a waking person have "sigma power"?
#
# Next: `04_hypnogram`, how this person slept.

# %% [markdown]
# ## Reuse this
#
# ```
# papermill notebooks/03_frequency_content.ipynb my_rhythms.ipynb -p recording "path/of/your/night.edf" \
#     -p brain F4-M1 -p awake_min 3 -p light_min 120 -p deep_min 60
# ```
