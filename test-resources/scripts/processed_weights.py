"""Weights of some models below MODELS after processing by TransformerLens, in float64.

Preset `folded` of docs/definitions.md is what TransformerLens calls fold_ln, center_writing_weights,
center_unembed and fold_value_biases, in this order, all of which are on by default: biases of
LayerNorms are folded with the weights before their scaling, readers are centred after it, writers
and the unembedding after that, biases of values last, with the centred W_O. Nothing differs but
where TransformerLens cannot read a model: attention without biases gets biases of zero here, and
the unembedding of a GPT-NeoX its older name. W_Q, W_K and W_V are saved as [d_model, heads * d_head],
W_O as [heads * d_head, d_model], a head after another.

usage: processed_weights.py MODELS   (PyTorch 2.15, transformers 5.24, transformer-lens 2.16.1)
"""
import pathlib
import sys

import torch
from safetensors.torch import load_file, save_file
from transformer_lens import HookedTransformer, HookedTransformerConfig
from transformer_lens.pretrained.weight_conversions import convert_gpt2_weights, convert_neox_weights
from transformers import AutoConfig, GPT2LMHeadModel, GPTNeoXForCausalLM

MODELS = ("gpt2-inverse-layer", "gpt2-untied", "neox-old-safetensors", "neox-no-attention-bias")
BUFFERS = (".attention.bias", ".masked_bias", ".inv_freq")


def load(folder):
    config = AutoConfig.from_pretrained(folder)
    neox = config.model_type == "gpt_neox"
    biased = config.attention_bias if neox else True
    if neox:
        config.attention_bias = True
    model = (GPTNeoXForCausalLM if neox else GPT2LMHeadModel)(config).double()
    weights = {k.replace("embed_out.", "lm_head."): w.double() for k, w in
               load_file(folder / "model.safetensors").items() if not k.endswith(BUFFERS)}
    missing, unexpected = model.load_state_dict(weights, strict=False)
    tied = [] if neox or not config.tie_word_embeddings else ["lm_head.weight"]
    assert not unexpected and [n for n in missing if biased or "attention" not in n] == tied, (missing, unexpected)
    for name, parameter in model.named_parameters():
        if name in missing and name not in tied:
            parameter.data.zero_()
    model.tie_weights()
    if neox:
        model.embed_out = model.lm_head
    return model, config, neox


@torch.no_grad()
def processed(folder):
    model, config, neox = load(folder)
    positions, mlp = ((config.max_position_embeddings, config.intermediate_size) if neox else
                      (config.n_positions, config.n_inner or 4 * config.n_embd))
    cfg = HookedTransformerConfig(
        n_layers=config.num_hidden_layers, d_model=config.hidden_size, n_ctx=positions, d_mlp=mlp,
        n_heads=config.num_attention_heads, d_head=config.hidden_size // config.num_attention_heads,
        d_vocab=config.vocab_size, act_fn="gelu", normalization_type="LNPre", dtype=torch.float64, device="cpu",
        positional_embedding_type="rotary" if neox else "standard", parallel_attn_mlp=neox,
        **({"rotary_dim": 4, "rotary_adjacent_pairs": False} if neox else {}))
    hooked = HookedTransformer(cfg)
    state = (convert_neox_weights if neox else convert_gpt2_weights)(model, cfg)
    hooked.load_and_process_state_dict({k: v.clone() for k, v in state.items()})
    assert hooked.W_E.dtype == torch.float64 and hooked.b_V.abs().max() == 0
    result = {"W_E": hooked.W_E, "W_U": hooked.W_U, "b_U": hooked.b_U}
    if not neox:
        result["W_pos"] = hooked.W_pos
    for layer in range(cfg.n_layers):
        for name in ("W_Q", "W_K", "W_V"):
            result[f"{layer}.{name}"] = getattr(hooked, name)[layer].permute(1, 0, 2).reshape(cfg.d_model, -1)
        result[f"{layer}.W_O"] = hooked.W_O[layer].reshape(-1, cfg.d_model)
        for name in ("b_Q", "b_K", "b_V"):
            result[f"{layer}.{name}"] = getattr(hooked, name)[layer].reshape(-1)
        for name in ("b_O", "W_in", "b_in", "W_out", "b_out"):
            result[f"{layer}.{name}"] = getattr(hooked, name)[layer]
    return {name: tensor.float().contiguous() for name, tensor in result.items()}


def main():
    for name in MODELS:
        folder = pathlib.Path(sys.argv[1]) / name
        save_file(processed(folder), folder / "folded.safetensors")
        print(name)


if __name__ == "__main__":
    main()
