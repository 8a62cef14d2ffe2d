"""Two outer products and two products with the weights that led forward. Nothing else ever happens in the backward pass of
a network of this kind, however deep: what arrives at z is turned back by W, and the gradient of W is what
went in times what comes back. Count what is shared: dz2 stands in all five answers, dz1 in three.
"""

import sympy

HINTS = (
    "Start at the end: L = log sum_j exp(z2_j) - z2_t. What is its derivative with respect to z2_c, for c = t and for "
    "another c?",
    "z2_c = sum_i W2_ic a_i + b2_c. An entry W2_ic reaches L through z2_c alone, by the factor a_i; an entry a_i reaches it "
    "through all of z2.",
    "The derivative of tanh(z) is 1 - tanh(z)**2, entry by entry: sympy's multiply_elementwise and applyfunc do that. After "
    "that the first layer repeats what the second one did, with x in the place of a.",
)


def grads(
    x: list[sympy.Expr], W1: sympy.Matrix, b1: sympy.Matrix, W2: sympy.Matrix, b2: sympy.Matrix, t: int
) -> dict[str, sympy.Matrix]:
    """Derivatives of L: "W1" (d, h), "b1" (h, 1), "W2" (h, C), "b2" (C, 1) and "x" (d, 1)."""
    column = sympy.Matrix(x)  # (d, 1)
    a = (W1.T * column + b1).applyfunc(sympy.tanh)
    # wrong: weights = (W2.T * a).applyfunc(sympy.exp)  # the logits have a bias as well
    weights = (W2.T * a + b2).applyfunc(sympy.exp)
    # wrong: dz2 = weights.copy()  # softmax divides by the sum
    dz2 = weights / sum(weights)
    # wrong: dz2 = -dz2  # softmax minus one-hot: this is the other way round
    #        dz2[t] += 1
    # wrong: pass  # the one-hot of the right class is missing
    # wrong: dz2[0] -= 1  # the right class is t, not always the first
    dz2[t] -= 1
    # wrong: da = W2 * dz2 / W2.shape[0]  # nothing is averaged over the hidden neurons
    # wrong: da = sympy.ones(*W2.shape) * dz2  # the way back from z2 to a leads through W2
    da = W2 * dz2
    # wrong: dz1 = da.multiply_elementwise(a.applyfunc(lambda one: 1 - one))  # the slope of tanh is 1 minus its square
    # wrong: dz1 = da.multiply_elementwise(a.applyfunc(lambda one: 1 - sympy.tanh(one) ** 2))  # the tanh is taken twice: a is tanh(z1) already
    # wrong: dz1 = da.multiply_elementwise(a.applyfunc(lambda one: 1 + one**2))  # mind the sign in the slope of tanh
    # wrong: dz1 = da  # tanh has a slope, which belongs in the chain
    dz1 = da.multiply_elementwise(a.applyfunc(lambda one: 1 - one**2))
    # wrong: return {"W1": dz1 * column.T, "b1": dz1, "W2": dz2 * a.T, "b2": dz2, "x": W1 * dz1}  # these outer products are transposed: what went in gives the rows
    # wrong: return {"W1": column * dz1.T, "b1": dz1, "W2": a * dz2.T, "b2": dz2, "x": dz1}  # x reaches z1 through W1, and so does the gradient
    # wrong: return {"W1": column * da.T, "b1": da, "W2": a * dz2.T, "b2": dz2, "x": W1 * da}  # the first layer gets what arrives at z1, behind the tanh
    # wrong: return {"W1": column * dz1.T, "b1": dz1, "W2": (W1.T * column + b1) * dz2.T, "b2": dz2, "x": W1 * dz1}  # what went into the second layer is a, not z1
    return {"W1": column * dz1.T, "b1": dz1, "W2": a * dz2.T, "b2": dz2, "x": W1 * dz1}
