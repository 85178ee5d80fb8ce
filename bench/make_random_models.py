"""Writes GPT-2 models of random weights as Hugging Face folders: config.json, model.safetensors (F32), tokenizer.json.

usage: make_random_models.py OUT [--models 2] [--tokenizer FILE]

GPT-2 small's shape by default: 12 layers of 3,072 neurons, width 768, 12 heads. The vocabulary is that of the tokenizer, small, for a
study computes no logits. Model number i (folder a, b, …) has seed i; weights are normal of deviation 0.02 as GPT-2's are at
the start, biases too, so that no term of the forward pass is idle.
"""

import argparse
import json
import pathlib
import shutil

import numpy as np


def tensors(config, seed):
    """Names, and arrays one at a time."""
    random = np.random.default_rng(seed)
    d, m = config["n_embd"], config["n_inner"]

    def normal(*shape):
        return random.standard_normal(shape, dtype=np.float32) * np.float32(0.02)

    yield "wte.weight", normal(config["vocab_size"], d)
    yield "wpe.weight", normal(config["n_positions"], d)
    for layer in range(config["n_layer"]):
        p = f"h.{layer}."
        for norm in ("ln_1", "ln_2"):
            yield p + norm + ".weight", 1 + normal(d)
            yield p + norm + ".bias", normal(d)
        for name, rows, columns in (
            ("attn.c_attn", d, 3 * d),
            ("attn.c_proj", d, d),
            ("mlp.c_fc", d, m),
            ("mlp.c_proj", m, d),
        ):
            yield p + name + ".weight", normal(rows, columns)
            yield p + name + ".bias", normal(columns)
    yield "ln_f.weight", 1 + normal(d)
    yield "ln_f.bias", normal(d)


def write_safetensors(path, named):
    header, end, arrays = {}, 0, []
    for name, array in named:
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [end, end + array.nbytes]}
        end += array.nbytes
        arrays.append(array)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    partial = path.with_suffix(".partial")
    with open(partial, "wb") as f:
        f.write(len(text).to_bytes(8, "little") + text)
        for array in arrays:
            f.write(array.astype("<f4").tobytes())
    partial.rename(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--models", type=int, default=2)
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--width", type=int, default=768)
    parser.add_argument("--heads", type=int, default=12)
    parser.add_argument("--positions", type=int, default=1024)
    default = pathlib.Path(__file__).parent.parent / "test-resources" / "tokenizer.json"
    parser.add_argument("--tokenizer", type=pathlib.Path, default=default)
    args = parser.parse_args()
    config = {
        "model_type": "gpt2",
        "vocab_size": len(json.loads(args.tokenizer.read_text())["model"]["vocab"]),
        "n_positions": args.positions,
        "n_embd": args.width,
        "n_layer": args.layers,
        "n_head": args.heads,
        "n_inner": 4 * args.width,
        "activation_function": "gelu_new",
        "layer_norm_epsilon": 1e-5,
        "bos_token_id": 0,
        "eos_token_id": 0,
    }
    for i in range(args.models):
        folder = args.out / chr(ord("a") + i)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
        shutil.copy(args.tokenizer, folder / "tokenizer.json")
        write_safetensors(folder / "model.safetensors", tensors(config, i))
        print(folder)


main()
