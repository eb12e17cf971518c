"""Stands between ``listen --exec`` and a bank's program, writes down each run, and does to it what the fault file says, once.

    python faulty_program.py FOLDER PROGRAM…

 * ``retry``: the program is not run; asked again. ``rubbish``: it runs, and what it printed is lost; until the file goes.
 * ``kill-before``, ``kill-after``: the program is killed in the middle, right before or right after the step that counts.
 * ``mute``: it runs to its end and is then killed in our place: the effect stands, the answer is lost.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

NODE_SHIM = """
const fs = require("node:fs");
const write = fs.writeSync;
fs.writeSync = (fd, ...rest) => {
  if (process.env.KILL === "kill-after") write(fd, ...rest);
  process.kill(process.pid, "SIGKILL");
  for (;;);
};
"""
SH_SHIM = '#!/bin/sh\n[ "$KILL" = kill-before ] || /bin/mv "$@"\nkill -9 $PPID\n'

folder, program = Path(sys.argv[1]), sys.argv[2:]
task = sys.stdin.read()
known = json.loads(task)
fault = folder / "fault"
how = fault.read_text() if fault.exists() and known["kind"] != "lapsed" else ""
with (folder / "runs").open("a") as runs:
    runs.write(json.dumps({"key": known["idempotency_key"], "repeat": known["repeat"], "fault": how}) + "\n")
if how and how != "rubbish":
    fault.unlink()
if how == "retry":
    sys.exit(75)
env = dict(os.environ)
if how.startswith("kill"):
    shims = folder / "shims"
    shims.mkdir(exist_ok=True)
    (shims / "shim.cjs").write_text(NODE_SHIM)
    (shims / "mv").write_text(SH_SHIM)
    (shims / "mv").chmod(0o755)
    env |= {"KILL": how, "NODE_OPTIONS": f"--require {shims}/shim.cjs", "PATH": f"{shims}:{env['PATH']}"}
ended = subprocess.run(program, input=task, stdout=subprocess.PIPE, text=True, env=env, check=False)
if how.startswith("kill"):
    assert ended.returncode == -signal.SIGKILL, "the program went on"
if how == "mute" or ended.returncode < 0:
    os.kill(os.getpid(), signal.SIGKILL)
print("OK" if how == "rubbish" else ended.stdout, end="")
sys.exit(ended.returncode)
