"""Golden vectors of the optimizers: results of the libraries themselves with stored normal draws.

    python tools/golden/optimizers.py

writes test/golden/optimizers/{cma-es,one-plus-one,sobol}.json. The draws come from numpy's PCG64 with
the seeds below, rounded to 6 decimals, and replace those of the libraries. All libraries minimise; the
losses are stored as the libraries received them.
"""

import json
from pathlib import Path

import nevergrad as ng
import numpy as np
from cmaes import CMA
from scipy.stats import qmc

OUT = Path(__file__).resolve().parents[2] / "test" / "golden" / "optimizers"
PRODUCER = {"cmaes": "0.13.1", "nevergrad": "1.0.12", "scipy": "1.17.1", "script": "tools/golden/optimizers.py"}


def quadratic(x, optimum):
    """sum_i 4^i (x_i - optimum_i)^2 plus a coupling of neighbours, so that C does not remain diagonal."""
    d = np.asarray(x) - np.asarray(optimum)
    return float(np.sum(4.0 ** np.arange(len(d)) * d**2) + np.sum(d[1:] * d[:-1]))


class StoredNormals:
    """Replaces the generator of cmaes: returns B^T z, so that the library's B D (B^T z) is C^(1/2) z."""

    def __init__(self, owner, draws):
        self.owner, self.draws, self.point, self.attempt = owner, draws, 0, 0

    def randn(self, n):
        z = np.array(self.draws[self.point][self.attempt])
        self.attempt += 1
        return self.owner._B.T @ z


def cma_constants(n, population):
    es = CMA(mean=np.zeros(n), sigma=1.0, population_size=population)
    return {
        "n": n, "lambda": population, "mu": es._mu, "weights": es._weights.tolist(), "muEff": float(es._mu_eff),
        "cSigma": es._c_sigma, "dSigma": es._d_sigma, "cC": es._cc, "c1": float(es._c1), "cMu": float(es._cmu), "chiN": es._chi_n,
    }


def cma_trace(n, population, mean, sigma, optimum, seed, generations, attempts):
    rng = np.random.default_rng(seed)
    draws = np.round(rng.standard_normal((population * generations, attempts, n)), 6).tolist()
    es = CMA(mean=np.array(mean), sigma=sigma, bounds=np.array([[0.0, 1.0]] * n), population_size=population)
    es._rng = stored = StoredNormals(es, draws)
    trace, tries = [], []
    for g in range(generations):
        points = []
        for k in range(population):
            stored.point, stored.attempt = g * population + k, 0
            points.append(es.ask())
            tries.append(stored.attempt)
        losses = [quadratic(x, optimum) for x in points]
        asked = [x.tolist() for x in points]
        es.tell(list(zip(points, losses)))
        trace.append({
            "points": asked, "losses": losses, "mean": es._mean.tolist(), "sigma": float(es._sigma),
            "pSigma": es._p_sigma.tolist(), "pC": es._pc.tolist(), "C": es._C.tolist(),
        })
    # Unused draws are left out.
    used = [d[: tries[i]] for i, d in enumerate(draws)]
    return {"n": n, "lambda": population, "mean": mean, "sigma": sigma, "draws": used, "generations": trace}


class StoredSteps(np.random.RandomState):
    """Replaces Nevergrad's generator: one stored step per ask."""

    def __new__(cls, draws):
        return super().__new__(cls, 0)

    def __init__(self, draws):
        super().__init__(0)
        self.draws = list(draws)

    def normal(self, loc=0.0, scale=1.0, size=None):
        return np.array(self.draws.pop(0))


def one_plus_one(n, lower, upper, optimum, seed, batch, rounds):
    rng = np.random.default_rng(seed)
    draws = np.round(1.5 * rng.standard_normal((batch * rounds, n)), 6).tolist()
    space = ng.p.Array(shape=(n,), lower=np.array(lower), upper=np.array(upper))
    space.random_state = StoredSteps(draws[1:])
    optimizer = ng.optimizers.OnePlusOne(parametrization=space, budget=batch * rounds, num_workers=batch)
    trace = []
    for _ in range(rounds):
        asked = [optimizer.ask() for _ in range(batch)]
        points = [c.value.tolist() for c in asked]
        losses = [quadratic(x, optimum) for x in points]
        for candidate, loss in zip(asked, losses):
            optimizer.tell(candidate, loss)
        trace.append({"points": points, "losses": losses, "sigma": float(optimizer._sigma)})
    return {"lower": lower, "upper": upper, "batch": batch, "draws": draws, "rounds": trace}


def write(name, data):
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / f"{name}.json").write_text(json.dumps({"producer": PRODUCER, **data}, separators=(",", ":")) + "\n")


def main():
    shapes = [(1, 4), (2, 6), (4, 8), (4, 5), (5, 8), (10, 10), (100, 17), (4, 64), (4, 2), (4, 3)]
    write("cma-es", {
        "constants": [cma_constants(n, population) for n, population in shapes],
        "traces": [
            cma_trace(2, 6, [0.5, 0.5], 1 / 6, [0.325, 0.6], 1, 3, 8),
            cma_trace(4, 8, [0.5, 0.5, 0.5, 0.5], 1 / 6, [0.325, 0.6, 0.5, 0.4], 2, 3, 8),
            # An odd population, and a mean in the corner: most points are resampled.
            cma_trace(3, 7, [0.05, 0.9, 0.02], 0.3, [0.0, 1.0, 0.1], 3, 6, 101),
            # A small step far from the optimum: the path grows until h_sigma stalls pC.
            cma_trace(2, 6, [0.1, 0.1], 0.005, [0.9, 0.8], 6, 8, 8),
            # Almost every sample is outside the box: 101 samples, then clipped.
            cma_trace(8, 4, [0.0] * 8, 1.0, [0.1] * 8, 4, 1, 101),
        ],
    })
    write("one-plus-one", {
        "traces": [
            one_plus_one(2, [0.8, 0.8], [1.2, 1.2], [0.93, 0.81], 5, 1, 40),
            one_plus_one(4, [0.8, 0.0, -2.0, 0.5], [1.2, 1.0, 3.0, 0.75], [1.19, 0.4, 0.1, 0.6], 6, 1, 40),
            one_plus_one(4, [0.8] * 4, [1.2] * 4, [0.93] * 4, 7, 4, 12),
            one_plus_one(1, [-1.0], [1.0], [0.9], 8, 3, 8),
        ],
    })
    n, count = 32, 64
    points = qmc.Sobol(d=n, scramble=False, bits=32).random(1024)
    write("sobol", {
        "dimensions": n,
        "first": (points[:count] * 2.0**32).astype(np.uint64).tolist(),
        "last": (points[-2:] * 2.0**32).astype(np.uint64).tolist(),
        "lastIndex": 1022,
    })


if __name__ == "__main__":
    main()
