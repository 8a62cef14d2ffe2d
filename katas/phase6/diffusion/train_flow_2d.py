"""Train a generative model and prove that it fits

The whole of a generative model in four functions: two losses, one loop, one sampler. Images would tell you
whether the samples look right; here the data follow a law that can be written down, so they either *are*
right, or the tests will say what is wrong with them.

A net is called as net(x, t), with points x (B, d) and times t (B, 1) in the dtype of x, and returns (B, d).
Every row has a time of its own. Both losses call it once, on the whole batch, and return the mean of its
squared errors over all B d entries, a tensor () to differentiate. The data are float64, float32 or bfloat16,
and points, times and losses have the dtype of the data.

`cfm_loss` is flow matching with smin = 0: noise x0 ~ N(0, I) and t uniform on [0, 1) for each row,

    x = (1 - t) x0 + t x1        and the net is to return the velocity x1 - x0

`ddpm_loss` is DDPM's simple loss. Here x0 is the datum, and betas (T,) holds beta_1 ... beta_T in the dtype
of x0; alpha_bar_k is the product of 1 - beta_1 ... 1 - beta_k, and may be 0 for k = T. A whole number k is
uniform on 1 ... T for each row, eps ~ N(0, I),

    x = sqrt(alpha_bar_k) x0 + sqrt(1 - alpha_bar_k) eps        and the net is to return eps

and is told t = k / T.

`train` makes `steps` steps of Adam with learning rate lr (torch.optim.Adam with its other defaults, or your
own) on the parameters of the net. Each step takes a new batch, data_fn(generator), and goes down the gradient
of loss_fn(net, batch, generator), each called once a step, in this order. It returns the losses before each
step, a list of floats. Gradients that the parameters hold when it is called have no influence.

`sample_flow` draws n starting points from N(0, I) in the plane, so d = 2, in float32, and nothing else from
the generator. It carries them along dx/dt = net(x, t) from t = 0 to t = 1, in `steps` equal steps, at least
one, of Euler's method or of another Runge-Kutta method, such as Heun's, that first asks for the velocity at
the start of each step. It returns x (n, 2), which carries no graph. The net is not asked beyond t = 1.

All noise comes from the generator, a torch.Generator on the CPU, and is new at every call; what is drawn
first is up to you. Inputs are not changed, but for the net that is trained.

Lipman et al. 2023, equation 23; Ho et al. 2020, algorithm 1.
"""

from collections.abc import Callable

import torch

Net = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def cfm_loss(net: Net, x1: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Mean squared error of the velocity at a random time on the straight path to x1 (B, d)."""
    raise NotImplementedError


def ddpm_loss(net: Net, x0: torch.Tensor, betas: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Mean squared error of the noise in x0 (B, d) after a random number of the steps betas (T,)."""
    raise NotImplementedError


def train(
    net: torch.nn.Module,
    loss_fn: Callable[[torch.nn.Module, torch.Tensor, torch.Generator], torch.Tensor],
    data_fn: Callable[[torch.Generator], torch.Tensor],
    steps: int,
    lr: float,
    generator: torch.Generator,
) -> list[float]:
    """Adam on loss_fn(net, batch, generator), a new batch each step; the loss before each step."""
    raise NotImplementedError


def sample_flow(net: Net, n: int, steps: int, generator: torch.Generator) -> torch.Tensor:
    """n samples (n, 2), carried from N(0, I) along the net's velocity from time 0 to 1."""
    raise NotImplementedError
