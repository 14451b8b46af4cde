"""The systemd units, as CMake made them: systemd reads every line, and finds little that they may do."""
import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("VOC_BIN_DIR") or ROOT / "build/dev/bin")
EXPOSURE_MOST = 15  # of 100


def unit(name, tmp_path):
    """The unit, with the programs where this build has them."""
    text = (BIN.parent / "deploy" / f"{name}.service").read_text()
    path = tmp_path / f"{name}.service"
    path.write_text(re.sub(r"^(Exec\w+=)/\S*/(voc-)", rf"\g<1>{BIN}/\2", text, flags=re.M))
    return path


@pytest.mark.parametrize("name", ["voc-classifier", "voc-aggregator", "voc-alerter"])
def test_a_unit_is_read_whole_and_may_do_little(name, tmp_path):
    path = unit(name, tmp_path)
    verified = subprocess.run(["systemd-analyze", "verify", "--man=no", path], capture_output=True, text=True)
    assert verified.returncode == 0 and f"{name}.service" not in verified.stderr, verified.stderr
    judged = subprocess.run(["systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE_MOST}", path], capture_output=True, text=True)
    assert judged.returncode == 0, judged.stdout[-300:] + judged.stderr
    assert "Overall exposure level" in judged.stdout


def test_a_line_that_systemd_does_not_know_would_be_noticed(tmp_path):
    path = unit("voc-alerter", tmp_path)
    path.write_text(path.read_text().replace("NoNewPrivileges=yes", "NoNewPriviledges=yes"))
    verified = subprocess.run(["systemd-analyze", "verify", "--man=no", path], capture_output=True, text=True)
    assert "NoNewPriviledges" in verified.stderr
