"""Activation functions over the whole range of single precision, in 60 digits by mpmath.

FILE gets x [n] float32, and for each function of ACT2FN in transformers with a fixed formula its values
[n] float64, none of which cancel. x holds both signs of numbers from the least subnormal to the greatest number,
and more of them where a tail ends.

usage: activations.py FILE      (mpmath 1.3, numpy, safetensors)
"""
import sys

import mpmath as mp
import numpy as np
from safetensors.numpy import save_file

mp.mp.dps = 60


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def phi(x):
    """The normal distribution function."""
    return mp.erfc(-x / mp.sqrt(2)) / 2


def clip(x, low, high):
    return min(max(x, mp.mpf(low)), mp.mpf(high))


def softplus(x):
    return mp.log1p(mp.exp(x))


def gelu_tanh(x):
    return x * sigmoid(2 * mp.sqrt(2 / mp.pi) * (x + mp.mpf("0.044715") * x ** 3))


FUNCTIONS = {
    "gelu_new": gelu_tanh,
    "gelu": lambda x: x * phi(x),
    "gelu_10": lambda x: clip(x * phi(x), -10, 10),
    "relu": lambda x: max(x, mp.mpf(0)),
    "relu2": lambda x: max(x, mp.mpf(0)) ** 2,
    "relu6": lambda x: clip(x, 0, 6),
    "leaky_relu": lambda x: x if x > 0 else x * mp.mpf("0.01"),
    "linear": lambda x: x,
    "silu": lambda x: x * sigmoid(x),
    "quick_gelu": lambda x: x * sigmoid(mp.mpf("1.702") * x),
    "hardswish": lambda x: x * clip(x + 3, 0, 6) / 6,
    "sigmoid": sigmoid,
    "tanh": mp.tanh,
    "mish": lambda x: x * mp.tanh(softplus(x)),
    "laplace": lambda x: phi((x - mp.mpf("0.707107")) / mp.mpf("0.282095")),
    "sqrtsoftplus": lambda x: mp.sqrt(softplus(x)),
}


def points():
    sizes = np.concatenate([
        np.geomspace(2.0 ** -149, 3.4e38, 160),
        np.arange(0.25, 16, 0.25),
        np.linspace(9.5, 14.5, 80),  # where the two GELUs end
        np.linspace(4, 5, 12),  # and the other functions
        np.linspace(48, 62, 20),
        np.linspace(84, 108, 30),
        np.linspace(196, 216, 20),
        [1.7014118e38, 3.4028235e38],
    ])
    x = np.concatenate([-sizes, [0], sizes]).astype(np.float32)
    return np.unique(x)


def value(function, x):
    if abs(x) > 1e5:  # mpmath's exponents are exact, and no tail reaches so far
        x = mp.mpf(x)
        return float(function(x)) if x > 0 or function in (FUNCTIONS["linear"], FUNCTIONS["leaky_relu"], FUNCTIONS["tanh"]) else 0.0
    return float(function(mp.mpf(x)))


def main():
    x = points()
    values = {name: np.array([value(f, float(v)) for v in x]) for name, f in FUNCTIONS.items()}
    print(len(x), "points;", ", ".join(f"{n} {np.abs(v).max():.3g}" for n, v in values.items()))
    save_file({"x": x} | values, sys.argv[1])


if __name__ == "__main__":
    main()
