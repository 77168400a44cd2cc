"""Rectified flow (x = (1 - sigma) data + sigma noise, velocity noise - data) and its distillation to a few Euler steps."""
import copy
import math
import time

import torch
import torch.nn.functional as F

from shapes.train_diffusion import _average

from .networks import TOKEN_WIDTH, TOKENS, t5, transformer, velocity

# Euler's sigmas of FlowMatchEuler for 4, 3 and 2 steps with shift 1: sigma = 1, ..., 1/N, 0.
SCHEDULES = {n: [1 - i / n for i in range(n + 1)] for n in (4, 3, 2)}
SCHEDULE_ODDS = torch.tensor([0.5, 0.15, 0.35])


class Teacher(torch.nn.Module):
    """The transformer with the T5 encoder that is trained with it."""

    def __init__(self, vocab_size: int):
        super().__init__()
        self.text, self.flow = t5(vocab_size), transformer()

    def forward(self, x, sigma, ids, pooled):
        return velocity(self.flow, x, sigma, self.text(input_ids=ids).last_hidden_state, pooled)


def train_teacher(vocab_size: int, tokens, captions, empty, steps: int, keep, seed: int = 3, batch: int = 64):
    """tokens (N, TOKENS, TOKEN_WIDTH); captions: `ids` (N, S, L) and `pooled` (N, S, P) of S styles; empty: the same of "".
    Sigma is logistic-normal, 10 % of the captions are dropped; EMA. `keep(state)` stores a checkpoint every 500 steps."""
    torch.manual_seed(seed)
    model = Teacher(vocab_size)
    ema = copy.deepcopy(model)
    optimizer = torch.optim.AdamW(model.parameters(), 1.5e-3, weight_decay=1e-3, betas=(0.9, 0.99), fused=True)
    start, running = time.time(), 0.0
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = 1.5e-3 * min(1, step / 100) * (1 - max(0, (step / (1.3 * steps) - 0.3) / 0.7)) + 1e-5
        i, style = torch.randint(0, len(tokens), (batch,)), torch.randint(0, captions["ids"].shape[1], (batch,))
        x0, ids, pooled = tokens[i], captions["ids"][i, style], captions["pooled"][i, style]
        drop = torch.rand(batch) < 0.1
        ids, pooled = torch.where(drop[:, None], empty["ids"], ids), torch.where(drop[:, None], empty["pooled"], pooled)
        sigma = torch.sigmoid(torch.randn(batch))
        noise, s = torch.randn_like(x0), sigma[:, None, None]
        loss = F.mse_loss(model((1 - s) * x0 + s * noise, sigma, ids, pooled), noise - x0)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        _average(ema, model, step, 0.998)
        running = loss.item() if step == 0 else 0.98 * running + 0.02 * loss.item()
        if step % 100 == 0:
            print(f"  teacher {step}/{steps} loss {running:.4f} {time.time() - start:.0f} s", flush=True)
        if step % 500 == 499:
            keep(ema.state_dict())
    return ema.eval().requires_grad_(False)


@torch.no_grad()
def couple(teacher: Teacher, ids, pooled, empty, guidance: float, evaluations: int = 8, seed: int = 4, batch: int = 50):
    """Noise (N, TOKENS, TOKEN_WIDTH) and where the teacher's guided flow carries it: Adams-Bashforth of order 2 with sigmas
    that are denser at both ends, `evaluations` steps, as fast as Euler and much closer to the flow."""
    g = torch.Generator().manual_seed(seed)
    sigmas = (0.5 + 0.5 * torch.cos(torch.linspace(0, math.pi, evaluations + 1))).tolist()
    noises, ends, start = [], [], time.time()
    null = teacher.text(input_ids=empty["ids"]).last_hidden_state
    for i in range(0, len(ids), batch):
        hidden, pool = teacher.text(input_ids=ids[i:i + batch]).last_hidden_state, pooled[i:i + batch]
        n = len(pool)
        both = torch.cat([hidden, null.expand(n, -1, -1)]), torch.cat([pool, empty["pooled"].expand(n, -1)])
        x = torch.randn(n, TOKENS, TOKEN_WIDTH, generator=g)
        noises.append(x)
        previous = None
        for k in range(evaluations):
            c, u = velocity(teacher.flow, torch.cat([x, x]), torch.full((2 * n,), sigmas[k]), *both).chunk(2)
            v = u + guidance * (c - u)
            h = sigmas[k + 1] - sigmas[k]
            x = x + h * (v if previous is None else v + h / (2 * previous[1]) * (v - previous[0]))
            previous = v, h
        ends.append(x)
        if i % 200 == 0:
            print(f"  pairs {i}/{len(ids)} {time.time() - start:.0f} s", flush=True)
    return torch.cat(noises), torch.cat(ends)


def distil(teacher: Teacher, noises, ends, ids, pooled, steps: int, keep, seed: int = 5, batch: int = 24):
    """The student takes 4, 3 or 2 Euler steps from the noise; at each of them the data that its velocity points to is regressed
    on the teacher's end of this noise (pseudo-Huber), so that it is trained at the states that it meets, and corrects its errors."""
    torch.manual_seed(seed)
    model = copy.deepcopy(teacher.flow).train().requires_grad_(True)
    ema = copy.deepcopy(model)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3, weight_decay=0, betas=(0.9, 0.99), fused=True)
    c, start, running = 0.03 * math.sqrt(TOKENS * TOKEN_WIDTH), time.time(), None
    with torch.no_grad():
        hidden = torch.cat([teacher.text(input_ids=ids[k:k + 500]).last_hidden_state for k in range(0, len(ids), 500)])
    counts = list(SCHEDULES)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = 1e-3 * min(1, step / 30) * (1 - max(0, (step / steps - 0.2) / 0.8)) + 5e-6
        sigmas = SCHEDULES[counts[int(torch.multinomial(SCHEDULE_ODDS, 1))]]
        i = torch.randint(0, len(ends), (batch * 4 // (len(sigmas) - 1),))
        x, losses = noises[i], []
        optimizer.zero_grad()
        for now, following in zip(sigmas, sigmas[1:]):
            v = velocity(model, x, torch.full((len(i),), now), hidden[i], pooled[i])
            squared = ((x - now * v - ends[i]) ** 2).flatten(1).sum(1)
            loss = ((squared + c * c).sqrt() - c).mean()
            (loss / (len(sigmas) - 1)).backward()
            losses.append(loss.item())
            x = x + (following - now) * v.detach()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        _average(ema, model, step, 0.995)
        if len(losses) == 4:
            running = losses if running is None else [0.95 * a + 0.05 * b for a, b in zip(running, losses)]
        if step % 50 == 0:
            print(f"  student {step}/{steps} loss at 4 steps {[round(v, 3) for v in running or losses]} {time.time() - start:.0f} s", flush=True)
        if step % 50 == 49:
            keep(ema.state_dict())
    return ema.eval().requires_grad_(False)
