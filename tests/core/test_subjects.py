"""One subject, one spelling: what people type, and what is no subject at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.errors import BusError, Malformed, Reason
from tocsin.core.subjects import Subject, subject
from tocsin.core.watch import WatchSubjectKind

SPELLINGS = {
    "document:passport/CHN/E00000000": ("document:Passport/chn/e 0000 0000", "DOCUMENT:passport/CHN/E0000-0000<<",
                                        "document:ｐassport/CHN/E００００００００"),
    "document:id-card/CHN/11010519491231002X": ("document:id-card/CHN/110105 19491231 002x",),
    "document:passport/D/C01X00T00": ("document:passport/d/C01X00T00",),
    "plate:CHN/鄂A00000": ("plate:chn/鄂A·00000", "plate:CHN/鄂 a-00000"),
    "parcel:EE000000005CN": ("parcel:ee 000 000 005 cn",),
    "parcel:SF0000000000001": ("parcel:sf-0000000000001",),
    "phone:+8613800000000": ("phone:+86 138 0000 0000",),
    "card:6222020200000000006": ("card:6222 0202 0000 0000 006",),
}  # fmt: skip

REFUSED = {
    "": Reason.IDENTIFIER_INVALID,
    "E11111111": Reason.IDENTIFIER_INVALID,
    "ship:CHN/1": Reason.IDENTIFIER_INVALID,
    "document:E11111111": Reason.IDENTIFIER_INVALID,
    "document:library-card/CHN/E11111111": Reason.IDENTIFIER_INVALID,
    "document:passport/CN/E11111111": Reason.IDENTIFIER_INVALID,
    "document:passport/CHN/E!": Reason.IDENTIFIER_INVALID,
    "document:id-card/CHN/110105194912310021": Reason.CHECK_DIGIT,
    "document:id-card/CHN/110105": Reason.IDENTIFIER_INVALID,
    "document:id-card/CHN/110105194913310021": Reason.IDENTIFIER_INVALID,
    "plate:鄂A11111": Reason.IDENTIFIER_INVALID,
    "plate:CHN/A": Reason.IDENTIFIER_INVALID,
    "parcel:EE000000006CN": Reason.CHECK_DIGIT,
    "parcel:12": Reason.IDENTIFIER_INVALID,
    "phone:138": Reason.IDENTIFIER_INVALID,
    "card:6222020200000000007": Reason.CHECK_DIGIT,
    "document:passport/CHN/" + "9" * 200: Reason.IDENTIFIER_INVALID,
}


@pytest.mark.parametrize(("canonical", "typed"), [(c, t) for c, many in SPELLINGS.items() for t in (c, *many)])
def test_a_subject_has_one_spelling(canonical: str, typed: str) -> None:
    assert subject(typed).text() == canonical
    assert subject(subject(typed)) == subject(typed)


@pytest.mark.parametrize("typed", REFUSED)
def test_what_is_no_subject_is_refused_without_being_repeated(typed: str) -> None:
    with pytest.raises(Malformed) as refused:
        subject(typed, field="row 7")
    assert refused.value.reason is REFUSED[typed]
    number = typed.rpartition("/")[2].rpartition(":")[2]
    for text in (str(refused.value), refused.value.text("zh")):
        assert "row 7" in text
        assert len(number) < 6 or number not in text


def test_a_kind_may_be_given_apart() -> None:
    assert subject("passport/CHN/E00000000", WatchSubjectKind.DOCUMENT) == subject("document:passport/CHN/E00000000")


def test_no_representation_holds_the_number() -> None:
    assert "E00000000" not in f"{subject('document:passport/CHN/E00000000')!r}"


@given(st.text(max_size=60), st.sampled_from([None, *WatchSubjectKind]))
def test_any_text_is_a_subject_in_its_own_form_or_refused(text: str, kind: WatchSubjectKind | None) -> None:
    try:
        found = subject(text, kind)
    except BusError as refusal:
        assert refusal.reason in (Reason.IDENTIFIER_INVALID, Reason.CHECK_DIGIT)
    else:
        assert isinstance(found, Subject)
        assert subject(found.text()) == found
