"""What a study of model a against b and c should say, computed in float64 with numpy alone.

The forward pass is written here from GPT-2's definition, correlations are two-pass, and the baseline
rotates the activations themselves. Nothing is shared with the Java code. Text: the first 24 rows of
context 64 of ../validation.jsonl.zst.

Writes beside itself:
  tokens.npy     int32 [24, 64]
  rotation.npy   float16 [4, 512, 512]: standard normal, rows scaled to length 1 and then rounded
  neurons.npy    float64 [2048, 15]: a row is a neuron of a, see NEURONS
  matches.npy    float64 [2 others, 2 directions, 2048, 6]: a row is a neuron of a (direction 0) or of
                 the other (1), see MATCHES
  histograms.npy int64 [2 others, 100]: all correlations in equal bins over [-1, 1]

usage: make_golden.py        needs numpy, zstandard, tokenizers 0.22
"""
import json
import pathlib

import numpy as np
import zstandard
from tokenizers import Tokenizer

HERE = pathlib.Path(__file__).parent
FAMILY = HERE.parent
REFERENCE, OTHERS = "a", ("b", "c")
ROWS, CONTEXT, BOS = 24, 64, 0
SEED = 2024

NEURONS = ("post_mean", "post_var", "post_skew", "post_kurt", "max_corr", "mean_corr", "min_corr",
           "max_baseline", "mean_baseline", "min_baseline", "excess_corr",
           "r_mean", "r_var", "r_skew", "r_kurt")
MATCHES = ("highest id", "highest r", "second highest r", "lowest id", "lowest r", "second lowest r")


def safetensors(path):
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8:8 + length])
    types = {"F16": "<f2", "F32": "<f4", "I32": "<i4"}
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = entry["data_offsets"]
            array = np.frombuffer(raw[8 + length + start:8 + length + end], dtype=types[entry["dtype"]])
            tensors[name.removeprefix("transformer.")] = array.reshape(entry["shape"])
    return tensors


def layer_norm(x, weight, bias, epsilon):
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred ** 2).mean(-1, keepdims=True) + epsilon) * weight + bias


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def gelu_new(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x ** 3)))


def forward(folder, ids, before=False):
    """Activations after the non-linearity, or before it, by layer: [rows * context, d_mlp] each, in float64."""
    config = json.loads((folder / "config.json").read_text())
    w = {k: v.astype(np.float64) for k, v in safetensors(folder / "model.safetensors").items()}
    heads, epsilon = config["n_head"], config["layer_norm_epsilon"]
    rows, length = ids.shape
    width = config["n_embd"]
    hidden = np.tril(np.ones((length, length))) == 0
    x = w["wte.weight"][ids] + w["wpe.weight"][:length]
    post = []
    for l in range(config["n_layer"]):
        def p(name):
            return w[f"h.{l}.{name}"]
        n = layer_norm(x, p("ln_1.weight"), p("ln_1.bias"), epsilon)
        qkv = n @ p("attn.c_attn.weight") + p("attn.c_attn.bias")
        q, k, v = (part.reshape(rows, length, heads, width // heads).transpose(0, 2, 1, 3)
                   for part in np.split(qkv, 3, axis=-1))
        scores = q @ k.transpose(0, 1, 3, 2) / np.sqrt(width // heads)
        scores[..., hidden] = -np.inf
        z = (softmax(scores) @ v).transpose(0, 2, 1, 3).reshape(rows, length, width)
        x = x + z @ p("attn.c_proj.weight") + p("attn.c_proj.bias")
        n = layer_norm(x, p("ln_2.weight"), p("ln_2.bias"), epsilon)
        pre = n @ p("mlp.c_fc.weight") + p("mlp.c_fc.bias")
        h = gelu_new(pre)
        post.append((pre if before else h).reshape(rows * length, -1))
        x = x + h @ p("mlp.c_proj.weight") + p("mlp.c_proj.bias")
    return post


def check_forward():
    golden = safetensors(FAMILY / "golden.safetensors")
    ids = golden["input_ids"]
    for l, post in enumerate(forward(FAMILY / REFERENCE, ids)):
        assert np.abs(post - golden[f"mlp_post.{l}"].reshape(post.shape)).max() < 1e-4


def rows_of_text():
    tokenizer = Tokenizer.from_file(str(FAMILY / "tokenizer.json"))
    raw = zstandard.ZstdDecompressor().stream_reader((FAMILY / "validation.jsonl.zst").read_bytes()).read()
    stream = []
    for number, line in enumerate(line for line in raw.decode().split("\n") if line):
        stream += [BOS] * (number > 0)
        stream += tokenizer.encode(json.loads(line)["text"], add_special_tokens=False).ids
        if len(stream) >= ROWS * (CONTEXT - 1):
            break
    body = np.array(stream[:ROWS * (CONTEXT - 1)], dtype="<i4").reshape(ROWS, CONTEXT - 1)
    ids = np.concatenate([np.full((ROWS, 1), BOS, dtype="<i4"), body], axis=1)
    newline = tokenizer.token_to_id("\u010A")
    return ids, ((ids != BOS) & (ids != newline)).reshape(-1)


def pearson(x, y):
    x, y = x - x.mean(0), y - y.mean(0)
    return (x.T @ y) / np.sqrt((x ** 2).sum(0)[:, None] * (y ** 2).sum(0)[None])


def moments(x, axis):
    mean = x.mean(axis, keepdims=True)
    m2, m3, m4 = (((x - mean) ** k).mean(axis) for k in (2, 3, 4))
    return [mean.squeeze(axis), m2, m3 / m2 ** 1.5, m4 / m2 ** 2]


def ends(r):
    order = np.argsort(r, axis=1, kind="stable")
    down = np.argsort(-r, axis=1, kind="stable")
    columns = []
    for ids in (down, order):
        values = np.take_along_axis(r, ids[:, :2], axis=1)
        columns += [ids[:, 0], values[:, 0], values[:, 1]]
    return np.stack(columns, axis=1)


def main():
    check_forward()
    ids, kept = rows_of_text()
    random = np.random.default_rng(SEED)
    rotation = random.standard_normal((4, 512, 512))
    rotation = (rotation / np.linalg.norm(rotation, axis=2, keepdims=True)).astype("<f2")

    reference = np.concatenate(forward(FAMILY / REFERENCE, ids), axis=1)[kept]
    correlations, best, baseline, matches, histograms = [], [], [], [], []
    for other in OTHERS:
        layers = [layer[kept] for layer in forward(FAMILY / other, ids)]
        r = pearson(reference, np.concatenate(layers, axis=1))
        assert not np.isnan(r).any()
        turned = [layer @ rotation[l].astype(np.float64).T for l, layer in enumerate(layers)]
        correlations.append(r)
        best.append(r.max(1))
        baseline.append(pearson(reference, np.concatenate(turned, axis=1)).max(1))
        matches.append(np.stack([ends(r), ends(r.T)]))
        histograms.append(np.histogram(r, bins=100, range=(-1, 1))[0])
    best, baseline = np.array(best), np.array(baseline)
    columns = moments(reference, 0)
    columns += [best.max(0), best.mean(0), best.min(0)]
    columns += [baseline.max(0), baseline.mean(0), baseline.min(0)]
    columns += [best.mean(0) - baseline.mean(0)]
    columns += moments(np.concatenate(correlations, axis=1), 1)
    assert len(columns) == len(NEURONS)

    np.save(HERE / "tokens.npy", ids)
    np.save(HERE / "rotation.npy", rotation)
    np.save(HERE / "neurons.npy", np.stack(columns, axis=1).astype("<f8"))
    np.save(HERE / "matches.npy", np.array(matches).astype("<f8"))
    np.save(HERE / "histograms.npy", np.array(histograms).astype("<i8"))
    excess = columns[NEURONS.index("excess_corr")]
    print(f"{kept.sum()} of {kept.size} tokens kept; excess above 0.3: {(excess > 0.3).sum()}")


if __name__ == "__main__":
    main()
