"""Every block of README and docs/ that is marked `run`, as somebody would type it: against a pipeline that is up, with its environment."""
import os
import subprocess

import pages
import pytest
from stack import ROOT

BLOCKS = [(where, text) for where, mark, text in pages.blocks() if mark == "run"]


@pytest.fixture(scope="module")
def up(broker, tmp_path_factory):
    from stack import Stack
    stack = Stack(tmp_path_factory.mktemp("docs") / "stack", broker.bootstrap, partitions=2)
    stack.work_off_samples()
    yield stack
    stack.close()


@pytest.mark.parametrize("where, text", BLOCKS, ids=[where for where, _ in BLOCKS])
def test_a_block(up, where, text):
    env = up.env(PATH=f"{up.bin}:{os.environ['PATH']}")
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", text], env=env, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{where}\n{done.stdout}\n{done.stderr}"
    assert done.stdout.strip(), f"{where} said nothing"
