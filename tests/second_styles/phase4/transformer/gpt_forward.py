"""Token by token and head by head, norms by their formula, attention by loops over the past."""

import math

import torch


def gpt_forward(
    ids: torch.Tensor, w: dict[str, torch.Tensor], n_head: int, eps: float = 1e-5
) -> torch.Tensor:
    T = ids.shape[1]
    if w["wpe"].shape[0] < T:
        raise ValueError("too many tokens")
    layers = len({key.split(".")[1] for key in w if key.startswith("h.")})

    def norm(x: torch.Tensor, name: str) -> torch.Tensor:
        centred = x - x.mean(-1, keepdim=True)
        return (
            centred * (centred.pow(2).mean(-1, keepdim=True) + eps).rsqrt() * w[f"{name}.g"] + w[f"{name}.b"]
        )

    x = torch.einsum("btv,vd->btd", torch.nn.functional.one_hot(ids, len(w["wte"])).to(w["wte"]), w["wte"])
    x = x + torch.stack([w["wpe"][p] for p in range(T)])
    for i in range(layers):
        p = {key.removeprefix(f"h.{i}."): value for key, value in w.items() if key.startswith(f"h.{i}.")}
        u = torch.einsum("btd,ed->bte", norm(x, f"h.{i}.ln1"), p["attn.wqkv"]) + p["attn.bqkv"]
        q, k, v = (u.unflatten(-1, (3, n_head, -1))[:, :, third] for third in range(3))  # (B, T, heads, dh)
        rows = []
        for now in range(T):
            scores = torch.einsum("bhd,bjhd->bjh", q[:, now], k[:, : now + 1]) / math.sqrt(q.shape[-1])
            rows.append(torch.einsum("bjh,bjhd->bhd", scores.softmax(1), v[:, : now + 1]).flatten(1))
        x = x + torch.stack(rows, 1) @ p["attn.wo"].T + p["attn.bo"]
        z = norm(x, f"h.{i}.ln2") @ p["mlp.w1"].T + p["mlp.b1"]
        x = x + (z * (1 + torch.erf(z / math.sqrt(2))) / 2) @ p["mlp.w2"].T + p["mlp.b2"]
    return torch.einsum("btd,vd->btv", norm(x, "lnf"), w["wte"])
