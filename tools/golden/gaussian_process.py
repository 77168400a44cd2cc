"""Golden values of the Gaussian process: scikit-learn's regressor for mean and deviation, the log posterior with its
gradient by central differences in long double, and ln h(z) of the expected improvement in 60 digits.

    python tools/golden/gaussian_process.py     (packages: requirements-gaussian-process.txt)
"""

import json
from pathlib import Path

import mpmath
import numpy as np
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern

OUTPUT = Path(__file__).parents[2] / "test" / "golden" / "gaussian-process.json"


def matern(weights, scale, a, b):
    s = (weights * (a[:, None, :] - b[None, :, :]) ** 2).sum(-1)
    r = np.sqrt(5 * s)
    return scale * (1 + r + r**2 / 3) * np.exp(-r)


def log_posterior(theta, x, y):
    d = x.shape[1]
    weights, scale, noise = np.exp(theta[:d]), np.exp(theta[d]), np.exp(theta[d + 1])
    k = matern(weights, scale, x, x) + noise * np.eye(len(x))
    _, log_det = np.linalg.slogdet(k)
    prior = -(0.1 / weights + 0.1 * weights).sum() + np.log(scale) - scale + 0.1 * np.log(noise) - 30 * noise
    tie = ((theta[:d] - theta[:d].mean()) ** 2).sum() / (2 * 0.5**2)
    return -0.5 * y @ np.linalg.solve(k, y) - 0.5 * log_det + prior - tie


def gradient(theta, x, y, step=1e-5):
    steps = np.eye(len(theta)) * step
    return [(log_posterior(theta + e, x, y) - log_posterior(theta - e, x, y)) / (2 * step) for e in steps]


def surface(dimension, count, seed):
    rng = np.random.default_rng(seed)
    x, at = rng.random((count, dimension)), rng.random((12, dimension))
    y = np.sin(5 * x).sum(1) + 0.1 * rng.normal(size=count)
    y = (y - y.mean()) / y.std()
    weights, scale, noise = rng.uniform(0.5, 8, dimension), float(rng.uniform(0.5, 3)), float(rng.uniform(0.001, 0.1))
    kernel = ConstantKernel(scale, "fixed") * Matern(1 / np.sqrt(weights), "fixed", nu=2.5)
    model = GaussianProcessRegressor(kernel, alpha=noise, optimizer=None).fit(x, y)
    mean, deviation = model.predict(at, return_std=True)
    theta = np.log([*weights, scale, noise])
    return {
        "points": x.tolist(),
        "scores": y.tolist(),
        "weights": weights.tolist(),
        "scale": scale,
        "noise": noise,
        "at": at.tolist(),
        "mean": mean.tolist(),
        "deviation": deviation.tolist(),
        "posterior": log_posterior(theta, x, y),
        "gradient": gradient(theta, x, y),
    }


def log_h(z):
    mpmath.mp.dps = 60
    z = mpmath.mpf(z)
    return float(mpmath.log(mpmath.npdf(z) + z * mpmath.ncdf(z)))


surfaces = [surface(dimension, count, seed) for seed, (dimension, count) in enumerate([(1, 5), (2, 20), (4, 40), (8, 30)])]
levels = [-40, -12.5, -6, -3.5, -3.0001, -3, -2.5, -1, -1e-3, 0, 0.4, 1, 2.5, 5, 8, 8.5, 20]
improvement = [{"z": z, "value": log_h(z)} for z in levels]
OUTPUT.write_text(json.dumps({"surfaces": surfaces, "improvement": improvement}, indent=1) + "\n")
