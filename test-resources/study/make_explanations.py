"""What explains model a's neurons on the text of make_golden.py, over all positions, in float64 with numpy alone.

Reduction in variance by binary features whose labels are made here from the text, by means and variances of the two sides.

Writes beside itself:
  explanations.npy   float64 [32, 3, F]: neurons 0, 64, 128, ...; reduction in variance, mean MLP_POST with the feature and without
                     it, for the F features in explanations.txt, in that order
  explanations.txt   a feature a line: kind, tab, name

usage: make_explanations.py        needs numpy, zstandard, tokenizers 0.22
"""
import numpy as np
from make_golden import BOS, CONTEXT, FAMILY, HERE, REFERENCE, ROWS, forward, rows_of_text
from tokenizers import Tokenizer

LEAST = 8

CLASSES = {
    "has a digit": lambda s: any(c.isdigit() for c in s),
    "begins with a space": lambda s: s[:1] == " " and s.strip() != "",
    "white space only": lambda s: s != "" and s.strip() == "",
    "has a line break": lambda s: "\n" in s,
    "comma": lambda s: "," in s,
    "closing parenthesis": lambda s: ")" in s,
    "any quote": lambda s: any(c in s for c in "\"'`\u201c\u201d\u2018\u2019\u00ab\u00bb"),
    "Capitalised": lambda s: len(s.strip()) > 1 and s.strip()[0].isupper() and s.strip()[1:].isalpha() and s.strip()[1:].islower(),
    "letters only": lambda s: s.strip().isalpha(),
    "preposition": lambda s: s.strip().lower() in (
        "of in to for on with at by from into about as after over through between under against during without before among upon "
        "unto within toward towards above below behind beside beyond near off onto out up down across along around per via").split(),
    "ends with -ing": lambda s: s.strip().isalpha() and s.strip().lower().endswith("ing") and len(s.strip()) > 3,
    "begins with re-": lambda s: s.strip().lower().startswith("re") and len(s.strip()) > 2,
    "first letter s": lambda s: s.strip()[:1].lower() == "s",
    "space, then t": lambda s: s[:1] == " " and s[1:2].lower() == "t",
    "no space, then a": lambda s: s[:1].lower() == "a",
}
KIND = {"first letter s": "letter", "space, then t": "letter", "no space, then a": "letter"}


def before(labels):
    """The labels of the token before; none at the beginning of a row."""
    rows = labels.reshape(ROWS, CONTEXT)
    return np.concatenate([np.zeros((ROWS, 1), bool), rows[:, :-1]], axis=1).reshape(-1)


def main():
    ids, _ = rows_of_text()
    flat = ids.reshape(-1)
    tokenizer = Tokenizer.from_file(str(FAMILY / "tokenizer.json"))
    text = {i: tokenizer.decode([i], skip_special_tokens=False) for i in np.unique(flat)}
    features = []

    def add(kind, name, labels):
        if min(labels.sum(), (~labels).sum()) >= LEAST:
            features.append((kind, name, labels))

    def add_both(kind, name, labels):
        add(kind, name, labels)
        add("previous_" + kind, "after " + name, before(labels))

    for i, count in zip(*np.unique(flat, return_counts=True)):
        if count >= max(LEAST, 1e-4 * flat.size) and "\ufffd" not in text[i]:
            name = "'" + text[i].replace("\n", "\\n").replace("\t", "\\t") + "'"
            add_both("token", name, flat == i)
    for name, holds in CLASSES.items():
        add_both(KIND.get(name, "class"), name, np.array([holds(text[i]) for i in flat]))
    place = np.arange(flat.size) % CONTEXT
    for p in (0, 1, 2, 31, CONTEXT - 1):
        add("position", f"position {p}", place == p)
    for low, high in ((0, 1), (2, 3), (4, 7), (16, 31), (0, 31), (48, 63)):
        add("position", f"positions {low} to {high}", (place >= low) & (place <= high))

    post = np.concatenate(forward(FAMILY / REFERENCE, ids), axis=1)[:, ::64]
    total = post.var(0, ddof=1)
    found = np.empty((post.shape[1], 3, len(features)))
    for f, (_, _, has) in enumerate(features):
        b = has.mean()
        within = (1 - b) * post[~has].var(0, ddof=1) + b * post[has].var(0, ddof=1)
        found[:, 0, f] = 1 - within / total
        found[:, 1, f] = post[has].mean(0)
        found[:, 2, f] = post[~has].mean(0)
    np.save(HERE / "explanations.npy", found)
    (HERE / "explanations.txt").write_text("".join(f"{kind}\t{name}\n" for kind, name, _ in features))
    print(f"{len(features)} features, up to {found[:, 0].max():.3f} explained; BOS is token {BOS}")


if __name__ == "__main__":
    main()
