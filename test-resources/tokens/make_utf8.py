"""What Python makes of broken UTF-8 with errors="replace", and of lone surrogates in JSON, for Utf8ReaderTest.

Writes utf8.json beside itself:
  bytes      bytes that begin, go on in or break a sequence
  streams    for each of them, all sequences of four that begin with it, each followed by "|": how many parts Python
             replaces, and the SHA-256 of the text it gets, as UTF-8
  all        the same of all these streams in a row
  json       bodies of JSON strings: the text and how many parts of it were replaced

usage: make_utf8.py          needs nothing but Python
"""
import codecs
import hashlib
import itertools
import json
import pathlib

BYTES = bytes.fromhex("41 7F 80 8F 90 9F A0 BF C0 C1 C2 DF E0 E1 ED EE EF F0 F1 F4 F5 FF")
BODIES = [
    rb"\ud83d\ude00", rb"\ud83d", rb"\ude00", rb"\ude00\ud83d", rb"\ud83d\ud83d\ude00", rb"\ud83dx\ude00",
    rb"\ud83d\n\ude00", b"\\ud83d\xf0\x9f\x98\x80", b"\xf0\x9f\x98\x80\\ude00", b"\\ud83d\xff\\ude00", b"\\ud83d\x80",
    rb"\uD83D\uDE00\uDE00", rb"\ud800\udc00", rb"\udbff\udfff", rb"\ud800\ud800\ud800", rb"\\ud800", rb"\ufffd\ufffe",
    b"\xef\xbf\xbd", b"\xed\xa0\xbd\xed\xb8\x80", b"\xed\xa0\xbd\\ude00", b"\\ud83d\xed\xb8\x80", rb"a\"b\\\/\b\f\n\r\tc",
    b"\xc0\x80\xe0\x80\x80\xf0\x80\x80\x80", b"\xe2\x82", b"\xe2\x82\\u0041", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"",
]

count = 0


def replace(error):
    global count
    count += 1
    return "\uFFFD", error.end


codecs.register_error("counted", replace)


def decode(data):
    global count
    count = 0
    text = data.decode("utf-8", "counted")
    assert text == data.decode("utf-8", "replace")
    return text, count


def stream(first):
    return b"".join(bytes([first, *rest]) + b"|" for rest in itertools.product(BYTES, repeat=3))


def summary(data):
    text, replaced = decode(data)
    return {"replaced": replaced, "sha256": hashlib.sha256(text.encode()).hexdigest()}


def body(data):
    line, replaced = decode(b'{"text": "' + data + b'"}')
    text = json.loads(line)["text"]
    lone = sum(0xD800 <= ord(c) < 0xE000 for c in text)
    clean = "".join("\uFFFD" if 0xD800 <= ord(c) < 0xE000 else c for c in text)
    return {"body": data.hex(), "text": clean, "replaced": replaced + lone}


golden = {
    "bytes": BYTES.hex(),
    "streams": [summary(stream(first)) for first in BYTES],
    "all": summary(b"".join(map(stream, BYTES))),
    "json": [body(data) for data in BODIES],
}
path = pathlib.Path(__file__).with_name("utf8.json")
path.write_text(json.dumps(golden, indent=1) + "\n")
