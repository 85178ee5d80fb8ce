"""Whole studies by Homolog and by its peers, in turns, on the same models, tokens and rotations; see study.sh."""

import argparse
import dataclasses
import datetime
import json
import os
import pathlib
import platform
import shlex
import shutil
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
RESOURCES = ROOT / "test-resources"
COLUMNS = ("max_corr", "mean_corr", "mean_baseline", "excess_corr")
# Of correlations. The authors' way keeps activations in half precision, which is off by 2^-12 of each.
TOLERANCE = {"authors": 3e-4}
HOMOLOG_JOB = ("pilot", "calibration", "sums", "activations", "correlations", "baseline")
LONG = 1_000_000

# How much is multiplied at once to find the speed of the machine's matrix product and of its memory.
LIMITS = """
import json, sys, time, torch
torch.set_num_threads(int(sys.argv[1]))
def best(f, n):
    times = []
    for _ in range(n):
        start = time.perf_counter(); f(); times.append(time.perf_counter() - start)
    return min(times)
a, b, c = (torch.rand(3072, 3072) for _ in range(3))
flops = 2 * 3072**3 / best(lambda: torch.mm(a, b, out=c), 8)
x, y = torch.rand(1 << 27), torch.rand(1 << 27)
print(json.dumps({"flops_a_second": flops, "bytes_a_second": 2 * x.nbytes / best(lambda: y.copy_(x), 5)}))
"""


@dataclasses.dataclass
class Shape:
    """A study to run.

    authors_rows: rows a batch of the authors' way, whose default is 32; fewer where that takes too long. careful: the
    batch and forward pass in rows to choose from, the fastest of which is taken.
    """

    name: str
    layers: int
    d_model: int
    d_mlp: int
    others: int
    rows: int
    context: int
    authors_rows: int
    careful: list
    java_options: str

    @property
    def tokens(self):
        return self.rows * self.context

    @property
    def neurons(self):
        return self.layers * self.d_mlp

    def flops(self):
        """Least multiplications and additions: of a token, and once after the stream."""
        d, m = self.d_model, self.d_mlp
        layer = 8 * d * d + 4 * d * m + 2 * d * self.context
        forward = (1 + self.others) * (self.layers * layer - 2 * d * m)
        products = 2 * self.neurons**2 * self.others
        within = self.others * self.layers * m * (m + 1)
        baseline = self.others * self.layers * (2 * self.neurons * m * m + 2 * m**3)
        return {"forward": forward, "products": products, "within_layers": within, "baseline_once": baseline}

    def bytes(self, rows):
        """Least traffic of a token with batches of so many rows: sums read and written, activations once each."""
        sums = self.others * (self.neurons**2 + self.layers * self.d_mlp**2)
        return 8 * sums / (rows * self.context) + 8 * self.neurons * (1 + self.others)


SHAPES = {
    "family": Shape("family", 4, 128, 512, 4, 256, 256, 32, [(8, 8), (16, 16), (32, 32), (32, 8)], ""),
    # Sums of 36,864 x 36,864 products take 5.4 GB (11 in double), outside the heap, which the JVM bounds by -Xmx unless told
    # otherwise. With -Xmx20g the process held 4 GB more than planned.
    "small": Shape("small", 12, 768, 3072, 1, 6, 512, 2, [(6, 3)], "-Xmx2g -XX:MaxDirectMemorySize=16g"),
}


# ---- inputs ----


def write_tokens(path, rows, context):
    """Rows of the validation text, packed as the definitions say: BOS between documents and in front of each row."""
    import numpy as np
    import zstandard
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(RESOURCES / "tokenizer.json"))
    packed = (RESOURCES / "validation.jsonl.zst").read_bytes()
    text = zstandard.ZstdDecompressor().stream_reader(packed).read().decode()
    bos, stream = 0, []
    for number, line in enumerate(line for line in text.split("\n") if line):
        stream += [bos] * (number > 0) + tokenizer.encode(json.loads(line)["text"], add_special_tokens=False).ids
        if len(stream) >= rows * (context - 1):
            break
    else:
        sys.exit(f"study.py: the text has fewer than {rows} rows of {context} tokens")
    body = np.array(stream[: rows * (context - 1)], dtype="<i4").reshape(rows, context - 1)
    np.save(path, np.concatenate([np.full((rows, 1), bos, dtype="<i4"), body], axis=1))


def write_rotation(path, layers, m):
    """Standard normal, rows scaled to length 1 and then rounded to float16, as the authors' program makes them."""
    import numpy as np

    random = np.random.default_rng(2024).standard_normal((layers, m, m), dtype=np.float32)
    np.save(path, (random / np.linalg.norm(random, axis=2, keepdims=True)).astype("<f2"))


def prepare(shape, scratch):
    """Makes what is missing; returns the folders of the models, the reference first, the tokens and the rotation."""
    scratch.mkdir(parents=True, exist_ok=True)
    tokens = scratch / f"tokens-{shape.rows}x{shape.context}.npy"
    if not tokens.exists():
        write_tokens(tokens, shape.rows, shape.context)
    rotation = scratch / f"rotation-{shape.layers}x{shape.d_mlp}.npy"
    if not rotation.exists():
        write_rotation(rotation, shape.layers, shape.d_mlp)
    if shape.name == "family":
        models = [RESOURCES / name for name in "abcde"]
    else:
        models = [scratch / shape.name / name for name in "ab"]
        if not all((m / "model.safetensors").exists() for m in models):
            maker = [sys.executable, ROOT / "bench" / "make_random_models.py", scratch / shape.name]
            subprocess.run(maker, check=True, stdout=subprocess.DEVNULL)
    return models, tokens, rotation


# ---- programs ----


def measure(command, cores, environment=None):
    """Runs a command on some cores. Returns its output, seconds, processor seconds and the most bytes it held."""
    start = time.perf_counter()
    with subprocess.Popen(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | (environment or {}),
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
    ) as process:
        output = process.stdout.read()
        # Not process.wait(): wait4 alone tells the memory of this one child.
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    if process.returncode:
        sys.exit(f"study.py: exit code {process.returncode} of {shlex.join(map(str, command))}")
    return output, {
        "process_seconds": seconds,
        "process_cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_bytes": usage.ru_maxrss * 1024,
    }


class Programs:
    """The four programs over one study's inputs; each call runs one of them and returns figures and results."""

    def __init__(self, shape, threads, inputs, scratch):
        self.shape, self.threads, self.scratch = shape, threads, scratch
        self.models, self.tokens, self.rotation = inputs
        self.cores = sorted(os.sched_getaffinity(0))[:threads]
        if len(self.cores) < threads:
            sys.exit(f"study.py: {threads} threads asked for, {len(self.cores)} cores at hand")
        self.careful_rows = shape.careful[0]
        self.about = {}

    def homolog(self, backend):
        out = self.scratch / f"run-{backend}"
        shutil.rmtree(out, ignore_errors=True)
        command = [ROOT / "homolog", "correlate", "--reference", self.models[0], "--other", *self.models[1:]]
        command += ["--tokens", self.tokens, "--rotation", self.rotation, "--backend", backend, "--out", out]
        command += ["--threads", self.threads]
        if backend == "torch":
            command += ["--libtorch", torch_folder()]
        options = f"{os.environ.get('HOMOLOG_JAVA_OPTS', '')} {self.shape.java_options}".strip()
        _, figures = measure(command, self.cores, {"HOMOLOG_JAVA_OPTS": options})
        study = json.loads((out / "study.json").read_text())
        phases = {}
        for phase in study["phases"]:
            phases[phase["name"]] = phases.get(phase["name"], 0) + phase["seconds"]
        assert study["tokens"]["read"] == self.shape.tokens
        self.about[backend] = study["backend"]
        self.about["java"], self.about["homolog"] = study["versions"]["java"], study["homolog"]
        plan = study.get("plan", {})
        figures |= {
            "job_seconds": sum(phases.get(name, 0) for name in HOMOLOG_JOB),
            "stream_seconds": phases["activations"],
            "phases": phases,
            "passes": plan.get("passes", 1),
            "planned_bytes": plan.get("host_bytes"),
        }
        return figures, homolog_results(out)

    def peer(self, name, rows, more=()):
        out = self.scratch / f"run-{name}"
        shutil.rmtree(out, ignore_errors=True)
        script = ROOT / "bench" / "peers" / ("authors_way.py" if name == "authors" else "careful.py")
        command = [sys.executable, script, "--reference", self.models[0], "--other", *self.models[1:]]
        command += ["--tokens", self.tokens, "--rotation", self.rotation, "--threads", self.threads]
        command += ["--out", out, "--rows", rows, *more]
        output, figures = measure(command, self.cores)
        report = json.loads(output)
        assert report["tokens"] == self.shape.tokens and report["threads"] == self.threads
        phases = report["phases"]
        after = sum(seconds for phase, seconds in phases.items() if phase.startswith("correlations"))
        figures |= {
            "job_seconds": report["seconds"],
            "stream_seconds": report["seconds"] - after - phases.get("pilot", 0),
            "job_cpu_seconds": report["cpu_seconds"],
            "phases": phases,
            "rows": rows,
        }
        return figures, peer_results(out)

    def careful(self, choice=None):
        rows, forward_rows = choice or self.careful_rows
        return self.peer("careful", rows, ["--forward-rows", forward_rows])

    def authors(self):
        figures, results = self.peer("authors", self.shape.authors_rows)
        # Their batch is of 32 rows. In smaller ones, adding to the standing sums costs more a token than it need.
        spared = figures["phases"]["adding"] * (1 - self.shape.authors_rows / 32)
        figures["job_seconds_as_run"] = figures["job_seconds"]
        figures["job_seconds"] -= spared
        figures["stream_seconds"] -= spared
        return figures, results

    def tune(self):
        """Takes the careful program's fastest batch; returns what each choice took."""
        if len(self.shape.careful) == 1:
            return None
        trials = [(self.careful(choice)[0]["job_seconds"], choice) for choice in self.shape.careful]
        self.careful_rows = min(trials)[1]
        return [{"rows": r, "forward_rows": f, "job_seconds": seconds} for seconds, (r, f) in trials]

    def all(self):
        return {
            "vector": lambda: self.homolog("vector"),
            "torch": lambda: self.homolog("torch"),
            "careful": self.careful,
            "authors": self.authors,
        }


def torch_folder():
    import importlib.util

    return pathlib.Path(importlib.util.find_spec("torch").origin).parent / "lib"


def homolog_results(run):
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(run / "neurons.parquet", columns=["layer", "neuron", *COLUMNS])
    table = table.sort_by([("layer", "ascending"), ("neuron", "ascending")])
    return {name: table[name].to_numpy() for name in COLUMNS}


def peer_results(run):
    import numpy as np

    return {name: np.load(run / f"{name}.npy") for name in COLUMNS}


def difference(results, expected):
    """The largest of each column. No neuron of these models is constant, so a NaN is a fault, and fails the check."""
    return {name: float(abs(results[name] - expected[name]).max()) for name in COLUMNS}


# ---- the run ----


def run(shape, threads, args):
    """What is known after each round."""
    programs = Programs(shape, threads, prepare(shape, args.scratch), args.scratch)
    limits = json.loads(measure([sys.executable, "-c", LIMITS, threads], programs.cores)[0])
    tuned = programs.tune() if args.tune else None
    chosen = {name: f for name, f in programs.all().items() if name in args.programs}
    rounds, loads, worst = {name: [] for name in chosen}, [], {}
    for number in range(args.rounds):
        order = list(chosen)
        order = order[number % len(order) :] + order[: number % len(order)]
        results = {}
        loads.append(os.getloadavg()[0])
        for name in order:
            figures, results[name] = chosen[name]()
            rounds[name].append(figures)
            print(f"{shape.name}, {threads} thread(s), round {number + 1}: {name} {summary(shape, figures)}", flush=True)
        expected = results["careful"]
        for name in set(chosen) - {"careful"}:
            found = difference(results[name], expected)
            worst[name] = {k: max(v, worst.get(name, {}).get(k, 0)) for k, v in found.items()}
            for column, value in found.items():
                # Written so that NaN fails.
                if not value <= TOLERANCE.get(name, 1e-4):
                    sys.exit(f"study.py: {column} of {name} differs from the careful program's by {value}")
        again = json.loads(measure([sys.executable, "-c", LIMITS, threads], programs.cores)[0])
        limits = {name: max(value, again[name]) for name, value in limits.items()}
        yield {
            "shape": dataclasses.asdict(shape),
            "tokens": shape.tokens,
            "threads": threads,
            "cores": programs.cores,
            "load_before_rounds": loads,
            "about": programs.about,
            "careful_rows": programs.careful_rows,
            "careful_tuning": tuned,
            "flops_a_token": shape.flops(),
            "bytes_a_token": shape.bytes(32),
            "limits": limits,
            "max_abs_difference": worst,
            "medians": {name: medians(shape, limits, of) for name, of in rounds.items()},
            "rounds": rounds,
        }


def summary(shape, figures):
    return (
        f"{shape.tokens / figures['job_seconds']:.0f} tokens/s, stream alone {shape.tokens / figures['stream_seconds']:.0f}, "
        f"processor {figures['process_cpu_seconds']:.0f} s, {figures['peak_bytes'] / 1e6:,.0f} MB"
    )


def medians(shape, limits, rounds):
    """Medians over the rounds, and their share of what the machine's own matrix product and memory would allow."""
    middle = lambda name: statistics.median(r[name] for r in rounds)
    job, stream = middle("job_seconds"), middle("stream_seconds")
    long = job - stream + LONG * stream / shape.tokens
    flops = shape.flops()
    once = flops.pop("baseline_once")
    a_token = max(sum(flops.values()) / limits["flops_a_second"], shape.bytes(32) / limits["bytes_a_second"])
    plans = [r["planned_bytes"] for r in rounds if r.get("planned_bytes")]
    peak = middle("peak_bytes")
    return {
        "job_tokens_a_second": shape.tokens / job,
        "stream_tokens_a_second": shape.tokens / stream,
        "long_tokens_a_second": LONG / long,
        "job_of_limit": (shape.tokens * a_token + once / limits["flops_a_second"]) / job,
        "stream_of_limit": shape.tokens * a_token / stream,
        "process_seconds": middle("process_seconds"),
        "process_cpu_seconds": middle("process_cpu_seconds"),
        "peak_bytes": peak,
        "planned_bytes": statistics.median(plans) if plans else None,
    }


def field(path, name):
    for line in open(path):
        if line.startswith(name):
            return line.split(":", 1)[1].strip()
    return ""


def machine():
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "cpu": field("/proc/cpuinfo", "model name"),
        "cores": len(os.sched_getaffinity(0)),
        "memory": field("/proc/meminfo", "MemTotal"),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "torch": torch_version(),
    }


def torch_version():
    import importlib.metadata

    return importlib.metadata.version("torch")


# ---- the table ----

NAMES = {
    "vector": "Homolog, Vector API",
    "torch": "Homolog, libtorch",
    "careful": "careful PyTorch",
    "authors": "the authors' way",
}


def table(files):
    """Markdown, from results; ratios are of tokens/s, more is better."""
    print("| shape | threads | tokens | program | job, tokens/s | stream, tokens/s | job of 1M tokens | × authors' | × careful "
          "| of limit: job, stream | peak memory | of plan |")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    for file in files:
        for r in json.loads(pathlib.Path(file).read_text())["runs"]:
            rows = r["medians"]
            for name, m in rows.items():
                job, long = "job_tokens_a_second", "long_tokens_a_second"
                ratio = lambda to: f"{m[job] / rows[to][job]:.2f} ({m[long] / rows[to][long]:.2f})" if to in rows else ""
                plan = f"{m['peak_bytes'] / m['planned_bytes']:.2f}" if m["planned_bytes"] else ""
                print(
                    f"| {r['shape']['name']} | {r['threads']} | {r['tokens']:,} | {NAMES[name]} | {m[job]:,.1f} "
                    f"| {m['stream_tokens_a_second']:,.1f} | {m[long]:,.1f} | {ratio('authors')} | {ratio('careful')} "
                    f"| {m['job_of_limit']:.0%}, {m['stream_of_limit']:.0%} | {m['peak_bytes'] / 1e6:,.0f} MB | {plan} |"
                )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", nargs="+", metavar="FILE", help="print the table of results, and run nothing")
    parser.add_argument("--scratch", type=pathlib.Path, default=ROOT / "bench" / "target" / "study")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "bench" / "results")
    parser.add_argument("--shape", nargs="+", choices=list(SHAPES), default=list(SHAPES))
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tokens", type=int, help="positions a study, cut to whole rows, in place of the shape's own number")
    parser.add_argument("--programs", nargs="+", choices=list(NAMES), default=list(NAMES), help="careful must be one of them")
    parser.add_argument("--no-tune", dest="tune", action="store_false", help="take the first batch for the careful program")
    args = parser.parse_args()
    if args.table:
        return table(args.table)
    if "careful" not in args.programs:
        parser.error("--programs must name careful, which the others are checked against")
    report = {"benchmark": "study", "machine": machine(), "rounds": args.rounds, "runs": []}
    date, torch = datetime.date.today().isoformat(), report["machine"]["torch"].split("+")[0]
    threads = "-".join(map(str, args.threads))
    path = args.out / f"study-{date}-{'-'.join(args.shape)}-{threads}t-torch-{torch}.json"
    args.out.mkdir(parents=True, exist_ok=True)
    for name in args.shape:
        shape = SHAPES[name]
        if args.tokens:
            shape = dataclasses.replace(shape, rows=args.tokens // shape.context)
        for threads in args.threads:
            before = report["runs"]
            # Written after each round, so that a run cut short leaves what it has.
            for found in run(shape, threads, args):
                report["runs"] = [*before, found]
                path.write_text(json.dumps(report, indent=2) + "\n")
    print()
    table([path])


if __name__ == "__main__":
    main()
