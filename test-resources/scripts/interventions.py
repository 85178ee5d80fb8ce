"""What interventions do to predictions, and path ablations to heads, by hooks on transformers in float64.

For each model named below MODELS, and for family model a, writes interventions.safetensors beside its golden.safetensors, whose
input_ids [rows, context] are read:
  nominal [rows, context, 4] float64: loss of the next token (NaN at the end of a row), entropy, rank of the next token (NaN at the
      end), sqrt(variance + epsilon) of the last LayerNorm's input
  NAME [rows, context, 4]: the same with the interventions of that name in interventions.json, with the last LayerNorm's scale
      that of the nominal pass (NAME.scale) or every head's output after the intervened layer (NAME.attention)
  bos_effect [neurons, layers * heads]: w_out · (W_Q k_BOS) / sqrt(d_head) of the folded weights, 0 where the neuron is not below
  ablation.I [rows, context, 4]: norm of z and attention on BOS of a head, as it is and with a neuron taken out of its queries

usage: interventions.py FAMILY       (PyTorch 2.15, transformers 5.24, safetensors 0.8)
"""
import json
import pathlib
import sys

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, GPT2LMHeadModel, GPTNeoXForCausalLM

MODELS = ("gpt2-untied", "gpt2-inverse-layer", "neox-parallel", "neox-sequential")
FAR = 1 << 30


def one(neurons, mode, value=0.0, site="post", first=0, end=FAR):
    return {"site": site, "neurons": neurons, "mode": mode, "value": value, "from": first, "to": end}


VARIANTS = {
    "zero": [one([[0, 3]], "zero")],
    "fix": [one([[1, 7]], "fix", 3.0)],
    "fix_last": [one([[2, 5]], "fix", -4.0)],
    "threshold": [one([[1, 2], [1, 19]], "threshold", 0.75)],
    "relu": [one([[0, 0], [2, 11]], "relu")],
    "multiply": [one([[0, 15]], "multiply", -2.5, first=4)],
    "pre": [one([[1, 4]], "fix", 2.0, site="pre", first=2, end=9)],
    "pre_and_post": [one([[0, 8], [1, 8]], "multiply", 3.0, site="pre"), one([[0, 8]], "threshold", 0.1)],
    "many": [one([[0, 1], [1, 1], [2, 1]], "fix", 1.5), one([[1, 1], [2, 13]], "multiply", 2.0, first=6), one([[2, 0]], "zero")],
    "one_position": [one([[0, 6]], "fix", 5.0, first=5, end=6)],
}
ABLATIONS = [  # neuron, head, first and end of the query positions
    {"neuron": [0, 3], "head": [1, 0], "from": 3, "to": FAR},
    {"neuron": [0, 9], "head": [2, 1], "from": 0, "to": FAR},
    {"neuron": [1, 14], "head": [2, 0], "from": 6, "to": 7},
]


class Parts:
    """The modules of a model by their common names."""

    def __init__(self, folder):
        self.config = AutoConfig.from_pretrained(folder)
        self.config._attn_implementation = "eager"
        self.config.reorder_and_upcast_attn = False     # no other mathematics, but it insists on float32
        self.neox = self.config.model_type == "gpt_neox"
        self.model = (GPTNeoXForCausalLM if self.neox else GPT2LMHeadModel)(self.config).double().eval()
        weights = {k.replace("embed_out.", "lm_head."): w.double() for k, w in
                   load_file(folder / "model.safetensors").items()}
        missing, unexpected = self.model.load_state_dict(weights, strict=False)
        assert not unexpected and missing in ([], ["lm_head.weight"]), (missing, unexpected)
        self.model.tie_weights()
        body = self.model.gpt_neox if self.neox else self.model.transformer
        blocks = body.layers if self.neox else body.h
        self.final = body.final_layer_norm if self.neox else body.ln_f
        self.pre = [b.mlp.dense_h_to_4h if self.neox else b.mlp.c_fc for b in blocks]
        self.post = [b.mlp.act for b in blocks]
        self.out = [b.mlp.dense_4h_to_h if self.neox else b.mlp.c_proj for b in blocks]
        self.qkv = [b.attention.query_key_value if self.neox else b.attn.c_attn for b in blocks]
        self.o = [b.attention.dense if self.neox else b.attn.c_proj for b in blocks]
        self.ln1 = [b.input_layernorm if self.neox else b.ln_1 for b in blocks]
        self.layers, self.heads = len(blocks), self.config.num_attention_heads
        self.d = self.config.hidden_size
        self.d_head = self.d // self.heads

    def columns(self, head, part):
        """Where a head's query (0), key (1) or value (2) lies in the output of qkv."""
        start = 3 * self.d_head * head + self.d_head * part if self.neox else self.d * part + self.d_head * head
        return slice(start, start + self.d_head)

    def matrix(self, module):
        return module.weight.T if self.neox else module.weight

    def epsilon(self):
        return self.config.layer_norm_eps if self.neox else self.config.layer_norm_epsilon


def changed(x, intervention):
    """An activation [rows, context] after an intervention at its positions."""
    value = intervention["value"]
    new = {"zero": lambda: torch.zeros_like(x), "fix": lambda: torch.full_like(x, value),
           "threshold": lambda: x.clamp(min=value), "relu": lambda: x.clamp(min=0), "multiply": lambda: x * value}[
               intervention["mode"]]()
    position = torch.arange(x.shape[1])
    inside = (position >= intervention["from"]) & (position < intervention["to"])
    return torch.where(inside, new, x)


def run(parts, ids, interventions=(), frozen_scale=None, frozen_z=None):
    """Metrics [rows, context, 4], the last LayerNorm's scale and every layer's z."""
    handles, seen = [], {"z": {}}
    for intervention in interventions:
        for layer, neuron in intervention["neurons"]:
            module = (parts.pre if intervention["site"] == "pre" else parts.post)[layer]

            def change(module, inputs, output, neuron=neuron, intervention=intervention):
                output = output.clone()
                output[..., neuron] = changed(output[..., neuron], intervention)
                return output
            handles.append(module.register_forward_hook(change))
    first = min((layer for i in interventions for layer, _ in i["neurons"]), default=0)
    for layer in range(parts.layers):
        def heads(module, inputs, layer=layer):
            seen["z"][layer] = inputs[0].clone()
            return (frozen_z[layer],) if frozen_z is not None and layer > first else None
        handles.append(parts.o[layer].register_forward_pre_hook(heads))

    def final(module, inputs, output):
        x = inputs[0]
        seen["scale"] = (x.var(-1, unbiased=False) + parts.epsilon()).sqrt()
        if frozen_scale is not None:
            seen["scale"] = frozen_scale
            return (x - x.mean(-1, keepdim=True)) / frozen_scale[..., None] * module.weight + module.bias
        return None
    handles.append(parts.final.register_forward_hook(final))
    logits = parts.model(ids, use_cache=False).logits
    for handle in handles:
        handle.remove()
    log_p = logits.log_softmax(-1)
    entropy = -(log_p.exp() * log_p).sum(-1)
    targets = ids[:, 1:, None]
    loss = -log_p[:, :-1].gather(-1, targets)[..., 0]
    rank = (logits[:, :-1] > logits[:, :-1].gather(-1, targets)).sum(-1).double()
    nan = torch.full((ids.shape[0], 1), float("nan"), dtype=torch.float64)
    metrics = torch.stack([torch.cat([loss, nan], 1), entropy, torch.cat([rank, nan], 1), seen["scale"]], -1)
    return metrics, seen["scale"], seen["z"]


def bos_effects(parts):
    keys = {}
    handles = [parts.qkv[layer].register_forward_hook(
        lambda module, inputs, output, layer=layer: keys.__setitem__(layer, output[0, 0])) for layer in range(parts.layers)]
    parts.model(torch.tensor([[parts.config.bos_token_id]]), use_cache=False)
    for handle in handles:
        handle.remove()
    writers = torch.cat([parts.matrix(module) for module in parts.out])             # [neurons, d]
    writers = writers - writers.mean(-1, keepdim=True)
    width = parts.matrix(parts.out[0]).shape[0]
    effects = torch.zeros(writers.shape[0], parts.layers * parts.heads, dtype=torch.float64)
    for layer in range(parts.layers):
        for head in range(parts.heads):
            w_q = parts.ln1[layer].weight[:, None] * parts.matrix(parts.qkv[layer])[:, parts.columns(head, 0)]
            w_q = w_q - w_q.mean(0, keepdim=True)
            k = keys[layer][parts.columns(head, 1)]
            effects[:layer * width, layer * parts.heads + head] = writers[:layer * width] @ (w_q @ k) / parts.d_head ** 0.5
    return effects


def ablated(parts, ids, ablation):
    """Norm of z and attention on BOS [rows, context], as it is and ablated."""
    layer, head = ablation["head"]
    neuron_layer, neuron = ablation["neuron"]
    kept = {}
    # z of the folded weights is without what biases give every value
    constant = parts.qkv[layer](parts.ln1[layer].bias)[parts.columns(head, 2)]
    handles = [
        parts.post[neuron_layer].register_forward_hook(lambda m, i, o: kept.__setitem__("a", o[..., neuron].clone())),
        parts.ln1[layer].register_forward_pre_hook(lambda m, i: kept.__setitem__("x", i[0].clone())),
        parts.o[layer].register_forward_pre_hook(lambda m, i: kept.__setitem__("z", i[0].clone()))]

    def measured():
        pattern = parts.model(ids, use_cache=False, output_attentions=True).attentions[layer][:, head, :, 0]
        z = kept["z"][..., parts.d_head * head:parts.d_head * (head + 1)] - constant
        return [z.norm(dim=-1), pattern]
    nominal = measured()
    handles.pop(1).remove()
    position = torch.arange(ids.shape[1])
    inside = (position >= ablation["from"]) & (position < ablation["to"])
    write = parts.matrix(parts.out[neuron_layer])[neuron]
    other = kept["x"] - torch.where(inside, kept["a"], 0.0)[..., None] * write
    queries = parts.qkv[layer](parts.ln1[layer](other))[..., parts.columns(head, 0)]

    def replace(module, inputs, output):
        output = output.clone()
        output[..., parts.columns(head, 0)] = queries
        return output
    handles.append(parts.qkv[layer].register_forward_hook(replace))
    result = torch.stack(nominal + measured(), -1)
    for handle in handles:
        handle.remove()
    return result


@torch.no_grad()
def main():
    family = pathlib.Path(sys.argv[1])
    torch.set_num_threads(1)
    models = family / "models"
    (models / "interventions.json").write_text(json.dumps({"variants": VARIANTS, "ablations": ABLATIONS}, indent=1) + "\n")
    for folder, golden in [(models / m, models / m) for m in MODELS] + [(family / "a", family)]:
        parts = Parts(folder)
        ids = load_file(golden / "golden.safetensors")["input_ids"].long()
        nominal, scale, z = run(parts, ids)
        result = {"nominal": nominal, "bos_effect": bos_effects(parts)}
        for name, interventions in VARIANTS.items():
            result[name] = run(parts, ids, interventions)[0]
            result[name + ".scale"] = run(parts, ids, interventions, frozen_scale=scale)[0]
            result[name + ".attention"] = run(parts, ids, interventions, frozen_z=z)[0]
        for i, ablation in enumerate(ABLATIONS):
            result[f"ablation.{i}"] = ablated(parts, ids, ablation)
        result["bos_effect"] = result["bos_effect"].float()
        save_file({k: v.contiguous() for k, v in result.items()}, golden / "interventions.safetensors")
        effect = {k: f"{(v - nominal).abs().nan_to_num().amax():.2f}" for k, v in result.items() if v.shape == nominal.shape}
        print(folder.name, effect)


if __name__ == "__main__":
    main()
