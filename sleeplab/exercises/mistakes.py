"""Mistakes that many exercises know."""

from __future__ import annotations

from sleeplab.exercises._exercise import Mistake, Text

__all__ = ["EPOCHS_FOR_MINUTES", "SECONDS_FOR_MINUTES", "SHARE_FOR_PERCENT"]

SHARE_FOR_PERCENT = Mistake(
    "a share",
    lambda right: right / 100,
    Text(
        "this is a share, from 0 to 1. Percent are asked: times 100.",
        "c'est une part, de 0 à 1. On demande des pour cent : fois 100.",
    ),
)
EPOCHS_FOR_MINUTES = Mistake(
    "epochs for minutes",
    lambda right: right * 2,
    Text(
        "this is the number of epochs. An epoch lasts half a minute.",
        "c'est le nombre d'époques. Une époque dure une demi-minute.",
    ),
)
SECONDS_FOR_MINUTES = Mistake(
    "seconds for minutes",
    lambda right: right * 60,
    Text("these are seconds. Minutes are asked.", "ce sont des secondes. On demande des minutes."),
)
