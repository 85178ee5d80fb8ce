"""What model a's weights say of its neurons, in float64 with numpy alone, on every path by the longest way: weights are folded here
from the definition, cosines are whole matrices, and heads are matrices [d_model, d_model].

Writes beside itself, a neuron being one of the model's 2048 by flat id:
  weights_neurons.npy      float64 [2 presets, 512, 13]: folded, then raw; neurons 0, 4, 8, ...; columns see NEURONS
  weights_neighbours.npy   float64 [8, 4 kinds, 84]: neurons 0, 256, ..., folded; kinds see KINDS; 20 highest: ids, cosines; 20 lowest:
                           ids, cosines; mean, variance, skew, kurtosis of all cosines. The neuron's own pair is left out
  weights_vocabulary.npy   float64 [8, 4 spaces, 404]: the same of tokens, 100 at each end; spaces see SPACES
  weights_composition.npy  float64 [8, 4, 16]: q, k, v, o with each head, a layer after another
  weights_histograms.npy   int64 [4 kinds, 100]: cosines of all pairs in equal bins over [-1, 1]

usage: make_weights.py        needs numpy (and what make_golden.py needs)
"""
import json

import numpy as np
from make_golden import FAMILY, HERE, REFERENCE, moments, safetensors

NEURONS = ("w_in_norm", "w_out_norm", "input_bias", "in_out_sim", "l2_penalty", "vocab_mean", "vocab_var", "vocab_skew", "vocab_kurt",
           "vocab_dot_mean", "vocab_dot_var", "vocab_dot_skew", "vocab_dot_kurt")
KINDS = ("in_in", "in_out", "out_in", "out_out")
SPACES = ("E_in", "U_in", "E_out", "U_out")


def weights(folder, folded):
    """W_in and W_out as rows of neurons, b_in, W_E and W_U as rows of tokens, and W_Q, W_K, W_V, W_O of every head."""
    config = json.loads((folder / "config.json").read_text())
    w = {k: v.astype(np.float64) for k, v in safetensors(folder / "model.safetensors").items()}
    heads, d = config["n_head"], config["n_embd"]

    def reader(norm, weight, bias):
        if not folded:
            return weight, bias
        scaled = np.diag(w[norm + ".weight"]) @ weight
        return scaled - scaled.mean(0), bias + w[norm + ".bias"] @ weight

    def writer(weight):
        return weight - weight.mean(1, keepdims=True) if folded else weight

    W_in, b_in, W_out, of_heads = [], [], [], []
    for l in range(config["n_layer"]):
        p = f"h.{l}."
        W, b = reader(p + "ln_2", w[p + "mlp.c_fc.weight"], w[p + "mlp.c_fc.bias"])
        W_in.append(W.T)
        b_in.append(b)
        W_out.append(writer(w[p + "mlp.c_proj.weight"]))
        qkv, _ = reader(p + "ln_1", w[p + "attn.c_attn.weight"], w[p + "attn.c_attn.bias"])
        q, k, v = np.split(qkv, 3, axis=1)
        o = writer(w[p + "attn.c_proj.weight"])
        size = d // heads
        for h in range(heads):
            part = slice(h * size, (h + 1) * size)
            of_heads.append((q[:, part], k[:, part], v[:, part], o[part]))
    W_U, _ = reader("ln_f", w["wte.weight"].T, np.zeros(config["vocab_size"]))
    if folded:
        W_U = W_U - W_U.mean(1, keepdims=True)
    return np.concatenate(W_in), np.concatenate(W_out), np.concatenate(b_in), writer(w["wte.weight"]), W_U.T, of_heads


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def neurons(folded):
    W_in, W_out, b_in, _, W_U, _ = weights(FAMILY / REFERENCE, folded)
    columns = [np.linalg.norm(W_in, axis=1), np.linalg.norm(W_out, axis=1), b_in, (unit(W_in) * unit(W_out)).sum(1),
               (W_in ** 2).sum(1) + (W_out ** 2).sum(1)]
    columns += moments(unit(W_out) @ unit(W_U).T, 1)
    columns += moments(W_out @ W_U.T, 1)
    return np.stack(columns, axis=1)


def ends(values, ids, top):
    down = np.argsort(-values, kind="stable")[:top]
    up = np.argsort(values, kind="stable")[:top]
    parts = [ids[down], values[down], ids[up], values[up], np.array(moments(values, 0))]
    return np.concatenate(parts).astype(np.float64)


def main():
    np.save(HERE / "weights_neurons.npy", np.stack([neurons(True)[::4], neurons(False)[::4]]))
    W_in, W_out, _, W_E, W_U, heads = weights(FAMILY / REFERENCE, True)
    sides = {"in": unit(W_in), "out": unit(W_out)}
    count = len(W_in)
    chosen = range(0, count, 256)
    everyone = np.arange(count)
    neighbours, histograms = [[] for _ in chosen], []
    for kind in KINDS:
        mine, theirs = kind.split("_")
        cosines = sides[mine] @ sides[theirs].T
        for row, n in zip(neighbours, chosen):
            others = everyone != n
            row.append(ends(cosines[n, others], everyone[others], 20))
        histograms.append(np.histogram(cosines[~np.eye(count, dtype=bool)], bins=100, range=(-1, 1))[0])
    tokens = {"E": unit(W_E), "U": unit(W_U)}
    vocabulary = []
    for n in chosen:
        spaces = [space.split("_") for space in SPACES]
        vocabulary.append([ends(tokens[which] @ sides[side][n], np.arange(len(W_E)), 100) for which, side in spaces])
    composition = []
    for n in chosen:
        scores = []
        for q, k, v, o in heads:
            qk, ov = q @ k.T, v @ o
            x, y = W_out[n], W_in[n]
            lengths = np.array([np.linalg.norm(x @ qk), np.linalg.norm(qk @ x), np.linalg.norm(x @ ov), np.linalg.norm(ov @ y)])
            sizes = np.array([np.linalg.norm(m) for m in (qk, qk, ov, ov)])
            scores.append(lengths / sizes / np.array([np.linalg.norm(z) for z in (x, x, x, y)]))
        composition.append(np.stack(scores, axis=1))
    np.save(HERE / "weights_neighbours.npy", np.array(neighbours))
    np.save(HERE / "weights_vocabulary.npy", np.array(vocabulary))
    np.save(HERE / "weights_composition.npy", np.array(composition))
    np.save(HERE / "weights_histograms.npy", np.array(histograms).astype("<i8"))
    print(f"cosines up to {max(row[0][20] for row in neighbours):.3f}, composition up to {np.max(composition):.3f}")


if __name__ == "__main__":
    main()
