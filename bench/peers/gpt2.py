"""GPT-2 in plain PyTorch, eager and fp32, and what the peers share: files in, results out, moments without a library."""

import argparse
import json
import mmap
import pathlib
import struct
import time

import numpy as np
import torch
import torch.nn.functional as F

TYPES = {"F32": torch.float32, "F16": torch.float16}


def read_safetensors(path):
    with open(path, "rb") as f:
        data = memoryview(mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_COPY))
    (n,) = struct.unpack("<Q", data[:8])
    header = json.loads(bytes(data[8 : 8 + n]))
    header.pop("__metadata__", None)
    tensors = {}
    for name, t in header.items():
        begin, end = t["data_offsets"]
        flat = torch.frombuffer(data[8 + n + begin : 8 + n + end], dtype=TYPES[t["dtype"]])
        tensors[name.removeprefix("transformer.")] = flat.view(t["shape"]).float()
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
    """GPT-2 as transformers computes it with attention "sdpa", up to the last MLP_POST, which hooks capture."""

    def __init__(self, folder):
        super().__init__()
        folder = pathlib.Path(folder)
        config = json.loads((folder / "config.json").read_text())
        w = read_safetensors(folder / "model.safetensors")
        self.layers = config["n_layer"]
        self.d_mlp = config.get("n_inner") or 4 * config["n_embd"]
        self.wte, self.wpe = w["wte.weight"], w["wpe.weight"]
        eps = config["layer_norm_epsilon"]
        self.blocks = torch.nn.ModuleList(
            Block(w, i, config["n_head"], eps, i == self.layers - 1) for i in range(self.layers)
        )
        self.captured = []
        for layer, block in enumerate(self.blocks):
            block.act.register_forward_hook(lambda module, args, out, layer=layer: self.capture(layer, out))

    def capture(self, layer, post):
        self.captured.append(post)

    def forward(self, ids):
        self.captured.clear()
        x = F.embedding(ids, self.wte) + self.wpe[: ids.size(1)]
        for block in self.blocks:
            x = block(x)
        return self.captured


def kept(folder, tokens):
    """Which tokens count: all but BOS, EOS and the single token "\\n"; bool, of the tokens' shape."""
    folder = pathlib.Path(folder)
    config = json.loads((folder / "config.json").read_text())
    newline = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"].get("\u010a", -1)
    dropped = torch.tensor([config["bos_token_id"], config["eos_token_id"], newline])
    return torch.isin(tokens, dropped, invert=True)


class Job:
    """A study's inputs from the command line, the models loaded; its clock starts when they are."""

    def __init__(self, description, options=lambda parser: None):
        parser = argparse.ArgumentParser(description=description)
        parser.add_argument("--reference", required=True)
        parser.add_argument("--other", required=True, nargs="+")
        parser.add_argument("--tokens", required=True, help="int32 [rows, context]")
        parser.add_argument("--rotation", required=True, help="float16 [layers, m, m], for each other model the same")
        parser.add_argument("--threads", type=int, required=True)
        parser.add_argument("--out", required=True, type=pathlib.Path, help="folder of the results")
        parser.add_argument("--rows", type=int, default=32, help="rows of tokens a batch")
        options(parser)
        self.args = parser.parse_args()
        torch.inference_mode().__enter__()
        torch.set_num_threads(self.args.threads)
        start = time.perf_counter()
        self.reference = Model(self.args.reference)
        self.others = [Model(folder) for folder in self.args.other]
        self.tokens = torch.from_numpy(np.load(self.args.tokens)).long()
        self.keep = kept(self.args.reference, self.tokens)
        self.rotation = torch.from_numpy(np.load(self.args.rotation))
        self.load_seconds = time.perf_counter() - start
        self.phases = {}
        self.start = self.last = time.perf_counter()
        self.cpu = time.process_time()

    def phase(self, name):
        """Counts the time since the last call as this phase's."""
        now = time.perf_counter()
        self.phases[name] = self.phases.get(name, 0) + now - self.last
        self.last = now

    def finish(self, best, baseline, **more):
        """best and baseline: [others, reference neurons]. Writes the results and prints the figures as JSON."""
        seconds, cpu = time.perf_counter() - self.start, time.process_time() - self.cpu
        self.args.out.mkdir(parents=True, exist_ok=True)
        best, baseline = best.double(), baseline.double()
        results = {
            "max_corr": best.amax(0),
            "mean_corr": best.mean(0),
            "mean_baseline": baseline.mean(0),
            "excess_corr": best.mean(0) - baseline.mean(0),
        }
        for name, values in results.items():
            np.save(self.args.out / f"{name}.npy", values.numpy())
        report = {
            "torch": torch.__version__,
            "threads": torch.get_num_threads(),
            "rows": self.args.rows,
            "tokens": self.tokens.numel(),
            "kept": int(self.keep.sum()),
            "load_seconds": self.load_seconds,
            "seconds": seconds,
            "cpu_seconds": cpu,
            "phases": self.phases,
            "peak_bytes": peak_bytes(),
        }
        print(json.dumps(report | more))


def peak_bytes():
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    return None
