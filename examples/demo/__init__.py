"""The main job on a real hub: ``python -m examples.demo``."""

import os

# Children are only ever executed anew: gRPC need not prepare for a fork, and does not tell the terminal of each.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
