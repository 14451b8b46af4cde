#!/usr/bin/env python3
"""Holds the committed files against a rule of rules.py: check.py RULE [FILE...]. Prints every complaint; fails if there is one."""
import os
import pathlib
import py_compile
import subprocess
import sys
import tempfile

import rules

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEXT = (".c", ".h", ".py", ".sh", ".md", ".txt", ".json", ".yml", ".in", ".mdoc", ".cmake", ".ndjson")


def files():
    """What git would commit; all but build trees where there is no repository."""
    if (ROOT / ".git").exists():
        listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True, check=True).stdout.split("\n")
    else:
        listed = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if "build" not in path.relative_to(ROOT).parts]
    return sorted(name for name in listed if name and (ROOT / name).is_file())


def apply(rule, names):
    for name in names:
        if name.endswith(TEXT):
            # Bad bytes are the point of some examples.
            for complaint in rule(name, (ROOT / name).read_bytes().decode(errors="surrogateescape")):
                yield f"{name}:{complaint}"


def formatted(names):
    sources = [name for name in names if rules.is_c(name)]
    result = subprocess.run(["clang-format-14", "--dry-run", "-Werror", "--ferror-limit=3", *sources], cwd=ROOT, capture_output=True, text=True)
    if result.returncode:
        yield result.stderr


def large(names):
    for name in names:
        size = (ROOT / name).stat().st_size
        if size > rules.FILE_BYTES and name not in rules.LARGE_FILES:
            yield f"{name}: {size} bytes, more than {rules.FILE_BYTES}"


def scripts(names):
    """Scripts parse, and those with a #! can be run."""
    for name in names:
        path = ROOT / name
        with open(path, "rb") as opened:
            first = opened.readline(100)
        if first.startswith(b"#!") and not os.access(path, os.X_OK):
            yield f"{name}: not executable"
        if name.endswith(".sh") or (first.startswith(b"#!") and b"bash" in first):
            result = subprocess.run(["bash", "-n", path], capture_output=True, text=True)
            if result.returncode:
                yield result.stderr
        elif name.endswith(".py"):
            try:
                with tempfile.NamedTemporaryFile() as output:
                    py_compile.compile(str(path), cfile=output.name, doraise=True)
            except py_compile.PyCompileError as failure:
                yield str(failure)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    name, chosen = sys.argv[1], sys.argv[2:] or files()
    whole = {"formatted": formatted, "large": large, "scripts": scripts}
    complaints = list(whole[name](chosen) if name in whole else apply(getattr(rules, name), chosen))
    print("\n".join(complaints) if complaints else f"{name}: {len(chosen)} files are fine")
    sys.exit(bool(complaints) or not chosen)


if __name__ == "__main__":
    main()
