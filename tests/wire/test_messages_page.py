"""The page docs/spec/messages.md says what the code does, where a machine can tell."""

import re

from tocsin.core.directory_messages import MAX_DOCUMENT_BYTES
from tocsin.core.errors import Reason
from tocsin.core.identifiers import MAX_PARTY_ID
from tocsin.core.message import KINDS, MAX_ENVELOPE_BYTES, MAX_RECIPIENTS, MAX_TEXT
from tocsin.wire.errors import MAX_FACT_BYTES
from tools import make_docs_kinds

PAGE = make_docs_kinds.FILE.read_text(encoding="utf-8")


def test_the_list_of_kinds_is_the_generated_one() -> None:
    assert make_docs_kinds.page(PAGE) == PAGE
    assert all(f"`{name}`" in PAGE for name in KINDS)


def test_every_reason_the_page_names_exists() -> None:
    named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+|MALFORMED|UNSIGNED)`", PAGE)) - {"WHOLE_ACCOUNT"}
    assert named <= set(Reason)
    assert len(named) > 15


def test_the_limits_of_the_page_are_those_of_the_code() -> None:
    assert f"envelope ≤ {MAX_ENVELOPE_BYTES // 1024} KiB" in PAGE
    assert f"at most {MAX_RECIPIENTS}." in PAGE
    assert f"at most {MAX_TEXT:,} characters" in PAGE
    assert f"at most {MAX_PARTY_ID} characters" in PAGE
    assert f"at most {MAX_DOCUMENT_BYTES // 1024} KiB" in PAGE
    assert f"{MAX_FACT_BYTES} bytes" in PAGE
