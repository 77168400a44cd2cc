"""Writes bench/auto-regret/problems.json: eight smooth surfaces in two and in four dimensions as a search sees them.

    python tools/bench_peers/problems.py     (packages: requirements.txt)

A problem has a population of 100 prompts, each with its own jitter of the optimum and its own weight. A run of seed s is
scored on 20 of them; in the variant `noise`, on the population with independent noise of 5 % of the surface's deviation
over the box. All numbers are rounded, so that they are the same everywhere.
"""

import json
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.stats import qmc

from surfaces import population

OUTPUT = Path(__file__).resolve().parents[2] / "bench" / "auto-regret" / "problems.json"
PROMPTS, SUBSET, SEEDS, BUDGETS = 100, 20, 30, [20, 50, 100]


def rounded(array, digits=4):
    return np.round(array, digits).tolist()


def turned(rng, d, steepness, condition):
    """Rows of a random rotation, the largest `steepness`, the smallest steepness / sqrt(condition)."""
    q, r = np.linalg.qr(rng.standard_normal((d, d)))
    q = q * np.sign(np.diag(r))
    scales = steepness * condition ** (-np.arange(d) / (2 * (d - 1)))
    return rounded(scales[:, None] * q)


def part(rng, d, kind, steepness, condition, low=0.25, high=0.75, bend=0.0, height=1.0):
    return {
        "kind": kind,
        "height": height,
        "bend": bend,
        "centre": rounded(rng.uniform(low, high, d)),
        "matrix": turned(rng, d, steepness, condition),
    }


def edge(rng, d):
    one = part(rng, d, "quadratic", 2, 10)
    one["centre"] = [round(float(-0.15 if i == 0 else 1.15), 4) if i % 2 == 0 else c for i, c in enumerate(one["centre"])]
    return [one]


def few(rng, d):
    one = part(rng, d, "flat", 3, 2)
    scales = [1.0 if i < d // 2 else 0.1 for i in range(d)]
    one["matrix"] = rounded(3 * np.diag(scales))
    return [one]


def humps(rng, d):
    high = part(rng, d, "bowl", 4, 4, 0.6, 0.8)
    low = part(rng, d, "bowl", 4, 4, 0.2, 0.4, height=0.6)
    return [high, low]


def cliff(rng, d):
    return [part(rng, d, "bowl", 2, 8, 0.4, 0.7), part(rng, d, "cliff", 12, 1, 0.55, 0.85, height=0.5)]


KINDS = {
    "bowl": (0.08, lambda rng, d: [part(rng, d, "bowl", 2, 4)]),
    "turned-32": (0.05, lambda rng, d: [part(rng, d, "quadratic", 3, 32)]),
    "turned-100": (0.05, lambda rng, d: [part(rng, d, "bowl", 4, 100)]),
    "edge": (0.06, edge),
    "bent": (0.05, lambda rng, d: [part(rng, d, "cone", 5, 4, bend=0.4)]),
    "few": (0.06, few),
    "humps": (0.04, humps),
    "cliff": (0.05, cliff),
}


def problem(name, d, seed):
    spread, make = KINDS[name]
    rng = np.random.default_rng([seed, d])
    made = {
        "name": name,
        "dimension": d,
        "parts": make(rng, d),
        "jitter": rounded(spread * rng.standard_normal((PROMPTS, d)), 3),
        "weights": rounded(np.exp(0.3 * rng.standard_normal(PROMPTS)), 3),
    }
    points = qmc.Sobol(d, seed=1).random(1024)
    values = np.array([population(made, x.tolist()) for x in points])
    found = [
        minimize(lambda x: -population(made, x.tolist()), points[i], bounds=[(0, 1)] * d, options={"ftol": 1e-14, "gtol": 1e-9})
        for i in np.argsort(-values)[:6]
    ]
    best = min(found, key=lambda one: one.fun)
    return {
        **made,
        "optimum": float(-best.fun),
        "at": rounded(best.x),
        "scoreAt": population(made, rounded(best.x)),
        "mean": round(float(values.mean()), 6),
        "noise": float(f"{0.05 * values.std():.3g}"),
    }


def main():
    rng = np.random.default_rng(2026)
    data = {
        "producer": "tools/bench_peers/problems.py",
        "seeds": SEEDS,
        "budgets": BUDGETS,
        "batch": 8,
        "prompts": [np.sort(rng.choice(PROMPTS, SUBSET, replace=False)).tolist() for _ in range(SEEDS)],
        "normals": rounded(rng.standard_normal(SEEDS * BUDGETS[-1]), 3),
        "problems": [problem(name, d, seed) for d in (2, 4) for seed, name in enumerate(KINDS)],
    }
    lines = ",\n".join(json.dumps(one, separators=(",", ":")) for one in data.pop("problems"))
    OUTPUT.write_text(json.dumps(data, separators=(",", ":"))[:-1] + ',"problems":[\n' + lines + "\n]}\n")


if __name__ == "__main__":
    main()
