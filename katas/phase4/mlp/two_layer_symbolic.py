"""Two-layer gradients on paper, checked by sympy

Before a framework does it for you a million times a second, derive the gradients of one small network
yourself, with pen and paper, and write down what you find. Here it is, for one example x (d,) with the right
class t:

    z1 = W1^T x + b1            (h,)
    a  = tanh(z1)               (h,) the hidden layer, entry by entry
    z2 = W2^T a + b2            (C,) the logits
    L  = -log softmax(z2)[t]    softmax(z2)[c] = exp(z2[c]) / sum over j of exp(z2[j])

`grads` returns the derivatives of L with respect to each entry of W1, b1, W2, b2 and x, as a dict with these
five keys, in lower and upper case as here. Each value is a sympy Matrix, with the derivative with respect to
an entry in that entry's place: W1 (d, h), b1 (h, 1), W2 (h, C), b2 (C, 1), x (d, 1).

x is a list of d expressions, mostly symbols; the Matrices hold such, too. t is an int from 0 to C - 1. Inputs
are not changed.

You build each expression from the formula that you derived. Differentiation by sympy is refused: it is the
oracle of the tests. Leave the expressions as they come: how they are written does not matter, and nothing
needs to be simplified (which would take minutes).

Go backward, from L to x, and name what arrives at each station: the derivatives with respect to z2, a and z1.
All five answers are products of these with what went in.

Prince 2023, section 7.4; Nielsen 2015, chapter 2.
"""

import sympy


def grads(
    x: list[sympy.Expr], W1: sympy.Matrix, b1: sympy.Matrix, W2: sympy.Matrix, b2: sympy.Matrix, t: int
) -> dict[str, sympy.Matrix]:
    """Derivatives of L: "W1" (d, h), "b1" (h, 1), "W2" (h, C), "b2" (C, 1) and "x" (d, 1)."""
    raise NotImplementedError
