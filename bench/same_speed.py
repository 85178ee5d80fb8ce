"""Whole studies by two builds of Homolog in turns, to see whether a change costs time.

  python bench/same_speed.py BEFORE AFTER --shape family small --backend torch vector --rounds 5 --out FILE.json
  python bench/same_speed.py BEFORE AFTER --command correlate --shape small …       without explanations and close look

BEFORE and AFTER are built checkouts; same-tables.sh keeps such clones. Inputs, shapes and cores are those of study.py; needs
numpy, tokenizers, zstandard and torch. Writes seconds of each run and phase, and medians with their ratio.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess

import study


def job(checkout, shape, inputs, backend, args):
    """Runs one study; returns seconds of the process, of its phases, and peak memory."""
    models, tokens, rotation = inputs
    out = args.scratch / "run-same-speed"
    shutil.rmtree(out, ignore_errors=True)
    command = [checkout / "homolog", args.command, "--reference", models[0], "--other", *models[1:], "--tokens", tokens]
    command += ["--rotation", rotation, "--backend", backend, "--threads", args.threads, "--out", out]
    if backend == "torch":
        command += ["--libtorch", study.torch_folder()]
    options = f"{os.environ.get('HOMOLOG_JAVA_OPTS', '')} {shape.java_options}".strip()
    cores = sorted(os.sched_getaffinity(0))[: args.threads]
    _, figures = study.measure(command, cores, {"HOMOLOG_JAVA_OPTS": options})
    phases = {}
    for phase in json.loads((out / "study.json").read_text())["phases"]:
        phases[phase["name"]] = phases.get(phase["name"], 0) + phase["seconds"]
    return figures | {"phases": phases}


def commit(checkout):
    command = ["git", "-C", checkout, "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=pathlib.Path)
    parser.add_argument("after", type=pathlib.Path)
    parser.add_argument("--shape", nargs="+", choices=study.SHAPES, default=list(study.SHAPES))
    parser.add_argument("--backend", nargs="+", choices=("torch", "vector"), default=["torch", "vector"])
    parser.add_argument("--command", choices=("study", "correlate"), default="study")
    parser.add_argument("--tokens", type=int, help="tokens of the text, in place of the shape's")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--scratch", type=pathlib.Path, default=study.ROOT / "bench" / "target" / "study")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    args = parser.parse_args()
    programs = {"before": args.before.resolve(), "after": args.after.resolve()}
    result = {"commits": {name: commit(path) for name, path in programs.items()}, "machine": platform.platform()}
    result |= {"cores": os.cpu_count(), "threads": args.threads, "command": args.command, "jobs": {}}
    for shape in (study.SHAPES[name] for name in args.shape):
        if args.tokens:
            shape = dataclasses.replace(shape, rows=args.tokens // shape.context)
        inputs = study.prepare(shape, args.scratch)
        for backend in args.backend:
            rounds = []
            for number in range(args.rounds):
                order = list(programs)[:: 1 if number % 2 == 0 else -1]
                rounds.append({n: job(programs[n], shape, inputs, backend, args) for n in order})
                seconds = {name: round(rounds[-1][name]["process_seconds"], 1) for name in programs}
                print(f"{shape.name} on {backend}, round {number + 1}: {seconds}", flush=True)
            medians = {n: statistics.median(r[n]["process_seconds"] for r in rounds) for n in programs}
            ratios = [r["after"]["process_seconds"] / r["before"]["process_seconds"] for r in rounds]
            result["jobs"][f"{shape.name}-{backend}"] = {
                "tokens": shape.tokens,
                "medians": medians,
                "ratio_of_medians": medians["after"] / medians["before"],
                "ratios": ratios,
                "rounds": rounds,
            }
            print(f"{shape.name} on {backend}: after / before {medians['after'] / medians['before']:.3f} of medians", flush=True)
            args.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
