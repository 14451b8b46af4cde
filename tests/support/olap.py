"""A real analytical database for tests: DuckDB, which deploy/packages.sh puts into the build tree from PyPI."""
import importlib
import pathlib
import sys

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "build" / "test-python"


def duckdb():
    """The module; where it is missing, the test that wanted it fails. Debian's own modules go before what else is in the folder."""
    if str(FOLDER) not in sys.path:
        sys.path.append(str(FOLDER))
    return importlib.import_module("duckdb")
