"""Commands in README and docs/: none that nobody tries, none that there is not."""
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import pages  # noqa: E402
from stack import ROOT  # noqa: E402

BIN = pathlib.Path(os.environ.get("VOC_BIN_DIR") or ROOT / "build/dev/bin")


def programs(text):
    """The first word of each command of a block, without variables that are set before it and comments behind it."""
    for line in text.splitlines():
        for command in re.split(r"&&|\|\||;|\|", line.split("#")[0]):
            words = [word for word in command.split() if not re.match(r"[A-Z_]+=", word)]
            if words and words != ["export"]:
                yield words[0]


def test_every_block_says_how_it_is_tried():
    found = pages.blocks()
    assert len([where for where, mark, _ in found if mark == "run"]) >= 4
    for where, mark, text in found:
        assert mark, f"{where}: nobody tries it"
        if mark == "run":
            continue
        by = ROOT / mark.removeprefix("tried by ")
        assert by.exists(), f"{where}: {by}"
        for program in programs(text):
            assert program in by.read_text() or (ROOT / program) == by or (ROOT / program).parent == by.parent, f"{where}: {by.name} does not run {program}"


def test_blocks_of_commands_are_marked_as_such():
    for page in pages.PAGES:
        for block in re.findall(r"^```\n(.*?)^```", page.read_text(), re.M | re.S):
            first = block.split()[0] if block.split() else ""
            assert first not in ("docker", "cmake", "vocctl", "kubectl") and not first.startswith(("tests/", "deploy/")), f"{page}: ```{first}"


def helps():
    """{command: its help}, with '' for what all commands take."""
    def told(*arguments):
        return subprocess.run([BIN / "vocctl", *arguments], capture_output=True, text=True, env={"PATH": os.environ["PATH"]}).stdout
    overview = told("help")
    names = re.findall(r"^  ([a-z][a-z-]+) {2,}[A-Z]", overview, re.M)
    return {"": overview, **{name: told("help", name) for name in names}}


def test_every_vocctl_command_in_the_text_exists_with_its_flags():
    known = helps()
    assert len(known) > 10
    for page, span in pages.spans():
        words = span.split()
        assert words[1] in known or words[1].startswith("--") or not re.fullmatch(r"[a-z-]+", words[1]), f"{page}: `{span}`"
        text = known[""] + known.get(words[1], "")
        for flag in re.findall(r"--[a-z][a-z-]*", span):
            assert re.search(re.escape(flag) + r"\b", text), f"{page}: `{span}`: no {flag}"


def test_every_flag_of_vocctl_is_used_by_a_test():
    """So that whatever the text, the helps and the manpage say can be typed is typed somewhere."""
    tests = [path.read_text(errors="replace") for path in (ROOT / "tests").rglob("*") if path.suffix in (".py", ".c", ".sh")] + [pages.README.read_text()]
    unused = []
    for command, text in helps().items():
        of_command = [test for test in tests if re.search(rf"\b{command}\b", test)]
        flags = re.findall(r"^  (--[a-z-]+)", text, re.M) if command else ()
        unused += [f"vocctl {command} {flag}" for flag in flags if not any(re.search(re.escape(flag) + r"\b", test) for test in of_command)]
    assert not unused


def test_links_between_pages_lead_somewhere():
    for page in pages.PAGES:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
            if not re.match(r"[a-z]+:", target):
                assert (page.parent / target).exists(), f"{page}: {target}"
