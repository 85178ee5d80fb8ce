"""Times GPT-2's forward pass, MLP_POST of all layers captured, in PyTorch and in Homolog on the same libtorch, in turns."""

import argparse
import datetime
import json
import os
import pathlib
import platform
import statistics
import struct
import subprocess
import sys
import time

import torch
from peers.gpt2 import Model


class Homolog:
    def __init__(self, java, model, ids, context, threads):
        lib = pathlib.Path(torch.__file__).parent / "lib"
        command = java.split("\0") + ["--model", str(model), "--libtorch", str(lib), "--ids", str(ids)]
        command += ["--context", str(context), "--threads", str(threads)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            sys.exit("forward.py: Homolog did not start")
        self.about = json.loads(line)

    def ask(self, line):
        print(line, file=self.process.stdin, flush=True)
        return self.process.stdout.readline().strip()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--java", required=True, help="command of ForwardBench, its words separated by NUL")
    parser.add_argument("--model", required=True, type=pathlib.Path)
    parser.add_argument("--scratch", required=True, type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--rows", type=int, default=4)
    parser.add_argument("--context", type=int, default=512)
    args = parser.parse_args()
    torch.inference_mode().__enter__()

    model = Model(args.model)
    vocabulary = model.wte.size(0)
    ids = torch.randint(vocabulary, (args.rows, args.context), generator=torch.Generator().manual_seed(0))
    ids_file = args.scratch / "ids.bin"
    ids_file.write_bytes(struct.pack(f"<{ids.numel()}i", *ids.flatten().tolist()))

    def python_forward():
        cpu = time.process_time()
        start = time.perf_counter()
        model(ids)
        return time.perf_counter() - start, time.process_time() - cpu

    load = os.getloadavg()
    runs = []
    for threads in args.threads:
        torch.set_num_threads(threads)
        homolog = Homolog(args.java.replace("\\0", "\0"), args.model, ids_file, args.context, threads)
        homolog_forward = lambda: tuple(map(float, homolog.ask("run").split()))
        for _ in range(3):
            python_forward()
            homolog_forward()
        times = {"python": [], "homolog": []}
        for round in range(args.rounds):
            order = [("python", python_forward), ("homolog", homolog_forward)]
            for name, forward in order if round % 2 == 0 else reversed(order):
                times[name].append(forward())

        file = args.scratch / "post.bin"
        homolog.ask(str(file))
        post = torch.cat([t.flatten(0, 1) for t in model(ids)], 1)
        actual = torch.from_file(str(file), size=post.numel(), dtype=torch.float32).view_as(post)
        difference = (post - actual).abs().max().item()
        if not difference <= 1e-3:
            sys.exit(f"forward.py: activations differ by {difference}")
        wall = {name: [t[0] for t in both] for name, both in times.items()}
        cpu = {name: statistics.median(t[1] for t in both) for name, both in times.items()}
        median = {name: statistics.median(t) for name, t in wall.items()}
        runs.append({
            "threads": threads,
            "python_seconds": median["python"],
            "homolog_seconds": median["homolog"],
            "ratio": median["homolog"] / median["python"],
            "ratio_of_fastest": min(wall["homolog"]) / min(wall["python"]),
            "python_cpu_seconds": cpu["python"],
            "homolog_cpu_seconds": cpu["homolog"],
            "ratio_of_cpu": cpu["homolog"] / cpu["python"],
            "rounds": wall,
            "max_abs_difference": difference,
            "largest_activation": post.abs().max().item(),
        })
        about = homolog.about
        homolog.close()
        print(
            f"{threads} thread{'s' if threads > 1 else ''}: Python {median['python']:.3f} s, "
            f"Homolog {median['homolog']:.3f} s, ratio {runs[-1]['ratio']:.3f} "
            f"(of the fastest rounds {runs[-1]['ratio_of_fastest']:.3f}, of processor time {runs[-1]['ratio_of_cpu']:.3f}); "
            f"activations differ by {difference:.1e} at most",
            flush=True,
        )
        save(args, about, load, runs)


def save(args, about, load, runs):
    """After each number of threads, so that a run cut short leaves what it has."""
    report = {
        "benchmark": "forward",
        "machine": about,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "model": "GPT-2 small shape, random weights, fp32",
        "rows": args.rows,
        "context": args.context,
        "load_before": load,
        "runs": runs,
    }
    if args.out:
        date = datetime.date.today().isoformat()
        path = args.out / f"forward-{date}-torch-{torch.__version__.split('+')[0]}.json"
        path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(report, indent=2) + "\n")


main()
