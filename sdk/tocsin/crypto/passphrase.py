"""Where a passphrase comes from.

* The first source that is given decides: what was passed in, a file named to the program, the systemd credential
  ``tocsin-passphrase``, the file that ``TOCSIN_PASSPHRASE_FILE`` names, a question at the terminal.
* A source that is named but cannot be read is an error; nothing falls back silently to the next.
* One newline at the end of a file is the editor's, not the passphrase's. Who may read the file is the operator's to
  decide: a container's secret is often readable by all inside it.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from tocsin.core.errors import BusError, Reason, error

CREDENTIAL = "tocsin-passphrase"
"""systemd: ``LoadCredentialEncrypted=tocsin-passphrase`` in the unit; systemd.exec(5), $CREDENTIALS_DIRECTORY."""

FILE_VARIABLE = "TOCSIN_PASSPHRASE_FILE"

MAX_PASSPHRASE = 1024
"""Bytes of a passphrase file: longer is a wrong file."""


def find_passphrase(
    *,
    explicit: str | None,
    file: Path | None,
    env: Mapping[str, str],
    prompt: Callable[[str], str] | None,
    confirm: bool = False,
) -> str:
    """The passphrase from the first source that is given.

    Args:
        explicit: The passphrase itself.
        file: A file that holds it.
        env: The environment.
        prompt: Asks at the terminal, without echo; called with a label key (``passphrase``, ``passphrase-again``).
        confirm: Ask twice, for a passphrase that is being set.

    Raises:
        LocalFault: PASSPHRASE_WRONG when no source gives one, a named source cannot be read, it is empty, or two
            answers differ.
    """
    if explicit is not None:
        return _given(explicit)
    if file is not None:
        return _from_file(file)
    if directory := env.get("CREDENTIALS_DIRECTORY"):
        credential = Path(directory, CREDENTIAL)
        if credential.exists():  # a unit may well have other credentials only
            return _from_file(credential)
    if named := env.get(FILE_VARIABLE):
        return _from_file(Path(named))
    if prompt is None:
        raise _nothing()
    return _given(_ask(prompt, confirm=confirm))


def _ask(prompt: Callable[[str], str], *, confirm: bool) -> str:
    try:
        answer = prompt("passphrase")
        again = prompt("passphrase-again") if confirm and answer else answer
    except EOFError as exc:
        raise _nothing() from exc
    if again != answer:
        raise error(Reason.PASSPHRASE_WRONG, hint="the two answers differ")
    return answer


def _from_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_PASSPHRASE + 1)
        text = content.decode()
    except (OSError, UnicodeDecodeError) as exc:
        raise error(Reason.PASSPHRASE_WRONG, hint="its file cannot be read as UTF-8 text") from exc
    if len(content) > MAX_PASSPHRASE:
        raise error(Reason.PASSPHRASE_WRONG, hint=f"at most {MAX_PASSPHRASE} bytes")
    return _given(text.removesuffix("\n").removesuffix("\r"))


def _given(passphrase: str) -> str:
    if not passphrase:
        raise error(Reason.PASSPHRASE_WRONG, hint="it is empty")
    return passphrase


def _nothing() -> BusError:
    return error(
        Reason.PASSPHRASE_WRONG,
        hint="none was given; name a file that holds it, give the systemd credential tocsin-passphrase, "
        "set TOCSIN_PASSPHRASE_FILE, or start at a terminal",
    )
