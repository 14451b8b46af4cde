"""The figures of docs/MODEL.md, between its two marks: written from what was measured, never by hand."""
import measures

BEGIN, END = "<!-- figures: tests/eval/run.sh --card writes them -->", "<!-- end of the figures -->"


def shown(value):
    return "–" if value is None else f"{value:.3f}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def headlines(sets):
    names = list(measures.headline(*next(iter(sets.values()))[:2]))
    rows = []
    for title, (rows_of, said, others) in sets.items():
        mine, spread = measures.headline(rows_of, said), measures.intervals(rows_of, said)
        rows.append([f"**{title}** ({len(rows_of)})"]
                    + [f"**{mine[n]:.3f}** ({spread[n][0]:.2f}–{spread[n][1]:.2f})" for n in names])
        for other, theirs in others.items():
            if theirs[0] is not None:
                figures = measures.headline(rows_of, theirs)
                rows.append([other] + [shown(figures[n]) for n in names])
    return table(["set (rows), then baselines"] + names, rows)


def labels(sets):
    each = {title: measures.details(rows_of, said) for title, (rows_of, said, _) in sets.items()}
    names = list(dict.fromkeys(name for figures in each.values() for name in figures))
    return table([""] + list(each), [[name] + [shown(f.get(name)) for f in each.values()] for name in names])


def certainty(sets):
    rows = []
    for title, (rows_of, said, _) in sets.items():
        for head, values in measures.sureness(rows_of, said).items():
            rows.append([title, head] + [shown(v) for v in values])
    return table(["set", "head", "ECE", "coverage at 90 % precision", "unknown"], rows)


def domains(left_out):
    names = list(next(iter(left_out["groups"].values()))["figures"])
    return table(["left out", "rows"] + names,
                 [[title, str(group["rows"])] + [shown(group["figures"][n]) for n in names]
                  for title, group in left_out["groups"].items()])


def write(path, whole, sets, left_out):
    """`whole` (both languages) and `sets` (each by itself): {title: (rows, what is said of them, {baseline: what it says})}."""
    page = path.read_text(encoding="utf-8")
    before, after = page[:page.index(BEGIN)], page[page.index(END):]
    parts = [BEGIN, "On rows that were never trained on; in brackets 95 % intervals (bootstrap).", "", headlines(whole),
             headlines(sets), labels(sets), certainty(sets),
             f"Whole sources and domains left out of the training (three folds; model {left_out['model']}; biases are "
             "set on the same rows, so a little flattering):", "", domains(left_out)]
    path.write_text(before + "\n".join(parts) + after, encoding="utf-8")
