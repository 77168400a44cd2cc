"""FlowMatchEuler in plain numpy, for calibration and for check.py: FlowMatchEulerDiscreteScheduler of diffusers with shift 1 and
FluxPipeline's sigmas, linspace(1, 1/N, N). A step is x' = c^x x + (sigma' - sigma) c^eps m."""
import numpy as np


def sigmas(steps: int) -> np.ndarray:
    return np.append(np.linspace(1, 1 / steps, steps), 0).astype(np.float32)


def sample(network, count: int, shape: tuple, seed: int, steps: int, c_sample=None, c_noise=None) -> np.ndarray:
    """-> (count, *shape). `network(x, sigma)` returns the velocity; noise depends only on (seed, position)."""
    x = np.stack([np.random.default_rng([seed, i]).standard_normal(shape, dtype=np.float32) for i in range(count)])
    s = sigmas(steps)
    for i in range(steps):
        m = network(x, s[i])
        cx = 1.0 if c_sample is None else float(c_sample[i])
        ce = 1.0 if c_noise is None else float(c_noise[i])
        x = np.float32(cx) * x + np.float32((s[i + 1] - s[i]) * ce) * m
    return x
