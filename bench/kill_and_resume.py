"""Kills studies with SIGKILL at random moments and resumes them, until they end by themselves.

  python bench/kill_and_resume.py --kills 50 --seed 1 --scratch DIR --out FILE.json

Each kind of run (one pass, several passes, sketch, roles, roles alone) first runs through once. Then it is begun again, killed and
resumed until it ends, again and again, in turns with the other kinds, until all kills are done. No killed run may look
finished, and in the end each table must be that of the run that was never killed, byte for byte. $HOMOLOG is the program,
default ./homolog. Needs nothing beyond Python; POSIX alone."""

import argparse
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
HOMOLOG = os.environ.get("HOMOLOG", str(ROOT / "homolog"))
FAMILY = ROOT / "test-resources"
PAIR = ["--reference", FAMILY / "a", "--other", FAMILY / "b", "--text", FAMILY / "validation.jsonl.zst"]
ONE = ["--model", FAMILY / "a", "--text", FAMILY / "validation.jsonl.zst"]

KINDS = {
    "one pass": ["study", *PAIR, "--max-tokens", "4096", "--by-subset"],
    "several passes": ["study", *PAIR, "--max-tokens", "4096"],
    "sketch": ["study", *PAIR, "--max-tokens", "4096", "--method", "sketch", "--sketch-size", "4096"],
    "roles": ["study", *PAIR, "--max-tokens", "2048", "--context", "64", "--roles"],
    "roles alone": ["roles", *ONE, "--max-tokens", "2048", "--context", "64"],
}
COMMON = ["--format", "csv", "--backend", "vector", "--batch", "4", "--checkpoint-every", "1"]


def command(kind, out, resume):
    words = [HOMOLOG, *KINDS[kind], *COMMON, "--out", out, *(["--resume"] if resume else [])]
    return [str(word) for word in words]


def state(out):
    """What the last saved state is of, in a word or two, from the manifests alone."""
    folder = out / "state"
    for part in ("journal", "close-up"):
        if list(folder.glob(f"{part}/checkpoint-*.json")):
            return part
    manifests = sorted(folder.glob("checkpoint-*.json"), key=lambda file: int(file.stem.split("-")[1]))
    if not manifests:
        return "none"
    position = json.loads(manifests[-1].read_text())["position"]
    return f"pass {position['pass'] + 1} of {position['passes']}, {position['seen']} tokens"


def bound(kind, out):
    """Memory for several passes: what one takes, less half of what passes can save."""
    run_through(kind, out)
    plan = json.loads((out / "study.json").read_text())["plan"]
    shutil.rmtree(out)
    return ["--memory", str(plan["host_bytes"] - plan["bytes"]["sums of products"] // 4)]


def run_through(kind, out):
    begun = time.monotonic()
    done = subprocess.run(command(kind, out, False), capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{kind}: {done.stderr}")
    return time.monotonic() - begun


def killed(kind, out, seconds):
    """Runs that long, then kills. True if it was still running."""
    process = subprocess.Popen(command(kind, out, True), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                               start_new_session=True)
    try:
        _, error = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return True
    if process.returncode != 0:
        sys.exit(f"{kind}: ended with {process.returncode}: {error}")
    return False


def tables(run):
    return {file.name: file.read_bytes() for file in sorted(run.glob("*.csv"))}


def difference(whole, resumed):
    """What differs, or None."""
    one, other = tables(whole), tables(resumed)
    if not one or one.keys() != other.keys():
        return f"tables {sorted(one)} and {sorted(other)}"
    if (resumed / "state").exists():
        return "its state is left"
    return next((name for name in one if one[name] != other[name]), None)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--scratch", type=pathlib.Path, default=ROOT / "bench" / "target" / "kill-and-resume")
    parser.add_argument("--out", type=pathlib.Path)
    args = parser.parse_args()
    shutil.rmtree(args.scratch, ignore_errors=True)
    args.scratch.mkdir(parents=True)
    moments = random.Random(args.seed)
    whole = {kind: args.scratch / f"whole {kind}" for kind in args.kinds}
    seconds = {}
    for kind in args.kinds:
        if kind == "several passes":
            KINDS[kind] += bound(kind, whole[kind])
        seconds[kind] = run_through(kind, whole[kind])
        facts = json.loads((whole[kind] / "study.json").read_text())
        passes = facts.get("plan", {}).get("passes")
        print(f"{kind}: {seconds[kind]:.1f} s, {len(tables(whole[kind]))} tables, passes: {passes}", flush=True)
        if kind == "several passes" and not passes > 1:
            sys.exit("several passes: one pass was enough; its --memory is too much")
    kills, ended = {kind: 0 for kind in args.kinds}, {kind: 0 for kind in args.kinds}
    states = []
    while sum(kills.values()) < args.kills:
        for kind in args.kinds:
            out = args.scratch / f"resumed {kind}"
            shutil.rmtree(out, ignore_errors=True)
            while True:
                enough = sum(kills.values()) >= args.kills
                if not killed(kind, out, 24 * 3600 if enough else moments.uniform(0, seconds[kind])):
                    break
                kills[kind] += 1
                if not (out / "study.json").exists():
                    states.append(state(out))
                    print(f"{kind}: kill {sum(kills.values())}; saved: {states[-1]}", flush=True)
                    continue
                # killed when all was written; a resumed run changes nothing then
                print(f"{kind}: kill {sum(kills.values())}, after its end", flush=True)
            found = difference(whole[kind], out)
            if found:
                sys.exit(f"{kind}: after {kills[kind]} kills not what the whole run has: {found}")
            ended[kind] += 1
    result = {"seed": args.seed, "kills": kills, "runs_resumed_to_their_end": ended, "kills_without_a_state": states.count("none")}
    print(f"{sum(kills.values())} kills, {sum(ended.values())} runs resumed to their end; every table is that of the whole run")
    if args.out:
        args.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
