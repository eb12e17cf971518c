"""The bank that is killed: its books are a SQLite file, its handler keeps a record of every call.

    python -m tests.kill.bank IDENTITY BOOKS RECORDS
"""

import os
import sqlite3
import sys
from pathlib import Path

from tocsin import Executed, Participant, StopPayment
from tocsin.client.identity import load_identity


def main() -> None:
    identity, books, records = sys.argv[1:4]
    bank = Participant(load_identity(Path(identity)))
    conn = sqlite3.connect(books, isolation_level=None, check_same_thread=False)
    conn.execute("PRAGMA journal_mode=WAL")
    conn.execute("PRAGMA synchronous=FULL")
    conn.execute("CREATE TABLE IF NOT EXISTS hold (order_id TEXT, account TEXT, minor INTEGER)")
    record = os.open(records, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    @bank.on(StopPayment)
    async def stop(order: StopPayment) -> Executed:
        # The record comes first: a call that was cut off is a call all the same.
        os.write(record, f"{order.id} {int(order.repeat)}\n".encode())
        os.fsync(record)
        conn.execute("BEGIN IMMEDIATE")
        if order.mark(conn):
            assert order.amount is not None
            conn.execute("INSERT INTO hold VALUES (?, ?, ?)", (order.id, order.account, order.amount.minor))
        conn.execute("COMMIT")
        return Executed(held=order.amount)

    print("ready", flush=True)
    bank.run()


if __name__ == "__main__":
    main()
