"""Degradations of an image: in pixels, and in latents, like those of a broken sampler."""
import torch
import torch.nn.functional as F


def degrade_pixels(x: torch.Tensor, g: torch.Generator):
    """x (N, 3, H, W) in [-1, 1] -> (degraded, severity (N,), noisy (N,)): noise, blur, washed-out,
    banding, blotches, blow-out; `noisy` is how noisy the image is, independent of severity."""
    n = len(x)
    kind = torch.randint(0, 6, (n,), generator=g)
    severity = 0.2 + 0.8 * torch.rand(n, generator=g)
    out = x.clone()
    randn = lambda *shape: torch.randn(*shape, generator=g)
    for k in range(6):
        i = (kind == k).nonzero()[:, 0]
        if len(i) == 0:
            continue
        y, s = out[i], severity[i][:, None, None, None]
        if k == 0:
            y = y + randn(*y.shape) * s * 0.45
        elif k == 1:
            b = y
            for _ in range(4):
                b = F.avg_pool2d(F.pad(b, (1, 1, 1, 1), mode="replicate"), 3, 1)
            y = y * (1 - s) + b * s
        elif k == 2:
            m = y.mean((1, 2, 3), keepdim=True)
            y = m + (y - m) * (1 - 0.85 * s)
        elif k == 3:
            q = (6 - 4 * s).round()
            y = ((y + 1) / 2 * q).round() / q * 2 - 1 + randn(*y.shape) * 0.06 * s
        elif k == 4:
            y = y + F.interpolate(randn(len(i), 3, 6, 6), size=x.shape[-2:], mode="bicubic") * s * 0.45
        else:
            y = y * (1 + 1.2 * s) + randn(len(i), 3, 1, 1) * 0.35 * s
        out[i] = y.clamp(-1, 1)
    noisy = torch.where((kind == 0) | (kind == 3), severity, torch.zeros(n))
    return out, severity, noisy


def degrade_latents(z: torch.Tensor, g: torch.Generator):
    """z (N, C, h, w) -> (perturbed, severity, noisy); a third remains clean (decoded real images are good).
    Noise, wrong gain, blotches, blends of two images, smoothed latents."""
    n = len(z)
    randn = lambda *shape: torch.randn(*shape, generator=g)
    severity = torch.rand(n, generator=g) * (torch.rand(n, generator=g) < 0.67)
    s = severity[:, None, None, None]
    kind = torch.randint(0, 5, (n, 1, 1, 1), generator=g)
    sign = (torch.randint(0, 2, (n, 1, 1, 1), generator=g) * 2 - 1)
    noise = z + randn(*z.shape) * s * 0.7
    gain = z * (1 + sign * s * 0.45)
    blotch = z + F.avg_pool2d(randn(*z.shape), 3, 1, 1) * 1.2 * s + randn(n, z.shape[1], 1, 1) * 0.3 * s
    blend = z * (1 - 0.5 * s) + z.roll(1, 0) * 0.5 * s
    smooth = z * (1 - s) + F.avg_pool2d(F.pad(z, (1, 1, 1, 1), mode="replicate"), 3, 1) * s
    out = noise
    for k, v in ((1, gain), (2, blotch), (3, blend), (4, smooth)):
        out = torch.where(kind == k, v, out)
    return out, severity, torch.where(kind.flatten() == 0, severity, torch.zeros(n))
