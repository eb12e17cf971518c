"""Lint of the contract: buf's rules and format, no breaking change against the baseline, generated code up to date."""

import filecmp
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from make_proto import ROOT, generate

BUF = str(ROOT / ".venv" / "bin" / "buf")


def main() -> None:
    for arguments in (["lint"], ["format", "--diff", "--exit-code"], ["breaking", "--against", "proto/baseline.binpb"]):
        if subprocess.run([BUF, *arguments], cwd=ROOT, check=False).returncode != 0:
            sys.exit(f"buf {arguments[0]} failed")
    with tempfile.TemporaryDirectory() as scratch:
        generate(Path(scratch))
        fresh, kept = Path(scratch, "tocsin", "v1"), ROOT / "sdk" / "tocsin" / "v1"
        names = {p.name for p in fresh.iterdir()} | {p.name for p in kept.iterdir() if p.is_file()}
        _, different, missing = filecmp.cmpfiles(fresh, kept, sorted(names), shallow=False)
        if different or missing:
            sys.exit(f"generated code is out of date, run make proto: {', '.join(different + missing)}")
    print("protos: lint, format, compatibility and generated code are in order")


if __name__ == "__main__":
    main()
