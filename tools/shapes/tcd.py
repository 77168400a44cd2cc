"""TCD in plain numpy, for calibration and for check.py (as TCDScheduler of diffusers, epsilon prediction).

A step is x' = A c^x x + B c^eps m + N z with x the sample, m the network's output and z fresh noise.
"""
import numpy as np

BETAS = np.linspace(0.00085 ** 0.5, 0.012 ** 0.5, 1000, dtype=np.float32) ** 2
ALPHAS_CUMPROD = np.cumprod(1 - BETAS.astype(np.float64))
ORIGINAL_STEPS = 50


def timesteps(steps: int) -> list[int]:
    grid = (np.arange(1, ORIGINAL_STEPS + 1) * (1000 // ORIGINAL_STEPS) - 1)[::-1]
    return grid[np.floor(np.linspace(0, len(grid), steps, endpoint=False)).astype(int)].tolist()


def affine(steps: int, eta: float) -> list[tuple[int, float, float, float]]:
    """(t, A, B, N) of every step."""
    ts = timesteps(steps)
    rows = []
    for i, t in enumerate(ts):
        last = i == steps - 1
        t_prev = 0 if last else ts[i + 1]
        s = int(np.floor((1 - eta) * t_prev))
        a_t, a_s, a_p = ALPHAS_CUMPROD[t], ALPHAS_CUMPROD[s], ALPHAS_CUMPROD[t_prev]
        keep, noise = (1.0, 0.0) if last or eta == 0 else (np.sqrt(a_p / a_s), np.sqrt(1 - a_p / a_s))
        rows.append((t, keep * np.sqrt(a_s / a_t),
                     keep * (np.sqrt(1 - a_s) - np.sqrt(a_s) * np.sqrt(1 - a_t) / np.sqrt(a_t)), noise))
    return rows


def linear(start: float, end: float, steps: int) -> np.ndarray:
    """linspace(start, end, steps); with one step it is [start]."""
    return np.linspace(start, end, steps)


def sample(network, hidden, seed: int, steps: int, eta: float, c_sample=None, c_noise=None, record=None) -> np.ndarray:
    """hidden (N, L, D) -> latents (N, 6, 8, 8). `network(x, t, hidden)` returns the predicted noise;
    `record`, if given, receives (x, t, prediction) of every step. Noise depends only on (seed, position)."""
    rng = [np.random.default_rng([seed, i]) for i in range(len(hidden))]
    draw = lambda: np.stack([r.standard_normal((6, 8, 8), dtype=np.float32) for r in rng])
    x = draw()
    for i, (t, a, b, n) in enumerate(affine(steps, eta)):
        m = network(x, t, hidden)
        if record is not None:
            record(x, t, m)
        cx = 1.0 if c_sample is None else float(c_sample[i])
        ce = 1.0 if c_noise is None else float(c_noise[i])
        x = np.float32(a * cx) * x + np.float32(b * ce) * m
        if n:
            x = x + np.float32(n) * draw()
    return x
