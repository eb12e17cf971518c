"""Instants and terms.

* An instant has an offset or it is refused: a zoneless time means different moments to different readers.
* Inside, an instant is an ``int`` of microseconds since 1970-01-01T00:00Z, below the year 3000; at the edge an aware
  ``datetime`` in UTC. On screens it shows in the profile's zone with its offset.
* A term is whole calendar months, counted in the profile's zone, or whole seconds; never both. A day is 24 hours.
* No clock is read here.

Example:
    >>> parse_duration("6mo").end_after(parse_time("2026-08-31T10:00:00+08:00"), "Asia/Shanghai").isoformat()
    '2027-02-28T02:00:00+00:00'
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import overload
from zoneinfo import ZoneInfo

from tocsin.core.errors import BusError, Reason, error

MAX_TIME_US = 32_503_680_000_000_000
"""3000-01-01T00:00Z, excluded: keeps sums of times and terms far inside int64."""

MAX_TERM_MONTHS = 1_200
"""100 years: no measure lasts longer."""

MAX_TERM_SECONDS = 36_525 * 86_400
"""100 years in seconds."""

MAX_TIME_INPUT = 40
"""Characters of typed input: an RFC 3339 time with nanoseconds and offset is 35 long."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

# RFC 3339 §5.6, with the space before the offset that ``show`` prints.
_RFC3339 = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))? ?([Zz]|[+-][0-9]{2}:[0-5][0-9])"
)
# Also the yyyyMMddHHmmss of the existing gateways.
_ZONELESS = re.compile(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}(?:[Tt ]?[0-9]{2}:?[0-9]{2}(?::?[0-9]{2}(?:\.[0-9]+)?)?)?")
_DURATION = re.compile(r"([0-9]{1,12}) ?(s|min|h|d|mo|y)")
_MONTHS = {"mo": 1, "y": 12}
_SECONDS = {"d": 86_400, "h": 3_600, "min": 60, "s": 1}


def parse_time(text: str, *, field: str = "time") -> datetime:
    """Reads an RFC 3339 time with offset; gives it in UTC, cut to microseconds.

    Raises:
        Malformed: TIME_ZONELESS without offset, or with ``-00:00``, which RFC 3339 §4.3 defines as unknown;
            TIME_INVALID for any other text.
    """
    plain = text.strip()
    if len(plain) > MAX_TIME_INPUT:
        raise _invalid(field, "form")
    read = _RFC3339.fullmatch(plain)
    if read is None:
        raise error(Reason.TIME_ZONELESS, field=field) if _ZONELESS.fullmatch(plain) else _invalid(field, "form")
    day, clock, fraction, offset = read.groups()
    if offset == "-00:00":
        raise error(Reason.TIME_ZONELESS, field=field)
    micros = (fraction or "").ljust(6, "0")[:6]
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}.{micros}{offset.upper().replace('Z', '+00:00')}")
    except ValueError as failed:
        raise _invalid(field, "form") from failed
    return from_us(to_us(moment, field=field), field=field)


def to_us(moment: datetime, *, field: str = "time") -> int:
    """Microseconds since 1970-01-01T00:00Z; exact.

    Raises:
        Malformed: TIME_ZONELESS for a naive ``datetime``; TIME_INVALID outside 1970 to 2999.
    """
    if moment.utcoffset() is None:
        raise error(Reason.TIME_ZONELESS, field=field)
    return _in_range((moment - _EPOCH) // _MICROSECOND, field)


def from_us(us: int, *, field: str = "time") -> datetime:
    """The instant as an aware ``datetime`` in UTC.

    Raises:
        Malformed: TIME_INVALID outside 1970 to 2999.
    """
    return _EPOCH + _MICROSECOND * _in_range(us, field)


def show(moment: datetime, zone: str, *, utc: bool = False) -> str:
    """``2026-11-23 14:02:11 +08:00``: to the second, in ``zone`` (IANA name) or in UTC; ``parse_time`` reads it back.

    Raises:
        Malformed: TIME_ZONELESS for a naive ``datetime``; TIME_INVALID for an unknown zone.
    """
    if moment.utcoffset() is None:
        raise error(Reason.TIME_ZONELESS, field="time")
    text = moment.astimezone(UTC if utc else _zone(zone)).isoformat(sep=" ", timespec="seconds")
    return f"{text[:19]} {text[19:]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """How long a measure or a deadline lasts.

    Attributes:
        months: Calendar months; 0 for a term in seconds.
        seconds: Seconds; 0 for a term in months.

    Raises:
        Malformed: TIME_INVALID unless exactly one of the two is above zero, and at most 100 years.
    """

    months: int = 0
    seconds: int = 0

    def __post_init__(self) -> None:
        months, seconds = self.months, self.seconds
        in_range = 0 <= months <= MAX_TERM_MONTHS and 0 <= seconds <= MAX_TERM_SECONDS
        if not in_range or (months > 0) == (seconds > 0):
            raise _invalid("term", "duration")

    def text(self) -> str:
        """The one spelling: ``48h``, ``3d``, ``6mo``, ``1y``, ``15min``, ``90s``; two days and less in hours."""
        if self.months:
            return f"{self.months}mo" if self.months % 12 else f"{self.months // 12}y"
        fits = ((unit, size) for unit, size in _SECONDS.items() if self.seconds % size == 0)
        unit, size = next(one for one in fits if one[0] != "d" or self.seconds > 2 * one[1])
        return f"{self.seconds // size}{unit}"

    @overload
    def end_after(self, start: int, zone: str) -> int: ...
    @overload
    def end_after(self, start: datetime, zone: str) -> datetime: ...
    def end_after(self, start: int | datetime, zone: str) -> int | datetime:
        """The end of a term that starts at ``start`` (microseconds, or an aware ``datetime``), in the same type, UTC.

        Months keep day and wall-clock time in ``zone``; a day the month lacks becomes its last day (PRC Civil Code
        art. 202). A wall-clock time skipped by a clock change counts as if the clock had not changed yet, one that
        comes twice means the first.

        Raises:
            Malformed: TIME_ZONELESS for a naive ``datetime``; TIME_INVALID outside 1970 to 2999 or for an unknown zone.
        """
        if isinstance(start, datetime):
            return from_us(self.end_after(to_us(start), zone))
        if self.seconds:
            return _in_range(_in_range(start, "start") + self.seconds * 1_000_000, "end")
        local = from_us(start, field="start").astimezone(_zone(zone))
        years, month = divmod(local.month - 1 + self.months, 12)
        year, month = local.year + years, month + 1
        day = min(local.day, monthrange(year, month)[1])
        return to_us(local.replace(year=year, month=month, day=day, fold=0), field="end")


def parse_duration(text: str, *, field: str = "term") -> Term:
    """Reads ``90s``, ``15min``, ``48h``, ``10d``, ``6mo`` or ``1y``.

    Raises:
        Malformed: TIME_INVALID.
    """
    read = _DURATION.fullmatch(text.strip()) if len(text) <= MAX_TIME_INPUT else None
    if read is None:
        raise _invalid(field, "duration")
    count, unit = int(read[1]), read[2]
    months, seconds = count * _MONTHS.get(unit, 0), count * _SECONDS.get(unit, 0)
    if months > MAX_TERM_MONTHS or seconds > MAX_TERM_SECONDS or not count:
        raise _invalid(field, "duration")
    return Term(months=months, seconds=seconds)


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (
        KeyError,
        ValueError,
        OSError,
    ) as failed:  # OSError: the name of a directory of the database, such as "Asia"
        raise _invalid("zone", "zone") from failed


def _in_range(us: int, field: str) -> int:
    if not 0 <= us < MAX_TIME_US:
        raise _invalid(field, "range")
    return us


def _invalid(field: str, rule: str) -> BusError:
    return error(Reason.TIME_INVALID, field=field, rule=f"rule.time.{rule}")
