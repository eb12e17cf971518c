"""Two fixed values that many tests start from."""

from typing import Any

from tocsin.core.identifiers import Identifier, IdentifierKind
from tocsin.core.message import Header, HolderNotice, Lane, LegalBasis, Part, Wrap
from tocsin.core.money import Money
from tocsin.core.orders.stop_payment import StopPayment

NOW_US = 1_767_225_600_000_000
"""2026-01-01T00:00Z."""


def header(**changed: Any) -> Header:
    """A typical header of an order: one recipient, one sealed part, no thread."""
    values: dict[str, Any] = {
        "message_id": bytes.fromhex("01890a5dac96774bbcceb302099a8057"),
        "sender": "police.420100",
        "author_key": "0123456789abcdef0123456789abcdef",
        "recipients": ("bank.icbc",),
        "target": Identifier(IdentifierKind.CARD, "6222020200000000006"),
        "audience": "tocsin.example",
        "created_us": NOW_US,
        "expires_us": NOW_US + 600_000_000,
        "lane": Lane.URGENT,
        "case_ref": "A4201002026010001",
        "legal_basis": LegalBasis(profile="cn", statute="银发〔2016〕86号", article="二(一)2"),
        "contact": "+86 27 0000 0000",
        "remedy": "You may object in writing to the ordering bureau within 60 days.",
        "holder_notice": HolderNotice.MEASURE_ONLY,
        "parts": (
            Part(
                name="private",
                media_type="application/vnd.tocsin.stop-payment-private.v1+protobuf",
                plaintext_hash=bytes(range(32)),
                ciphertext=bytes(300),
                wraps=(Wrap(party="bank.icbc", key_id="fedcba9876543210fedcba9876543210", sealed_key=bytes(80)),),
            ),
        ),
    }
    return Header(**{**values, **changed})


def stop_payment(**changed: Any) -> StopPayment:
    """A typical stop-payment with its private fields."""
    values: dict[str, Any] = {
        "header": header(),
        "amount": Money(5_000_000, "CNY"),
        "holder": "张三",
        "reason": "Impersonation of a bank's security desk.",
    }
    return StopPayment(**{**values, **changed})
