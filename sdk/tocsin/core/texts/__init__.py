"""Words for people: error texts and labels in English and Chinese.

* Every reason of ``tocsin.core.errors`` and every label key has both languages; a test fails when one is missing.
* A text is filled with facts by name; an absent fact shows as ``?`` rather than raising: a message about an error
  must never become an error.
"""

import re
from collections.abc import Mapping

from tocsin.core.texts import en, rules_zh, zh

LANGUAGES = ("en", "zh")

_ERRORS: Mapping[str, Mapping[str, str]] = {"en": en.ERRORS, "zh": zh.ERRORS}
_LABELS: Mapping[str, Mapping[str, str]] = {"en": en.LABELS, "zh": zh.LABELS}
_NUMBER = re.compile("[0-9]+")
_SPACE_IN_CHINESE = re.compile("(?<=[\u4e00-\u9fff）]) (?=[\u4e00-\u9fff])")
"""Templates set spaces around facts, which are Latin by default; around a Chinese label there is none."""


class _Facts(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


def language(name: str) -> str:
    """The catalogue for a tag such as ``zh-CN``, ``zh_CN.UTF-8`` or ``en``; English when there is none."""
    return "zh" if name.lower().startswith("zh") else "en"


def error_text(reason: str, facts: Mapping[str, str], lang: str = "en") -> str:
    """The text of ``reason`` filled with ``facts``; see ``filled``."""
    return filled(_ERRORS[language(lang)][reason], facts, lang)


def filled(words: str, facts: Mapping[str, str], lang: str = "en") -> str:
    """``words`` with ``facts`` in their places.

    A fact that is a label's key shows as that label; ``field`` shows with its name behind it.
    """
    chinese = language(lang) == "zh"
    shown = _Facts({name: label(value, lang) for name, value in facts.items()})
    if "field" in facts and shown["field"] != facts["field"]:
        shown["field"] += f"（{facts['field']}）" if chinese else f" ({facts['field']})"
    text = words.format_map(shown)
    return _SPACE_IN_CHINESE.sub("", text) if chinese else text


def label(key: str, lang: str = "en") -> str:
    """The label of a field, state, kind, outcome or rule; the key itself when it has none."""
    words = _LABELS[language(lang)].get(key)
    if words is None and language(lang) == "zh" and (rule := rules_zh.RULES.get(_NUMBER.sub("#", key))):
        numbers = iter(_NUMBER.findall(key))
        words = re.sub("#", lambda _: next(numbers, "#"), rule)
    return key if words is None else words
