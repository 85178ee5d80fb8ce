"""What saved states cost: whole studies that save theirs as often as --checkpoint-every 1 lets them.

  python bench/checkpoint_cost.py --shape family small --backend vector --tokens 65536 12288 --out FILE.json

The share is that of the phase `checkpoints` in all phases of study.json, so one run tells it. A text must be long enough for one
state to be due: 25 times what writing it takes. $HOMOLOG is the program, default ./homolog; needs what study.py needs."""

import argparse
import dataclasses
import json
import os
import pathlib
import platform
import shutil

import study


def run(shape, inputs, backend, args):
    models, tokens, rotation = inputs
    out = args.scratch / "run-checkpoint-cost"
    shutil.rmtree(out, ignore_errors=True)
    command = [os.environ.get("HOMOLOG", study.ROOT / "homolog"), "correlate", "--reference", models[0], "--other", *models[1:]]
    command += ["--tokens", tokens, "--rotation", rotation, "--backend", backend, "--threads", args.threads, "--out", out]
    command += ["--checkpoint-every", 1] + (["--libtorch", study.torch_folder()] if backend == "torch" else [])
    options = f"{os.environ.get('HOMOLOG_JAVA_OPTS', '')} {shape.java_options}".strip()
    cores = sorted(os.sched_getaffinity(0))[: args.threads]
    _, figures = study.measure(command, cores, {"HOMOLOG_JAVA_OPTS": options})
    facts = json.loads((out / "study.json").read_text())
    phases = {}
    for phase in facts["phases"]:
        phases[phase["name"]] = phases.get(phase["name"], 0) + phase["seconds"]
    seconds = sum(phases.values())
    saved = phases.get("checkpoints", 0.0)
    return figures | {"tokens": shape.tokens, "phases": phases, "seconds": seconds, "checkpoint_seconds": saved,
                      "share": saved / seconds, "most_bytes_on_disk": facts["plan"].get("disk_bytes")}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", nargs="+", choices=study.SHAPES, default=list(study.SHAPES))
    parser.add_argument("--tokens", nargs="+", type=int, default=[65536, 12288], help="of each shape's text")
    parser.add_argument("--backend", nargs="+", choices=("torch", "vector"), default=["torch"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--scratch", type=pathlib.Path, default=study.ROOT / "bench" / "target" / "study")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    args = parser.parse_args()
    result = {"machine": platform.platform(), "cores": os.cpu_count(), "threads": args.threads, "jobs": {}}
    for name, tokens in zip(args.shape, args.tokens, strict=True):
        shape = study.SHAPES[name]
        shape = dataclasses.replace(shape, rows=tokens // shape.context)
        inputs = study.prepare(shape, args.scratch)
        for backend in args.backend:
            job = run(shape, inputs, backend, args)
            result["jobs"][f"{name}-{backend}"] = job
            print(f"{name} on {backend}: {job['checkpoint_seconds']:.1f} of {job['seconds']:.1f} s, {job['share']:.1%}", flush=True)
            args.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
