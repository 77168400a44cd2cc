"""Autoencoder, teacher, trajectories and few-step student."""
import copy
import math
import time

import torch
import torch.nn.functional as F

from .networks import Autoencoder, unet
from .scenes import from_uint8

BETAS = torch.linspace(0.00085 ** 0.5, 0.012 ** 0.5, 1000, dtype=torch.float32) ** 2
ALPHAS_CUMPROD = torch.cumprod(1 - BETAS, 0)
# TCD's timesteps for 1, 2, 4 and 8 steps are all on this grid, so the student is trained at the timesteps that are used.
GRID = [999, 879, 759, 639, 499, 379, 259, 139, 39]
GRID_WEIGHTS = torch.tensor([4.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 0.7, 0.3])


def train_autoencoder(pictures, steps: int, seed: int = 2) -> Autoencoder:
    """L1 + L2 reconstruction with fixed latent noise instead of a KL term."""
    torch.manual_seed(seed)
    model = Autoencoder()
    optimizer = torch.optim.AdamW(model.parameters(), 2e-3, weight_decay=0, betas=(0.9, 0.99))
    start = time.time()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * min(1, step / 50) * (1 - step / steps) + 1e-5
        x = from_uint8(pictures[torch.randint(0, len(pictures), (48,))])
        z = model.encoder(x)
        mean, std = z.mean((0, 2, 3), keepdim=True), z.std((0, 2, 3), keepdim=True)
        noisy = (z - mean) / (std + 1e-4) + 0.08 * torch.randn_like(z)
        out = model.decoder(noisy * std + mean)
        l2 = F.mse_loss(out, x)
        loss = F.l1_loss(out, x) + l2 + 1e-3 * ((mean ** 2).mean() + (std.log() ** 2).mean())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 100 == 0:
            print(f"  autoencoder {step}/{steps} psnr {10 * math.log10(4 / l2.item()):.2f} {time.time() - start:.0f} s", flush=True)
    model.eval().requires_grad_(False)
    z = torch.cat([model.encoder(from_uint8(pictures[i:i + 500])) for i in range(0, len(pictures), 500)])
    model.mean.copy_(z.mean((0, 2, 3), keepdim=True))
    model.std.copy_(z.std((0, 2, 3), keepdim=True))
    return model


def _average(ema, model, step, limit):
    with torch.no_grad():
        torch._foreach_lerp_(list(ema.parameters()), list(model.parameters()), 1 - min(limit, step / (step + 20)))


def train_teacher(latents, embeddings, empty, steps: int, seed: int = 3, batch: int = 64):
    """Epsilon prediction on the scaled-linear schedule; 10 % of captions dropped; EMA."""
    torch.manual_seed(seed)
    model = unet()
    ema = copy.deepcopy(model)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3, weight_decay=1e-4, betas=(0.9, 0.99), fused=True)
    start, running = time.time(), 0.0
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = 1e-3 * min(1, step / 100) * (1 - max(0, (step / steps - 0.3) / 0.7)) + 1e-5
        i = torch.randint(0, len(latents), (batch,))
        z, e = latents[i], embeddings[i].clone()
        e[torch.rand(batch) < 0.1] = empty
        t = torch.randint(0, 1000, (batch,))
        noise, a = torch.randn_like(z), ALPHAS_CUMPROD[t][:, None, None, None]
        loss = F.mse_loss(model(a.sqrt() * z + (1 - a).sqrt() * noise, t, e).sample, noise)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        _average(ema, model, step, 0.998)
        running = loss.item() if step == 0 else 0.98 * running + 0.02 * loss.item()
        if step % 100 == 0:
            print(f"  teacher {step}/{steps} loss {running:.4f} {time.time() - start:.0f} s", flush=True)
    return ema.eval().requires_grad_(False)


@torch.no_grad()
def trajectories(model, embeddings, empty, guidance: float = 2.0, seed: int = 4, batch: int = 250):
    """DPM-Solver++(2M) over GRID with guidance: states (N, len(GRID), C, h, w) and ends (N, C, h, w)."""
    g = torch.Generator().manual_seed(seed)
    states, ends, start = [], [], time.time()
    for i in range(0, len(embeddings), batch):
        e = embeddings[i:i + batch]
        x = torch.randn(len(e), 6, 8, 8, generator=g)
        row, previous = [], None
        for k, t in enumerate(GRID):
            row.append(x)
            c, u = model(torch.cat([x, x]), t, torch.cat([e, empty.expand(len(e), -1, -1)])).sample.chunk(2)
            eps = u + guidance * (c - u)
            a, s = ALPHAS_CUMPROD[t].sqrt(), (1 - ALPHAS_CUMPROD[t]).sqrt()
            x0, lam = (x - s * eps) / a, torch.log(a / s)
            if k == len(GRID) - 1:
                x = x0
                break
            a2, s2 = ALPHAS_CUMPROD[GRID[k + 1]].sqrt(), (1 - ALPHAS_CUMPROD[GRID[k + 1]]).sqrt()
            h = torch.log(a2 / s2) - lam
            d = x0 if previous is None else x0 + (x0 - previous[0]) / (2 * (lam - previous[1]) / h)
            x, previous = s2 / s * x - a2 * torch.expm1(-h) * d, (x0, lam)
        states.append(torch.stack(row, 1))
        ends.append(x)
        if i % 1000 == 0:
            print(f"  trajectories {i}/{len(embeddings)} {time.time() - start:.0f} s", flush=True)
    return torch.cat(states), torch.cat(ends)


def distil(teacher, states, ends, embeddings, steps: int, seed: int = 5, batch: int = 64):
    """The student regresses the end of a trajectory from any of its points (pseudo-Huber)."""
    torch.manual_seed(seed)
    model = copy.deepcopy(teacher).train().requires_grad_(True)
    ema = copy.deepcopy(model)
    optimizer = torch.optim.AdamW(model.parameters(), 6e-4, weight_decay=0, betas=(0.9, 0.99), fused=True)
    grid, c, start = torch.tensor(GRID), 0.03 * math.sqrt(6 * 64), time.time()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = 6e-4 * min(1, step / 50) * (1 - max(0, (step / steps - 0.2) / 0.8)) + 5e-6
        i = torch.randint(0, len(ends), (batch,))
        k = torch.multinomial(GRID_WEIGHTS, batch, replacement=True)
        x, t = states[i, k], grid[k]
        a = ALPHAS_CUMPROD[t][:, None, None, None]
        x0 = (x - (1 - a).sqrt() * model(x, t, embeddings[i]).sample) / a.sqrt()
        squared = ((x0 - ends[i]) ** 2).flatten(1).sum(1)
        loss = ((squared + c * c).sqrt() - c).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        _average(ema, model, step, 0.995)
        if step % 100 == 0:
            print(f"  student {step}/{steps} loss {loss.item():.3f} {time.time() - start:.0f} s", flush=True)
    return ema.eval().requires_grad_(False)
