"""Where a passphrase comes from, and in which order."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tocsin.core.errors import LocalFault, Reason
from tocsin.crypto.keyfile import find_passphrase


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    made = {name: tmp_path / name for name in ("named", "tocsin-passphrase", "variable")}
    for name, path in made.items():
        path.write_text(f"from {name}\n", encoding="utf-8")
    return made


def never(question: str) -> str:
    raise AssertionError(question)


def answering(*answers: str) -> Callable[[str], str]:
    left = list(answers)
    return lambda question: left.pop(0)


def refused(**sources: object) -> LocalFault:
    given = {"explicit": None, "file": None, "env": {}, "prompt": None, **sources}
    with pytest.raises(LocalFault) as caught:
        find_passphrase(**given)  # type: ignore[arg-type]  # one keyword at a time
    assert caught.value.reason is Reason.PASSPHRASE_WRONG
    return caught.value


def test_the_first_source_that_is_given_decides(files: dict[str, Path]) -> None:
    env = {
        "CREDENTIALS_DIRECTORY": str(files["named"].parent),
        "TOCSIN_PASSPHRASE_FILE": str(files["variable"]),
    }
    assert find_passphrase(explicit="given", file=files["named"], env=env, prompt=never) == "given"
    assert find_passphrase(explicit=None, file=files["named"], env=env, prompt=never) == "from named"
    assert find_passphrase(explicit=None, file=None, env=env, prompt=never) == "from tocsin-passphrase"
    del env["CREDENTIALS_DIRECTORY"]
    assert find_passphrase(explicit=None, file=None, env=env, prompt=never) == "from variable"
    assert find_passphrase(explicit=None, file=None, env={}, prompt=lambda question: f"typed {question}") == (
        "typed passphrase"
    )


def test_a_unit_without_our_credential_falls_through_to_the_next_source(files: dict[str, Path], tmp_path: Path) -> None:
    empty = tmp_path / "credentials"
    empty.mkdir()
    env = {"CREDENTIALS_DIRECTORY": str(empty), "TOCSIN_PASSPHRASE_FILE": str(files["variable"])}
    assert find_passphrase(explicit=None, file=None, env=env, prompt=never) == "from variable"


def test_a_named_source_that_cannot_be_read_is_an_error_and_nobody_is_asked(tmp_path: Path) -> None:
    missing, binary, long = tmp_path / "missing", tmp_path / "binary", tmp_path / "long"
    binary.write_bytes(b"\xff\xfe")
    long.write_bytes(b"a" * 1025)
    for path in (missing, tmp_path, binary, long):
        refused(file=path, prompt=never)
        shown = str(refused(env={"TOCSIN_PASSPHRASE_FILE": str(path)}, prompt=never))
        assert str(tmp_path) not in shown
    (tmp_path / "tocsin-passphrase").mkdir()
    refused(env={"CREDENTIALS_DIRECTORY": str(tmp_path)}, prompt=never)


@pytest.mark.parametrize(
    ("content", "passphrase"),
    [
        (b"word", "word"),
        (b"word\n", "word"),
        (b"word\r\n", "word"),
        (b" word \n\n", " word \n"),
        ("口令口令口令\n".encode(), "口令口令口令"),
    ],
)
def test_one_newline_at_the_end_of_a_file_does_not_count(tmp_path: Path, content: bytes, passphrase: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert find_passphrase(explicit=None, file=path, env={}, prompt=None) == passphrase


def test_without_any_source_the_ways_are_named_in_both_languages() -> None:
    for shown in (str(refused()), refused().text("zh")):
        assert "tocsin-passphrase" in shown
        assert "TOCSIN_PASSPHRASE_FILE" in shown


def test_a_terminal_that_is_not_there_is_no_source() -> None:
    def closed(question: str) -> str:
        raise EOFError(question)

    assert "none was given" in str(refused(prompt=closed))


def test_an_empty_passphrase_is_refused_from_every_source(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_bytes(b"\n")
    for sources in ({"explicit": ""}, {"file": empty}, {"prompt": answering("")}):
        assert refused(**sources).facts["hint"] == "it is empty"


def test_a_passphrase_being_set_is_typed_twice_and_must_be_the_same() -> None:
    def ask(*answers: str) -> str:
        return find_passphrase(explicit=None, file=None, env={}, prompt=answering(*answers), confirm=True)

    assert ask("long enough", "long enough") == "long enough"
    assert (
        refused(prompt=answering("long enough", "long enouhg"), confirm=True).facts["hint"] == "the two answers differ"
    )
