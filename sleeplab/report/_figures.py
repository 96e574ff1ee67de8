"""Pictures of the report: drawn by `sleeplab.plotting`, kept as small PNG in data addresses."""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    import mne
    import pandas as pd
    import yasa
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sleeplab.report._language import Language

DPI = 150
EPOCH_S = 30.0
STYLE: Any = {  # matplotlib's own type lists each name
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8,
    "axes.edgecolor": "#9AA5B1",
    "axes.labelcolor": "#52606D",
    "axes.linewidth": 0.6,
    "hatch.color": "#9AA5B1",
    "hatch.linewidth": 0.5,
    "path.simplify_threshold": 0.5,
    "text.color": "#1F2933",
    "xtick.color": "#52606D",
    "ytick.color": "#1F2933",
}


class Inputs(NamedTuple):
    """What a report is made of."""

    recording: mne.io.BaseRaw
    gate: pd.DataFrame
    hypnogram: yasa.Hypnogram
    anomalies: pd.DataFrame
    worklist: pd.DataFrame
    language: Language


class Picture(NamedTuple):
    """A picture for the page: address, what it shows in words, size in CSS pixels, a line below it."""

    source: str
    alt: str
    width: int
    height: int
    caption: str = ""


def new_figure(width_in: float, height_in: float) -> Figure:
    """Make a figure that pyplot does not know of, so that it is freed with its last name."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width_in, height_in), dpi=DPI)


def as_picture(figure: Figure, alt: str, *, colors: int, caption: str = "") -> Picture:
    """Render as PNG with a palette of `colors`: line drawings need few, and shrink threefold."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    pixels = canvas.buffer_rgba()  # type: ignore[no-untyped-call]
    image = Image.frombuffer("RGBA", canvas.get_width_height(), pixels).convert("RGB")
    buffer = BytesIO()
    image = image.quantize(colors, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    image.putpalette(
        [255 if value >= 253 else value for value in image.getpalette() or []]
    )  # keep white white
    image.save(buffer, "PNG")
    source = "data:image/png;base64," + b64encode(buffer.getvalue()).decode("ascii")
    return Picture(source, alt, image.width * 100 // DPI, image.height * 100 // DPI, caption)


def say_in_figure(figure: Figure, say: Callable[[str], str]) -> None:
    """Put the words of a figure into another language: labels of axes and ticks, texts."""
    from matplotlib.axis import Axis
    from matplotlib.text import Text

    for axis in figure.findobj(Axis):
        words = [label.get_text() for label in axis.get_ticklabels()]
        said = [say(word) for word in words]
        if said != words:
            axis.set_ticks(axis.get_ticklocs(), labels=said)
    for text in figure.findobj(Text):
        text.set_text(say(text.get_text()))


def label_clock(ax: Axes, start: datetime | None, most: int) -> None:
    """Put clock times (`most` of them) above an axis of hours from the start."""
    if start is None:
        return
    last_h = ax.get_xlim()[1]
    step_min = next((m for m in (1, 2, 5, 10, 30, 60, 120) if last_h * 60 / m <= most), 240)
    origin_min = start.hour * 60 + start.minute + start.second / 60
    first = int(-(-origin_min // step_min)) * step_min
    ticks = range(first, int(origin_min + last_h * 60) + 1, step_min)
    top = ax.secondary_xaxis("top")
    top.set_xticks(
        [(tick - origin_min) / 60 for tick in ticks], [f"{t // 60 % 24:02d}:{t % 60:02d}" for t in ticks]
    )
    top.spines["top"].set_visible(False)
    top.tick_params(length=2)
