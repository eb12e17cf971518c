"""What a bank's program may do, good and bad: the order's reason says which."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

task = json.load(sys.stdin)
calls = Path(sys.argv[1])
with calls.open("a") as file:
    file.write(json.dumps({"task": task, "env": sorted(os.environ)}) + "\n")
if task["kind"] == "lapsed":
    sys.exit(0)
how = task["order"].get("reason", "done")
if how == "retry" and task["attempt"] == 1:
    sys.exit(75)
if how == "crash":
    print(json.dumps({"outcome": "mismatch"}), flush=True)
    print(f"Traceback: account {task['order']['header']['target']['value']} not in cache", file=sys.stderr)
    sys.exit(1)
if how == "rubbish":
    print("all good")
    sys.exit(0)
if how == "hang":
    subprocess.Popen(["sleep", "300"])
    time.sleep(300)
if how == "slow":
    time.sleep(1)
if how == "mismatch":
    print(json.dumps({"outcome": "mismatch", "reason": "another name"}))
    sys.exit(0)
amount = task["order"].get("amount")
print(json.dumps({"outcome": "done", **({"held": amount} if amount else {}), "reason": "by program"}))
