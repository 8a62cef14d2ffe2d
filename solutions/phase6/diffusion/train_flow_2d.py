"""The loss ends near 1.5, not near 0, and the model is good all the same: x alone does not say which noise and which datum it
came from, and what cannot be known stays in the loss. Only where the exact field is known, as here, can that floor be
told from what the net has failed to learn. Of a real model's loss, what matters is how it compares, never how large it is.

Swap one loss for the other and nothing else in the loop changes. That is all there is between flow matching and DDPM.
"""

from collections.abc import Callable

import torch

HINTS = (
    "cfm_loss: torch.randn_like takes no generator; torch.randn(x1.shape, generator=..., dtype=...) does. A t of shape (B, 1) "
    "broadcasts over the entries of its row by itself.",
    "ddpm_loss: torch.randint leaves out its upper end, and alpha_bar_k is at index k - 1 of a cumulative product.",
    "train: a batch, its loss, zero the gradients, backward, note the loss, step.",
    "sample_flow: start from noise at t = 0 and follow the velocity for 1 / steps, over and over. torch.no_grad() or .detach() "
    "sees to it that no graph grows behind the samples.",
)

Net = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def cfm_loss(net: Net, x1: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Mean squared error of the velocity at a random time on the straight path to x1 (B, d)."""
    # wrong: x0 = torch.randn_like(x1)  # all noise comes from the generator, so that a run can be repeated
    # wrong: x0 = torch.randn(x1.shape, generator=torch.Generator().manual_seed(0), dtype=x1.dtype)  # this noise is the same at every call
    # wrong: x0 = torch.randn(x1.shape[1:], generator=generator, dtype=x1.dtype).expand(x1.shape)  # every row has noise of its own
    # wrong: x0 = torch.rand(x1.shape, generator=generator, dtype=x1.dtype)  # the noise is normal, not uniform
    # wrong: x0 = torch.randn(x1.shape, generator=generator)  # the noise has the dtype of the data, or it widens all that follows
    x0 = torch.randn(x1.shape, generator=generator, dtype=x1.dtype)
    # wrong: t = torch.rand(1, 1, generator=generator, dtype=x1.dtype).expand(len(x1), 1)  # every row has a time of its own
    # wrong: t = torch.rand(len(x1), generator=generator, dtype=x1.dtype)  # times are (B, 1): these would line up with the entries of a row
    # wrong: t = torch.rand(x1.shape, generator=generator, dtype=x1.dtype)  # there is one time a row, not one an entry
    # wrong: t = torch.randn(len(x1), 1, generator=generator, dtype=x1.dtype).sigmoid()  # other papers weigh the times in this way; here they are uniform
    t = torch.rand(len(x1), 1, generator=generator, dtype=x1.dtype)
    # wrong: return (net((1 - t) * x0 + t * x1, t) - (x0 - x1)).square().mean()  # the velocity leads from the noise to the datum
    # wrong: return (net((1 - t) * x1 + t * x0, t) - (x1 - x0)).square().mean()  # at t = 0 there is noise, at t = 1 the datum
    # wrong: return (net((1 - t) * x0 + t * x1, 0 * t) - (x1 - x0)).square().mean()  # the net has to be told the time
    # wrong: return (net((1 - t) * x0 + t * x1, 1 - t) - (x1 - x0)).square().mean()  # this tells the net the time that is left
    # wrong: return (net((1 - t) * x0 + t * x1, t) - x1).square().mean()  # the net returns a velocity, not the datum
    # wrong: return (net(x0, t) - (x1 - x0)).square().mean()  # the net is asked on the way, not at the noise
    # wrong: return (net((1 - t) * x0 + t * x1, t).detach() - (x1 - x0)).square().mean()  # a detached answer gives the net no gradient
    # wrong: return (net((1 - t) * x0 + t * x1, t) - (x1 - x0)).square().sum()  # the loss is a mean
    # wrong: return (net((1 - t) * x0 + t * x1, t) - (x1 - x0)).square().sum(1).mean()  # the mean is over all entries, not over rows
    # wrong: return (net((1 - t) * x0 + t * x1, t) - (x1 - x0)).abs().mean()  # the error is squared
    return (net((1 - t) * x0 + t * x1, t) - (x1 - x0)).square().mean()


def ddpm_loss(net: Net, x0: torch.Tensor, betas: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Mean squared error of the noise in x0 (B, d) after a random number of the steps betas (T,)."""
    T = len(betas)
    # wrong: k = torch.randint(0, T, (len(x0), 1), generator=generator)  # k runs from 1 to T: index 0 holds the first step
    # wrong: k = torch.randint(1, max(T, 2), (len(x0), 1), generator=generator)  # randint leaves out its upper end
    # wrong: k = torch.randint(1, T + 1, (1, 1), generator=generator).expand(len(x0), 1)  # every row has a number of steps of its own
    # wrong: k = torch.randint(1, T + 1, (len(x0), 1))  # all noise comes from the generator
    k = torch.randint(1, T + 1, (len(x0), 1), generator=generator)
    # wrong: eps = torch.randn_like(x0)  # all noise comes from the generator, so that a run can be repeated
    # wrong: eps = torch.randn(x0.shape[1:], generator=generator, dtype=x0.dtype).expand(x0.shape)  # every row has noise of its own
    # wrong: eps = torch.randn(x0.shape, generator=generator)  # the noise has the dtype of the data, or it widens all that follows
    eps = torch.randn(x0.shape, generator=generator, dtype=x0.dtype)
    # wrong: alpha_bar = (1 - betas).cumprod(0)[k.clamp(max=T - 1)]  # alpha_bar_k is at index k - 1
    # wrong: alpha_bar = (1 - betas)[k - 1]  # this is what one step leaves: multiply all of them up to k
    # wrong: alpha_bar = 1 - betas.cumsum(0)[k - 1].clamp(max=1)  # what is left is a product, not 1 minus a sum
    # wrong: alpha_bar = (1 - betas).cumprod(0)[k[:1] - 1].expand(len(x0), 1)  # each row has the alpha_bar of its own k
    alpha_bar = (1 - betas).cumprod(0)[k - 1]  # (B, 1)
    # wrong: x = alpha_bar * x0 + (1 - alpha_bar) * eps  # alpha_bar is a share of the variance: take roots
    # wrong: x = alpha_bar.sqrt() * x0 + (1 - alpha_bar) * eps  # alpha_bar is a share of the variance: take roots
    # wrong: x = alpha_bar.sqrt() * eps + (1 - alpha_bar).sqrt() * x0  # it is the datum that fades
    # wrong: x = x0 + (1 - alpha_bar).sqrt() * eps  # the datum fades as the noise grows
    x = alpha_bar.sqrt() * x0 + (1 - alpha_bar).sqrt() * eps
    # wrong: return (net(x, (k / T).to(x0.dtype)) - x0).square().mean()  # the net returns the noise, not the datum
    # wrong: return (net(x, k.to(x0.dtype)) - eps).square().mean()  # the net is told k / T
    # wrong: return (net(x, ((k - 1) / T).to(x0.dtype)) - eps).square().mean()  # the last step is at t = 1
    # wrong: return (net(x, (0 * k / T).to(x0.dtype)) - eps).square().mean()  # the net has to be told the time
    # wrong: return (net(x, (k / T).to(x0.dtype)) - eps).square().sum(1).mean()  # the mean is over all entries, not over rows
    # wrong: return (net(x, (k / T).to(x0.dtype)).detach() - eps).square().mean()  # a detached answer gives the net no gradient
    # wrong: return (net(x, (k / T).to(x0.dtype)) + eps).square().mean()  # the net returns eps, not minus eps
    return (net(x, (k / T).to(x0.dtype)) - eps).square().mean()


def train(
    net: torch.nn.Module,
    loss_fn: Callable[[torch.nn.Module, torch.Tensor, torch.Generator], torch.Tensor],
    data_fn: Callable[[torch.Generator], torch.Tensor],
    steps: int,
    lr: float,
    generator: torch.Generator,
) -> list[float]:
    """Adam on loss_fn(net, batch, generator), a new batch each step; the loss before each step."""
    # wrong: optimizer = torch.optim.SGD(net.parameters(), lr)  # Adam is asked for
    # wrong: optimizer = torch.optim.Adam(net.parameters())  # lr is an argument
    # wrong: optimizer = torch.optim.Adam(net.parameters(), lr, weight_decay=0.01)  # nothing is asked for but Adam's defaults
    # wrong: optimizer = torch.optim.Adam(net.parameters(), lr, maximize=True)  # this climbs
    optimizer = torch.optim.Adam(net.parameters(), lr)
    losses = []
    for _ in range(steps):
        # wrong: loss = loss_fn(net, data_fn(generator.manual_seed(0)), generator)  # this noise is the same at every step
        # wrong: loss = loss_fn(net, data_fn(generator), generator.manual_seed(0))  # this noise is the same at every step
        loss = loss_fn(net, data_fn(generator), generator)
        # wrong: pass  # backward adds: without zeroing, each step uses the gradients of all earlier ones as well
        optimizer.zero_grad()
        # wrong: loss.backward(torch.tensor(-1.0, dtype=loss.dtype))  # this climbs
        # wrong: loss.backward()  # zeroed after backward, the gradients are lost before the step
        #        optimizer.zero_grad()
        loss.backward()
        # wrong: pass  # nothing is learned without a step
        optimizer.step()
        # wrong: losses.append(loss)  # a loss that keeps its graph keeps the memory of its step: a bare number is asked for
        # wrong: losses.append(loss_fn(net, data_fn(generator), generator).item())  # the loss before the step is asked for
        losses.append(loss.item())
    return losses


def sample_flow(net: Net, n: int, steps: int, generator: torch.Generator) -> torch.Tensor:
    """n samples (n, 2), carried from N(0, I) along the net's velocity from time 0 to 1."""
    # wrong: x = torch.randn(n, 2)  # all noise comes from the generator, so that a run can be repeated
    # wrong: x = torch.zeros(n, 2)  # the samples start as noise: from one point they all go one way
    # wrong: x = torch.rand(n, 2, generator=generator)  # the noise is normal, not uniform
    # wrong: x = torch.randn(n, 2, generator=generator, dtype=torch.float64)  # samples are float32, as the net is
    x = torch.randn(n, 2, generator=generator)
    # wrong: for k in range(steps, 0, -1):  # the flow runs from the noise at t = 0 to the data at t = 1
    #            x = x - net(x, torch.full((n, 1), k / steps)).detach() / steps
    # wrong: for k in range(1, steps + 1):  # a step takes the velocity at its start
    #            x = x + net(x, torch.full((n, 1), k / steps)).detach() / steps
    # wrong: for k in range(100):  # the number of steps is an argument
    #            x = x + net(x, torch.full((n, 1), k / 100)).detach() / 100
    # wrong: for k in range(steps - 1):  # one step is missing
    #            x = x + net(x, torch.full((n, 1), k / steps)).detach() / steps
    for k in range(steps):
        # wrong: velocity = net(x, torch.full((n, 1), k / steps))  # the samples keep the graph of all steps, and its memory
        # wrong: velocity = net(x, torch.zeros(n, 1)).detach()  # time goes on from step to step
        # wrong: velocity = net(x, torch.full((n, 1), 1 - k / steps)).detach()  # noise is at t = 0
        # wrong: velocity = net(x, torch.full((n, 1), float(k))).detach()  # step k begins at time k / steps
        velocity = net(x, torch.full((n, 1), k / steps)).detach()
        # wrong: x = x + velocity  # each step lasts for 1 / steps
        # wrong: x = x - velocity / steps  # the velocity leads to the data: follow it
        # wrong: x = x + velocity / steps + 0.1 * torch.randn(n, 2, generator=generator)  # a flow has no noise on its way
        x = x + velocity / steps
    return x
