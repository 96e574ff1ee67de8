"""What was taken away, by place and number; never the words themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("field", "place", "count", "done")


class Removed:
    """Collects what is removed; equal texts of one field become one row.

    Parameters
    ----------
    keep : frozenset of str
        Texts that a person has read and allows.
    """

    def __init__(self, keep: frozenset[str]) -> None:
        self.keep = keep
        self._rows: dict[tuple[str, str, str], list[object]] = {}

    def note(self, field: str, place: str, done: str, words: str = "") -> None:
        """Count one removal; `words` tell different texts apart and go no further."""
        key = (field, words or place, done)
        row = self._rows.setdefault(key, [field, place, 0, done])
        row[2] = int(str(row[2])) + 1

    def table(self) -> pd.DataFrame:
        """One row per text that went: the field, the first place, how often, and what was done."""
        import pandas as pd

        table = pd.DataFrame(list(self._rows.values()), columns=list(COLUMNS))
        return table.astype({"field": str, "place": str, "count": int, "done": str})
