"""Times and noise drawn in another order, Adam written out, Heun's method"""

from collections.abc import Callable

import torch
import torch.nn.functional as F

Net = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def cfm_loss(net: Net, x1: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    t = x1.new_empty(len(x1), 1).uniform_(generator=generator)
    x0 = x1.new_empty(x1.shape).normal_(generator=generator)
    return F.mse_loss(net(torch.lerp(x0, x1, t), t), x1 - x0)


def ddpm_loss(net: Net, x0: torch.Tensor, betas: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    eps = x0.new_empty(x0.shape).normal_(generator=generator)
    index = torch.multinomial(torch.ones(len(betas)), len(x0), replacement=True, generator=generator)
    signal = [torch.prod(1 - betas[: int(i) + 1]) for i in index]
    rows = [a.sqrt() * one + (1 - a).sqrt() * noise for a, one, noise in zip(signal, x0, eps, strict=True)]
    t = (index + 1).to(x0.dtype)[:, None] / len(betas)
    return F.mse_loss(net(torch.stack(rows), t), eps)


def train(
    net: torch.nn.Module,
    loss_fn: Callable[[torch.nn.Module, torch.Tensor, torch.Generator], torch.Tensor],
    data_fn: Callable[[torch.Generator], torch.Tensor],
    steps: int,
    lr: float,
    generator: torch.Generator,
) -> list[float]:
    params = list(net.parameters())
    means, squares = ([torch.zeros_like(p) for p in params] for _ in range(2))
    losses = []
    for step in range(1, steps + 1):
        loss = loss_fn(net, data_fn(generator), generator)
        losses.append(float(loss.detach()))
        grads = torch.autograd.grad(loss, params)
        with torch.no_grad():
            for p, g, m, v in zip(params, grads, means, squares, strict=True):
                m.lerp_(g, 0.1)
                v.lerp_(g * g, 0.001)
                p -= lr * m / (1 - 0.9**step) / ((v / (1 - 0.999**step)).sqrt() + 1e-8)
    return losses


def sample_flow(net: Net, n: int, steps: int, generator: torch.Generator) -> torch.Tensor:
    x, step = torch.empty(n, 2).normal_(generator=generator), 1 / steps
    for k in range(steps):
        with torch.no_grad():
            here = net(x, torch.full((n, 1), k / steps))
            there = net(x + step * here, torch.full((n, 1), (k + 1) / steps))
        x = x + step / 2 * (here + there)
    return x
