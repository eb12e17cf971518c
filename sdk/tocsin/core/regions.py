"""Regions: which code lies within which. GB/T 2260 (``420100``) and ISO 3166-2 (``CN-HB``, and ``CN-42`` as it was written before).

Example:
    >>> within("420100", "CN-HB"), within("CN-HB", "420100")
    (True, False)
"""

from collections.abc import Mapping
from types import MappingProxyType

CHINA = "CN"

_PROVINCES: Mapping[str, str] = MappingProxyType({
    "BJ": "11", "TJ": "12", "HE": "13", "SX": "14", "NM": "15", "LN": "21", "JL": "22", "HL": "23", "SH": "31", "JS": "32",
    "ZJ": "33", "AH": "34", "FJ": "35", "JX": "36", "SD": "37", "HA": "41", "HB": "42", "HN": "43", "GD": "44", "GX": "45",
    "HI": "46", "CQ": "50", "SC": "51", "GZ": "52", "YN": "53", "XZ": "54", "SN": "61", "GS": "62", "QH": "63", "NX": "64",
    "XJ": "65", "TW": "71", "HK": "81", "MO": "82",
})  # fmt: skip
"""Letters of ISO 3166-2:CN and digits of GB/T 2260, as both standards name the same provinces."""


def within(region: str, wide: str) -> bool:
    """Whether ``region`` is ``wide`` or a part of it; a party without a region serves none."""
    inner, outer = _path(region), _path(wide)
    return bool(outer) and inner[: len(outer)] == outer


def _path(code: str) -> tuple[str, ...]:
    """A code as the way down from the country: ``420100`` is ("CN", "42", "01")."""
    if code.isdigit():
        parts = (CHINA, code[:2], code[2:4], code[4:6])
        return tuple(part for place, part in enumerate(parts) if place == 0 or part != "00")
    country, _, part = code.partition("-")
    if not part:
        return (country,) if country else ()
    return (country, _PROVINCES.get(part, part) if country == CHINA else part)
