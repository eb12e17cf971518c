"""An invented flight: travellers with document numbers that no state issues, and rows as broken as real ones are.

 * Numbers start with ``XX`` and a counter; names are numbers too. Nobody is meant.
 * The same arguments give the same flight.
"""

import csv
from collections.abc import Sequence
from pathlib import Path

COLUMNS = ("seat", "name", "document", "state", "number")


def number(traveller: int) -> str:
    """The document number of an invented traveller."""
    return f"XX{traveller:07}"


def subject(traveller: int) -> str:
    """The same, as watchlists name it."""
    return f"document:passport/CHN/{number(traveller)}"


def rows(first: int, count: int) -> list[tuple[str, ...]]:
    """Travellers ``first`` … of one flight, six abreast."""
    return [
        (f"{n // 6 + 1}{'ABCDEF'[n % 6]}", f"Traveller {first + n}", "passport", "CHN", number(first + n))
        for n in range(count)
    ]


def broken(good: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """``good`` with what goes wrong at counters: a state left out, a digit lost, a row typed twice."""
    made = list(good)
    seat, name, document, _, no = made[10]
    made[10] = (seat, name, document, "", no)
    seat, name, _, state, _ = made[20]
    made[20] = (seat, name, "id-card", state, "11010519491231002")
    made[31] = made[30]
    return made


def write(path: Path, travellers: Sequence[tuple[str, ...]]) -> None:
    """A manifest as a CSV file."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(travellers)
