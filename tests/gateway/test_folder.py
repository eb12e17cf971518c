"""The drop folder against a real hub: what an order, an answer and a file of orders come to, and what bad ones do."""

from pathlib import Path
from typing import Any

import pytest

from tests.gateway.kit import BANK, WAIT, Side, Town, card, town
from tocsin import Executed, Outcome, Refused
from tocsin.client.rows import InboxState
from tocsin.gateway import files
from tocsin.gateway.form import Form
from tocsin.gateway.rows import order_columns
from tocsin.testing import VirtualClock

HOURS = 3_600.0

STOP_ROW = {"kind": "stop-payment", "account": card(1), "amount": {"amount": "1.00", "currency": "CNY"}, "contact": "desk 4"}


async def state(town: Town, order_id: bytes) -> InboxState | None:
    row = await town.bank.participant.store.get_inbox(order_id)
    return None if row is None else row.state


async def answered(side: Side) -> None:
    await side.gateway.look_for_answers()
    assert side.names(files.ANSWERS) == side.names(files.TAKEN_ANSWERS) == []


def reasons(side: Side, name: str) -> list[tuple[int, str, str]]:
    refused = side.json(files.REJECTED, f"{name}.reason.json")["refused"]
    return [(one["line"], one["reason"], one.get("field", "")) for one in refused]


async def test_an_order_is_a_file_and_a_file_is_its_answer(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        order = await t.stop()
        await t.handed_out(order)
        task = t.bank.json(files.ORDERS, f"{order.id}.json")
        assert (task["kind"], task["idempotency_key"], task["repeat"]) == ("stop-payment", order.id, False)
        assert (task["order"]["holder"], task["order"]["amount"]) == ("张三", {"amount": "50000.00", "currency": "CNY"})
        held = {"amount": "300.00", "currency": "CNY"}
        t.bank.drop("answers", "today.json", {"message_id": order.id, "outcome": "done", "held": held, "reason": "all there was"})
        await answered(t.bank)
        result = await order.outcome(WAIT)
        assert isinstance(result, Executed)
        assert (result.outcome, result.note) == (Outcome.DONE_SHORT, "all there was")
        assert result.expires_at is not None
        assert result.expires_at.isoformat() == task["ends_at"].replace("Z", "+00:00"), "the end the bank was told"
        assert t.bank.names(files.ORDERS) == []
        assert t.bank.names(files.DONE) == sorted([f"{order.id}.json", "today.json"])


async def test_csv_has_the_same_columns_for_every_kind_and_no_formula(tmp_path: Path) -> None:
    async with town(tmp_path, form=Form.CSV) as t:
        order = await t.stop(contact="+86 27 0000 0000", reason="=HYPERLINK(1)", holder="@张三")
        await t.handed_out(order)
        (row,) = t.bank.csv(files.ORDERS, f"{order.id}.csv")
        assert tuple(row) == order_columns()
        assert (row["kind"], row["target"], row["amount"]) == ("stop-payment", order.message.account, "50000.00 CNY")
        assert (row["contact"], row["reason"], row["holder"]) == ("'+86 27 0000 0000", "'=HYPERLINK(1)", "'@张三")
        text = f"message_id;outcome;held;reason\r\n{order.id};done;50000 CNY;'=1\r\n"
        t.bank.drop("answers", "a.csv", "\ufeff" + text)
        await answered(t.bank)
        result = await order.outcome(WAIT)
        assert isinstance(result, Executed)
        assert (result.outcome, result.note) == (Outcome.DONE, "=1")


async def test_an_order_that_waits_holds_up_no_other_and_is_not_handed_out_again(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        first, second = await t.stop(), await t.stop()
        for order in (first, second):
            await t.handed_out(order)
        (t.bank.path / files.ORDERS / f"{first.id}.json").unlink()  # the bank's system has taken it
        await t.hub.stop()
        await t.hub.start()
        t.bank.drop("answers", "a.json", {"message_id": second.id, "outcome": "mismatch", "reason": "another name"})
        await answered(t.bank)
        result = await second.outcome(WAIT)
        assert isinstance(result, Refused)
        assert (result.outcome, result.note) == (Outcome.MISMATCH, "another name")
        assert await state(t, first.message.header.message_id) is InboxState.WAITING
        assert t.bank.names(files.ORDERS) == []


async def test_the_good_rows_are_done_and_the_broken_ones_come_back_alone(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        orders = [await t.stop() for _ in range(4)]
        for order in orders:
            await t.handed_out(order)
        lines = [
            "message_id,outcome,held,reason",
            f"{orders[0].id},done,50000 CNY,",
            f"{orders[1].id},done,50000 RMB,",
            "not-an-id,done,50000 CNY,",
            f"{orders[2].id},maybe,,",
            "01890a5d-ac96-774b-bcce-b302099a8057,done,,",
            f'{orders[2].id},not-found,,"no, not\nhere"',
            f"{orders[3].id},mismatch,1 CNY,",
            f"{orders[3].id},done,50000 CNY",
        ]
        t.bank.drop("answers", "day.csv", "\n".join(lines) + "\n")
        await answered(t.bank)
        assert reasons(t.bank, "day.csv") == [
            (3, "CURRENCY_RMB", "held"), (4, "FIELD_INVALID", "message_id"), (5, "FIELD_INVALID", "outcome"),
            (6, "NOT_FOUND", ""), (9, "FIELD_INVALID", "held"), (10, "FIELD_INVALID", "row"),
        ]  # fmt: skip
        assert t.bank.json(files.REJECTED, "day.csv.reason.json")["rows_done"] == 2
        assert isinstance(await orders[0].outcome(WAIT), Executed)
        refused = await orders[2].outcome(WAIT)
        assert isinstance(refused, Refused)
        assert refused.note == "no, not\nhere"
        for order in (orders[1], orders[3]):
            assert await state(t, order.message.header.message_id) is InboxState.WAITING
        told = (t.bank.path / files.REJECTED / "day.csv.reason.txt").read_text("utf-8-sig")
        assert "Line 3: " in told
        assert "CNY" in told
        assert "人民币" in told
        rest = (t.bank.path / files.REJECTED / "day.csv").read_text("utf-8-sig").splitlines()
        assert rest == [lines[0], lines[2], lines[3], lines[4], lines[5], lines[7], lines[8]]
        mended = "\n".join([rest[0], rest[1].replace("RMB", "CNY")]) + "\n"
        t.bank.drop("answers", "day.csv", mended)
        await answered(t.bank)
        assert isinstance(await orders[1].outcome(WAIT), Executed)
        assert "day-2.csv" in t.bank.names(files.DONE)


@pytest.mark.parametrize(
    ("answer", "reason", "field"),
    [
        ({}, "FIELD_MISSING", "message_id"),
        ({"message_id": "ID"}, "FIELD_MISSING", "outcome"),
        ({"message_id": 7, "outcome": "done"}, "FIELD_INVALID", "message_id"),
        ({"message_id": "ID", "outcome": "lapsed"}, "FIELD_INVALID", "outcome"),
        ({"message_id": "ID", "outcome": "done", "held": "50000 CNY"}, "AMOUNT_INVALID", "held"),
        ({"message_id": "ID", "outcome": "done", "heldd": 1}, "UNKNOWN_FIELD", "heldd"),
        ({"message_id": "ID", "outcome": "done", "applied": "2026-01-01T00:00:00Z"}, "FIELD_INVALID", "applied"),
    ],
)
async def test_an_answer_that_does_not_hold_changes_nothing(
    tmp_path: Path, answer: dict[str, Any], reason: str, field: str
) -> None:
    async with town(tmp_path) as t:
        order = await t.stop()
        await t.handed_out(order)
        t.bank.drop("answers", "a.json", {**answer, **({"message_id": order.id} if answer.get("message_id") == "ID" else {})})
        await answered(t.bank)
        assert reasons(t.bank, "a.json") == [(1, reason, field)]
        assert "a.json" in t.bank.names(files.REJECTED)
        assert t.bank.names(files.DONE) == []
        assert await state(t, order.message.header.message_id) is InboxState.WAITING
        assert t.bank.names(files.ORDERS) == [f"{order.id}.json"]


async def test_the_same_answer_again_changes_nothing_and_another_is_refused(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        order = await t.stop()
        await t.handed_out(order)
        done = {"message_id": order.id, "outcome": "done", "held": {"amount": "50000.00", "currency": "CNY"}}
        for name, answer in (("a.json", done), ("b.json", done), ("c.json", {**done, "outcome": "mismatch", "held": None})):
            t.bank.drop("answers", name, {key: value for key, value in answer.items() if value})
            await answered(t.bank)
        assert [one for one in t.bank.names(files.DONE) if len(one) == 6] == ["a.json", "b.json"]
        assert reasons(t.bank, "c.json") == [(1, "TRANSITION_REFUSED", "message_id")]
        assert len(await t.bank.participant.store.outbox_list()) == 1, "one report"


async def test_a_release_is_a_file_too_and_the_end_of_a_measure_another(tmp_path: Path) -> None:
    clock = VirtualClock()
    async with town(tmp_path, clock=clock) as t:
        released, lapsing = await t.stop(), await t.stop()
        for order in (released, lapsing):
            await t.handed_out(order)
            t.bank.drop("answers", "a.json", {"message_id": order.id, "outcome": "done"})
            await answered(t.bank)
            assert isinstance(await order.outcome(WAIT), Executed)
        release = await t.police.participant.release(released, reason="the money went back")
        await t.handed_out(release)
        assert t.bank.json(files.ORDERS, f"{release.id}.json")["thread_id"] == released.id
        t.bank.drop("answers", "r.json", {"message_id": release.id, "outcome": "done"})
        await answered(t.bank)
        assert isinstance(await release.outcome(WAIT), Executed)
        await clock.advance(48 * HOURS + 1)
        await t.bank.until(files.ENDED, f"{lapsing.id}.json")
        ended = t.bank.json(files.ENDED, f"{lapsing.id}.json")
        assert (ended["kind"], ended["thread_id"], ended["instrument"]) == ("lapsed", lapsing.id, "stop-payment")
        assert t.bank.names(files.ENDED) == [f"{lapsing.id}.json"]


async def test_what_the_law_answers_by_itself_and_drills_never_become_files(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        drill = await t.stop(exercise=True)
        result = await drill.outcome(WAIT)
        assert isinstance(result, Refused)
        assert result.outcome is Outcome.UNSUPPORTED
        assert t.bank.names(files.ORDERS) == []


async def test_an_answer_by_other_means_takes_the_file_away(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        order = await t.stop()
        await t.handed_out(order)
        (t.bank.path / files.ORDERS / "note-of-a-clerk.json").write_text("{}")
        await t.bank.participant.answer(order.id, Refused("not-found"))
        await t.bank.gateway.look_for_answers()
        assert t.bank.names(files.ORDERS) == ["note-of-a-clerk.json"]
        assert t.bank.names(files.DONE) == [f"{order.id}.json"]


async def test_an_answer_that_is_quicker_than_our_own_note_of_its_file_waits_and_is_given(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        order = await t.stop()
        await t.handed_out(order)
        store, message_id = t.bank.participant.store, order.message.header.message_id
        await store.start(message_id, t.bank.participant.clock.now_us())  # as a crash leaves it: handed out, not noted
        t.bank.drop("answers", "a.json", {"message_id": order.id, "outcome": "done"})
        await t.bank.gateway.look_for_answers()
        assert t.bank.names(files.TAKEN_ANSWERS) == ["a.json"]
        assert t.bank.names(files.REJECTED) == []
        await store.waiting(message_id, t.bank.participant.clock.now_us())
        await answered(t.bank)
        assert isinstance(await order.outcome(WAIT), Executed)


async def test_a_full_disk_makes_an_order_wait_and_come_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with town(tmp_path) as t:
        write, tries = t.bank.folder.write, []

        def full(place: str, name: str, content: bytes) -> None:
            tries.append(name)
            if len(tries) == 1:
                raise OSError(28, "No space left on device")
            write(place, name, content)

        monkeypatch.setattr(t.bank.folder, "write", full)
        order = await t.stop()
        await t.handed_out(order)
        assert t.bank.json(files.ORDERS, f"{order.id}.json")["repeat"] is True


# -- orders by file -------------------------------------------------------------------------------------------------------------


async def sent(side: Side, name: str) -> list[dict[str, Any]]:
    await side.gateway.look_for_orders()
    assert side.names(files.SEND) == side.names(files.TAKEN_SEND) == []
    found: list[dict[str, Any]] = side.json(files.SENT, f"{name}.result.json")
    return found


async def test_a_file_of_orders_is_sent_and_its_result_kept_up_to_date(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        stop = {"kind": "stop-payment", "amount": {"amount": "50000.00", "currency": "CNY"}, "contact": "desk 4"}
        rows = [
            {**stop, "account": card(1), "holder": "张三", "transferred_at": "2026-11-23T14:02:11+08:00"},
            {**stop, "account": card(2)[:-1] + "x"},
            {**stop, "account": "4000000000000002"},
        ]
        t.police.drop("send", "night.json", rows)
        result = await sent(t.police, "night.json")
        assert [row["line"] for row in result] == [1, 2, 3]
        assert result[0]["state"] in ("queued", "accepted")
        assert [row["state"] for row in result[1:]] == ["not-sent", "not-sent"]
        assert [row["reason"] for row in result[1:]] == ["IDENTIFIER_INVALID", "TARGET_NOT_SERVED"]
        assert reasons(t.police, "night.json") == [(2, "IDENTIFIER_INVALID", "account"), (3, "TARGET_NOT_SERVED", "account")]
        assert [row["account"] for row in t.police.json(files.REJECTED, "night.json")] == [rows[1]["account"], rows[2]["account"]]
        await t.bank.until(files.ORDERS, f"{result[0]['order']}.json")
        task = t.bank.json(files.ORDERS, f"{result[0]['order']}.json")
        assert task["order"]["transferred_at"] == "2026-11-23T06:02:11.000000Z"
        await t.police.gateway.look_for_orders()
        assert t.police.json(files.SENT, "night.json.result.json")[0]["state"] == "accepted"
        t.bank.drop("answers", "a.json", {"message_id": result[0]["order"], "outcome": "done"})
        await answered(t.bank)
        order = await t.police.participant.sent_order(result[0]["order"])
        assert isinstance(await order.outcome(WAIT), Executed)
        await t.police.again()  # a restart goes on where it was
        (first, *_) = await sent(t.police, "night.json")
        assert (first["state"], first["outcome"], first["recipient"]) == ("executed", "done", BANK)
        assert first["expires_at"]


async def test_orders_in_csv_follow_their_thread_and_results_are_csv(tmp_path: Path) -> None:
    async with town(tmp_path, form=Form.CSV) as t:
        head = "kind,account,thread,amount,contact,exercise,reason\n"
        t.police.drop("send", "a.csv", f"{head}stop-payment,{card(1)},,50000 CNY,desk 4,,=fraud\n")
        await t.police.gateway.look_for_orders()
        (row,) = t.police.csv(files.SENT, "a.csv.result.csv")
        await t.bank.until(files.ORDERS, f"{row['order']}.csv")
        t.bank.drop("answers", "a.json", {"message_id": row["order"], "outcome": "done"})
        await answered(t.bank)
        await (await t.police.participant.sent_order(row["order"])).outcome(WAIT)
        t.police.drop("send", "b.csv", f"{head}release,,{row['order']},,,,\nrelease,,{row['order']},,,maybe,\n")
        await t.police.again()
        await t.police.gateway.look_for_orders()
        (before,) = t.police.csv(files.SENT, "a.csv.result.csv")
        assert (before["state"], before["order"]) == ("executed", row["order"])
        good, bad = t.police.csv(files.SENT, "b.csv.result.csv")
        assert good["state"] in ("queued", "accepted")
        assert (bad["state"], bad["reason"]) == ("not-sent", "FIELD_INVALID")
        assert "exercise" in bad["field"]
        await t.bank.until(files.ORDERS, f"{good['order']}.csv")


@pytest.mark.parametrize(
    ("row", "reason", "field"),
    [
        ({}, "FIELD_MISSING", "kind"),
        ({"kind": "report"}, "FIELD_INVALID", "kind"),
        ({"kind": "stop-payment"}, "FIELD_MISSING", "account"),
        ({"kind": "stop-payment", "account": "x", "thread": "y"}, "FIELD_MISSING", "account"),
        ({"kind": "stop-payment", "account": 6222020000000007}, "FIELD_INVALID", "account"),
        ({"kind": "stop-payment", "account": card(1), "6222020000000007": "x"}, "UNKNOWN_FIELD", "?"),
        ({"kind": "stop-payment", "account": card(1), "scope": "everything"}, "UNKNOWN_ENUM", "scope"),
        ({"kind": "stop-payment", "account": card(1), "exercise": "yes"}, "FIELD_INVALID", "exercise"),
        ({"kind": "stop-payment", "account": card(1), "contact": "desk 4"}, "FIELD_MISSING", "amount"),
        ({"kind": "release", "thread": "01890a5d-ac96-774b-bcce-b302099a8057"}, "THREAD_UNKNOWN", "thread"),
    ],
)  # fmt: skip
async def test_a_wrong_order_is_named_and_nothing_is_sent(tmp_path: Path, row: dict[str, Any], reason: str, field: str) -> None:
    async with town(tmp_path) as t:
        t.police.drop("send", "a.json", row)
        (result,) = await sent(t.police, "a.json")
        assert (result["state"], result["reason"], result.get("field")) == ("not-sent", reason, field)
        assert "a.json" in t.police.names(files.REJECTED)
        assert await t.police.participant.store.outbox_list() == []


async def test_what_the_hub_refuses_stands_in_the_result(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        t.bank.drop("send", "a.json", STOP_ROW)  # a bank orders no stops
        (result,) = await sent(t.bank, "a.json")
        order = await t.bank.participant.sent_order(result["order"])
        with pytest.raises(Exception, match="policy|not allowed|permitted"):
            await order.accepted(WAIT)
        await t.bank.gateway.look_for_orders()
        (result,) = t.bank.json(files.SENT, "a.json.result.json")
        assert (result["state"], result["reason"]) == ("refused-by-hub", "POLICY_DENIED")


async def test_the_same_rows_in_another_file_are_other_orders(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        t.police.drop("send", "a.json", STOP_ROW)
        first = await sent(t.police, "a.json")
        t.police.drop("send", "a.json", STOP_ROW)
        second = await sent(t.police, "a-2.json")
        assert first[0]["order"] != second[0]["order"]


async def test_before_the_first_connection_a_file_of_orders_waits(tmp_path: Path) -> None:
    async with town(tmp_path) as t:
        from tocsin.client.participant import Participant

        identity = await t.hub.enrol("police.110000", role="police", region="CN-11")
        (identity.database).unlink()  # as on a new machine: nothing was ever fetched
        side = Side(Participant(identity), tmp_path / "new")
        await t.hub.stop()
        await side.participant.open()
        side.drop("send", "a.json", STOP_ROW)
        await side.gateway.look_for_orders()
        assert side.names(files.TAKEN_SEND) == ["a.json"]
        assert side.names(files.REJECTED) == side.names(files.SENT) == []
        await t.hub.start()
        async with side.participant:
            await side.participant.fetch_directory()
            assert len(await sent(side, "a.json")) == 1
        side.folder.close()
