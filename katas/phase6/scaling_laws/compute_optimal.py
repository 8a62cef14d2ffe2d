"""Compute-optimal allocation in closed form

For a fixed number of FLOPs, how large should the model be and how many tokens should it see? A larger model
sees fewer. In 2021 Gopher had 280 billion parameters and saw 300 billion tokens; a year later Chinchilla, a
quarter of its size on four times the tokens, cost the same and was better throughout. One page of calculus
stands between the two.

Let the loss of N parameters on D tokens and the cost of training be

    L(N, D) = E + A / N^alpha + B / D^beta              C = 6 N D

At a given C, N decides D. `optimal` returns the N and D that minimise L under the constraint; both are
closed forms, and neither is rounded. `optimal_loss` is the L there. N and D grow as powers of C, N ~ C^a
and D ~ C^b: `exponents` returns (a, b).

A model that will serve many users is made smaller than this and trained for longer, since every later token
costs 2N. `overtrain_cost` says what that does to the loss: for N = r times the optimal N, at the same C, it
is the L of that model minus the optimal L. So r < 1 is a smaller model on more tokens, r > 1 a larger one
on fewer; r = 1 costs nothing.

All arguments are positive: floats, or sympy expressions made of positive symbols, with which the tests
follow your algebra. So write the formulas with + - * / ** alone; functions such as math.log refuse a
symbol. Leave the expressions as they come, there is no need to simplify. Derive it on paper: either put D =
C / (6 N) into L and ask where the derivative with respect to log N is zero, or use a Lagrange multiplier.

Hoffmann et al. 2022, section 3.3, equation 4; Besiroglu et al. 2024.
"""


def optimal(C: float, A: float, B: float, alpha: float, beta: float) -> tuple[float, float]:
    """(N, D) of the least loss with 6 N D = C."""
    raise NotImplementedError


def exponents(alpha: float, beta: float) -> tuple[float, float]:
    """(a, b) of N ~ C^a and D ~ C^b."""
    raise NotImplementedError


def optimal_loss(C: float, E: float, A: float, B: float, alpha: float, beta: float) -> float:
    """The least loss with 6 N D = C."""
    raise NotImplementedError


def overtrain_cost(r: float, C: float, A: float, B: float, alpha: float, beta: float) -> float:
    """Loss above the least one, of a model r times as large as the optimal one, at the same C."""
    raise NotImplementedError
