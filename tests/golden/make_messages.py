"""Golden vectors of messages (docs/spec/messages.md, docs/spec/signing.md), for other implementations and against our
own drift.

Writes ``tests/golden/messages.json``; a test regenerates and compares it:  python -m tests.golden.make_messages
The formats are final: a difference is a fault of the code, not of the file. One envelope per kind, signed with Ed25519
keys from published seeds; bytes are in hex. The sealed parts hold fixed bytes in place of a ciphertext: sealing is
random by design.
"""

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from nacl.signing import SigningKey

from tocsin.core.directory_messages import (
    AddKey,
    EnrolParty,
    GovernanceRoot,
    HolderKind,
    PolicyVersion,
    ProfileVersion,
    Purpose,
    Range,
    RevocationCause,
    RevokeKey,
    Role,
    RootKey,
    ServeRanges,
    SuspendParty,
)
from tocsin.core.envelope import message_hash
from tocsin.core.identifiers import Identifier, IdentifierKind, new_message_id
from tocsin.core.keyid import key_id
from tocsin.core.message import Header, HolderNotice, Lane, LegalBasis, Message, Part, Thread, Wrap
from tocsin.core.money import Money
from tocsin.core.orders.block_domains import BlockDomains
from tocsin.core.orders.deadline_passed import Deadline, DeadlinePassed
from tocsin.core.orders.extend import Extend
from tocsin.core.orders.freeze import Freeze, FreezeTerm, FreezeType
from tocsin.core.orders.release import Release
from tocsin.core.orders.report import ItemOutcome, Outcome, Report
from tocsin.core.orders.stop_payment import StopPayment, StopScope
from tocsin.core.orders.unblock_domains import UnblockDomains
from tocsin.core.orders.watch_answer import WatchAnswered, WatchInstruction
from tocsin.core.orders.watch_check import WatchCheck
from tocsin.core.orders.watch_correct import WatchCorrect
from tocsin.core.orders.watch_hit import WatchHit
from tocsin.core.orders.watch_list import WatchList
from tocsin.core.orders.watch_publish import WatchPublish
from tocsin.core.orders.watch_withdraw import WatchWithdraw
from tocsin.core.watch import WatchAction, WatchEntry, WatchSubjectKind
from tocsin.wire.codec import seal_envelope
from tocsin.wire.convert import encode_private, to_proto
from tocsin.wire.json import to_json

FILE = Path(__file__).with_name("messages.json")
BUS = "tocsin.example"
FIRST_US = 1_767_225_600_000_000
PARTIES = ("governance", "hub", "police.420100", "bank.icbc", "carrier.cmcc", "customs.wuhan")
KEYS = {party: SigningKey(sha256(f"tocsin golden {party}".encode()).digest()) for party in PARTIES}
CARD = Identifier(IdentifierKind.CARD, "6222020200000000006")
HOUR_US = 3_600_000_000


def public(party: str) -> bytes:
    """The public key of ``party``."""
    return KEYS[party].verify_key.encode()


def digest(words: str) -> bytes:
    """32 bytes that anybody can make again."""
    return sha256(words.encode()).digest()


def message_id(n: int) -> bytes:
    """The id of message ``n``."""
    return new_message_id((FIRST_US + n * 1_000_000) // 1_000, lambda count: digest(f"message {n}")[:count])


def header(n: int, sender: str, *recipients: str, lane: Lane = Lane.ROUTINE, **more: Any) -> Header:
    """The header of message ``n``, created ``n`` seconds after the first."""
    return Header(
        message_id=message_id(n),
        sender=sender,
        author_key=key_id("ed25519", public(sender)),
        recipients=recipients,
        audience=BUS,
        created_us=FIRST_US + n * 1_000_000,
        expires_us=FIRST_US + n * 1_000_000 + HOUR_US,
        lane=lane,
        **more,
    )


def part(kind: str, party: str) -> Part:
    """A sealed part of ``kind`` with fixed bytes."""
    return Part(
        name="private",
        media_type=f"application/vnd.tocsin.{kind}-private.v1+protobuf",
        plaintext_hash=digest(f"plaintext {kind}"),
        ciphertext=digest(f"ciphertext {kind}") * 2,
        wraps=(Wrap(party=party, key_id=key_id("x25519", digest(party)), sealed_key=digest(f"wrap {kind}") * 2),),
    )


MEASURE: dict[str, Any] = {
    "target": CARD,
    "case_ref": "A4201002026010001",
    "contact": "+86 27 0000 0000",
    "remedy": "可在六十日内向作出决定的公安机关书面提出异议。",
    "holder_notice": HolderNotice.MEASURE_ONLY,
}
POLICE = ("police.420100", "bank.icbc")


def order(n: int, kind: str, *, root: int = 0, **more: Any) -> Header:
    """The header of an order of the police to the bank; in the thread of message ``root`` when there is one."""
    thread = (
        Thread(root_id=message_id(root), parent_id=message_id(n - 1), supersedes=message_id(n - 1)) if root else None
    )
    return header(n, *POLICE, lane=Lane.URGENT, thread=thread, parts=(part(kind, "bank.icbc"),), **more)


def messages() -> Iterator[Message]:
    """One message of every kind, with as many fields filled as its rules allow."""
    yield GovernanceRoot(
        header=header(1, "governance"),
        version=1,
        threshold=1,
        keys=(RootKey(algorithm="ed25519", public_key=public("governance")),),
        log_key=SigningKey(digest("tocsin golden log key")).verify_key.encode(),
    )
    yield PolicyVersion(header=header(2, "governance"), version=1, document=b"# policy\n")
    yield ProfileVersion(header=header(3, "governance"), name="cn", version=1, document="# 法域规则\n".encode())
    yield EnrolParty(
        header=header(4, "governance"),
        party="bank.icbc",
        display_name="示例银行",
        role=Role.BANK,
        region="110000",
        accepts=("application/vnd.tocsin.release.v1+protobuf", "application/vnd.tocsin.stop-payment.v1+protobuf"),
        escalate_to="police.420100",
        join_key=public("bank.icbc"),
        join_expires_us=FIRST_US + HOUR_US,
    )
    yield ServeRanges(
        header=header(5, "governance"),
        party="bank.icbc",
        ranges=(
            Range(kind=IdentifierKind.CARD, prefix="622202", length=19),
            Range(kind=IdentifierKind.ACCOUNT, prefix="ICBC/"),
        ),
    )
    yield AddKey(
        header=header(6, "bank.icbc"),
        party="bank.icbc",
        holder="core-banking",
        holder_kind=HolderKind.AGENT,
        algorithm="ed25519",
        public_key=public("bank.icbc"),
        purposes=(Purpose.REPORT, Purpose.ACK),
        possession=KEYS["bank.icbc"].sign(b"golden possession").signature,
    )
    yield RevokeKey(
        header=header(7, "bank.icbc"),
        party="bank.icbc",
        key_id=key_id("ed25519", public("bank.icbc")),
        cause=RevocationCause.COMPROMISED,
        compromised_since=300,
    )
    yield SuspendParty(header=header(8, "governance"), party="bank.icbc", suspended=True, reason="drill")
    yield StopPayment(
        header=order(
            10,
            "stop-payment",
            legal_basis=LegalBasis(profile="cn", statute="银发〔2016〕86号", article="二(一)2"),
            **MEASURE,
        ),
        scope=StopScope.TRANSACTION,
        amount=Money(5_000_000, "CNY"),
        transaction_ref="2026010100000001",
        necessity="仅限该笔交易。",
        holder="张三",
        reason="冒充银行安全部门。",
        victim="李四",
        transferred=Money(4_999_950, "CNY"),
        transferred_us=FIRST_US,
    )
    yield Extend(header=order(11, "extend", root=10), reason="Checks with the other bank go on.")
    yield Freeze(
        header=order(
            12,
            "freeze",
            root=10,
            case_filing_no="420100-2026-00001",
            legal_basis=LegalBasis(
                profile="cn",
                statute="示例规定",
                article="6",
                document_no="冻字第00001号",
                document_sha256=digest("document"),
            ),
            **MEASURE,
        ),
        freeze_type=FreezeType.CREDIT_ONLY,
        amount=Money(5_000_000, "CNY"),
        term=FreezeTerm.MAJOR,
        necessity="多笔涉案资金混同。",
        holder="张三",
        holder_id="420100190001010000",
        reason="已立案。",
    )
    yield Release(header=order(13, "release", root=10, exercise=True), reason="The holder was not involved.")
    yield Report(
        header=header(
            14,
            "bank.icbc",
            "police.420100",
            lane=Lane.URGENT,
            on_behalf_of="bank.village",
            thread=Thread(root_id=message_id(10), parent_id=message_id(10)),
            parts=(part("report", "police.420100"),),
        ),
        outcome=Outcome.DONE_SHORT,
        held=Money(1_234_567, "CNY"),
        applied_us=FIRST_US,
        expires_us=FIRST_US + 48 * HOUR_US,
        not_applied=(ItemOutcome(position=2, outcome=Outcome.EXEMPT),),
        reason="Less was there.",
        balance=Money(1_234_567, "CNY"),
        available=Money(0, "CNY"),
    )
    yield DeadlinePassed(
        header=header(
            15,
            "hub",
            "police.420100",
            lane=Lane.URGENT,
            thread=Thread(root_id=message_id(10), parent_id=message_id(12)),
        ),
        deadline=Deadline.ANSWER_FETCHED,
        due_us=FIRST_US + HOUR_US,
        party="bank.icbc",
    )
    yield BlockDomains(
        header=header(
            16,
            "police.420100",
            "carrier.cmcc",
            legal_basis=LegalBasis(profile="cn", document_no="封字第00001号"),
            parts=(part("block-domains", "carrier.cmcc"),),
            **{name: value for name, value in MEASURE.items() if name != "target"},
        ),
        region="CN-HB",
        domains=("login-shop.example", "xn--fiqs8s.example"),
        reason="仿冒购物网站。",
    )
    yield UnblockDomains(
        header=header(
            17,
            "police.420100",
            "carrier.cmcc",
            thread=Thread(root_id=message_id(16), parent_id=message_id(16)),
            parts=(part("unblock-domains", "carrier.cmcc"),),
        ),
        domains=("xn--fiqs8s.example",),
        reason="The site belongs to somebody else.",
    )
    yield from watch_messages()


OWNER, CHECKER = "police.420100", "customs.wuhan"
ON_LIST: dict[str, Any] = {"list_id": "stolen-documents", "epoch": 1}
LAW = LegalBasis(profile="cn", statute="示例规定", article="9")


def watch_messages() -> Iterator[Message]:
    """The life of one entry of a watchlist."""
    entry = WatchEntry(
        token=digest("token"), entry_no=7, subject=WatchSubjectKind.DOCUMENT, action=WatchAction.HOLD,
        ends_us=FIRST_US + 48 * HOUR_US, details=digest("details") * 2,
    )  # fmt: skip
    remedies = {name: value for name, value in MEASURE.items() if name != "target"} | {"legal_basis": LAW}
    key_check = digest("list key")[:16]
    yield WatchList(
        header=header(20, OWNER, CHECKER, parts=(part("watch-list", CHECKER),)), valid_until_us=FIRST_US + 720 * HOUR_US,
        key_check=key_check, list_key=digest("list key"), **ON_LIST,
    )  # fmt: skip
    yield WatchPublish(header=header(21, OWNER, **remedies), entries=(entry,), complete=True, **ON_LIST)
    yield WatchCorrect(header=header(22, OWNER, **remedies), entries=(entry,), **ON_LIST)
    yield WatchCheck(
        header=header(23, CHECKER, lane=Lane.URGENT, legal_basis=LAW, parts=(part("watch-check", CHECKER),)),
        key_check=key_check, count=400, commitment=digest("commitment"), purpose="入境旅客核查", place="示例机场",
        officer="desk 4", **ON_LIST,
    )  # fmt: skip
    yield WatchHit(
        header=header(24, CHECKER, OWNER, lane=Lane.URGENT, parts=(part("watch-hit", OWNER),)), entry_no=7,
        entry_hash=digest("entry message"), check_id=message_id(23), place="示例机场", officer="desk 4",
        met_us=FIRST_US + HOUR_US, note="held at the desk", **ON_LIST,
    )  # fmt: skip
    thread = Thread(root_id=message_id(24), parent_id=message_id(24))
    yield WatchAnswered(
        header=header(25, OWNER, CHECKER, lane=Lane.URGENT, thread=thread, parts=(part("watch-answer", CHECKER),)),
        instruction=WatchInstruction.HOLD, note="officers are on their way",
    )  # fmt: skip
    yield WatchWithdraw(
        header=header(26, OWNER, parts=(part("watch-withdraw", OWNER),)), tokens=(digest("token"),), reason="found", **ON_LIST
    )


def build() -> dict[str, Any]:
    """All vectors as JSON holds them."""
    return {
        "keys": [
            {
                "party": party,
                "algorithm": "ed25519",
                "seed": bytes(key).hex(),
                "public_key": public(party).hex(),
                "key_id": key_id("ed25519", public(party)),
            }
            for party, key in KEYS.items()
        ],
        "messages": [vector(message) for message in messages()],
    }


def vector(message: Message) -> dict[str, Any]:
    """One message in all its forms."""
    payload, payload_type = to_proto(message), message.KIND.payload_type

    def sign(data: bytes) -> bytes:
        return KEYS[message.header.sender].sign(data).signature

    return {
        "kind": message.KIND.name,
        "payload_type": payload_type,
        "json": to_json(message),
        "payload": payload.hex(),
        "private_payload": encode_private(message).hex(),
        "message_hash": message_hash(payload_type, payload).hex(),
        "author_key": message.header.author_key,
        "envelope": seal_envelope(message, sign).hex(),
    }


def text() -> str:
    """The file's content."""
    return json.dumps(build(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
    print(f"wrote {FILE.name}")
