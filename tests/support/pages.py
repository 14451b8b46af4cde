"""The commands in README and docs/: fenced blocks marked `sh`, each with the line before it that says how it is tried.

<!-- run -->             tests/system/test_docs_commands.py runs it, against a pipeline that is up
<!-- tried by PATH -->   that script or test runs the same commands
"""
import re

from stack import ROOT

README = ROOT / "README.md"
PAGES = [README, ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "deploy").rglob("*.md"))]


def blocks():
    """[(page:line, what the mark says or None, text)]"""
    found = []
    for page in PAGES:
        lines = page.read_text().splitlines()
        for number, line in enumerate(lines):
            if line.startswith("```sh"):
                end = next(i for i in range(number + 1, len(lines)) if lines[i].startswith("```"))
                mark = re.fullmatch(r"<!-- (.*) -->", lines[number - 1])
                found.append((f"{page.relative_to(ROOT)}:{number + 1}", mark and mark.group(1), "\n".join(lines[number + 1:end])))
    return found


def spans():
    """[(page, command)]: every `vocctl ...` in running text."""
    return [(page.relative_to(ROOT), span) for page in PAGES for span in re.findall(r"`(vocctl [^`]+)`", page.read_text())]
