"""Tiny random models of every variant that is read, with what transformers makes of them.

Each folder below MODELS is a checkpoint: config.json and weights, all drawn at random (biases not
zero, gains not one). transformers reads the configuration, and runs the stored weights, upcast to
float32, on the same 2 rows of 12 tokens; golden.safetensors in the folder holds
  input_ids [2,12] int32      logits [2,12,vocab] float32
  mlp_pre.L / mlp_post.L [2,12,d_mlp] float32, before and after the non-linearity of layer L
activations.safetensors holds transformers' function of each name at x, in float64.

usage: model_variants.py MODELS      (PyTorch 2.15, transformers 5.24, safetensors 0.8)
"""
import json
import pathlib
import shutil
import sys

import torch
from safetensors.torch import save_file
from transformers import AutoConfig, GPT2LMHeadModel, GPTNeoXForCausalLM
from transformers.activations import ACT2FN

LENGTH = 12
NEOX = {
    "architectures": ["GPTNeoXForCausalLM"], "model_type": "gpt_neox", "bos_token_id": 0, "eos_token_id": 1,
    "hidden_act": "gelu", "hidden_size": 16, "initializer_range": 0.02, "intermediate_size": 24,
    "layer_norm_eps": 1e-05, "max_position_embeddings": 12, "num_attention_heads": 2, "num_hidden_layers": 2,
    "rotary_emb_base": 10000, "rotary_pct": 0.5, "tie_word_embeddings": False, "torch_dtype": "float16",
    "use_cache": True, "use_parallel_residual": True, "vocab_size": 37,
}
GPT2 = {
    "architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "activation_function": "gelu_new",
    "bos_token_id": 0, "eos_token_id": 1, "layer_norm_epsilon": 1e-05, "n_ctx": 12, "n_embd": 16, "n_head": 2,
    "n_layer": 3, "n_positions": 12, "vocab_size": 37,
}
NAMES = ("gelu", "gelu_python", "gelu_new", "gelu_fast", "gelu_pytorch_tanh", "gelu_python_tanh", "gelu_accurate",
         "gelu_10", "quick_gelu", "relu", "relu2", "relu6", "leaky_relu", "linear", "silu", "swish", "hardswish", "sigmoid",
         "tanh", "mish", "laplace", "sqrtsoftplus")


def draw(model, generator):
    """Matrices such that scores and neurons are neither all near zero nor saturated."""
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        gain = name.endswith(".weight") and parameter.dim() == 1
        scale = 0.3 if parameter.dim() == 1 else 1.0 if "emb" in name or "wte" in name else 0.35
        parameter.data = 1 + scale * noise if gain else scale * noise


@torch.no_grad()
def golden(folder, model, ids):
    blocks = model.gpt_neox.layers if hasattr(model, "gpt_neox") else model.transformer.h
    result = {"input_ids": ids.to(torch.int32)}
    for layer, block in enumerate(blocks):
        first = block.mlp.dense_h_to_4h if hasattr(block.mlp, "dense_h_to_4h") else block.mlp.c_fc
        for name, part in (("mlp_pre", first), ("mlp_post", block.mlp.act)):
            def keep(module, inputs, output, key=f"{name}.{layer}"):
                result[key] = output.detach().clone().contiguous()
            part.register_forward_hook(keep)
    result["logits"] = model(ids).logits.clone().contiguous()
    print(folder.name, {k: f"{v.float().std():.2f}" for k, v in result.items() if k != "input_ids"})
    save_file(result, folder / "golden.safetensors")


def stored(model, config, dtype, prefix):
    """The state dict under the published names, in the type of the file."""
    neox = config["model_type"] == "gpt_neox"
    body = "gpt_neox." if neox else "transformer."
    tensors = {}
    for name, tensor in model.state_dict().items():
        if name == "lm_head.weight":
            if model.config.tie_word_embeddings:
                continue
            name = "embed_out.weight" if neox else name
        if not prefix:
            name = name.removeprefix(body)
        tensors[name] = tensor.to(dtype).contiguous()
    return tensors


def buffers(config):
    """What versions of transformers before 4.36 kept beside the weights of a GPT-NeoX."""
    result = {}
    positions, dims = config["max_position_embeddings"], 4
    for layer in range(config["num_hidden_layers"]):
        attention = f"gpt_neox.layers.{layer}.attention."
        result[attention + "bias"] = torch.ones(positions, positions).tril().bool().view(1, 1, positions, positions)
        result[attention + "masked_bias"] = torch.tensor(-1e9)
        result[attention + "rotary_emb.inv_freq"] = (1 / 10000 ** (torch.arange(0, dims, 2) / dims)).half()
    return result


def write(folder, tensors, extension, count):
    stem = "model" if extension == "safetensors" else "pytorch_model"
    save = save_file if extension == "safetensors" else torch.save
    if count == 1:
        save(tensors, folder / f"{stem}.{extension}")
        return
    names, where = list(tensors), {}
    for number in range(count):
        part = names[number * len(names) // count:(number + 1) * len(names) // count]
        file = f"{stem}-{number + 1:05}-of-{count:05}.{extension}"
        save({n: tensors[n] for n in part}, folder / file)
        where.update((n, file) for n in part)
    total = sum(t.numel() * t.element_size() for t in tensors.values())
    index = {"metadata": {"total_size": total}, "weight_map": where}
    (folder / f"{stem}.{extension}.index.json").write_text(json.dumps(index, indent=1) + "\n")


def variant(models, seed, name, base, changes=None, dtype=torch.float32, extension="safetensors", count=1,
            prefix=True, old=False):
    folder = models / name
    folder.mkdir(parents=True)
    config = base | (changes or {})
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    generator = torch.Generator().manual_seed(seed)
    read = AutoConfig.from_pretrained(folder)
    read._attn_implementation = "eager"
    model = (GPTNeoXForCausalLM if base is NEOX else GPT2LMHeadModel)(read).float().eval()
    draw(model, generator)
    for parameter in model.parameters():
        parameter.data = parameter.data.to(dtype).float()
    tensors = stored(model, config, dtype, prefix)
    if dtype == torch.float64:  # more digits than single precision has
        tensors = {n: t * (1 + 1e-9) for n, t in tensors.items()}
    write(folder, tensors | (buffers(config) if old else {}), extension, count)
    ids = torch.randint(0, config["vocab_size"], (2, LENGTH), generator=generator)
    ids[:, 0] = 0
    golden(folder, model, ids)


def saved(models, seed, name, changes):
    """As the newest transformers write a GPT-NeoX: their own names, their own configuration."""
    folder = models / name
    variant(models, seed, name, NEOX, changes)
    (folder / "model.safetensors").unlink()
    read = AutoConfig.from_pretrained(folder)
    model = GPTNeoXForCausalLM(read).float()
    draw(model, torch.Generator().manual_seed(seed))
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)


def main():
    models = pathlib.Path(sys.argv[1])
    if models.exists():
        shutil.rmtree(models)
    torch.set_num_threads(1)
    half, brain = torch.float16, torch.bfloat16
    wide = {"hidden_size": 32, "rotary_pct": 0.25, "num_hidden_layers": 3}
    saved(models, 1, "neox-saved", {"rotary_pct": 0.25, "hidden_size": 32, "rotary_emb_base": 500})
    variant(models, 2, "neox-parallel", NEOX, wide, dtype=half)
    variant(models, 3, "neox-sequential", NEOX, wide | {"use_parallel_residual": False}, dtype=half)
    variant(models, 4, "neox-rotary-all", NEOX, {"rotary_pct": 1.0, "num_attention_heads": 4})
    variant(models, 5, "neox-tied", NEOX, {"tie_word_embeddings": True, "hidden_act": "gelu_fast"})
    variant(models, 6, "neox-no-attention-bias", NEOX, {"attention_bias": False, "hidden_act": "quick_gelu"})
    variant(models, 7, "neox-no-prefix", NEOX, {"hidden_act": "relu", "layer_norm_eps": 1e-3}, prefix=False)
    variant(models, 8, "neox-old", NEOX, dtype=half, extension="bin", old=True)
    variant(models, 9, "neox-old-shards", NEOX, dtype=half, extension="bin", count=2, old=True)
    variant(models, 10, "neox-old-safetensors", NEOX, dtype=half, old=True)
    variant(models, 11, "neox-bf16-shards", NEOX, {"hidden_act": "silu"}, dtype=brain, count=3)
    variant(models, 12, "neox-f32-bin", NEOX, {"num_attention_heads": 1, "num_hidden_layers": 1}, extension="bin")
    variant(models, 13, "neox-two-spellings", NEOX,
            {"rotary_emb_base": 100.0, "rope_theta": 100.0, "partial_rotary_factor": 0.5, "rope_scaling": None}, dtype=half)
    variant(models, 14, "gpt2-inverse-layer", GPT2,
            {"scale_attn_by_inverse_layer_idx": True, "reorder_and_upcast_attn": True, "n_inner": 20})
    variant(models, 15, "gpt2-unscaled", GPT2, {"scale_attn_weights": False, "activation_function": "gelu"}, dtype=brain)
    variant(models, 16, "gpt2-untied", GPT2, {"tie_word_embeddings": False, "n_inner": 24, "n_head": 4}, dtype=half)
    variant(models, 17, "gpt2-no-prefix", GPT2, {"activation_function": "gelu_pytorch_tanh", "n_layer": 2}, dtype=half,
            extension="bin", count=2, prefix=False)
    variant(models, 18, "gpt2-f64", GPT2, {"activation_function": "mish", "n_layer": 2}, dtype=torch.float64)
    variant(models, 19, "neox-f64-bin", NEOX, {"hidden_act": "sqrtsoftplus"}, dtype=torch.float64, extension="bin", count=2)
    x = torch.linspace(-12, 12, 193, dtype=torch.float64)
    save_file({"x": x} | {name: ACT2FN[name](x) for name in NAMES}, models / "activations.safetensors")


if __name__ == "__main__":
    main()
