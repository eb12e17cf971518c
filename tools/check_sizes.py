"""Refuses files over 600 lines and a median over 150; names those over 400. Generated code does not count."""

import statistics
import subprocess
import sys
from pathlib import Path

QUESTION, REFUSE, MEDIAN = 400, 600, 150
ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    listed = subprocess.run(["git", "ls-files", "*.py", "*.proto"], cwd=ROOT, check=True, capture_output=True, text=True)
    sizes = {}
    for name in listed.stdout.split():
        path = ROOT / name
        if path.exists() and not name.startswith("sdk/tocsin/v1/"):
            sizes[name] = len(path.read_text().splitlines())
    for name, lines in sorted(sizes.items(), key=lambda item: -item[1]):
        if lines > QUESTION:
            print(f"{'refused' if lines > REFUSE else 'question'}: {name} has {lines} lines")
    median = statistics.median(lines for name, lines in sizes.items() if not name.endswith("__init__.py"))
    print(f"{len(sizes)} files, median {median:g} lines")
    if median > MEDIAN or max(sizes.values()) > REFUSE:
        sys.exit("files are too long")


if __name__ == "__main__":
    main()
