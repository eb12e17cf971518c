"""The repository as these tests read it: its Python sources, and the full names that a source refers to."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SDK = ROOT / "sdk" / "tocsin"
HUB = ROOT / "server" / "tocsin_hub"
GENERATED = SDK / "v1"


def sources(*folders: Path) -> list[Path]:
    """The hand-written modules below ``folders``."""
    found = [path for folder in folders for path in sorted(folder.rglob("*.py")) if GENERATED not in path.parents]
    assert found, f"nothing to read below {folders}"
    return found


def references(source: str) -> Iterator[tuple[int, str]]:
    """Line and full name of what ``source`` imports and of each name it uses from there: ``datetime.datetime.now``.

    A reference counts, not only a call: a clock that is passed on as a function is a clock too.
    """
    tree = ast.parse(source)
    homes: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                top = name.name.partition(".")[0]
                homes[name.asname or top] = name.name if name.asname else top
                yield node.lineno, name.name
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for name in node.names:
                homes[name.asname or name.name] = f"{node.module}.{name.name}"
                yield node.lineno, f"{node.module}.{name.name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name) and (chain := _chain(node)):
            first, *rest = chain
            yield node.lineno, ".".join([homes.get(first, f"builtins.{first}"), *rest])


def _chain(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute) and (before := _chain(node.value)):
        return [*before, node.attr]
    return []
