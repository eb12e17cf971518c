"""The error tree and its texts."""

import ast
import pickle
import re
import string
from pathlib import Path

import pytest

from tocsin.core import errors, texts
from tocsin.core.errors import CLASS_OF, BusError, Reason, Rejected, Unavailable, error
from tocsin.core.texts import en, error_text, label, language, rules_zh, zh

ROOT = Path(__file__).resolve().parents[2]


def placeholders(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def leaf_classes(cls=BusError):
    for sub in cls.__subclasses__():
        yield sub
        yield from leaf_classes(sub)


def test_every_reason_has_a_text_in_every_language_and_no_text_lacks_its_reason():
    reasons = {reason.value for reason in Reason}
    assert reasons == set(en.ERRORS) == set(zh.ERRORS)


@pytest.mark.parametrize("reason", list(Reason))
def test_both_languages_state_the_same_facts(reason):
    assert placeholders(en.ERRORS[reason]) == placeholders(zh.ERRORS[reason])


@pytest.mark.parametrize("reason", list(Reason))
def test_each_text_is_a_whole_statement_in_its_language(reason):
    english, chinese = en.ERRORS[reason], zh.ERRORS[reason]
    assert english.isascii()
    assert english.endswith(".")
    assert english.count(". ") >= 1, "what is wrong, the rule, the remedy"
    assert chinese.endswith("。")
    assert not re.search(r"[,;:?!] |[\u4e00-\u9fff][,;:.]", chinese), "half-width punctuation in Chinese"


def test_no_text_could_carry_an_identifier():
    facts = set().union(*(placeholders(text) for text in en.ERRORS.values()))
    assert not facts & {"identifier", "card", "account", "number", "phone", "target", "path", "file", "sql", "text"}


def test_every_label_exists_in_every_language():
    assert set(en.LABELS) == set(zh.LABELS)
    assert all(en.LABELS.values())
    assert all(zh.LABELS.values())


def test_every_rule_named_in_the_core_has_its_words():
    named = set()
    for path in (ROOT / "sdk/tocsin/core").glob("*.py"):
        named |= set(re.findall(r'rule="(rule\.[a-z_.]+)"', path.read_text(encoding="utf-8")))
    families = {"identifier": identifier_rules(), "amount": family("money.py"), "time": family("times.py"),
                "subject": family("subjects.py")}  # fmt: skip
    families["domains"] = family("domains.py")
    named |= {f"rule.{name}.{rule}" for name, rules in families.items() for rule in rules}
    assert len(named) > 15
    assert named == {key for key in en.LABELS if key.startswith("rule.")}


def family(module):
    source = (ROOT / "sdk/tocsin/core" / module).read_text(encoding="utf-8")
    return re.findall(r'_invalid\([^)]*"([a-z]+)"\)', source)


def identifier_rules():
    from tocsin.core.identifiers import IdentifierKind

    return {"kind", *IdentifierKind}


def test_every_reason_has_its_class_and_no_class_is_without_a_reason():
    assert set(CLASS_OF) == set(Reason)
    used = set(CLASS_OF.values())
    assert {cls for cls in leaf_classes() if cls not in (Rejected, Unavailable)} <= used
    assert all(issubclass(cls, Rejected | Unavailable) for cls in used)


def test_reasons_are_unique_and_spelt_as_on_the_wire():
    assert len({reason.value for reason in Reason}) == len(Reason.__members__)
    assert all(
        name == reason.value and re.fullmatch(r"[A-Z][A-Z_]*", name) for name, reason in Reason.__members__.items()
    )


@pytest.mark.parametrize("reason", list(Reason))
def test_an_error_of_each_reason_survives_pickling(reason):
    before = error(reason, field="amount", limit=3, retry_after_ms=250)
    after = pickle.loads(pickle.dumps(before))
    assert type(after) is type(before) is CLASS_OF[reason]
    assert after == before
    assert hash(after) == hash(before)
    assert after.facts == {"field": "amount", "limit": "3", "retry_after_ms": "250"}
    assert after.retryable is isinstance(after, Unavailable)


@pytest.mark.parametrize("cls", sorted(set(CLASS_OF.values()), key=lambda c: c.__name__))
def test_no_error_of_one_class_equals_an_error_of_other_facts(cls):
    reason = next(r for r, c in CLASS_OF.items() if c is cls)
    assert error(reason, field="a") != error(reason, field="b")
    assert error(reason, field="a") != error(reason)


def test_unavailable_errors_say_when_to_come_back():
    assert error(Reason.QUOTA_EXCEEDED, retry_after_ms=1500, limit=100).retry_after_ms == 1500
    assert error(Reason.STORE_BUSY).retry_after_ms is None


def test_facts_fill_the_text_and_an_absent_fact_shows_as_a_question_mark():
    full = error(Reason.RANGE_TAKEN, party="bank.icbc", other="bank.abc")
    assert "bank.icbc" in str(full)
    assert "bank.abc" in full.text("zh-CN")
    assert "?" in str(error(Reason.RANGE_TAKEN, party="bank.icbc"))


def test_a_fact_with_braces_is_shown_and_not_expanded():
    assert "{reason}" in str(error(Reason.MALFORMED, hint="{reason}"))


def test_a_fact_that_is_a_label_key_shows_in_the_language_of_the_reader():
    refused = error(Reason.TARGET_NOT_SERVED, kind="card")
    assert "bank card" in str(refused)
    assert "银行卡号" in refused.text("zh")


@pytest.mark.parametrize(
    ("tag", "catalogue"),
    [("zh", "zh"), ("zh-CN", "zh"), ("zh_CN.UTF-8", "zh"), ("en", "en"), ("en_GB", "en"), ("fr", "en"), ("", "en")],
)
def test_a_language_tag_finds_its_catalogue(tag, catalogue):
    assert language(tag) == catalogue
    assert label("urgent", tag) == {"zh": "加急", "en": "urgent"}[catalogue]


def test_a_field_shows_with_its_label_and_its_name():
    refused = error(Reason.FIELD_MISSING, field="contact", rule="-")
    assert "Field contact is missing" in str(refused)
    refused = error(Reason.FIELD_MISSING, field="case_filing_no", rule="-")
    assert "Field case-filing number (case_filing_no) is missing" in str(refused)
    assert "缺少必填项立案号（case_filing_no）。" in refused.text("zh")


def test_a_key_without_label_shows_itself():
    for key in ("no-such-key", "# 1", "#"):
        assert label(key, "zh") == label(key, "en") == key
    assert label("# bytes", "zh") == rules_zh.RULES["# bytes"]
    assert error_text("STORE_BUSY", {}, "zh") == zh.ERRORS["STORE_BUSY"]


def raised_errors():
    """Each literal ``error(Reason.X, name=…)`` of the sources: where, the reason, its keywords."""
    for path in sorted(p for top in ("sdk/tocsin", "server/tocsin_hub") for p in (ROOT / top).rglob("*.py")):
        if path.name.endswith(("_pb2.py", "_pb2_grpc.py")):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and ast.unparse(node.func) in ("error", "errors.error") and node.args):
                continue
            first = node.args[0]
            if isinstance(first, ast.Attribute) and ast.unparse(first.value).endswith("Reason"):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", Reason(first.attr), node.keywords


def test_whoever_raises_an_error_gives_the_facts_its_text_needs():
    found = list(raised_errors())
    assert len(found) > 20
    lacking = [
        f"{where} {reason}: {sorted(missing)}"
        for where, reason, keywords in found
        if all(k.arg for k in keywords) and (missing := placeholders(en.ERRORS[reason]) - {k.arg for k in keywords})
    ]
    assert lacking == []


def spoken(value):
    """The words of a literal rule as the catalogue keys them; None when they are not literal."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return re.sub("[0-9]+", "#", value.value)
    if isinstance(value, ast.JoinedStr) and all(isinstance(v, ast.Constant) or is_limit(v) for v in value.values):
        return "".join(re.sub("[0-9]+", "#", v.value) if isinstance(v, ast.Constant) else "#" for v in value.values)
    return None


def is_limit(value):
    return isinstance(value, ast.FormattedValue) and ast.unparse(value.value).isupper()


def test_every_rule_that_code_states_in_words_has_its_chinese():
    lacking = [
        f"{where} {words!r}"
        for where, reason, keywords in raised_errors()
        for k in keywords
        if k.arg in placeholders(en.ERRORS[reason]) & {"rule", "hint"} and (words := spoken(k.value))
        if words not in zh.LABELS and words not in rules_zh.RULES
    ]
    assert lacking == [], "add them to tocsin/core/texts/rules_zh.py"


@pytest.mark.parametrize("english", rules_zh.RULES)
def test_a_rule_keeps_its_numbers_in_chinese(english):
    chinese = rules_zh.RULES[english]
    assert chinese.count("#") == english.count("#")
    assert re.search("[\u4e00-\u9fff]", chinese) or set(chinese) <= set("# 至^-")


def test_a_rule_stated_in_english_shows_in_chinese_with_its_numbers():
    refused = error(Reason.FIELD_INVALID, field="contact", rule="at most 2000 characters")
    assert "at most 2000 characters" in str(refused)
    assert "不超过 2000 个字符" in refused.text("zh")


def test_the_page_of_the_tree_names_every_class():
    for cls in leaf_classes():
        assert cls.__name__ in (errors.__doc__ or "")
    assert texts.LANGUAGES == ("en", "zh")
