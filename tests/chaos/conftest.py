"""The chaos harness's own tests: each proves that a fault really happens. Nothing here is ever skipped."""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
for folder in (HERE, HERE.parent / "support"):
    sys.path.insert(0, str(folder))
