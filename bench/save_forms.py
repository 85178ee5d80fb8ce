"""Every form in which a version of transformers saves GPT-2 and GPT-NeoX, and whether Homolog reads it.

save_forms.py save FOLDER             with the transformers of this Python: one folder for each form below FOLDER
save_forms.py check FOLDER…           loads them with Homolog ($HOMOLOG, default ./homolog); needs numpy alone
save_forms.py small FOLDER RESOURCES  copies the forms that the build's test reads

Forms are heads of every kind, tied and untied, .bin and safetensors, one file and shards, float32, float16 and bfloat16,
and slow and fast tokenizers with added tokens. All weights are random, no bias is zero and no gain is one.
golden.npz in a folder holds ids int32 [2, 12] and post float32 [layers, 2, 12, neurons], by the version that saved it,
from the stored weights widened to float32; with a tokenizer also text and its token ids.
check compares activations (at most 1e-5 apart) and ids (equal)."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import numpy as np

TOLERANCE = 1e-5
TEXT = "The cat sat, and <NEW> the dog saw <zeta> and <alpha> twice.  It's 12 o'clock\n now<|pad|>."
ADDED = ["<zeta>", "<alpha>", "<NEW>"]  # not in the order of their names
KEPT = {  # by version: what goes into the build
    "4.20": ["gpt2-lm-bin-shards-f16", "gpt2-seq-bin-f32", "neox-base-bin-f32", "neox-lm-bin-shards-f16"],
    "4.36": ["gpt2-double-safetensors-f32", "gpt2-untied-safetensors-f16", "gpt2-token-bin-f32", "neox-tied-safetensors-f32",
             "neox-seq-safetensors-bf16"],
    "4.45": ["gpt2-lm-safetensors-shards-bf16", "gpt2-base-safetensors-f32", "neox-token-safetensors-f32",
             "neox-lm-safetensors-shards-f32", "neox-qa-bin-f32"],
    "5": ["gpt2-lm-safetensors-f32", "gpt2-base-safetensors-bf16", "neox-lm-safetensors-f32", "neox-base-safetensors-f32",
          "neox-tied-safetensors-f16"],
}


def heads(transformers):
    """Name to class and changes of the configuration, as far as this version has the class."""
    known = {
        "gpt2-base": ("GPT2Model", {}),
        "gpt2-lm": ("GPT2LMHeadModel", {}),
        "gpt2-untied": ("GPT2LMHeadModel", {"tie_word_embeddings": False}),
        "gpt2-double": ("GPT2DoubleHeadsModel", {}),
        "gpt2-seq": ("GPT2ForSequenceClassification", {"num_labels": 3}),
        "gpt2-token": ("GPT2ForTokenClassification", {"num_labels": 3}),
        "gpt2-qa": ("GPT2ForQuestionAnswering", {}),
        "neox-base": ("GPTNeoXModel", {}),
        "neox-lm": ("GPTNeoXForCausalLM", {}),
        "neox-tied": ("GPTNeoXForCausalLM", {"tie_word_embeddings": True}),
        "neox-seq": ("GPTNeoXForSequenceClassification", {"num_labels": 3}),
        "neox-token": ("GPTNeoXForTokenClassification", {"num_labels": 3}),
        "neox-qa": ("GPTNeoXForQuestionAnswering", {}),
    }
    return {name: (getattr(transformers, kind), changes) for name, (kind, changes) in known.items()
            if hasattr(transformers, kind)}


def config(transformers, family, vocabulary, changes):
    common = {"vocab_size": vocabulary, "bos_token_id": 0, "eos_token_id": 0, **changes}
    if family == "gpt2":
        return transformers.GPT2Config(n_positions=64, n_embd=8, n_layer=2, n_head=2, **common)
    return transformers.GPTNeoXConfig(max_position_embeddings=64, hidden_size=8, num_hidden_layers=2,
                                      num_attention_heads=2, intermediate_size=12, rotary_pct=0.5, **common)


def draw(model, torch, generator):
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        gain = parameter.dim() == 1 and name.endswith(".weight")
        scale = 0.3 if parameter.dim() == 1 else 1.0 if "emb" in name or "wte" in name else 0.35
        parameter.data = (1 + scale * noise if gain else scale * noise).to(parameter.dtype)


def golden(model, torch, vocabulary, generator):
    """ids and activations after the non-linearity, from the weights as they are, in float32.

    The model that computes is a new one, for one that was of half type keeps tables of rotary positions in that type."""
    ids = torch.randint(1, vocabulary, (2, 12), generator=generator)
    ids[:, 0] = 0
    whole = type(model)(model.config).float().eval()
    values = dict(model.named_parameters())
    for name, parameter in whole.named_parameters():
        parameter.data = values[name].data.float()
    body = next(m for m in whole.modules() if type(m).__name__ in ("GPT2Model", "GPTNeoXModel"))
    blocks = body.h if hasattr(body, "h") else body.layers
    second = [b.mlp.c_proj if hasattr(b.mlp, "c_proj") else b.mlp.dense_4h_to_h for b in blocks]
    post = []
    for matrix in second:  # what it reads; the non-linearity itself may be one module for all blocks
        matrix.register_forward_pre_hook(lambda module, inputs: post.append(inputs[0].detach().clone()))
    with torch.no_grad():
        body(ids)
    return {"ids": ids.numpy().astype(np.int32), "post": torch.stack(post).numpy()}


def save_model(model, folder, safetensors, shards):
    """Whether this version can save in that form."""
    import inspect
    keys = {"max_shard_size": "1KB"} if shards else {}
    takes = "safe_serialization" in inspect.signature(type(model).save_pretrained).parameters
    if takes:
        keys["safe_serialization"] = safetensors
    model.save_pretrained(folder, **keys)
    wanted = ("model.safetensors" if safetensors else "pytorch_model.bin") + (".index.json" if shards else "")
    return (folder / wanted).exists()


def byte_letters():
    """GPT-2's letters for the 256 bytes, in the order of the bytes."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    other = iter(range(256, 512))
    return [chr(b) if b in plain else chr(next(other)) for b in range(256)]


def tokenizers(transformers, folder):
    """Name to tokenizer: slow and fast, with added tokens; those that this version has."""
    letters = byte_letters()
    merges = ["t h", "th e", "\u0120 the", "a n", "an d", "\u0120 and", "a t", "\u0120 c", "s at"]
    names = ["<|endoftext|>", *letters, *(m.replace(" ", "") for m in merges)]
    (folder / "vocab.json").write_text(json.dumps({name: i for i, name in enumerate(names)}, ensure_ascii=False), "utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n", "utf-8")
    files = {"vocab_file": str(folder / "vocab.json"), "merges_file": str(folder / "merges.txt")}
    made = {}
    new = transformers.__version__ >= "5"  # takes values in place of files
    if new:
        files = {"vocab": {n: i for i, n in enumerate(names)}, "merges": [tuple(m.split()) for m in merges]}
    for name, kind in (("slow", "GPT2Tokenizer"), ("fast", "GPT2TokenizerFast"), ("neox", "GPTNeoXTokenizerFast")):
        if hasattr(transformers, kind):
            made[name] = getattr(transformers, kind)(**files)
            if name == "fast" and not new:  # GPT-NeoX has no slow tokenizer to be made from
                made[name].backend_tokenizer.save(str(folder / "tokenizer.json"))
                files = {"tokenizer_file": str(folder / "tokenizer.json")}
    for tokenizer in made.values():
        tokenizer.add_tokens(ADDED)
        tokenizer.add_special_tokens({"pad_token": "<|pad|>"})
    return made


def text_for(transformers, name):
    """Slow tokenizers before 4.34 drop blanks beside added tokens; fast ones and later slow ones read the same files without."""
    version = tuple(int(part) for part in transformers.__version__.split(".")[:2])
    return re.sub(r" ?(<[a-zA-Z]+>) ?", r"\1", TEXT) if name == "slow" and version < (4, 34) else TEXT


def save(out):
    import torch
    import transformers
    out.mkdir(parents=True, exist_ok=True)
    types = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}
    seed = 0
    for head, (kind, changes) in heads(transformers).items():
        for kind_of_file in ("bin", "safetensors"):
            for shards in (False, True):
                for type_name, dtype in types.items():
                    seed += 1
                    name = "-".join([head, kind_of_file, *(["shards"] if shards else []), type_name])
                    folder = out / name
                    shutil.rmtree(folder, ignore_errors=True)
                    generator = torch.Generator().manual_seed(seed)
                    model = kind(config(transformers, head.split("-")[0], 40, changes))
                    draw(model, torch, generator)
                    if head == "neox-tied" or head.startswith("gpt2") and head != "gpt2-untied":
                        model.tie_weights()
                    model.to(dtype)
                    if not save_model(model, folder, kind_of_file == "safetensors", shards):
                        shutil.rmtree(folder, ignore_errors=True)
                        continue
                    np.savez(folder / "golden.npz", **golden(model, torch, 40, generator))
    with tempfile.TemporaryDirectory() as scratch:
        for name, tokenizer in tokenizers(transformers, pathlib.Path(scratch)).items():
            family = "neox" if name == "neox" else "gpt2"
            folder = out / ("tokenizer-" + name)
            shutil.rmtree(folder, ignore_errors=True)
            generator = torch.Generator().manual_seed(7)
            kind = transformers.GPTNeoXForCausalLM if family == "neox" else transformers.GPT2LMHeadModel
            model = kind(config(transformers, family, len(tokenizer), {}))
            draw(model, torch, generator)
            model.save_pretrained(folder)
            tokenizer.save_pretrained(folder)
            text = text_for(transformers, name)
            ids = tokenizer(text, add_special_tokens=False)["input_ids"]
            np.savez(folder / "golden.npz", text=np.array(text), tokens=np.array(ids, np.int32),
                     **golden(model, torch, len(tokenizer), generator))
    print(transformers.__version__, "torch", torch.__version__, len(list(out.iterdir())), "forms")


def homolog(*arguments):
    done = subprocess.run([os.environ.get("HOMOLOG", "./homolog"), *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])


def problem(folder, scratch):
    """What is wrong with Homolog's reading of a form; empty if nothing is."""
    with np.load(folder / "golden.npz") as saved:
        want = dict(saved)
    layers, rows, context, neurons = want["post"].shape
    np.save(scratch / "ids.npy", want["ids"])
    if not any((folder / f).exists() for f in ("tokenizer.json", "vocab.json")):  # ids are given; any tokenizer will do
        link = scratch / "model"
        shutil.rmtree(link, ignore_errors=True)
        shutil.copytree(folder, link)
        (link / "tokenizer.json").write_text(json.dumps({"version": "1.0", "added_tokens": [], "model": {
            "type": "WordLevel", "vocab": {"<|endoftext|>": 0, **{f"t{i}": i for i in range(1, 40)}}, "unk_token": "t1"}}))
    else:
        link = folder
    names = [f"{layer}.{neuron}" for layer in range(layers) for neuron in range(neurons)]
    for old in ("run", "a.npy", "tokens.npy"):
        path = scratch / old
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    try:
        homolog("activations", "--model", link, "--tokens", scratch / "ids.npy", "--neuron", *names, "--cache",
                scratch / "a.npy", "--out", scratch / "run", "--backend", "vector")
        got = np.load(scratch / "a.npy").reshape(rows, context, layers, neurons).transpose(2, 0, 1, 3)
        worst = np.abs(got - want["post"]).max()
        if not worst <= TOLERANCE:
            return f"activations differ by {worst}"
        if "tokens" in want:
            (scratch / "text.jsonl").write_text(json.dumps({"text": str(want["text"])}) + "\n")
            homolog("tokenize", "--model", link, "--text", scratch / "text.jsonl", "--context", len(want["tokens"]) + 1,
                    "--out", scratch / "tokens.npy")
            for beside in scratch.glob("tokens.npy.*"):
                beside.unlink()
            tokens = np.load(scratch / "tokens.npy")[0, 1:]
            if not np.array_equal(tokens, want["tokens"]):
                return f"ids are {tokens.tolist()}, expected {want['tokens'].tolist()}"
    except RuntimeError as e:
        return str(e)
    return ""


def check(folders):
    wrong = forms = 0
    with tempfile.TemporaryDirectory() as scratch:
        for folder in folders:
            for form in sorted(p for p in pathlib.Path(folder).iterdir() if (p / "golden.npz").exists()):
                forms += 1
                found = problem(form, pathlib.Path(scratch))
                if found:
                    wrong += 1
                    print(f"{form}: {found}", flush=True)
    print(f"{forms} forms, {wrong} wrong")
    return 1 if wrong else 0


def small(made, resources):
    """Copies of a few forms for the build, golden values as arrays that Java reads."""
    for version, names in KEPT.items():
        for name in names:
            source, target = made / version / name, resources / f"{version}-{name}"
            if not source.exists():
                print("not there:", source)
                continue
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("generation_config.json", "golden.npz"))
            with np.load(source / "golden.npz") as saved:
                np.save(target / "ids.npy", saved["ids"])
                np.save(target / "post.npy", saved["post"])


def main():
    what, *rest = sys.argv[1:]
    if what == "save":
        save(pathlib.Path(rest[0]))
    elif what == "check":
        sys.exit(check(rest))
    elif what == "small":
        small(*map(pathlib.Path, rest))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
