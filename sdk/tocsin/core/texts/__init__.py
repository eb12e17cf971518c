"""Words for people: error texts and labels in English and Chinese.

* Every reason of ``tocsin.core.errors`` and every label key has both languages; a test fails when one is missing.
* A text is filled with facts by name; an absent fact shows as ``?`` rather than raising: a message about an error
  must never become an error.
"""

from collections.abc import Mapping

from tocsin.core.texts import en, zh

LANGUAGES = ("en", "zh")

_ERRORS: Mapping[str, Mapping[str, str]] = {"en": en.ERRORS, "zh": zh.ERRORS}
_LABELS: Mapping[str, Mapping[str, str]] = {"en": en.LABELS, "zh": zh.LABELS}


class _Facts(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


def language(name: str) -> str:
    """The catalogue for a tag such as ``zh-CN``, ``zh_CN.UTF-8`` or ``en``; English when there is none."""
    return "zh" if name.lower().startswith("zh") else "en"


def error_text(reason: str, facts: Mapping[str, str], lang: str = "en") -> str:
    """The text of ``reason`` filled with ``facts``; a fact whose value is a label's key shows as that label."""
    return _ERRORS[language(lang)][reason].format_map(_Facts({k: label(v, lang) for k, v in facts.items()}))


def label(key: str, lang: str = "en") -> str:
    """The label of a field, state, kind or outcome; the key itself when it has none."""
    return _LABELS[language(lang)].get(key, key)
