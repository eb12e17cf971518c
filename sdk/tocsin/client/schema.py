"""The layout of a party's durable file, ``participant.db``.

 * Numbered steps, applied forward only, each in the transaction that opens the file; ``user_version`` is the number of
   the last.
 * A file of a newer version is refused and left as it is. A file that is not ours is refused by its ``application_id``.
 * A step that has been released is never edited.

Rows that change often are small; bodies and receipts are written once, beside them.
"""

import sqlite3

from tocsin.core.errors import Reason, error
from tocsin.sqlitefile import one

APPLICATION_ID = 0x746F6373
"""``tocs``: what ``file(1)`` and this code know the file by."""

STEPS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
        """CREATE TABLE outbox (
            ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
            message_id BLOB NOT NULL UNIQUE,
            lane INTEGER NOT NULL,
            root_id BLOB NOT NULL,
            kind TEXT NOT NULL,
            recipient TEXT NOT NULL,
            state TEXT NOT NULL,
            reason TEXT NOT NULL DEFAULT '',
            facts TEXT NOT NULL DEFAULT '',
            created_us INTEGER NOT NULL,
            changed_us INTEGER NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0
        )""",
        "CREATE INDEX outbox_to_send ON outbox (lane, ordinal) WHERE state IN ('queued', 'sent')",
        "CREATE INDEX outbox_given_up ON outbox (state, ordinal) WHERE state IN ('refused', 'parked')",
        "CREATE TABLE outbox_body (ordinal INTEGER PRIMARY KEY, envelope BLOB NOT NULL)",
        "CREATE TABLE outbox_receipt (ordinal INTEGER PRIMARY KEY, receipt BLOB NOT NULL)",
        """CREATE TABLE inbox (
            place INTEGER PRIMARY KEY AUTOINCREMENT,
            message_id BLOB NOT NULL UNIQUE,
            message_hash BLOB NOT NULL,
            epoch INTEGER NOT NULL,
            lane INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            root_id BLOB NOT NULL,
            kind TEXT NOT NULL,
            why INTEGER NOT NULL,
            attempt INTEGER NOT NULL,
            attempt_token BLOB NOT NULL,
            state TEXT NOT NULL,
            received_us INTEGER NOT NULL,
            started_us INTEGER NOT NULL,
            finished_us INTEGER NOT NULL,
            report_id BLOB NOT NULL DEFAULT x'',
            repeat INTEGER NOT NULL,
            confirmed INTEGER NOT NULL DEFAULT 0,
            park_reason TEXT NOT NULL
        )""",
        "CREATE INDEX inbox_open ON inbox (lane, seq) WHERE state IN ('received', 'started')",
        "CREATE INDEX inbox_aside ON inbox (state, place) WHERE state IN ('waiting', 'parked')",
        "CREATE INDEX inbox_by_seq ON inbox (epoch, lane, seq)",
        "CREATE TABLE inbox_body (place INTEGER PRIMARY KEY, envelope BLOB NOT NULL, sequencing BLOB NOT NULL)",
        """CREATE TABLE measure (
            root_id BLOB PRIMARY KEY,
            kind TEXT NOT NULL,
            instrument TEXT NOT NULL,
            origin TEXT NOT NULL,
            recipient TEXT NOT NULL,
            target_kind TEXT NOT NULL,
            target_masked TEXT NOT NULL,
            subject BLOB NOT NULL,
            state TEXT NOT NULL,
            terms INTEGER NOT NULL,
            applied_us INTEGER NOT NULL,
            ends_us INTEGER NOT NULL,
            profile TEXT NOT NULL,
            exercise INTEGER NOT NULL,
            report BLOB NOT NULL,
            changed_us INTEGER NOT NULL
        )""",
        "CREATE INDEX measure_due ON measure (ends_us) WHERE ends_us > 0 AND state IN ('in-force', 'releasing')",
        "CREATE INDEX measure_subject ON measure (subject)",
        "CREATE TABLE directory (version INTEGER PRIMARY KEY, envelope BLOB NOT NULL, sequencing BLOB NOT NULL)",
    ),
    (
        "CREATE INDEX outbox_thread ON outbox (root_id, ordinal)",
        "CREATE INDEX inbox_thread ON inbox (root_id, place)",
    ),
    (
        """CREATE TABLE watch_list (
            list_id TEXT NOT NULL,
            epoch INTEGER NOT NULL,
            owner TEXT NOT NULL,
            message_id BLOB NOT NULL,
            valid_until_us INTEGER NOT NULL,
            complete INTEGER NOT NULL,
            PRIMARY KEY (list_id, epoch)
        ) WITHOUT ROWID""",
        """CREATE TABLE watch_own (
            list_id TEXT NOT NULL,
            entry_no INTEGER NOT NULL,
            subject BLOB NOT NULL,
            epoch INTEGER NOT NULL,
            message_id BLOB NOT NULL,
            withdrawn INTEGER NOT NULL,
            ends_us INTEGER NOT NULL,
            sealed BLOB NOT NULL,
            PRIMARY KEY (list_id, entry_no)
        ) WITHOUT ROWID""",
        "CREATE UNIQUE INDEX watch_own_subject ON watch_own (list_id, subject)",
    ),
)
"""Step ``n`` leads to version ``n + 1``."""

VERSION = len(STEPS)
"""The version this software writes."""


def migrate(conn: sqlite3.Connection) -> None:
    """Brings the open file to ``VERSION``, inside the caller's transaction.

    Raises:
        LocalFault: STORE_NEWER, or CORRUPT when the file is not a participant's; nothing was changed.
    """
    version = version_of(conn)
    owner = one(conn, "PRAGMA application_id")
    if owner != APPLICATION_ID and (owner != 0 or one(conn, "SELECT count(*) FROM sqlite_master") != 0):
        raise error(Reason.CORRUPT, hint="not a participant's store")
    if version > VERSION:
        raise error(Reason.STORE_NEWER, value=version, limit=VERSION)
    for step in STEPS[version:]:
        for statement in step:
            conn.execute(statement)
    if version < VERSION:
        conn.execute(f"PRAGMA application_id={APPLICATION_ID}")
        conn.execute(f"PRAGMA user_version={VERSION}")


def version_of(conn: sqlite3.Connection) -> int:
    """The version of the open file; 0 when it is empty."""
    return int(str(one(conn, "PRAGMA user_version")))
