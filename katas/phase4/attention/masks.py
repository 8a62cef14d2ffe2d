"""Causal, padding, document and prefix masks

A mask says who may look at whom: mask[..., i, j] is True where query i may attend to key j. One True too many
and a language model reads the word it is asked to predict: its loss is wonderful, and it cannot write a
sentence. All masks here have dtype bool, and can be combined with & and |.

`causal(Tq, Tk)`: a position sees itself and what came before. The keys are positions 0 ... Tk - 1, the
queries the *last* Tq of these, as in decoding with a cache, where a few new tokens look back on a long past:
query i has position i + Tk - Tq. More queries than keys is a ValueError.

`padding(lengths, T)`: the sequences of a batch are filled up to T tokens, and sequence b has lengths[b] real
ones, the first. No query may attend to filling. What the queries at filled positions see does not matter, so
there is one row for all of them: shape (B, 1, T).

`document(doc_ids)`: several documents are packed into one sequence, and the token at position t belongs to
document doc_ids[b, t]. A position sees itself and what came before *in its own document*. Ids may be any
integers in any order; the pieces of a document need not be neighbours.

`prefix_lm(prefix_len, T)`: the first prefix_len[b] positions, say a question, see one another in both
directions and nothing else. Each later position sees itself and everything before. prefix_len[b] is from 0
to T, as lengths[b] is: no need to check.

With heads the scores are (B, H, Tq, Tk): a mask of three axes then needs one more, as in mask[:, None]. Left
as it is, its batch axis meets the axis of the heads.

Prince 2023, section 12.7; Raffel et al. 2020, figure 3. Krell et al. 2021 pack documents.
"""

import torch


def causal(Tq: int, Tk: int) -> torch.Tensor:
    """(Tq, Tk): the last Tq of Tk positions look back; ValueError where Tq > Tk."""
    raise NotImplementedError


def padding(lengths: torch.Tensor, T: int) -> torch.Tensor:
    """(B, 1, T): the first lengths[b] keys may be seen; lengths (B,) of integers from 0 to T."""
    raise NotImplementedError


def document(doc_ids: torch.Tensor) -> torch.Tensor:
    """(B, T, T): causal within each document; doc_ids (B, T) of integers."""
    raise NotImplementedError


def prefix_lm(prefix_len: torch.Tensor, T: int) -> torch.Tensor:
    """(B, T, T): the first prefix_len[b] positions see one another, the others look back."""
    raise NotImplementedError
