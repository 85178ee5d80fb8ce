"""Statistics of model a's neurons on the text of make_golden.py, over all positions, in float64 with numpy alone.

Writes beside itself:
  statistics.npy         float64 [2048, 6]: a row is a neuron, see NEURONS; skew and kurtosis as their moments define them
  statistics_chosen.npy  float64 [32, 64 + 64 + 257]: neurons 0, 64, 128, ...: mean and maximum MLP_POST by position, histogram of
                         MLP_PRE with 256 edges from -10 to 15 and two open bins

usage: make_statistics.py        needs numpy, zstandard, tokenizers 0.22
"""
import numpy as np
from make_golden import CONTEXT, FAMILY, HERE, REFERENCE, ROWS, forward, moments, rows_of_text

NEURONS = ("mean", "var", "skew", "kurt", "sparsity", "position_information")


def entropy(share):
    share = np.clip(share, 1e-300, 1 - 1e-16)
    return -(share * np.log(share) + (1 - share) * np.log(1 - share)) * ((share > 1e-200) & (share < 1 - 1e-15))


def main():
    ids, _ = rows_of_text()
    pre = np.concatenate(forward(FAMILY / REFERENCE, ids, before=True), axis=1)
    post = np.concatenate(forward(FAMILY / REFERENCE, ids), axis=1)
    by_position = pre.reshape(ROWS, CONTEXT, -1) > 0
    information = entropy((pre > 0).mean(0)) - entropy(by_position.mean(0)).mean(0)
    neurons = np.stack([*moments(pre, 0), (pre > 0).mean(0), information], axis=1)
    chosen = slice(0, None, 64)
    rows = post[:, chosen].reshape(ROWS, CONTEXT, -1)
    edges = np.concatenate([[-np.inf], np.linspace(-10, 15, 256), [np.inf]])
    bins = np.stack([np.histogram(column, bins=edges)[0] for column in pre[:, chosen].T])
    np.save(HERE / "statistics.npy", neurons)
    np.save(HERE / "statistics_chosen.npy", np.concatenate([rows.mean(0).T, rows.max(0).T, bins], axis=1))
    print(f"sparsity {neurons[:, 4].min():.3f} to {neurons[:, 4].max():.3f}, information up to {information.max():.3f}")


if __name__ == "__main__":
    main()
