"""Candidates that other optimizers need on the measured surfaces of bench/data/, asked in batches of 8.

    python tools/bench_peers/true_surfaces.py --out runs.jsonl [--peers P ...] [--surfaces S ...] [--seeds N ...]
    python tools/bench_peers/true_surfaces.py --compact runs.jsonl     writes bench/auto-surface/peers.json

A line of the output is one run: the number of the first candidate that reaches the target of its surface, or null if none
of 100 does. Targets are those of bench/auto-surface/targets.json, 95 % of the way from the baseline to the highest score
(`npx tsx bench/surface-targets.ts`); surfaces are the interpolant of bench/surfaces/true-surface.ts. Runs that the output
holds already are left out. The packages are in requirements.txt.
"""

import argparse
import base64
import json
import sys
import warnings
from pathlib import Path

import numpy as np

from regrets import PEERS

warnings.filterwarnings("ignore")
BENCH = Path(__file__).resolve().parents[2] / "bench"
BUDGET, BATCH = 100, 8


class Surface:
    """The mean score of a measured surface, by its cubic radial basis function."""

    def __init__(self, name, k=2.0):
        stored = json.loads((BENCH / "data" / f"{name}.json").read_text())
        d = stored["dimension"]
        split = stored["splits"]["calibration"]
        self.points = np.frombuffer(base64.b64decode(stored["points"]), "<f8").reshape(-1, d)
        n = len(self.points)
        cosine, quality = (
            np.frombuffer(base64.b64decode(split[term]), "<f4").astype(float).reshape(n, -1)
            for term in ("cosine", "quality")
        )
        scores = (2.5 * np.maximum(cosine, 0) + k * quality).mean(axis=1)
        tail = np.hstack([np.ones((n, 1)), self.points])
        system = np.block([[self.basis(self.points), tail], [tail.T, np.zeros((d + 1, d + 1))]])
        self.weights = np.linalg.solve(system, np.concatenate([scores, np.zeros(d + 1)]))
        self.low, self.high = stored["coefficients"]["range"]
        self.dimension, self.identity = d, scores[0]

    def basis(self, x):
        return np.linalg.norm(x[:, None] - self.points[None], axis=2) ** 3

    def score(self, unit):
        x = self.low + (self.high - self.low) * np.asarray(unit)[None]
        return float(np.hstack([self.basis(x), np.ones((1, 1)), x])[0] @ self.weights)


def candidates(surface, target, make, seed):
    peer = make(surface.dimension, BUDGET, BATCH, seed)
    told = 0
    while told < BUDGET:
        losses = []
        for x in peer.ask(min(BATCH, BUDGET - told)):
            score = surface.score(x)
            losses.append(-score)
            if score >= target:
                return told + len(losses)
        peer.tell(losses)
        told += len(losses)
    return None


def compact(path):
    rows = {}
    for line in Path(path).read_text().splitlines():
        one = json.loads(line)
        rows.setdefault(one["surface"], {}).setdefault(one["peer"], {})[one["seed"]] = one["candidates"]
    surfaces = {
        surface: {peer: [by_seed[s] for s in sorted(by_seed)] for peer, by_seed in sorted(peers.items())}
        for surface, peers in sorted(rows.items())
    }
    for peers in surfaces.values():
        for runs in peers.values():
            assert len(runs) == len(next(iter(peers.values()))), "a peer has other seeds"
    data = {"producer": "tools/bench_peers/true_surfaces.py", "budget": BUDGET, "batch": BATCH, "surfaces": surfaces}
    text = json.dumps(data, indent=1)
    (BENCH / "auto-surface" / "peers.json").write_text(text + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path)
    parser.add_argument("--compact", type=Path)
    parser.add_argument("--peers", nargs="*", default=list(PEERS))
    parser.add_argument("--surfaces", nargs="*")
    parser.add_argument("--seeds", type=int, nargs="*", default=list(range(15)))
    args = parser.parse_args()
    if args.compact:
        compact(args.compact)
        return
    targets = json.loads((BENCH / "auto-surface" / "targets.json").read_text())
    lines = args.out.read_text().splitlines() if args.out and args.out.exists() else []
    done = {tuple(json.loads(line)[key] for key in ("peer", "surface", "seed")) for line in lines}
    out = args.out.open("a") if args.out else sys.stdout
    for name in args.surfaces or targets:
        surface = Surface(name)
        for seed in args.seeds:
            for peer in args.peers:
                if (peer, name, seed) in done:
                    continue
                found = candidates(surface, targets[name], PEERS[peer][0], seed)
                out.write(json.dumps({"peer": peer, "surface": name, "seed": seed, "candidates": found}) + "\n")
                out.flush()


if __name__ == "__main__":
    main()
