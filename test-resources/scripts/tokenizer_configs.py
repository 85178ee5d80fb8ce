"""What AutoTokenizer makes of switches in the files beside tokenizer.json.

Usage: tokenizer_configs.py tokenizers
Writes tokenizers/configs.json: for each case the kind of tokenizer, the files beside it, changes of
tokenizer.json, and the ids of each text.
"""
import copy
import json
import os
import pathlib
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
from transformers import AutoTokenizer  # noqa: E402

TEXTS = ["Hello [PAD] world<|endoftext|>x", "a<|endoftext|>   Über [MASK]fox", " river  wood"]


def token(content, **switches):
    return {"content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
            "special": True} | switches


def cases():
    for name in ("GPT2Tokenizer", "GPT2TokenizerFast", "PreTrainedTokenizerFast", "GPTNeoXTokenizerFast"):
        kind = "neox" if "NeoX" in name else "gpt2"
        c = {"tokenizer_class": name}
        config = lambda **more: {"tokenizer_config.json": c | more}
        eot = {"0": token("<|endoftext|>")}
        yield name + " plain", kind, config(), {}
        if "PreTrained" not in name:
            yield name + " prefix", kind, config(add_prefix_space=True), {}
            yield name + " no prefix", kind, config(add_prefix_space=False), {"prefix": True}
            yield name + " prefix of the file", kind, config(), {"prefix": True}
            yield name + " no special", kind, config(), {"none": True}
        yield name + " pad by id", kind, config(added_tokens_decoder=eot | {"330": token("[PAD]")}), {}
        yield name + " pad strips", kind, config(
            added_tokens_decoder=eot | {"330": token("[PAD]", lstrip=True, rstrip=True)}), {}
        yield name + " two", kind, config(
            added_tokens_decoder=eot | {"331": token("[MASK]"), "330": token("[PAD]", special=False)}), {}
        yield name + " rstrip", kind, config(added_tokens_decoder={"0": token("<|endoftext|>", rstrip=True)}), {}
        yield name + " named", kind, config(pad_token="[PAD]", mask_token="[MASK]"), {}
        # Version 5 gives GPT-NeoX a token for padding where none is named, and so other ids to later ones.
        pad = {"pad_token": "<|endoftext|>"} if kind == "neox" else {}
        yield name + " named in full", kind, config(**pad,
            mask_token={"__type": "AddedToken"} | {k: v for k, v in token("[MASK]", lstrip=True).items() if k != "special"}), {}
        yield name + " map", kind, config() | {"special_tokens_map.json": {
            "pad_token": "[PAD]", "mask_token": {k: v for k, v in token("[MASK]", lstrip=True).items() if k != "special"}}}, {}
        yield name + " additional", kind, config(**pad, additional_special_tokens=["[PAD]", " river"]), {}
        yield name + " split", kind, config(split_special_tokens=True), {}
        yield name + " added", kind, config() | {"added_tokens.json": {"[MASK]": 331, "[PAD]": 330}}, {}
        yield name + " lower", kind, config(do_lower_case=True), {}
        yield name + " limits", kind, config(
            model_max_length=4, padding_side="left", clean_up_tokenization_spaces=True, add_bos_token=True), {}
    for more in ({}, {"do_lower_case": False}, {"strip_accents": False}, {"do_lower_case": True, "strip_accents": True}):
        yield "BertTokenizer " + str(more), "bert", {"tokenizer_config.json": {"tokenizer_class": "BertTokenizer"} | more}, {}


def main():
    folder = pathlib.Path(sys.argv[1])
    out = []
    for name, kind, files, change in cases():
        j = json.loads((folder / kind / "tokenizer.json").read_text())
        if change.get("prefix"):
            j["pre_tokenizer"]["add_prefix_space"] = True
        if change.get("none"):
            j["added_tokens"] = []
        with tempfile.TemporaryDirectory() as d:
            d = pathlib.Path(d)
            model = "bert" if kind == "bert" else "gpt_neox" if kind == "neox" else "gpt2"
            for file, content in ({"tokenizer.json": j, "config.json": {"model_type": model}} | files).items():
                (d / file).write_text(json.dumps(content))
            tok = AutoTokenizer.from_pretrained(d)
            out.append({"name": name, "kind": kind, "files": files, "change": change, "texts": TEXTS,
                        "ids": [tok.encode(t, add_special_tokens=False) for t in TEXTS]})
    (folder / "configs.json").write_text(json.dumps(out, ensure_ascii=False))
    print(len(out), "cases")


if __name__ == "__main__":
    main()
