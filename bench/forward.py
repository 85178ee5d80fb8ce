"""Times GPT-2's forward pass, MLP_POST of all layers captured, in PyTorch and in Homolog on the same libtorch, in turns."""

import argparse
import datetime
import json
import mmap
import os
import pathlib
import platform
import statistics
import struct
import subprocess
import sys
import time

import torch
import torch.nn.functional as F


def read_safetensors(path):
    with open(path, "rb") as f:
        data = memoryview(mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_COPY))
    (n,) = struct.unpack("<Q", data[:8])
    header = json.loads(bytes(data[8 : 8 + n]))
    header.pop("__metadata__", None)
    tensors = {}
    for name, t in header.items():
        assert t["dtype"] == "F32", t
        begin, end = t["data_offsets"]
        flat = torch.frombuffer(data[8 + n + begin : 8 + n + end], dtype=torch.float32)
        tensors[name] = flat.view(t["shape"])
    return tensors


class Conv1D(torch.nn.Module):
    """As in transformers: y = x W + b with W [in, out]."""

    def __init__(self, weight, bias):
        super().__init__()
        self.weight = torch.nn.Parameter(weight, requires_grad=False)
        self.bias = torch.nn.Parameter(bias, requires_grad=False)

    def forward(self, x):
        size = x.size()[:-1] + (self.weight.size(1),)
        return torch.addmm(self.bias, x.view(-1, x.size(-1)), self.weight).view(size)


class Gelu(torch.nn.Module):
    """gelu_new. transformers composes it of eight operators; this is PyTorch's one, which is faster."""

    def forward(self, x):
        return F.gelu(x, approximate="tanh")


class Norm(torch.nn.Module):
    def __init__(self, weight, bias, eps):
        super().__init__()
        self.weight, self.bias, self.eps = weight, bias, eps

    def forward(self, x):
        return F.layer_norm(x, (x.size(-1),), self.weight, self.bias, self.eps)


class Block(torch.nn.Module):
    def __init__(self, w, layer, heads, eps, last):
        super().__init__()
        p = f"h.{layer}."
        conv = lambda name: Conv1D(w[p + name + ".weight"], w[p + name + ".bias"])
        self.ln_1 = Norm(w[p + "ln_1.weight"], w[p + "ln_1.bias"], eps)
        self.ln_2 = Norm(w[p + "ln_2.weight"], w[p + "ln_2.bias"], eps)
        self.c_attn, self.attn_proj = conv("attn.c_attn"), conv("attn.c_proj")
        self.c_fc, self.mlp_proj = conv("mlp.c_fc"), conv("mlp.c_proj")
        self.act = Gelu()
        self.heads, self.last = heads, last

    def forward(self, x):
        rows, context, d = x.shape
        q, k, v = self.c_attn(self.ln_1(x)).split(d, dim=2)
        split = lambda t: t.view(rows, context, self.heads, -1).transpose(1, 2)
        z = F.scaled_dot_product_attention(split(q), split(k), split(v), is_causal=True)
        x = x + self.attn_proj(z.transpose(1, 2).reshape(rows, context, d))
        post = self.act(self.c_fc(self.ln_2(x)))
        # Homolog, too, stops after the last MLP_POST.
        return x if self.last else x + self.mlp_proj(post)


class Model(torch.nn.Module):
    """GPT-2 as transformers computes it with attention "sdpa", up to the last MLP_POST."""

    def __init__(self, folder):
        super().__init__()
        config = json.loads((folder / "config.json").read_text())
        w = read_safetensors(folder / "model.safetensors")
        layers = config["n_layer"]
        self.wte, self.wpe = w["wte.weight"], w["wpe.weight"]
        eps = config["layer_norm_epsilon"]
        self.blocks = torch.nn.ModuleList(
            Block(w, i, config["n_head"], eps, i == layers - 1) for i in range(layers)
        )
        self.captured = []
        for block in self.blocks:
            block.act.register_forward_hook(lambda module, args, out: self.captured.append(out))

    def forward(self, ids):
        self.captured.clear()
        x = F.embedding(ids, self.wte) + self.wpe[: ids.size(1)]
        for block in self.blocks:
            x = block(x)
        return self.captured


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
