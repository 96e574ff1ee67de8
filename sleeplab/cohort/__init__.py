"""Many nights: an archive of recordings becomes Parquet tables, on a computer or a cluster, resumed at will.

Every night goes through `sleeplab.flow`; nothing of it is done otherwise here. See ``docs/cohort.md``.
"""

from sleeplab.cohort._index import index_recordings, write_index, write_names
from sleeplab.cohort._night import Settings
from sleeplab.cohort._notebooks import run_notebooks
from sleeplab.cohort._page import cohort_page
from sleeplab.cohort._places import Item, list_recordings
from sleeplab.cohort._reference import fit_reference, read_nights
from sleeplab.cohort._run import Progress, Summary, run_cohort
from sleeplab.cohort._schemas import DATASETS, SCHEMAS
from sleeplab.cohort._workers import Workers, check_installed

__all__ = [
    "DATASETS",
    "SCHEMAS",
    "Item",
    "Progress",
    "Settings",
    "Summary",
    "Workers",
    "check_installed",
    "cohort_page",
    "fit_reference",
    "index_recordings",
    "list_recordings",
    "read_nights",
    "run_cohort",
    "run_notebooks",
    "write_index",
    "write_names",
]
