#!/usr/bin/env python3
"""Checks that Homolog and Python's huggingface_hub share one cache, in both directions and under one lock.

Needs huggingface_hub, filelock and transformers. HOMOLOG names the program (default: ./homolog). No network: a
small hub on loopback serves test-resources/a.
"""

import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODEL = ROOT / "test-resources" / "a"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILES = {path.name: path.read_bytes() for path in MODEL.iterdir() if path.is_file()}
slow = threading.Event()


def tag(data):
    if len(data) > 1000:
        return hashlib.sha256(data).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class Hub(BaseHTTPRequestHandler):
    def answer(self, body):
        data = FILES.get(self.path.rsplit("/", 1)[1])
        self.send_response(404 if data is None else 200)
        if data is None:
            self.send_header("X-Error-Code", "EntryNotFound")
            self.send_header("Content-Length", "0")
        else:
            self.send_header("ETag", f'"{tag(data)}"')
            self.send_header("Content-Length", str(len(data)))
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        if body and data is not None:
            half = len(data) // 2
            self.wfile.write(data[:half])
            while slow.is_set():
                time.sleep(0.05)
            self.wfile.write(data[half:])

    def do_HEAD(self):
        self.answer(False)

    def do_GET(self):
        self.answer(True)

    def log_message(self, *arguments):
        pass


def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.environ["HF_ENDPOINT"] = f"http://127.0.0.1:{server.server_port}"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    with tempfile.TemporaryDirectory() as folder:
        check(pathlib.Path(folder))
    print("all right")


def homolog(cache, *arguments):
    command = os.environ.get("HOMOLOG", str(ROOT / "homolog")).split()
    run = subprocess.run(
        [*command, *arguments],
        env={**os.environ, "HF_HUB_CACHE": str(cache)},
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    print(f"homolog {arguments[0]}: {run.returncode} {(run.stdout + run.stderr).strip()[:200]}")
    assert run.returncode == 0
    return run.stdout


def check(folder):
    from filelock import FileLock, Timeout
    from huggingface_hub import hf_hub_download, scan_cache_dir
    from transformers import AutoConfig, AutoTokenizer

    # Homolog fetches, Python reads without network.
    ours = folder / "ours"
    homolog(ours, "download", "lab/a", "lab/b@step1")
    for repo, revision in (("lab/a", "main"), ("lab/a", COMMIT), ("lab/b", "step1")):
        for name, data in FILES.items():
            path = hf_hub_download(repo, name, revision=revision, cache_dir=ours, local_files_only=True)
            assert pathlib.Path(path).read_bytes() == data, name
    scan = scan_cache_dir(ours)
    assert not scan.warnings, scan.warnings
    assert sorted(repo.repo_id for repo in scan.repos) == ["lab/a", "lab/b"]
    assert {ref for repo in scan.repos for ref in repo.refs} == {"main", "step1"}
    AutoConfig.from_pretrained("lab/a", cache_dir=ours, local_files_only=True)
    AutoTokenizer.from_pretrained("lab/a", cache_dir=ours, local_files_only=True)

    # Python fetches, Homolog reads without network.
    theirs = folder / "theirs"
    for name in FILES:
        hf_hub_download("lab/a", name, cache_dir=theirs)
    homolog(theirs, "weights", "--offline", "--model", "lab/a", "--backend", "vector", "--out", str(folder / "run"))

    # Python holds the lock: Homolog waits.
    locked = folder / "locked"
    locks = locked / ".locks" / "models--lab--a"
    locks.mkdir(parents=True)
    largest = max(FILES.values(), key=len)
    lock = FileLock(locks / f"{tag(largest)}.lock")
    with lock:
        waits = threading.Thread(target=homolog, args=(locked, "download", "lab/a"))
        waits.start()
        time.sleep(5)
        assert waits.is_alive(), "the lock of Python does not hold Homolog"
    waits.join()

    # Homolog holds the lock: Python waits.
    slow.set()
    held = folder / "held"
    works = threading.Thread(target=homolog, args=(held, "download", "lab/a"))
    works.start()
    blobs = held / "models--lab--a" / "blobs"
    while not list(blobs.glob("*.incomplete")):
        time.sleep(0.05)
    name = next(blobs.glob("*.incomplete")).name.split(".")[0]
    try:
        FileLock(held / ".locks" / "models--lab--a" / f"{name}.lock").acquire(timeout=0)
        raise AssertionError("the lock of Homolog does not hold Python")
    except Timeout:
        print("Python waits for Homolog's lock")
    slow.clear()
    works.join()


if __name__ == "__main__":
    sys.exit(main())
