"""Evaluations that cmaes and Nevergrad's OnePlusOne need on the functions of bench/optimizers.ts: medians over 15 seeds, by
name, on the last line of stdout.

    python bench/optimizer_peers.py cmaes|oneplusone     (packages: requirements.txt)
"""

import json
import sys

import numpy as np

TARGET, SEEDS, MOST = 1e-8, 15, 10_000


def sphere(x):
    return float(np.sum(x * x))


def ellipsoid(x):
    return float(np.sum(1e6 ** (np.arange(len(x)) / (len(x) - 1)) * x * x))


def rosenbrock(x):
    return float(np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2))


def around(optimum):
    return lambda x: float(np.sum(((x - optimum) / 0.4) ** 2))


def cmaes_run(loss, n, mean, sigma, box, seed):
    from cmaes import CMA

    bounds = None if box is None else np.array([box] * n)
    es = CMA(mean=np.full(n, float(mean)), sigma=sigma, bounds=bounds, seed=seed)
    evaluations = 0
    while evaluations < MOST:
        told = []
        for _ in range(es.population_size):
            x = es.ask()
            evaluations += 1
            value = loss(x)
            if value < TARGET:
                return evaluations
            told.append((x, value))
        es.tell(told)
    return MOST


def oneplusone_run(loss, n, batch, seed):
    import nevergrad as ng

    space = ng.p.Array(shape=(n,), lower=0.8, upper=1.2)
    space.random_state.seed(seed)
    optimizer = ng.optimizers.OnePlusOne(parametrization=space, budget=MOST, num_workers=batch)
    evaluations = 0
    while evaluations < MOST:
        asked = [optimizer.ask() for _ in range(batch)]
        losses = [loss(one.value) for one in asked]
        for i, value in enumerate(losses):
            if value < TARGET:
                return evaluations + i + 1
        for one, value in zip(asked, losses):
            optimizer.tell(one, value)
        evaluations += batch
    return MOST


def median(run):
    return sorted(run(seed) for seed in range(SEEDS))[SEEDS // 2]


def main():
    found = {}
    if sys.argv[1] == "cmaes":
        for n in (2, 4, 5):
            for loss, mean, sigma in ((sphere, 3, 2), (ellipsoid, 3, 2), (rosenbrock, 0, 0.5)):
                found[f"{loss.__name__}-{n}"] = median(lambda s: cmaes_run(loss, n, mean, sigma, None, s))
        for n in (2, 4):
            for optimum in (0.93, 1.2):
                found[f"box-{optimum}-{n}"] = median(lambda s: cmaes_run(around(optimum), n, 1, 0.4 / 6, (0.8, 1.2), s))
    else:
        for n, batch in ((2, 1), (4, 1), (5, 1), (4, 4), (4, 8)):
            found[f"box-{n}-batch-{batch}"] = median(lambda s: oneplusone_run(around(0.93), n, batch, s))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
