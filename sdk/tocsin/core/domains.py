"""Domain names as orders carry them: one canonical form, and what may never be blocked.

 * Canonical: lower-case A-labels joined by dots (RFC 5890), two labels or more, no trailing dot, no wildcard. What looks like an IP
   address is none. This form is judged the same by every release, for stored messages are judged again.
 * What people type is brought into it only where nothing can be mistaken: a name that changes under the mapping of UTS #46 beyond
   its case, or mixes scripts within a label, must be given as A-label, which shows what it is.
 * A public suffix, of the registries (``com.cn``) or of a shared host (``github.io``), is never blocked: everybody under it would
   be. The list is data of a package and changes, so it is asked when an order is made, admitted and carried out; never in a replay.
"""

import ipaddress
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from tocsin.core.errors import BusError, Reason, error

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

MAX_DOMAIN = 253
"""Octets of a name without the root's dot, RFC 1035 §2.3.4."""

MAX_ITEMS = 1000
"""Domains of one order: some 25 KB signed, an answer by hand can still be read, and a million are a thousand orders."""

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"(?:{_LABEL}\.)+(?!\d+\Z){_LABEL}")
_ACE = "xn--"


def check_domain(name: str, *, field: str = "domains", position: int = 0) -> None:
    """Whether ``name`` is a domain in canonical form.

    Raises:
        Malformed: DOMAIN_INVALID with the position, never the name.
    """
    if len(name) > MAX_DOMAIN or not _NAME.fullmatch(name):
        if _is_ip(name):
            raise _invalid(field, position, "ip")
        raise _invalid(field, position, "form")
    if _ACE in name and not all(_is_a_label(label) for label in name.split(".") if label.startswith(_ACE)):
        raise _invalid(field, position, "idna")


def check_domains(names: Sequence[str], *, field: str = "domains") -> None:
    """Whether ``names`` is a list of an order: 1 to ``MAX_ITEMS`` canonical domains, sorted, without repeats.

    Raises:
        Malformed: FIELD_MISSING, FIELD_INVALID; DOMAIN_INVALID with the position.
    """
    if not names:
        raise error(Reason.FIELD_MISSING, field=field, rule="rule.domains.some")
    if len(names) > MAX_ITEMS:
        raise error(Reason.FIELD_INVALID, field=field, rule=f"at most {MAX_ITEMS}")
    before = ""
    for position, name in enumerate(names, start=1):
        check_domain(name, field=field, position=position)
        if name <= before:
            raise error(Reason.FIELD_INVALID, field=field, rule="sorted, without repeats")
        before = name


def read_domain(text: str, *, field: str = "domains", position: int = 0) -> str:
    """The domain that a person means by ``text``, in canonical form.

    Raises:
        Malformed: DOMAIN_INVALID with the position.
    """
    plain = text.strip().lower().removesuffix(".")
    if not plain.isascii():
        plain = _a_labels(plain, field, position)
    check_domain(plain, field=field, position=position)
    return plain


def check_not_public(names: Iterable[str], *, field: str = "domains") -> None:
    """Whether none of ``names`` (canonical) is a public suffix.

    Raises:
        RuleBroken: DOMAIN_PUBLIC with the position.
    """
    for position, name in enumerate(names, start=1):
        if is_public(name):
            raise error(Reason.DOMAIN_PUBLIC, field=field, position=position)


@lru_cache(maxsize=8 * MAX_ITEMS)  # a list goes to several carriers, thousand names by thousand
def is_public(name: str) -> bool:
    """Whether ``name`` (canonical) is a public suffix, of a registry or of a shared host."""
    return _suffixes().privatesuffix(name) is None


def parents(name: str) -> Iterator[str]:
    """The names above ``name``, the nearest first, its last label excepted."""
    while (dot := name.find(".")) > 0 and "." in (name := name[dot + 1 :]):
        yield name


@cache
def _suffixes() -> "PublicSuffixList":
    from publicsuffixlist import PublicSuffixList  # a sixteenth of a second, and only who blocks needs it

    return PublicSuffixList()


def _a_labels(plain: str, field: str, position: int) -> str:
    import idna

    try:
        mapped = idna.uts46_remap(plain, std3_rules=True).removesuffix(".")
        if mapped != unicodedata.normalize("NFC", plain) or any(_scripts(label) > 1 for label in mapped.split(".")):
            raise _invalid(field, position, "lookalike")
        return idna.encode(mapped, strict=True).decode()
    except idna.IDNAError as exc:
        raise _invalid(field, position, "idna") from exc


def _is_a_label(label: str) -> bool:
    import idna

    try:
        return idna.alabel(idna.ulabel(label)).decode() == label
    except (idna.IDNAError, UnicodeError):
        return False


_TOGETHER = {"HIRAGANA": "CJK", "KATAKANA": "CJK", "BOPOMOFO": "CJK", "IDEOGRAPHIC": "CJK", "HANGUL": "CJK"}
"""Scripts that are written together in one word (UTS #39 §5.1, highly restrictive without Latin)."""


def _scripts(label: str) -> int:
    """How many scripts a label mixes; digits and hyphens belong to any."""
    found = set()
    for char in label:
        if char.isalpha():
            script = unicodedata.name(char, "?").split(" ", 1)[0].split("-", 1)[0]
            found.add(_TOGETHER.get(script, script))
    return len(found)


def _is_ip(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return bool(re.fullmatch(r"[0-9.]+|0x[0-9a-f.x]+", name))
    return True


def _invalid(field: str, position: int, rule: str) -> BusError:
    return error(Reason.DOMAIN_INVALID, field=field, position=position, rule=f"rule.domains.{rule}")
