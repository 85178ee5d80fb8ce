"""Small checkpoints in every form that PyTorch and safetensors write, of one tiny GPT-2.

One layer, vocabulary 5, 3 positions, width 4 (TestFiles.TINY_JSON has the configuration). The
weights are drawn once and saved again and again; the .safetensors files are the golden values of
the .bin files of the same name. All of it is below 200 kB.

torch-1.7.bin was written by PyTorch 1.7.1, the age of the published models:
torch.save(torch.load("f16.bin"), "torch-1.7.bin").

usage: torch_files.py FOLDER          (PyTorch 2.15, safetensors 0.8)
"""
import collections
import io
import json
import pathlib
import sys
import zipfile

import torch
from safetensors.torch import save_file

SHAPES = {
    "wte.weight": (5, 4), "wpe.weight": (3, 4),
    "h.0.ln_1.weight": (4,), "h.0.ln_1.bias": (4,),
    "h.0.attn.c_attn.weight": (4, 12), "h.0.attn.c_attn.bias": (12,),
    "h.0.attn.c_proj.weight": (4, 4), "h.0.attn.c_proj.bias": (4,),
    "h.0.ln_2.weight": (4,), "h.0.ln_2.bias": (4,),
    "h.0.mlp.c_fc.weight": (4, 16), "h.0.mlp.c_fc.bias": (16,),
    "h.0.mlp.c_proj.weight": (16, 4), "h.0.mlp.c_proj.bias": (4,),
    "ln_f.weight": (4,), "ln_f.bias": (4,),
}
MASK = "transformer.h.0.attn.bias"


def state_dict(weights, prefix="transformer.", masks=True, tied=True):
    """As GPT2LMHeadModel.state_dict() of older versions of transformers: masks and a tied head."""
    result = collections.OrderedDict((prefix + name, t) for name, t in weights.items())
    if masks:
        result[MASK] = torch.tril(torch.ones(3, 3, dtype=torch.uint8)).view(1, 1, 3, 3)
        result["transformer.h.0.attn.masked_bias"] = torch.tensor(-1e4)
    if tied:
        result["lm_head.weight"] = weights["wte.weight"]
    result._metadata = collections.OrderedDict([("", {"version": 1}), ("transformer", {"version": 1})])
    return result


def rezip(source, target, names, zip64):
    """The same entries by another writer: no descriptors, no alignment, no newer entries."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as new:
        for entry in old.infolist():
            if names(entry.filename):
                info = zipfile.ZipInfo(entry.filename, (1980, 1, 1, 0, 0, 0))
                with new.open(info, "w", force_zip64=zip64) as out:
                    out.write(old.read(entry))


def shards(folder, weights, stem, extension, save):
    """Two shards and their index, as save_pretrained writes them."""
    names = list(weights)
    where, total = {}, 0
    for number, part in enumerate((names[:7], names[7:]), 1):
        file = f"{stem}-{number:05}-of-00002.{extension}"
        save({"transformer." + n: weights[n] for n in part}, folder / file)
        where.update(("transformer." + n, file) for n in part)
        total += sum(weights[n].numel() * weights[n].element_size() for n in part)
    index = {"metadata": {"total_size": total}, "weight_map": where}
    (folder / f"{stem}.{extension}.index.json").write_text(json.dumps(index, indent=2) + "\n")


class Script(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(2))

    def forward(self, x):
        return x * self.weight


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    torch.manual_seed(20240122)
    drawn = {name: torch.randn(shape) for name, shape in SHAPES.items()}
    for name, dtype in (("f32", torch.float32), ("f16", torch.float16), ("bf16", torch.bfloat16)):
        weights = {n: t.to(dtype) for n, t in drawn.items()}
        save_file(weights, folder / f"{name}.safetensors")
        torch.save(state_dict(weights), folder / f"{name}.bin")
    weights = {n: t.to(torch.float16) for n, t in drawn.items()}
    plain = state_dict(weights, prefix="", masks=False, tied=False)
    torch.save(plain, folder / "plain.bin")
    for protocol in (3, 4):
        torch.save(state_dict(weights), folder / f"protocol{protocol}.bin", pickle_protocol=protocol)
    torch.save({n: torch.nn.Parameter(t) for n, t in weights.items()}, folder / "parameters.bin")
    untied = dict(weights, **{"lm_head.weight": torch.randn(5, 4).half()})
    torch.save(state_dict(untied, prefix="", masks=False, tied=False), folder / "untied.bin")
    save_file(untied, folder / "untied.safetensors")

    flat = torch.cat([t.reshape(-1) for t in weights.values()])
    views, at = collections.OrderedDict(), 0
    for n, t in weights.items():
        views[n] = flat[at:at + t.numel()].view(t.shape)
        at += t.numel()
    torch.save(views, folder / "views.bin")
    turned = dict(plain, **{"h.0.mlp.c_fc.weight": plain["h.0.mlp.c_fc.weight"].t().contiguous().t()})
    torch.save(turned, folder / "transposed.bin")
    spread = state_dict(weights)
    spread[MASK] = torch.ones(1, 1, 1, 1, dtype=torch.bool).expand(1, 1, 3, 3)
    torch.save(spread, folder / "expanded-mask.bin")
    torch.save(plain, folder / "legacy.bin", _use_new_zipfile_serialization=False)
    torch.save({"model": plain, "epoch": 3}, folder / "training.bin")
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(Script()), buffer)
    (folder / "script.bin").write_bytes(buffer.getvalue())
    torch.save(dict(plain, **{"ln_f.bias": torch.zeros(4, dtype=torch.float8_e4m3fn)}), folder / "float8.bin")
    torch.save(dict(plain, **{"ln_f.bias": torch.zeros(4).to_sparse()}), folder / "sparse.bin")
    rezip(folder / "plain.bin", folder / "old.bin", lambda n: n.endswith(("data.pkl", "version")) or "/data/" in n, False)
    rezip(folder / "plain.bin", folder / "zip64.bin", lambda n: True, True)

    shards(folder, weights, "model", "safetensors", save_file)
    shards(folder, weights, "pytorch_model", "bin", torch.save)

    kinds = {str(d).removeprefix("torch."): torch.arange(6).reshape(2, 3).to(d)
             for d in (torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64,
                       torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool)}
    kinds["scalar"] = torch.tensor(-1e4)
    kinds["none"] = torch.zeros(0, 5)
    kinds["one"] = torch.arange(3.0)[1:2]      # a view whose storage is larger
    save_file({n: t.clone() for n, t in kinds.items()}, folder / "kinds.safetensors")
    torch.save(kinds, folder / "kinds.bin")


if __name__ == "__main__":
    main()
