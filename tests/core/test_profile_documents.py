"""The limits of the law stand in documents with their sources, and nowhere in code."""

import ast
from dataclasses import fields
from pathlib import Path

import pytest

from tocsin.core.errors import Malformed, Reason, RuleBroken
from tocsin.core.message import KINDS, Nature
from tocsin.core.profiles import Limits, Mark, Profile, default_document
from tocsin.core.times import Term, parse_duration

ROOT = Path(__file__).parents[2]
SHIPPED = sorted(path.stem for path in (ROOT / "sdk/tocsin/core/profiles").glob("*.toml"))
CN = default_document("cn").decode()
KINDS_LINE = next(line for line in CN.splitlines() if line.startswith("kinds = "))


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_profile_parses_and_every_limit_has_its_source_and_its_mark(name: str) -> None:
    profile = Profile.parse(default_document(name))
    assert profile.name == name
    assert set(profile.sources) == {one.name for one in fields(Limits)} | {"protected_domains"}
    for limit, source in profile.sources.items():
        assert len(source.text) > 10, limit
        assert isinstance(source.mark, Mark)
    assert profile.kinds == {kind.name for kind in KINDS.values() if kind.nature is Nature.ORDER}


def test_a_document_enacted_before_there_were_blocks_is_good_and_knows_none() -> None:
    start, end = CN.index("[limits.block-term]"), CN.index("[protected-domains]")
    profile = Profile.parse((CN[:start] + CN[end:]).encode())
    assert profile.limits.block_term is None


def test_both_profiles_of_the_issue_are_shipped() -> None:
    assert {"cn", "generic"} <= set(SHIPPED)


def test_the_limits_of_mainland_china_are_those_of_document_86() -> None:
    profile = Profile.parse(default_document("cn"))
    assert profile.limits.stop_term == parse_duration("48h")
    assert profile.limits.stop_max_terms == 2
    assert (profile.limits.freeze_term, profile.limits.freeze_term_major) == (Term(months=6), Term(months=12))
    assert (profile.zone, profile.currency) == ("Asia/Shanghai", "CNY")
    assert {profile.sources[n].mark for n in ("stop_term", "stop_max_terms")} == {Mark.OFFICIAL}
    assert {profile.sources[n].mark for n in ("freeze_term", "freeze_term_major")} == {Mark.WEAK}
    assert {profile.sources[n].mark for n in ("execute_within", "answer_within")} == {Mark.PROPOSAL}


def test_a_jurisdiction_without_a_profile_of_its_own_gets_proposals_only() -> None:
    assert {source.mark for source in Profile.parse(default_document("generic")).sources.values()} == {Mark.PROPOSAL}


WRONG = {
    "no limits at all": (CN[: CN.index("[limits")], "document"),
    "a limit that is missing": (CN.replace("[limits.answer-within]", "[other]"), "answer-within"),
    "a limit nobody asks for": (CN + '[limits.more]\nvalue = "1h"\nsource = "x"\nmark = "P"\n', "more"),
    "a limit spelt with an underscore": (CN.replace("[limits.stop-term]", "[limits.stop_term]"), "stop-term"),
    "a term without a unit": (CN.replace('"48h"', '"48"', 1), "stop-term"),
    "a term of nothing": (CN.replace('"48h"', '"0h"', 1), "stop-term"),
    "a term that is a number": (CN.replace('"48h"', "48", 1), "stop-term"),
    "a count that is a text": (CN.replace("value = 2", 'value = "2"'), "stop-max-terms"),
    "a count that is a truth value": (CN.replace("value = 2", "value = true"), "stop-max-terms"),
    "no term at all": (CN.replace("value = 2", "value = 0"), "stop-max-terms"),
    "a limit without a source": (CN.replace('source = "result', 'origin = "result'), "answer-within"),
    "a source that is empty": (CN.replace('"result within 60 s when automatic, 15 min by hand"', '""'), "answer-within"),
    "a mark nobody defined": (CN.replace('mark = "W"', 'mark = "X"', 1), "freeze-term"),
    "an entry nobody defined": (CN.replace('mark = "W"', 'mark = "W"\nnote = "x"', 1), "freeze-term"),
    "a limit that is no table": (CN.replace("[limits.stop-term]", "[a]") + "[limits]\nstop-term = 3\n", "stop-term"),
    "no name": (CN.replace('name = "cn"', 'name = ""'), "document"),
    "a name that is a number": (CN.replace('name = "cn"', "name = 5"), "document"),
    "version nought": (CN.replace("version = 1", "version = 0"), "document"),
    "a zone nobody has": (CN.replace("Asia/Shanghai", "Asia/Shangai"), "document"),
    "a zone that is a directory": (CN.replace("Asia/Shanghai", "Asia"), "document"),
    "a currency that is none": (CN.replace('currency = "CNY"', 'currency = "RMB"'), "document"),
    "a currency that is a number": (CN.replace('currency = "CNY"', "currency = 156"), "document"),
    "kinds that are one text": (CN.replace(KINDS_LINE, 'kinds = "freeze release"'), "document"),
    "no kinds": (CN.replace(KINDS_LINE, "kinds = []"), "document"),
    "protected domains without a source": (CN.replace("names = [", "others = ["), "protected-domains"),
    "a protected domain that is none": (CN.replace('"alipay.com"', '"Alipay.com"'), "protected-domains"),
    "a heading nobody defined": ('colour = "red"\n' + CN, "document"),
    "what is not TOML": ("= = =", "document"),
    "lists inside lists without end": ("a = " + "[" * 5_000, "document"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_document_is_refused_naming_its_row(case: str) -> None:
    text, row = WRONG[case]
    assert text != CN
    with pytest.raises(Malformed) as refusal:
        Profile.parse(text.encode())
    assert refusal.value.reason is Reason.DOCUMENT_INVALID
    assert refusal.value.facts == {"field": "profile", "row": row}


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(Malformed):
        Profile.parse(b"\xff\xfe")


@pytest.mark.parametrize("name", ["xx", "../cn", "../profiles/cn", "cn.toml", ""])
def test_a_profile_that_is_not_shipped_is_unknown(name: str) -> None:
    with pytest.raises(RuleBroken) as refusal:
        default_document(name)
    assert refusal.value.reason is Reason.PROFILE_UNKNOWN


def test_a_kind_the_law_does_not_know_is_refused() -> None:
    profile = Profile.parse(CN.replace(', "release"', "").encode())
    profile.check_kind("freeze")
    with pytest.raises(RuleBroken) as refusal:
        profile.check_kind("release")
    assert refusal.value.facts == {"kind": "release", "profile": "cn"}


SMALL = range(-1, 2)
"""Numbers that are no limits: nothing, one, the last."""


@pytest.mark.parametrize(
    "path",
    [*sorted((ROOT / "sdk/tocsin/core/orders").glob("*.py")), ROOT / "sdk/tocsin/core/measure.py",
     *(ROOT / f"server/tocsin_hub/domain/{name}.py" for name in ("book", "decide", "decide_orders"))],
    ids=lambda p: p.name,
)  # fmt: skip
def test_no_limit_of_the_law_stands_in_code(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    enums = [n for n in ast.walk(tree) if isinstance(n, ast.ClassDef) and ast.unparse(n.bases[0] if n.bases else n) == "Enum"]
    numbering = {id(value) for enum in enums for value in ast.walk(enum)}
    found = [
        f"line {node.lineno}: {node.value}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and id(node) not in numbering
        and node.value not in SMALL and node.value != 1_000_000
    ]  # fmt: skip
    assert found == [], "a number the law sets belongs in a profile, with its source"
