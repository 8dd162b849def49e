"""The papers' tables by name."""

from __future__ import annotations

from callcodec.measure.tables.layout import PaperTable
from callcodec.measure.tables.restoration import GAVN_1, GAVN_2, MDVD_1, MDVD_4, MMSD_1
from callcodec.measure.tables.upsampler import UPSAMPLER_2, UPSAMPLER_3, UPSAMPLER_4

TABLES = {
    table.name: table
    for table in (UPSAMPLER_2, UPSAMPLER_3, UPSAMPLER_4, MDVD_1, MDVD_4, MMSD_1, GAVN_1, GAVN_2)
}


def find_table(name: str) -> PaperTable:
    """The table of that name. ValueError, naming all, for another."""
    if name not in TABLES:
        raise ValueError(f"there is no table {name!r}; there are {', '.join(TABLES)}")
    return TABLES[name]
