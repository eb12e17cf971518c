"""What was said before the verb, and what verbs open with it: the party, or only what of it lies in clear.

 * A passphrase comes from the file, the systemd credential, the environment or a question at the terminal, never from an argument.
 * What can be shown without keys is shown without asking for a passphrase.
"""

import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tocsin.core.errors import Reason, error
from tocsin.core.texts import label, language

if TYPE_CHECKING:
    from tocsin.client.directory_copy import DirectoryCopy
    from tocsin.client.identity import Identity
    from tocsin.client.participant import Participant
    from tocsin.client.store import ClientStore


class Language(StrEnum):
    """A language of the catalogues."""

    ZH = "zh"
    EN = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Options of all verbs.

    Attributes:
        identity: The identity directory, if one was named.
        passphrase_file: File with the passphrase of its keys.
        json: Print JSON.
        lang: ``zh`` or ``en``.
        utc: Show times in UTC.
    """

    identity: Path | None
    passphrase_file: Path | None
    json: bool
    lang: str
    utc: bool

    @classmethod
    def of(
        cls, *, identity: Path | None, passphrase_file: Path | None, json: bool, lang: str | None, utc: bool
    ) -> "Settings":
        """The settings; the language from ``TOCSIN_LANG``, ``LC_ALL``, ``LC_MESSAGES`` or ``LANG`` unless given."""
        names = ("TOCSIN_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
        told = next((value for name in names if (value := os.environ.get(name))), "en")
        return cls(
            identity=identity, passphrase_file=passphrase_file, json=json, lang=language(lang or told), utc=utc
        )

    def directory(self) -> Path:
        """The identity directory.

        Raises:
            LocalFault: SETUP_INVALID when none was named.
        """
        if self.identity is None:
            raise error(Reason.SETUP_INVALID, field="identity", rule="name it: --identity DIR, or TOCSIN_IDENTITY")
        return self.identity

    def passphrase(self, *, confirm: bool = False) -> str:
        """The passphrase; asked for twice when it is being set.

        Raises:
            LocalFault: PASSPHRASE_WRONG.
        """
        from tocsin.crypto.passphrase import find_passphrase

        return find_passphrase(
            explicit=None, file=self.passphrase_file, env=os.environ, prompt=self._prompt(), confirm=confirm
        )

    def load(self) -> "Identity":
        """The party with its keys.

        Raises:
            LocalFault: SETUP_INVALID, IDENTITY_INVALID, IDENTITY_EXPOSED, PASSPHRASE_WRONG.
        """
        from tocsin.client.identity import load_identity

        return load_identity(self.directory(), passphrase_file=self.passphrase_file, prompt=self._prompt())

    def participant(self, **how: Any) -> "Participant":
        """The party, ready to be opened. Raises as ``load``."""
        from tocsin.client.participant import Participant

        return Participant(self.load(), **how)

    @contextlib.asynccontextmanager
    async def view(self) -> "AsyncIterator[View]":
        """The party's file and its verified directory, without its keys.

        Raises:
            LocalFault: SETUP_INVALID, IDENTITY_INVALID, IDENTITY_EXPOSED, CORRUPT.
        """
        from tocsin.client.directory_copy import DirectoryCopy, from_store
        from tocsin.client.identity import public_facts
        from tocsin.client.store import FILE_NAME, ClientStore

        path = self.directory()
        facts = public_facts(path)
        async with await ClientStore.open(path / FILE_NAME) as store:
            copy = DirectoryCopy(bus=facts["bus"], root_hash=facts["root_hash"])
            await from_store(copy, store)
            yield View(party=facts["party"], bus=facts["bus"], store=store, copy=copy)

    def _prompt(self) -> Callable[[str], str] | None:
        if not sys.stdin.isatty():
            return None
        from getpass import getpass

        return lambda key: getpass(f"{label(key, self.lang)}: ")


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What lies in clear in an identity directory."""

    party: str
    bus: str
    store: "ClientStore"
    copy: "DirectoryCopy"
