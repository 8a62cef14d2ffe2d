"""Every mask is a comparison of positions that broadcasts: a row of keys against a column of queries. The prefix mask is
the causal one *or* the padding one, packed documents are the causal one *and* "same id": with & and | most
masks you will meet are a line. Kernels such as FlexAttention take the comparison itself and never build the table.
"""

import torch

HINTS = (
    "Write positions, not loops: with the queries' positions in a column and the keys' in a row, one comparison fills the "
    "table.",
    "In causal the last query sits at the last key. Where does the diagonal begin, then, when there are more keys than "
    "queries? torch.tril takes the number of a diagonal.",
    "Index with None to make room for an axis: lengths (B,) against positions (T,) needs (B, 1, 1), and two looks at the "
    "same ids, as (B, T, 1) and as (B, 1, T), compare all pairs.",
    "For document and prefix_lm, ask what has to hold in addition to the causal rule, and what is allowed besides it. "
    "Functions you have already written may help.",
)


def causal(Tq: int, Tk: int) -> torch.Tensor:
    """(Tq, Tk): the last Tq of Tk positions look back; ValueError where Tq > Tk."""
    # wrong: pass  # more queries than keys is a ValueError: they cannot be the last of the positions
    # wrong: if Tq >= Tk:  # as many queries as keys is the usual case in training
    #            raise ValueError(f"{Tq} queries cannot be the last of {Tk} positions")
    if Tq > Tk:
        raise ValueError(f"{Tq} queries cannot be the last of {Tk} positions")
    # wrong: return torch.ones(Tq, Tk, dtype=torch.bool).tril()  # the queries are the last positions, not the first: align bottom right
    # wrong: return torch.ones(Tq, Tk, dtype=torch.bool).tril(Tk - Tq - 1)  # a position sees itself: the diagonal belongs to the mask
    # wrong: return torch.ones(Tq, Tk, dtype=torch.bool).tril(Tk - Tq + 1)  # this lets every query see the token after its own
    # wrong: return torch.ones(Tq, Tk, dtype=torch.bool).tril(Tq - Tk)  # the diagonal is shifted the wrong way
    # wrong: return torch.ones(Tq, Tk, dtype=torch.bool).triu(Tk - Tq)  # this looks forward: earlier keys are the ones to see
    # wrong: return torch.ones(Tq, Tk, dtype=torch.bool).triu(Tk - Tq + 1)  # True means "may attend", not "is blocked"
    # wrong: return torch.ones(Tq, Tk).tril(Tk - Tq)  # a mask has dtype bool, so that it can be combined and inverted
    return torch.ones(Tq, Tk, dtype=torch.bool).tril(Tk - Tq)


def padding(lengths: torch.Tensor, T: int) -> torch.Tensor:
    """(B, 1, T): the first lengths[b] keys may be seen; lengths (B,) of integers from 0 to T."""
    # wrong: return torch.arange(T) <= lengths[:, None, None]  # with n real tokens the last one is at position n - 1
    # wrong: return torch.arange(T) >= lengths[:, None, None]  # True means "may attend", not "is filling"
    # wrong: return torch.arange(T)[:, None] < lengths[:, None, None]  # filling is hidden as a key: the mask runs along the last axis
    # wrong: return torch.arange(T) < lengths[:, None]  # an axis for the queries is missing between batch and keys
    # wrong: return (torch.arange(T) >= T - lengths[:, None, None])  # the filling comes after the real tokens, not before
    return torch.arange(T) < lengths[:, None, None]


def document(doc_ids: torch.Tensor) -> torch.Tensor:
    """(B, T, T): causal within each document; doc_ids (B, T) of integers."""
    T = doc_ids.shape[1]
    # wrong: return doc_ids[:, :, None] == doc_ids[:, None, :]  # within a document the mask is still causal
    # wrong: return (doc_ids[:, :, None] >= doc_ids[:, None, :]) & causal(T, T)  # an earlier document is another document: ids have to be equal
    # wrong: return doc_ids[:, :, None] >= doc_ids[:, None, :]  # ids are names, not positions: they need not be in order
    # wrong: return (doc_ids[:, :, None] == doc_ids[:, None, :]) | causal(T, T)  # both have to hold: the same document and not later
    # wrong: return (doc_ids[:1, :, None] == doc_ids[:1, None, :]).repeat(len(doc_ids), 1, 1) & causal(T, T)  # each sequence of the batch has its own documents
    return (doc_ids[:, :, None] == doc_ids[:, None, :]) & causal(T, T)


def prefix_lm(prefix_len: torch.Tensor, T: int) -> torch.Tensor:
    """(B, T, T): the first prefix_len[b] positions see one another, the others look back."""
    # wrong: return causal(T, T).repeat(len(prefix_len), 1, 1)  # inside the prefix attention goes both ways
    # wrong: return causal(T, T) & padding(prefix_len, T)  # the later positions see themselves and everything before, too
    # wrong: return padding(prefix_len, T).repeat(1, T, 1)  # the later positions see one another as well, looking back
    # wrong: return causal(T, T) | padding(prefix_len, T).mT  # a position in the prefix sees the prefix, not what comes after it
    # wrong: return causal(T, T) | padding((prefix_len + 1).clamp(max=T), T)  # the prefix ends one position earlier
    return causal(T, T) | padding(prefix_len, T)
