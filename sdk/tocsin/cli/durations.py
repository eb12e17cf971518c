"""Durations as options take them: ``90s``, ``15min``, ``2h``; ``0s`` for none."""

from tocsin.core.errors import Reason, error


def seconds(text: str, field: str) -> float:
    """The seconds of a duration.

    Raises:
        Malformed: TIME_INVALID, or FIELD_INVALID for calendar months, which are no time to wait.
    """
    from tocsin.core.times import parse_duration

    if text in ("0", "0s"):
        return 0.0
    term = parse_duration(text, field=field)
    if term.months:
        raise error(Reason.FIELD_INVALID, field=field, rule="seconds, minutes or hours, such as 60s")
    return float(term.seconds)
