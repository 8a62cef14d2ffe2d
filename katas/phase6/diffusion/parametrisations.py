"""eps, x0, v and score

The same network can be asked for the noise, for the clean image, for a mixture of both or for the score, and
papers and checkpoints differ in what they ask. The four answers are one answer, given x_t: whoever converts
with a sign wrong samples grey mush. As *losses* they differ, in how much each noise level counts.

With a = sqrt(alpha_bar) and s = sqrt(1 - alpha_bar), where 0 < alpha_bar < 1,

    x_t   = a x_0 + s eps
    "eps"     the noise eps
    "x0"      the clean data x_0
    "v"       a eps - s x_0
    "score"   -eps / s, the gradient of log q(x_t | x_0) with respect to x_t

`convert` takes a prediction of one kind and returns the prediction of another that says the same: with x_t
and alpha_bar given, any one of the four settles the other three by the equations above, whether it is a good
prediction or not. The kinds may be equal. Any other kind, on either side, is a ValueError.

pred and xt have one shape; alpha_bar is a number, or an array that broadcasts to that shape, for example
(B, 1, 1, 1) for images (B, C, H, W) with a noise level each. From v, x_0 and eps can be found even where
alpha_bar is exactly 0 or 1: no division is needed for these two, and there must be none.

`loss_weight` returns the factor w by which a squared error in a kind exceeds that in x_0,

    (kind - predicted kind)^2 = w (x_0 - predicted x_0)^2        at the same x_t,

for noise levels given by snr = alpha_bar / (1 - alpha_bar) > 0, an array of any shape, which the result has,
too. So a network that is trained on eps with plain squares is trained on x_0 with weights. Other kinds are a
ValueError again.

`min_snr` returns the factor for an eps-loss that makes it an x_0-loss with the weight snr where snr is below
gamma, and gamma above: else the cleanest images, which are easy, would have nearly all the say. Shapes as in
`loss_weight`, and gamma > 0.

Arrays are float64, and so are the results. Inputs are not changed.

Salimans and Ho 2022, section 4 and appendix D; Hang et al. 2023, Min-SNR weighting; Kingma et al. 2021.
"""

import numpy as np


def convert(
    pred: np.ndarray, kind_from: str, kind_to: str, xt: np.ndarray, alpha_bar: float | np.ndarray
) -> np.ndarray:
    """The prediction `pred` of kind "eps", "x0", "v" or "score" as one of another kind, in the same shape."""
    raise NotImplementedError


def loss_weight(kind: str, snr: np.ndarray) -> np.ndarray:
    """w in the shape of snr: squared errors in `kind` over squared errors in x_0."""
    raise NotImplementedError


def min_snr(snr: np.ndarray, gamma: float = 5.0) -> np.ndarray:
    """Factors of an eps-loss, in the shape of snr, that cap the weight on x_0 at gamma."""
    raise NotImplementedError
