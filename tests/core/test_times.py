"""Instants and terms."""

import doctest
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core import times
from tocsin.core.errors import BusError, Reason
from tocsin.core.times import MAX_TIME_US, Term, from_us, parse_duration, parse_time, show, to_us

SHANGHAI = "Asia/Shanghai"
moments = st.integers(0, MAX_TIME_US - 1)
terms = st.builds(Term, months=st.integers(1, 1200)) | st.builds(Term, seconds=st.integers(1, 36_525 * 86_400))

READ = {
    "offset": ("2026-11-23T14:02:11+08:00", "2026-11-23T06:02:11+00:00"),
    "as shown on screens": ("2026-11-23 14:02:11 +08:00", "2026-11-23T06:02:11+00:00"),
    "UTC": ("2026-11-23T06:02:11Z", "2026-11-23T06:02:11+00:00"),
    "small letters, fraction": ("2026-11-23t06:02:11.5z", "2026-11-23T06:02:11.500000+00:00"),
    "nanoseconds are cut": ("2026-11-23T06:02:11.123456789Z", "2026-11-23T06:02:11.123456+00:00"),
    "west of Greenwich": ("2026-12-31T23:00:00-05:30", "2027-01-01T04:30:00+00:00"),
    "29 February": ("2028-02-29T00:00:00+08:00", "2028-02-28T16:00:00+00:00"),
    "spaces around": ("  2026-11-23T06:02:11Z\n", "2026-11-23T06:02:11+00:00"),
}
ZONELESS = [
    "2026-11-23T14:02:11",
    "2026-11-23 14:02:11",
    "2026-11-23 14:02",
    "2026-11-23",
    "20261123140211",
    "20261123",
    "2026-11-23T14:02:11.5",
    "2026-11-23T14:02:11-00:00",
]
INVALID = [
    "",
    "now",
    "23.11.2026",
    "2026-11-23T14:02+08:00",
    "2026-02-29T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-11-23T24:00:00Z",
    "2026-11-23T23:59:60Z",
    "2026-11-23T14:02:11+8",
    "2026-11-23T14:02:11+08:60",
    "2026-11-23T14:02:11+25:00",
    "2026-11-23T14:02:11 CST",
    "２０２６-11-23T14:02:11Z",
    "2026-11-23T14:02:11,5Z",
    "2026-11-23T14:02:11.1234567890Z",
    "0000-01-01T00:00:00Z",
    "1969-12-31T23:59:59Z",
    "3000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+08:00",
    "9999-12-31T23:59:59-08:00",
    "1" * 10_000,
]


@pytest.mark.parametrize(("text", "iso"), READ.values(), ids=READ.keys())
def test_rfc_3339_times_are_read_into_utc(text, iso):
    moment = parse_time(text)
    assert moment.isoformat() == iso
    assert moment.tzinfo is UTC


@pytest.mark.parametrize("text", ZONELESS)
def test_a_time_without_offset_is_refused_with_the_remedy(text):
    with pytest.raises(BusError) as refused:
        parse_time(text, field="transferred")
    assert (refused.value.reason, dict(refused.value.facts)) == (Reason.TIME_ZONELESS, {"field": "transferred"})
    assert "Add the offset, such as 2026-11-23T14:02:11+08:00" in str(refused.value)
    assert "请注明" in refused.value.text("zh")


@pytest.mark.parametrize("text", INVALID)
def test_any_other_text_is_not_a_time(text):
    with pytest.raises(BusError) as refused:
        parse_time(text, field="transferred")
    assert (refused.value.reason, refused.value.facts["field"]) == (Reason.TIME_INVALID, "transferred")


@given(
    st.text(max_size=40)
    | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]+)?(Z|\+[0-9]{2}:[0-9]{2})", fullmatch=True)
)
def test_any_text_gives_a_time_or_a_bus_error(text):
    try:
        moment = parse_time(text)
    except BusError:
        return
    assert parse_time(moment.isoformat()) == moment


@given(moments)
def test_microseconds_and_datetimes_convert_exactly(us):
    moment = from_us(us)
    assert to_us(moment) == us
    assert moment.utcoffset() == timedelta(0)
    assert parse_time(moment.isoformat()) == moment


def test_the_offset_of_a_datetime_counts():
    east = timezone(timedelta(hours=8))
    assert to_us(datetime(1970, 1, 1, 8, 0, 0, 1, tzinfo=east)) == 1


def test_a_naive_datetime_is_refused():
    naive = datetime(2026, 11, 23)  # noqa: DTZ001 - the fault under test
    for use in (to_us, lambda m: show(m, SHANGHAI), lambda m: Term(seconds=1).end_after(m, SHANGHAI)):
        with pytest.raises(BusError) as refused:
            use(naive)
        assert refused.value.reason is Reason.TIME_ZONELESS


@pytest.mark.parametrize("us", [-1, MAX_TIME_US, 2**63])
def test_an_instant_outside_the_range_is_refused(us):
    with pytest.raises(BusError) as refused:
        from_us(us, field="created_us")
    assert refused.value.facts == {"field": "created_us", "rule": "rule.time.range"}


def test_times_show_in_the_zone_of_the_profile_or_in_utc():
    moment = parse_time("2026-11-23T14:02:11.987+08:00")
    assert show(moment, SHANGHAI) == "2026-11-23 14:02:11 +08:00"
    assert show(moment, SHANGHAI, utc=True) == "2026-11-23 06:02:11 +00:00"
    assert show(moment, "America/New_York") == "2026-11-23 01:02:11 -05:00"


@given(
    moments,
    st.sampled_from([SHANGHAI, "UTC", "Asia/Kolkata", "America/New_York", "Australia/Lord_Howe"]),
    st.booleans(),
)
def test_a_shown_time_is_read_back_to_the_second(us, zone, utc):
    moment = from_us(us)
    assert parse_time(show(moment, zone, utc=utc)) == moment.replace(microsecond=0)


@pytest.mark.parametrize(
    "zone", ["", "Mars/Olympus", "../../etc/passwd", "/etc/passwd", "Asia", "北京", "Asia/Shanghai\0"]
)
def test_an_unknown_zone_is_refused(zone):
    with pytest.raises(BusError) as refused:
        show(from_us(0), zone)
    assert refused.value.facts == {"field": "zone", "rule": "rule.time.zone"}


DURATIONS = {
    "90s": (Term(seconds=90), "90s"),
    "60s": (Term(seconds=60), "1min"),
    "15min": (Term(seconds=900), "15min"),
    "90min": (Term(seconds=5_400), "90min"),
    "48h": (Term(seconds=172_800), "48h"),
    "2d": (Term(seconds=172_800), "48h"),
    "1d": (Term(seconds=86_400), "24h"),
    "72h": (Term(seconds=259_200), "3d"),
    "10d": (Term(seconds=864_000), "10d"),
    "6mo": (Term(months=6), "6mo"),
    "12mo": (Term(months=12), "1y"),
    "18mo": (Term(months=18), "18mo"),
    "1y": (Term(months=12), "1y"),
    " 48 h ": (Term(seconds=172_800), "48h"),
    "100y": (Term(months=1_200), "100y"),
}


@pytest.mark.parametrize(("text", "term", "canonical"), [(k, *v) for k, v in DURATIONS.items()])
def test_terms_are_read_and_have_one_spelling(text, term, canonical):
    assert parse_duration(text) == term
    assert term.text() == canonical


@given(terms)
def test_a_written_term_is_read_back_unchanged(term):
    assert parse_duration(term.text()) == term


@pytest.mark.parametrize(
    "text",
    [
        "",
        "h",
        "48",
        "0h",
        "-1h",
        "1.5h",
        "48H",
        "6m",
        "1w",
        "1y6mo",
        "四十八小时",
        "４８h",
        "101y",
        "36526d",
        "9" * 13 + "s",
        "9" * 9_999,
    ],
)
def test_any_other_text_is_not_a_term(text):
    with pytest.raises(BusError) as refused:
        parse_duration(text, field="stop-term")
    assert refused.value.facts == {"field": "stop-term", "rule": "rule.time.duration"}


@pytest.mark.parametrize(
    ("months", "seconds"), [(0, 0), (1, 1), (-1, 0), (0, -1), (1_201, 0), (0, 36_525 * 86_400 + 1)]
)
def test_a_term_is_months_or_seconds_above_zero(months, seconds):
    with pytest.raises(BusError):
        Term(months=months, seconds=seconds)


ENDS = {
    "48 hours": ("2026-11-23T14:02:11+08:00", "48h", SHANGHAI, "2026-11-25T14:02:11+08:00"),
    "half a year": ("2026-03-15T09:00:00+08:00", "6mo", SHANGHAI, "2026-09-15T09:00:00+08:00"),
    "half a year into February": ("2026-08-31T09:00:00+08:00", "6mo", SHANGHAI, "2027-02-28T09:00:00+08:00"),
    "half a year into a leap February": ("2027-08-31T09:00:00+08:00", "6mo", SHANGHAI, "2028-02-29T09:00:00+08:00"),
    "a year from 29 February": ("2028-02-29T09:00:00+08:00", "1y", SHANGHAI, "2029-02-28T09:00:00+08:00"),
    "the month is that of the zone": ("2026-01-30T20:00:00Z", "1mo", SHANGHAI, "2026-02-28T04:00:00+08:00"),
    "over new year": ("2026-12-31T23:59:59+08:00", "1mo", SHANGHAI, "2027-01-31T23:59:59+08:00"),
    "hours over a clock change are exact": (
        "2026-03-07T12:00:00-05:00",
        "24h",
        "America/New_York",
        "2026-03-08T13:00:00-04:00",
    ),
    "months over a clock change keep the wall clock": (
        "2026-02-08T12:00:00-05:00",
        "1mo",
        "America/New_York",
        "2026-03-08T12:00:00-04:00",
    ),
    "into the skipped hour": ("2026-02-08T02:30:00-05:00", "1mo", "America/New_York", "2026-03-08T03:30:00-04:00"),
    "into the doubled hour": ("2026-10-01T01:30:00-04:00", "1mo", "America/New_York", "2026-11-01T01:30:00-04:00"),
    "from the doubled hour": ("2026-11-01T01:30:00-05:00", "12mo", "America/New_York", "2027-11-01T01:30:00-04:00"),
}


@pytest.mark.parametrize(("start", "term", "zone", "end"), ENDS.values(), ids=ENDS.keys())
def test_a_term_ends_where_the_law_says(start, term, zone, end):
    started, expected = parse_time(start), parse_time(end)
    assert parse_duration(term).end_after(started, zone) == expected
    assert parse_duration(term).end_after(to_us(started), zone) == to_us(expected)


@given(st.integers(0, MAX_TIME_US // 2), terms)
def test_a_term_always_ends_later_and_in_the_type_of_its_start(us, term):
    end = term.end_after(us, SHANGHAI)
    assert end > us
    assert term.end_after(from_us(us), SHANGHAI) == from_us(end)
    if term.months:
        started, ended = (from_us(x).astimezone(times.ZoneInfo(SHANGHAI)) for x in (us, end))
        assert (ended.year - started.year) * 12 + ended.month - started.month == term.months
        assert ended.day <= started.day


def test_an_end_beyond_the_range_is_refused():
    for term in (Term(months=1), Term(seconds=1)):
        with pytest.raises(BusError) as refused:
            term.end_after(MAX_TIME_US - 1, SHANGHAI)
        assert refused.value.facts == {"field": "end", "rule": "rule.time.range"}


def test_the_examples_in_the_module_hold():
    assert doctest.testmod(times).failed == 0
