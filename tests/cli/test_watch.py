"""``tocsin watch`` and ``tocsin check``: an owner's list, an officer's question, wrong rows named by line, exit codes."""

import csv
import json
from pathlib import Path

import pytest

from tests.cli.conftest import POLICE, Bench

CUSTOMS = "customs.wuhan"
HOW = ["--list", "stolen", "--purpose", "entry check", "--legal-basis", "Customs Law, art. 6", "--place", "hall 2"]


def passport(number: int) -> str:
    return f"document:passport/CHN/XX{number:07}"


@pytest.fixture(scope="module")
def listed(bench: Bench) -> Bench:
    """A list with the travellers 1 to 3, for a customs office that has joined."""
    bench.do(bench.hub.enrol(CUSTOMS, role="customs"))
    file = bench.path / "list.csv"
    write(file, ["subject", "action", "ends", "details"],
          [[passport(n), "hold", "2099-01-01T00:00:00+08:00", f"invented {n}"] for n in (1, 2, 3)])  # fmt: skip
    assert bench.json(POLICE, "watch", "open", "stolen", "--checker", CUSTOMS) == {"list": "stolen", "epoch": 1}
    assert bench.json(POLICE, "watch", "publish", "stolen", str(file), "--contact", "desk 4")["count"] == 3
    return bench


def write(path: Path, columns: list[str], rows: list[list[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as made:
        csv.writer(made).writerows([columns, *rows])


def test_a_subject_on_the_list_exits_4_and_one_that_is_not_exits_0(listed: Bench) -> None:
    told = listed.json(CUSTOMS, "check", passport(2), *HOW, code=4)
    (row,) = told["rows"]
    assert (row["result"], row["action"], row["contact"], row["details"]) == ("hit", "hold", "desk 4", "invented 2")
    clear = listed.json(CUSTOMS, "check", passport(9), *HOW)
    assert clear["rows"] == [{"line": 1, "result": "clear"}]
    assert clear["checks"][0]["log_index"] > told["checks"][0]["log_index"]


def test_a_manifest_names_wrong_rows_by_line_and_checks_the_others(listed: Bench, tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.csv"
    write(manifest, ["seat", "name", "document", "state", "number"],
          [["1A", "Somebody Invented", "passport", "CHN", "XX0000009"], ["1B", "x", "passport", "", "XX0000001"],
           ["1C", "y", "passport", "CHN", "XX0000003"], ["1D", "z", "passport", "CHN", "XX0000009"]])  # fmt: skip
    told = listed.json(CUSTOMS, "check", "--manifest", str(manifest), *HOW, code=4)
    assert [(row["line"], row["result"]) for row in told["rows"]] == [(2, "clear"), (3, "error"), (4, "hit"), (5, "error")]
    assert [row["error"]["reason"] for row in told["rows"] if "error" in row] == ["IDENTIFIER_INVALID", "ITEM_REPEATED"]
    shown = listed.run(CUSTOMS, "check", "--manifest", str(manifest), *HOW)
    assert "1 not on the list, 1 on the list, 2 not checked" in shown.stdout
    assert "Somebody" not in json.dumps(told) + shown.stdout


def test_rows_that_cannot_be_read_exit_2_when_nobody_is_on_the_list(listed: Bench, tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.csv"
    write(manifest, ["subject"], [["nonsense"], [passport(9)]])
    assert listed.run(CUSTOMS, "check", "--manifest", str(manifest), *HOW).exit_code == 2
    assert "1 人" not in listed.run(CUSTOMS, "check", "--manifest", str(manifest), *HOW, lang="zh").stdout


@pytest.mark.parametrize("words", [
    ["check", *HOW], ["check", passport(1)], ["check", passport(1), "--manifest", "x.csv", *HOW],
    ["check", "--manifest", "no-such-file.csv", *HOW],
])  # fmt: skip
def test_what_a_check_lacks_is_usage(listed: Bench, words: list[str]) -> None:
    assert listed.run(CUSTOMS, *words).exit_code == 2


def test_a_party_that_is_not_named_is_refused(listed: Bench) -> None:
    told = listed.json("bank.icbc", "check", passport(1), *HOW, code=3)
    assert told["error"]["reason"] == "NOT_CHECKER"


def test_wrong_lines_of_a_list_are_named_and_nothing_is_published_unless_asked(listed: Bench, tmp_path: Path) -> None:
    file = tmp_path / "more.csv"
    good = [passport(4), "notify", "2099-01-01T00:00:00+08:00"]
    write(file, ["subject", "action", "ends"], [good, [passport(5), "arrest", good[2]], [passport(6), "hold", "2099-01-01"]])
    refused = listed.run(POLICE, "watch", "publish", "stolen", str(file), "--contact", "desk 4")
    assert refused.exit_code == 2
    assert [line.split(":")[0] for line in refused.stderr.splitlines()] == ["line 3", "line 4"]
    assert listed.json(CUSTOMS, "check", passport(4), *HOW)["rows"][0]["result"] == "clear"
    listed.json(POLICE, "watch", "publish", "stolen", str(file), "--contact", "desk 4", "--skip-wrong", code=2)
    assert listed.json(CUSTOMS, "check", passport(4), *HOW, code=4)["rows"][0]["action"] == "notify"


def test_hits_wait_for_a_person_who_answers(listed: Bench) -> None:
    hit = listed.json(CUSTOMS, "check", passport(1), *HOW, code=4)["rows"][0]["hit"]
    waiting = [one for one in listed.json(POLICE, "watch", "hits") if one["hit"] == hit]
    assert waiting[0]["place"] == "hall 2"
    assert waiting[0]["details"] == "invented 1"
    listed.json(POLICE, "watch", "answer", hit, "--instruction", "let-go", "--note", "seen")
    assert listed.run(POLICE, "watch", "answer", hit, "--instruction", "hold").exit_code != 0
    assert listed.run(POLICE, "watch", "answer", hit, "--instruction", "shoot").exit_code == 2


def test_correct_withdraw_rotate_and_lists(listed: Bench, tmp_path: Path) -> None:
    file = tmp_path / "corrected.csv"
    write(file, ["subject", "action", "ends", "details"], [[passport(3), "inspect", "2099-01-01T00:00:00Z", "changed"]])
    listed.json(POLICE, "watch", "correct", "stolen", str(file), "--contact", "desk 5")
    assert listed.json(CUSTOMS, "check", passport(3), *HOW, code=4)["rows"][0]["details"] == "changed"
    listed.json(POLICE, "watch", "withdraw", "stolen", passport(3), "1", "--reason", "found")
    assert listed.json(CUSTOMS, "check", passport(3), *HOW)["rows"][0]["result"] == "clear"
    assert listed.json(POLICE, "watch", "rotate", "stolen", "--checker", CUSTOMS, "--contact", "desk 4")["epoch"] == 2
    assert listed.json(CUSTOMS, "check", passport(2), *HOW, code=4)["checks"][0]["epoch"] == 2
    (row,) = listed.json(POLICE, "watch", "lists")
    assert (row["list"], row["epoch"], row["mine"], row["complete"]) == ("stolen", 2, True, True)
    assert "stolen" in listed.run(CUSTOMS, "watch", "lists").stdout


def test_the_same_verbs_without_async(listed: Bench) -> None:
    from tocsin import Pending, sync
    from tocsin.testing.hub import PASSPHRASE

    with sync.Participant.load(listed.path / f"{CUSTOMS}.identity", passphrase=PASSPHRASE) as customs:
        checked = customs.check([passport(2)], list="stolen", purpose="entry", legal_basis="law")
        assert checked.hits[0].answer(0) == Pending()
        assert [one.list_id for one in customs.watchlists.lists()] == ["stolen"]
