"""The rules of CONTRIBUTING.md that a machine can check: each takes a file's path (relative) and text, and yields complaints."""
import re

# Why a function is not to be called, and where it may be called nevertheless.
BANNED = [
    (r"strcpy|strcat|sprintf|vsprintf|gets|strncpy|strncat|alloca", "writes past its bound or cuts silently: voc_buf, snprintf, voc_str_copy", ()),
    (r"strtok|strtok_r|asctime|ctime|gmtime|localtime|rand|srand|random|tmpnam|mktemp", "hidden state", ()),
    (r"atoi|atol|atoll|atof", "tells no error: voc_str_to_i64", ()),
    (r"system|popen", "starts a shell", ()),
    (r"signal", "sigaction says what it means", ()),
    (r"sleep|usleep|nanosleep", "wait for an event, with a deadline (tests: support/pause.h)", (r"tests/support/pause\.c",)),
]
BANNED_IN_PROGRAMS = [
    (r"exit|abort|_exit|quick_exit", "only main() ends the process", (r"services/[^/]+/main\.c", r"common/io/service/runtime\.c", r"common/io/service/signals\.c",
                                                                          r"common/base/hash\.c", r"common/base/fault_point\.c", r"tools/.*")),
    (r"getenv|secure_getenv|setenv|putenv", "the configuration comes from voc_conf; a terminal's nature from the environment",
     (r"services/vocctl/\w+/\w+\.c", r"common/base/fault_point\.c")),
]
BANNED_IN_LIBRARIES = [
    (r"printf|fprintf|vfprintf|puts|fputs|perror", "library code returns errors; services print", (r"common/io/service/runtime\.c",)),
    (r"voc_log|voc_log_error|VOC_LOG", "library code returns errors; services log", (r"common/base/log\.[ch]", r"common/io/service/runtime\.c")),
    (r"time|gettimeofday|clock_gettime|clock", "the clock is asked in base/clock.c",
     (r"common/base/(clock|log)\.c", r"common/io/service/process_stats\.c")),
]

# Which of our folders each folder may include from.
LAYERS = {
    "common/base": {"base"},
    "common/conf": {"base", "conf"},
    "common/core": {"base", "core"},
    "common/io": {"base", "conf", "core", "io"},
}
ABOVE = {"base", "conf", "core", "io"}
# Within the core, too, the arrows go one way: a folder may include from itself and from those before it.
CORE_ORDER = ["mask", "record", "classify", "rules", "customer", "aggregate", "deliver"]
# The core is pure: no clock, no log.
IMPURE = {"base/log.h", "base/clock.h"}
IMPURE_SYSTEM = re.compile(r"(sys/(socket|time|file|stat|epoll|eventfd|wait|mman)|unistd|fcntl|time|signal|netdb|poll|pthread|arpa/.*|netinet/.*)\.h")
# Which files may include which library: all else sees it through a header of ours.
LIBRARIES = [
    (r"librdkafka/.*", (r"common/io/kafka/\w+\.[ch]", r"services/devbroker/\w+\.c")),
    (r"hiredis/.*|hiredis\.h", (r"common/io/redis/\w+\.[ch]",)),
    (r"curl/.*", (r"common/io/webhook/\w+\.[ch]",)),
    (r"microhttpd\.h", (r"common/io/service/http_server\.c",)),
    (r"jansson\.h", (r".*_json\.[ch]", r"services/vocctl/(\w+/)?\w+\.[ch]")),
    (r"utf8proc\.h", (r"common/core/\w+/\w+\.c",)),
    (r"xxhash\.h|openssl/.*", (r"common/base/\w+\.c", r"common/io/redis/redis_tls\.c")),
]

FUNCTION_LINES = 80
FILE_LINES = 800
HEADER_LINES = 250
MAIN_LINES = 150
FILE_BYTES = 1_000_000
LARGE_FILES = {"services/classifier/model.bin", "services/classifier/train/plain-en.jsonl", "services/classifier/train/plain-ko.jsonl",
               "services/vocctl/gen-texts.ndjson",
               "services/classifier/train/contrast-en.jsonl"}


def strip(text):
    """C code with comments and the insides of literals blanked; line numbers stay."""
    def blank(match):
        found = match.group(0)
        if found.startswith("/"):
            return re.sub(r"[^\n]", " ", found)
        return found[0] + re.sub(r"[^\n]", " ", found[1:-1]) + found[-1]
    return re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", blank, text, flags=re.S)


def matches(path, patterns):
    return any(re.fullmatch(pattern, path) for pattern in patterns)


def is_c(path):
    return path.endswith((".c", ".h"))


def banned(path, text):
    if not is_c(path):
        return
    rules = list(BANNED)
    if path.startswith(("common/", "services/", "tools/")):
        rules += BANNED_IN_PROGRAMS
    if path.startswith("common/"):
        rules += BANNED_IN_LIBRARIES
    code = strip(text)
    for names, why, allowed in rules:
        if matches(path, allowed):
            continue
        for found in re.finditer(rf"(?<![\w.>])({names})\s*\(", code):
            before = code[code.rfind("\n", 0, found.start()) + 1:found.start()]
            if re.match(r"\s*#\s*define\s*$", before):
                continue
            yield f"{code.count(chr(10), 0, found.start()) + 1}: {found.group(1)}(): {why}"


def below_in_core(path, name):
    """Whether this file of the core may include `name`, as far as the order of the core's folders goes."""
    own, included = path.split("/")[2], name.split("/")
    return own in CORE_ORDER and (included[0] != "core" or included[1] in CORE_ORDER[:CORE_ORDER.index(own) + 1])


def layers(path, text):
    if not is_c(path):
        return
    folder = "/".join(path.split("/")[:2])
    code = re.sub(r"/\*.*?\*/", lambda found: re.sub(r"[^\n]", " ", found.group(0)), text, flags=re.S)
    for found in re.finditer(r"^\s*#\s*include\s*([<\"])([^>\"]+)[>\"]", code, flags=re.M):
        line = code.count("\n", 0, found.start(2)) + 1
        quote, name = found.groups()
        if quote == '"' and folder in LAYERS:
            if name.split("/")[0] not in LAYERS[folder]:
                yield f"{line}: {folder} must not include {name}"
            elif folder == "common/core" and not below_in_core(path, name):
                yield f"{line}: in the core, {path.split('/')[2]} must not include {name}"
            elif folder == "common/core" and name in IMPURE:
                yield f"{line}: the core is pure: not {name}"
        elif quote == '"' and path.startswith("services/"):
            top = name.split("/")[0]
            if "/" in name and top not in ABOVE and top != path.split("/")[1]:
                yield f"{line}: a service must not include another's {name}"
        elif quote == "<" and folder == "common/core" and IMPURE_SYSTEM.fullmatch(name):
            yield f"{line}: the core is pure: not <{name}>"
        if quote == "<" and not path.startswith("tests/"):
            for library, allowed in LIBRARIES:
                if re.fullmatch(library, name) and not matches(path, allowed):
                    yield f"{line}: <{name}> belongs to {' '.join(allowed)}"


def functions(text):
    """(line, name, lines) of each function: its braces stand in the first column, as clang-format puts them."""
    lines = strip(text).split("\n")
    start = None
    for number, line in enumerate(lines):
        if line == "{":
            start = number
            while start > 0 and lines[start - 1].strip() and not lines[start - 1].startswith(("}", "#")):
                start -= 1
        elif line == "}" and start is not None:
            name = re.search(r"(\w+)\s*\(", " ".join(lines[start:number]))
            yield start + 1, name.group(1) if name else "?", number - start + 1
            start = None


def sizes(path, text):
    if not is_c(path):
        return
    count = text.count("\n")
    limit = MAIN_LINES if re.fullmatch(r"services/[^/]+/main\.c", path) else HEADER_LINES if path.endswith(".h") else FILE_LINES
    if count > limit:
        yield f"1: {count} lines, more than {limit}: certainly two ideas"
    for line, name, length in functions(text):
        if length > FUNCTION_LINES:
            yield f"{line}: {name}() has {length} lines, more than {FUNCTION_LINES}"


def is_data(path):
    """Bytes that are the point, or Markdown, where blanks at a line's end mean something."""
    return "/data/" in path or "/corpus/" in path or path.startswith("schemas/examples/") or path.endswith((".ndjson", ".tsv", ".md"))


def layout(path, text):
    """Whitespace, the opening of headers, marks of unfinished work."""
    if is_data(path):
        return
    if text and not text.endswith("\n"):
        yield f"{text.count(chr(10)) + 1}: no line end at the file's end"
    for number, line in enumerate(text.split("\n"), 1):
        if line != line.rstrip():
            yield f"{number}: blanks or a carriage return at the line's end"
        if re.match(r" +\t", line):
            yield f"{number}: blanks before a tab"
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line) and not path.startswith("tests/lint/"):
            yield f"{number}: unfinished"
    if path.endswith(".h"):
        if not text.startswith("/*"):
            yield "1: a header opens with what the module is for, who owns what, which thread may call"
        if not re.search(r"\*/\n#ifndef (\w+)\n#define \1\n", text):
            yield "1: no include guard after the opening comment"
    if path.endswith(".py") and "\t" in text:
        yield "1: tabs in Python"
