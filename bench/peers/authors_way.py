"""A study the way of the program of Gurnee et al. 2024 (correlations_fast.py), retold in our words.

For every other model, and for each once more with the rotation baseline: both models run over all batches; hooks keep
MLP_POST as float16; the kept tokens are gathered to [layer, neuron, token]; for each pair of layers both factors are
cast to float32, multiplied, moved to the host and added to a standing float64 array [layers, m, layers, m]. The baseline
turns the second model's activations by the matrix of each layer before that.

Where this differs, it is in their favour or for equal results: the forward pass is the careful program's (theirs, of
TransformerLens, composes attention and GELU of many operators); sums and squares are of float32, not of float16, which is
off by 5e-4 or overflows; the correlations stay in double, not float16; only their greatest is taken (theirs also sorts
out the 50 best and a histogram); models are loaded once.
"""

import torch
from gpt2 import Job


class PearsonSums:
    def __init__(self, job, a, b):
        self.job = job
        self.sum_a = torch.zeros(a.layers, a.d_mlp, dtype=torch.float64)
        self.sum_b = torch.zeros(b.layers, b.d_mlp, dtype=torch.float64)
        self.squares_a, self.squares_b = torch.zeros_like(self.sum_a), torch.zeros_like(self.sum_b)
        self.products = torch.zeros(a.layers, a.d_mlp, b.layers, b.d_mlp, dtype=torch.float64)
        self.n = 0

    def add(self, a, b):
        """a, b: [layer, neuron, token]."""
        for i in range(a.shape[0]):
            single = a[i].to(torch.float32)
            for j in range(b.shape[0]):
                block = torch.einsum("at,bt->ab", single, b[j].to(torch.float32))
                self.job.phase("products")
                # Moving to the host costs nothing where the device is the host.
                self.products[i, :, j, :] += block.cpu()
                self.job.phase("adding")  # the one part that takes as long for a small batch as for a large one
        for x, sums, squares in ((a, self.sum_a, self.squares_a), (b, self.sum_b, self.squares_b)):
            sums += x.sum(dim=-1, dtype=torch.float32).cpu()
            squares += (x.to(torch.float32) ** 2).sum(dim=-1).cpu()
        self.n += a.shape[-1]

    def best(self):
        """The greatest correlation of each neuron of a: float64 [layers · m]."""
        norm_b = (self.squares_b - self.sum_b**2 / self.n).sqrt()
        best = []
        for i in range(self.sum_a.shape[0]):
            norm_a = (self.squares_a[i] - self.sum_a[i] ** 2 / self.n).sqrt()
            numerator = self.products[i] - torch.einsum("a,lb->alb", self.sum_a[i], self.sum_b) / self.n
            r = numerator / torch.einsum("a,lb->alb", norm_a, norm_b)
            best.append(r.nan_to_num(nan=-2).amax((1, 2)))
        return torch.cat(best)


def activations(job, model, ids, keep):
    """float16 [layer, neuron, kept token]."""
    captured = model(ids)
    job.phase("forward")
    layers = torch.stack([post.to(torch.float16) for post in captured], dim=2)
    gathered = layers.permute(2, 3, 0, 1).flatten(2)[:, :, keep.flatten()]
    job.phase("gathering")
    return gathered


def correlate(job, other, rotation):
    sums = PearsonSums(job, job.reference, other)
    rows = job.args.rows
    for ids, keep in zip(job.tokens.split(rows), job.keep.split(rows)):
        a = activations(job, job.reference, ids, keep)
        b = activations(job, other, ids, keep)
        if rotation is not None:
            b = torch.stack([r.to(torch.float32) @ x.to(torch.float32) for r, x in zip(rotation, b)])
            job.phase("rotation")
        sums.add(a, b)
        job.phase("products")
    best = sums.best()
    job.phase("correlations")
    return best


def main():
    job = Job(__doc__)
    best = [correlate(job, other, None) for other in job.others]
    baseline = [correlate(job, other, job.rotation) for other in job.others]
    job.finish(torch.stack(best), torch.stack(baseline))


main()
