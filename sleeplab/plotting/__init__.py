"""Figures of a night: one function, one panel, one matplotlib ``Axes``.

Every function takes ``ax=None`` (a new figure is made when it is left out), draws, and returns the
Axes. Nothing is computed beyond scaling for display, and matplotlib's settings are not touched.
Panels of a whole night share one axis, hours from the start of the recording, so that they can be
stacked. Colours are those of Okabe and Ito (https://jfly.uni-koeln.de/color/), which people with any
common colour vision tell apart; position or a label always says the same thing once more.
"""

from sleeplab.plotting._calibration import plot_reliability
from sleeplab.plotting._excerpt import plot_excerpt
from sleeplab.plotting._night import plot_findings, plot_gate, plot_spectrogram
from sleeplab.plotting._stages import plot_confidence, plot_hypnogram, plot_probabilities
from sleeplab.plotting._style import LEVEL_COLORS, STAGE_COLORS

__all__ = [
    "LEVEL_COLORS",
    "STAGE_COLORS",
    "plot_confidence",
    "plot_excerpt",
    "plot_findings",
    "plot_gate",
    "plot_hypnogram",
    "plot_probabilities",
    "plot_reliability",
    "plot_spectrogram",
]
