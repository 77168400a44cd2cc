"""The distribution that cmaes 0.13.1 starts from where points are scored already: `get_warm_start_mgd`.

    python tools/golden/cma_warm_start.py     (packages: requirements-optimizers.txt)

writes test/golden/optimizers/cma-warm-start.json; losses, as the library minimises.
"""

import json
from pathlib import Path

import numpy as np
from cmaes import get_warm_start_mgd

OUTPUT = Path(__file__).resolve().parents[2] / "test" / "golden" / "optimizers" / "cma-warm-start.json"


def case(n, count, alpha, seed):
    rng = np.random.default_rng(seed)
    points = np.round(rng.random((count, n)), 6)
    losses = np.round(((points - 0.3) ** 2 * 4.0 ** np.arange(n)).sum(1), 9)
    mean, sigma, covariance = get_warm_start_mgd(list(zip(points, losses)), gamma=0.1, alpha=alpha)
    return {
        "alpha": alpha,
        "points": points.tolist(),
        "losses": losses.tolist(),
        "mean": mean.tolist(),
        "sigma": sigma,
        "covariance": covariance.tolist(),
    }


producer = {"cmaes": "0.13.1", "script": "tools/golden/cma_warm_start.py"}
cases = [case(2, 10, 0.1, 1), case(2, 40, 0.1, 2), case(4, 128, 0.03, 3), case(5, 29, 0.1, 4)]
OUTPUT.write_text(json.dumps({"producer": producer, "cases": cases}, separators=(",", ":")) + "\n")
