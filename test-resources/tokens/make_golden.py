"""What Python's tokenizers and numpy say, for the tests of the package tokens.

Writes beside itself:
  awkward.json   hard texts with ids and spans (code points), and long ones by recipe with count and hash
  packing.json   the rows of ../validation.jsonl.zst, packed here independently of the Java code
  npy.json       small .npy files of every version, as base64

usage: make_golden.py        needs tokenizers 0.22, zstandard, numpy
"""
import base64
import hashlib
import io
import json
import pathlib

import numpy as np
import zstandard
from tokenizers import Tokenizer

HERE = pathlib.Path(__file__).parent
FAMILY = HERE.parent
BOS = 0

AWKWARD = {
    "empty": "",
    "plain": "Hello, world! It's 2024; don't they've we'll I'd.",
    "end of text inside": "one<|endoftext|>two <|endoftext|> three<|endoftext|>",
    "end of text only": "<|endoftext|>",
    "almost end of text": "<|endoftext|<|endoftext>|> <| endoftext |>",
    "emoji": "\U0001F600\U0001F680 ok \U0001F44D\U0001F3FD!",
    "emoji joined": "\U0001F468\u200D\U0001F469\u200D\U0001F467\u200D\U0001F466 \U0001F3F3\uFE0F\u200D\U0001F308x",
    "flags": "\U0001F1E9\U0001F1EA\U0001F1EB\U0001F1F7",
    "mixed scripts": "a\u00DF\u0416\u03A9\u4E2D\u6587\u304B\u306A\uD55C\uAE00 \u0E20\u0E32\u0E29\u0E32 \u0939\u093F\u0928\u094D\u0926\u0940",
    "right to left": "\u05E9\u05DC\u05D5\u05DD \u0645\u0631\u062D\u0628\u0627 \u202Eabc\u202C 123",
    "combining": "e\u0301 \u00E9 Z\u0351\u036B\u0343a\u0321\u030A n\u0303\u0303",
    "spaces": "   a    b  \u00A0\u2003c \u3000 ",
    "tabs": "\t\tif x:\n\t\t\treturn\t\n",
    "newlines": "\na\n\nb\n\n\nc\r\nd\r\n\r\n\u2028e\u0085f\n",
    "only newline": "\n",
    "only spaces": "        ",
    "control": "a\u0001\u0002\u001B[31m\u007F\u0080\u009Fb",
    "nul": "a\0b\0\0 \0",
    "replacement": "\uFFFD\uFFFDx",
    "lone surrogate": "a\uD83Db \uDE00\uD83D",
    "byte order mark": "\uFEFFtext",
    "numbers": "3.14159 1e-10 \u00BD \u2167 \u0661\u0662\u0663 12345678901234567890",
    "code": "for (int i=0;i<n;++i){a[i]=b[i]*c;} // \u2192 \"x\"\\n",
    "last plane": "\U0010FFFF\U000E0001\uFFFF",
}


def letters(length):
    """A long word: a linear congruential generator, as the Java test has it."""
    x, out = 12345, []
    for _ in range(length):
        x = (x * 1103515245 + 12345) & 0x7FFFFFFF
        out.append(chr(97 + (x >> 16) % 26))
    return "".join(out)


LONG = {
    "a million random letters": letters(1_000_000),
    "many a": "a" * 100_000,
    "many spaces": " " * 100_000,
    "many emoji": "\U0001F600" * 50_000,
}


def ids_hash(ids):
    return hashlib.sha256(np.asarray(ids, dtype="<i4").tobytes()).hexdigest()


def awkward(tokenizer):
    cases = []
    for name, text in AWKWARD.items():
        clean = "".join("\uFFFD" if 0xD800 <= ord(c) < 0xE000 else c for c in text)
        encoding = tokenizer.encode(clean, add_special_tokens=False)
        cases.append({"name": name, "text": text, "ids": encoding.ids,
                      "spans": [list(span) for span in encoding.offsets]})
    long = []
    for name, text in LONG.items():
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        long.append({"name": name, "tokens": len(ids), "sha256": ids_hash(ids)})
    spelt = {str(i): tokenizer.decode([i], skip_special_tokens=False) for i in range(0, 4096, 41)}
    return {"cases": cases, "long": long, "decoded": spelt, "size": tokenizer.get_vocab_size()}


def pack(tokenizer, documents, context):
    stream, starts = [], []
    for number, document in enumerate(documents):
        if number:
            stream.append(BOS)
        starts.append(len(stream))
        stream += tokenizer.encode(document["text"], add_special_tokens=False).ids
    rows = len(stream) // (context - 1)
    body = np.array(stream[:rows * (context - 1)], dtype="<i4").reshape(rows, context - 1)
    table = np.concatenate([np.full((rows, 1), BOS, dtype="<i4"), body], axis=1)
    newline = tokenizer.token_to_id("\u010A")
    subsets = list(dict.fromkeys(d["meta"]["pile_set_name"] for d in documents))
    labels = np.searchsorted(np.array(starts), np.arange(rows * (context - 1)), side="right") - 1
    by_token = np.array([subsets.index(d["meta"]["pile_set_name"]) for d in documents])[labels]
    head = table[:32]
    return {
        "context": context, "rows": rows, "dropped": len(stream) - rows * (context - 1),
        "sha256": ids_hash(table), "kept": int(((table != BOS) & (table != newline)).sum()),
        "newline": newline, "subsets": subsets, "documents": len(documents),
        "starts": starts[:5] + starts[-5:], "tokens_by_subset": np.bincount(by_token).tolist(),
        "first_rows": table[:2].tolist(), "sha256_of_32_rows": ids_hash(head),
        "kept_of_32_rows": int(((head != BOS) & (head != newline)).sum()),
    }


def npy():
    files = {}

    def add(name, array, version=None):
        out = io.BytesIO()
        np.lib.format.write_array(out, array, version=version)
        files[name] = base64.b64encode(out.getvalue()).decode()

    for version in ((1, 0), (2, 0), (3, 0)):
        add(f"i4 version {version[0]}", np.arange(6, dtype="<i4").reshape(2, 3), version)
    add("i8", np.array([[0, -5, 1 << 40]], dtype="<i8"))
    add("f2", np.array([1.5, -2.0], dtype="<f2"))
    add("f4", np.array([1.5, np.nan, -np.inf], dtype="<f4"))
    add("f8", np.array([[[1e300]]], dtype="<f8"))
    add("scalar", np.array(7, dtype="<i4"))
    add("empty", np.zeros((0, 4), dtype="<f4"))
    add("bad fortran", np.asfortranarray(np.arange(6, dtype="<i4").reshape(2, 3)))
    add("bad big-endian", np.arange(3, dtype=">i4"))
    add("bad unsigned", np.arange(3, dtype="<u2"))
    add("bad bool", np.array([True]))
    add("bad fields", np.zeros(2, dtype=[("a", "<i4"), ("b", "<f4")]))
    return files


def main():
    tokenizer = Tokenizer.from_file(str(FAMILY / "tokenizer.json"))
    raw = zstandard.ZstdDecompressor().stream_reader((FAMILY / "validation.jsonl.zst").read_bytes()).read()
    documents = [json.loads(line) for line in raw.decode().split("\n") if line]
    packing = [pack(tokenizer, documents, context) for context in (256, 17)]
    for name, value in (("awkward", awkward(tokenizer)), ("packing", packing), ("npy", npy())):
        text = json.dumps(value, separators=(",", ":")).replace("},{", "},\n{")
        (HERE / f"{name}.json").write_text(text + "\n")
    print([{k: p[k] for k in ("context", "rows", "dropped", "kept", "kept_of_32_rows")} for p in packing])


if __name__ == "__main__":
    main()
