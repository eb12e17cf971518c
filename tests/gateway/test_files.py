"""The folder itself: what is taken, what is left alone, what is refused, and that names are kept apart."""

import os
from pathlib import Path

import pytest

from tocsin.core.errors import LocalFault, Malformed, Reason
from tocsin.gateway import files
from tocsin.gateway.files import ANSWERS, DONE, MAX_FILE_BYTES, ORDERS, PLACES, REJECTED, TAKEN_ANSWERS, Folder


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "folder"
    made.mkdir(mode=0o770)
    return made


@pytest.fixture
def folder(path: Path):
    made = Folder.open(path)
    yield made
    made.close()


def refusal(path: Path) -> str:
    with pytest.raises(LocalFault) as caught:
        Folder.open(path)
    assert caught.value.reason is Reason.SETUP_INVALID
    assert str(path) not in str(caught.value)
    return caught.value.facts["rule"]


def test_opening_makes_what_is_missing(folder: Folder, path: Path) -> None:
    assert {one.name for one in path.iterdir()} == {*PLACES, ".lock"}


def test_a_folder_that_others_may_enter_is_refused(path: Path) -> None:
    path.chmod(0o775)
    assert "chmod o-rwx" in refusal(path)


def test_a_folder_that_is_not_there_is_refused_and_not_made(tmp_path: Path) -> None:
    assert "a directory" in refusal(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_one_gateway_at_a_time(folder: Folder, path: Path) -> None:
    assert "one gateway at a time" in refusal(path)


def test_a_place_that_is_a_link_is_refused(path: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (path / ANSWERS).symlink_to(tmp_path / "outside")
    assert "no links" in refusal(path)


@pytest.mark.parametrize("name", [".a.json", "a.json.tmp", "a.csv.PART", "~$a.csv"])
def test_what_is_still_being_written_is_left_alone(folder: Folder, path: Path, name: str) -> None:
    (path / ANSWERS / name).write_text("half")
    assert folder.take(ANSWERS) == []
    assert (path / ANSWERS / name).read_text() == "half"


def test_what_is_taken_has_a_name_that_is_free_wherever_it_goes(folder: Folder, path: Path) -> None:
    for place in (DONE, REJECTED):
        (path / place / ("a.csv" if place == DONE else "a-2.csv")).write_text("before")
    (path / files.SENT / "a-3.csv.result.json").write_text("before")
    (path / ANSWERS / "a.csv").write_text("new")
    assert folder.take(ANSWERS) == ["a-4.csv"]
    assert folder.read_taken(ANSWERS, "a-4.csv").data == b"new"
    folder.put_away(ANSWERS, "a-4.csv", DONE)
    assert (path / DONE / "a.csv").read_text() == "before"
    assert (path / DONE / "a-4.csv").read_text() == "new"


def test_what_was_taken_in_an_earlier_life_is_there_in_the_next(folder: Folder, path: Path) -> None:
    (path / ANSWERS / "a.csv").write_text("x")
    folder.take(ANSWERS)
    assert folder.take(ANSWERS) == ["a.csv"]


def test_a_link_a_directory_a_pipe_and_a_long_file_are_refused_unread(folder: Folder, path: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("{}")
    (path / ANSWERS / "link.json").symlink_to(tmp_path / "secret")
    (path / ANSWERS / "directory.json").mkdir()
    os.mkfifo(path / ANSWERS / "pipe.json")
    (path / ANSWERS / "zlong.json").write_bytes(b" " * (MAX_FILE_BYTES + 1))
    taken = folder.take(ANSWERS)
    assert taken == ["directory.json", "link.json", "pipe.json", "zlong.json"]
    rules = []
    for name in taken:
        with pytest.raises(Malformed) as caught:
            folder.read_taken(ANSWERS, name)
        rules.append(caught.value.facts["rule"])
    assert rules == ["an ordinary file, no link"] * 3 + ["at most 4 MiB"]
    for name in taken:
        folder.put_away(ANSWERS, name, REJECTED)
    assert (tmp_path / "secret").read_text() == "{}"
    assert (path / REJECTED / "link.json").is_symlink()


def test_names_that_are_long_or_no_unicode_keep_room_for_what_is_written_about_them(folder: Folder, path: Path) -> None:
    (path / ANSWERS / ("x" * 250 + ".csv")).write_text("a")
    (path / ANSWERS / os.fsdecode(b"\xff.csv")).write_text("b")
    for name in folder.take(ANSWERS):
        folder.write(REJECTED, f"{name}.reason.json", b"{}")
        folder.put_away(ANSWERS, name, REJECTED)
    assert len(list((path / REJECTED).iterdir())) == 4


def test_a_write_is_whole_or_leaves_what_was_there(
    folder: Folder, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write(ORDERS, "a.json", b"before")

    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        folder.write(ORDERS, "a.json", b"after")
    assert [(one.name, one.read_bytes()) for one in (path / ORDERS).iterdir()] == [("a.json", b"before")]


def test_what_a_cut_off_write_left_is_cleared_at_the_next_start(path: Path) -> None:
    Folder.open(path).close()
    (path / ORDERS / ".a.json.new").write_text("half")
    (path / ANSWERS / ".theirs.new").write_text("theirs")
    Folder.open(path).close()
    assert list((path / ORDERS).iterdir()) == []
    assert (path / ANSWERS / ".theirs.new").exists()


def test_a_file_that_its_writer_took_back_is_no_fault(folder: Folder, path: Path) -> None:
    (path / TAKEN_ANSWERS / "gone.json").write_text("{}")
    (path / TAKEN_ANSWERS / "gone.json").unlink()
    assert folder.take(ANSWERS) == []
    folder.retire(ORDERS, "never-there.json")
