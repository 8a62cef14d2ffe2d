"""At the optimum alpha A N^-alpha = beta B D^-beta: the last FLOP buys as much through size as through data. The larger
exponent gets the smaller share of growth, for what falls fast needs less; with alpha = beta both grow as the root of C.

The exponents decide everything and are known badly. Hoffmann's rounded constants, put into these formulas, split the budget
of Chinchilla into 32 billion parameters with 92 tokens each, where the two other methods of the same paper say about
20; Besiroglu's fit to the same runs says 18. And look at overtrain_cost around r = 1: it is flat. Half the optimal
size costs 0.005 in loss there and halves every later bill, which is why nobody serves a compute-optimal model.
"""

HINTS = (
    "Put D = C / (6 N) into L. What are the derivatives of N^-alpha and of D^-beta with respect to log N, when D falls as N "
    "rises?",
    "At the minimum alpha A N^-alpha equals beta B D^-beta. Together with N D = C / 6 these are two equations in N and D; "
    "in logs they are linear.",
    "The exponent of C in N is the share of the *other* exponent, beta over the sum. D follows from the constraint.",
    "For overtrain_cost, N becomes r N and D becomes D / r: see by which factors the two terms of L change. E drops out.",
)


def optimal(C: float, A: float, B: float, alpha: float, beta: float) -> tuple[float, float]:
    """(N, D) of the least loss with 6 N D = C."""
    a, _ = exponents(alpha, beta)
    # wrong: G = (alpha * A / (beta * B)) ** (1 / alpha)  # both powers depend on N: the root is the one of alpha + beta
    # wrong: G = (A / B) ** (1 / (alpha + beta))  # the derivatives bring alpha and beta down
    # wrong: G = (beta * B / (alpha * A)) ** (1 / (alpha + beta))  # the more a small model costs, the larger it has to be: this is upside down
    # wrong: G = (alpha * A / (beta * B)) ** (alpha + beta)  # solve for N: that takes a root
    # wrong: G = alpha * A / (beta * B)  # solve for N: that takes a root
    # wrong: G = 1  # the powers say how N grows, not where it starts
    G = (alpha * A / (beta * B)) ** (1 / (alpha + beta))
    # wrong: N = G * C**a  # the cost is 6 N D, and the 6 is forgotten
    # wrong: N = G * (6 * C) ** a  # N D is C over 6
    # wrong: N = G * (C / 6) ** (1 - a)  # the exponents of N and D are swapped
    N = G * (C / 6) ** a
    # wrong: return N, C / N  # the cost is 6 N D
    # wrong: return N, G * (C / 6) ** (1 - a)  # what N gains D loses: the product must be C / 6
    # wrong: return C / (6 * N), N  # N comes first, then D
    # wrong: return N, 20 * N  # 20 tokens a parameter is a rule of thumb; the constraint fixes D
    return N, C / (6 * N)


def exponents(alpha: float, beta: float) -> tuple[float, float]:
    """(a, b) of N ~ C^a and D ~ C^b."""
    # wrong: return alpha / (alpha + beta), beta / (alpha + beta)  # the term that falls faster needs less growth: these are swapped
    # wrong: return 1 / alpha, 1 / beta  # N and D share the growth of C: the exponents add up to 1
    # wrong: return 0.5, 0.5  # only when alpha equals beta
    # wrong: return beta / (alpha + beta), beta / (alpha + beta)  # the exponents add up to 1
    return beta / (alpha + beta), alpha / (alpha + beta)


def optimal_loss(C: float, E: float, A: float, B: float, alpha: float, beta: float) -> float:
    """The least loss with 6 N D = C."""
    N, D = optimal(C, A, B, alpha, beta)
    # wrong: return A / N**alpha + B / D**beta  # even the best model has the floor E
    # wrong: return E + A / N**beta + B / D**alpha  # alpha belongs to N, beta to D
    # wrong: return E + A * N**alpha + B * D**beta  # both terms fall
    # wrong: return E + 2 * A / N**alpha  # the two slopes are equal at the optimum, the two terms are not
    return E + A / N**alpha + B / D**beta


def overtrain_cost(r: float, C: float, A: float, B: float, alpha: float, beta: float) -> float:
    """Loss above the least one, of a model r times as large as the optimal one, at the same C."""
    N, D = optimal(C, A, B, alpha, beta)
    # wrong: size = A / N**alpha * (r**alpha - 1)  # a larger model lowers the first term
    size = A / N**alpha * (r**-alpha - 1)
    # wrong: return size  # at the same C a larger model sees fewer tokens
    # wrong: return size + B / D**beta * (r**-beta - 1)  # at the same C the tokens are divided by r
    # wrong: return size + B / D**beta * r**beta  # the second term was there before, too: only its growth counts
    # wrong: return A / (r * N) ** alpha + B / (D / r) ** beta  # it is the difference to the least loss
    # wrong: return -size - B / D**beta * (r**beta - 1)  # every other model has a higher loss: the cost is positive
    # wrong: return (size + B / D**beta * (r**beta - 1)) / (A / N**alpha + B / D**beta)  # a difference of losses, not a share of one
    return size + B / D**beta * (r**beta - 1)
