"""Every word that a screen shows of an enum, a kind or a policy has its label in both languages."""

import re
from collections.abc import Iterator
from enum import Enum

import pytest

from tocsin.core.directory_messages import Purpose, Role
from tocsin.core.identifiers import IdentifierKind
from tocsin.core.measure import Event, MeasureState
from tocsin.core.message import KINDS, Header, Lane, Nature
from tocsin.core.orders.deadline_passed import Deadline
from tocsin.core.orders.report import Outcome
from tocsin.core.orders.watch_answer import WatchInstruction
from tocsin.core.texts import en, label, zh
from tocsin.core.watch import WatchAction, WatchSubjectKind

ENUMS: tuple[type[Enum], ...] = (
    Lane, Nature, Role, Purpose, MeasureState, Event, Outcome, Deadline, IdentifierKind,
    WatchSubjectKind, WatchAction, WatchInstruction,
)  # fmt: skip


def words() -> Iterator[str]:
    for enum in ENUMS:
        for member in enum:
            yield member.value if isinstance(member.value, str) else member.name.lower().replace("_", "-")
    yield from KINDS
    yield from Header.__dataclass_fields__
    yield "clear"
    yield from ("open", "default-remedy")


@pytest.mark.parametrize("word", sorted(set(words())))
def test_a_word_has_its_label_in_both_languages(word: str) -> None:
    assert word in en.LABELS
    assert en.LABELS[word].isascii()
    assert re.search("[\u4e00-\u9fff]|IBAN", zh.LABELS[word])


def test_the_remedy_an_order_carries_by_default_says_where_a_holder_may_ask_and_object() -> None:
    assert label("default-remedy", "en").startswith("Ask the contact named here. You may object there, at any police station")
    for place in ("联系人", "公安机关", "银行", "本人", "委托"):
        assert place in label("default-remedy", "zh")
