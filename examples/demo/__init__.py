"""The main job on a real hub: ``python -m examples.demo``."""
