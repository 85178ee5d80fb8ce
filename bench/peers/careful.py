"""The study as a careful user of PyTorch would write it.

Each model runs once a batch. Activations are shifted and scaled by a pilot's mean and deviation straight into one buffer,
so that sums in single precision are accurate; the products of the reference with all others are one matrix product,
added up in place; so are the products within layers, from which the baseline comes after the stream: cov(A, R B) =
cov(A, B) Rᵀ and var(R B) = diag(R cov(B, B) Rᵀ). Single-precision sums are folded into double every --fold tokens.
"""

import torch
from gpt2 import Job

BLOCK = 256  # reference neurons at a time, after the stream


class Sums:
    """What is added up: in single precision, and, folded now and then, in double."""

    def __init__(self, *shape):
        self.single = torch.zeros(*shape)
        self.double = None

    def fold(self):
        if self.double is None:
            self.double = self.single.double()
        else:
            self.double += self.single
        self.single.zero_()

    def rows(self, start, stop):
        """float64."""
        part = self.single[start:stop].double()
        return part if self.double is None else part + self.double[start:stop]


class Study:
    def __init__(self, job):
        self.job, self.models = job, [job.reference, *job.others]
        widths = [m.layers * m.d_mlp for m in self.models]
        self.starts = [sum(widths[:i]) for i in range(len(widths) + 1)]
        self.na = widths[0]
        self.buffer = torch.empty(min(job.args.rows, len(job.tokens)) * job.tokens.shape[1], self.starts[-1])
        self.cross = Sums(self.na, self.starts[-1] - self.na)
        self.within = [Sums(m.layers, m.d_mlp, m.d_mlp) for m in job.others]
        self.sum = torch.zeros(self.starts[-1], dtype=torch.float64)
        self.squares = torch.zeros(self.na, dtype=torch.float64)
        self.shift = torch.zeros(self.starts[-1])
        self.scale = torch.ones(self.starts[-1])
        self.n = 0
        for start, model in zip(self.starts, self.models):
            model.capture = lambda layer, post, start=start, m=model.d_mlp: self.store(start + layer * m, post)

    def store(self, start, post):
        """z = x scale + shift, in one pass, into the block's rows and columns."""
        stop = start + post.size(-1)
        block = self.block[:, start:stop]
        torch.addcmul(self.shift[start:stop], post.flatten(0, 1), self.scale[start:stop], out=block)

    def forward(self, ids, keep):
        """z [tokens, neurons of all models], zero where a token is not kept."""
        context, step = ids.shape[1], self.job.args.forward_rows
        z = self.buffer[: ids.numel()]
        for i in range(0, len(ids), step):
            self.block = z[i * context : (i + step) * context]
            for model in self.models:
                model(ids[i : i + step])
        z.index_fill_(0, (~keep).flatten().nonzero().flatten(), 0)
        return z

    def pilot(self):
        tokens, keep = self.job.tokens, self.job.keep
        count = max(1, min(8, len(self.buffer) // tokens.shape[1], len(tokens) // 16))
        rows = torch.linspace(0, len(tokens) - 1, count).long()
        z = self.forward(tokens[rows], keep[rows])[keep[rows].flatten()]
        deviation, mean = torch.std_mean(z, 0, correction=0)
        self.scale = torch.where(deviation > 0, 1 / deviation, 1)
        self.shift = -mean * self.scale

    def add(self, ids, keep):
        z = self.forward(ids, keep)
        self.job.phase("forward")
        self.sum += z.sum(0)
        self.squares += torch.linalg.vector_norm(z[:, : self.na], dim=0).double().square()
        self.n += int(keep.sum())
        torch.addmm(self.cross.single, z[:, : self.na].T, z[:, self.na :], out=self.cross.single)
        for start, model, within in zip(self.starts[1:], self.job.others, self.within):
            for layer, sums in enumerate(within.single):
                part = z[:, start + layer * model.d_mlp :][:, : model.d_mlp]
                torch.addmm(sums, part.T, part, out=sums)
        self.job.phase("products")

    def fold(self):
        for sums in (self.cross, *self.within):
            sums.fold()
        self.job.phase("products")

    def best(self):
        """Greatest correlation of each reference neuron with each other model, and with it turned: two [others, N_a]."""
        mean = self.sum / self.n
        inverse_a = (self.squares / self.n - mean[: self.na].square()).rsqrt()
        turns, inverses = [], []
        for start, model, within in zip(self.starts[1:], self.job.others, self.within):
            for layer in range(model.layers):
                at = slice(start + layer * model.d_mlp, start + (layer + 1) * model.d_mlp)
                covariance = within.rows(layer, layer + 1)[0] / self.n - torch.outer(mean[at], mean[at])
                covariance = covariance.float()
                variance = covariance.diagonal()
                inverses.append(torch.where(variance > 0, variance.rsqrt(), float("nan")))
                turn = self.job.rotation[layer].float() / self.scale[at]
                turn /= ((turn @ covariance) * turn).sum(1).sqrt()[:, None]
                turns.append((at.start - self.na, model.d_mlp, turn.T.contiguous()))
        inverse_b = torch.cat(inverses)
        best = torch.empty(len(self.job.others), self.na)
        baseline = torch.empty_like(best)
        for i in range(0, self.na, BLOCK):
            rows = slice(i, min(i + BLOCK, self.na))
            covariance = self.cross.rows(rows.start, rows.stop).div_(self.n).addr_(mean[rows], mean[self.na :], alpha=-1)
            covariance = covariance.mul_(inverse_a[rows, None]).float()
            turned, at = [], 0
            for start, m, turn in turns:
                turned.append((covariance[:, start : start + m] @ turn).amax(1))
            correlations = covariance.mul_(inverse_b).nan_to_num_(nan=-2)
            for k, model in enumerate(self.job.others):
                start, stop = self.starts[k + 1] - self.na, self.starts[k + 2] - self.na
                best[k, rows] = correlations[:, start:stop].amax(1)
                baseline[k, rows] = torch.stack(turned[at : at + model.layers]).amax(0)
                at += model.layers
        return best, baseline


def options(parser):
    parser.add_argument("--forward-rows", type=int, default=16, help="rows of a forward pass, a part of the batch")
    parser.add_argument("--fold", type=int, default=1 << 18, help="tokens after which sums go to double")


def main():
    job = Job(__doc__, options)
    study = Study(job)
    study.pilot()
    job.phase("pilot")
    rows, since = job.args.rows, 0
    for ids, keep in zip(job.tokens.split(rows), job.keep.split(rows)):
        if since >= job.args.fold:
            study.fold()
            since = 0
        study.add(ids, keep)
        since += ids.numel()
    best, baseline = study.best()
    job.phase("correlations and baseline")
    job.finish(best, baseline, forward_rows=job.args.forward_rows, fold=job.args.fold)


main()
