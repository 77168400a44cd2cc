"""Contrastive training of the conditioning CLIP and of both scorers."""
import copy
import time

import torch
import torch.nn.functional as F

from .degrade import degrade_latents, degrade_pixels
from .networks import Clip, ObjectiveImageTower, SecondImageTower
from .scenes import COMPLEXITY, caption, from_uint8
from .tokenizer import ANTONYMS, encode

IQA_SCALE = 100.0  # CLIP-IQA's fixed temperature: softmax(100 * [cos+, cos-])


def _captions(scenes, rng):
    """One caption per scene with some attributes dropped, and the mask of those that remain."""
    styles = ("short", "lit", "long")
    texts, masks = [], []
    for scene in scenes.tolist():
        style = styles[int(torch.randint(0, 3, (1,), generator=rng))]
        keep = [1] * 6
        if torch.rand(1, generator=rng) < 0.4:
            keep = (torch.rand(6, generator=rng) < torch.tensor([0.4, 0.7, 1.0, 0.5, 0.5, 0.5])).int().tolist()
            keep[2] = 1
        texts.append(caption(scene, style, keep))
        masks.append([*keep[:5], keep[5] if style != "short" else 0])
    return texts, torch.tensor(masks).bool()


def contrastive(te, ie, scale, scenes, masks):
    """Symmetric cross-entropy; every image that fits the caption's words counts as a match."""
    logits = te @ ie.T * scale
    match = ((scenes[:, None] == scenes[None]) | ~masks[:, None]).all(-1).float()
    rows = -(match / match.sum(1, keepdim=True) * logits.log_softmax(1)).sum(1).mean()
    columns = -(match / match.sum(0, keepdim=True) * logits.log_softmax(0)).sum(0).mean()
    return (rows + columns) / 2


def train_conditioning(tokenizer, scenes, pictures, steps: int, seed: int = 1) -> Clip:
    """CLIP trained on clean images only; its text tower conditions the UNet."""
    torch.manual_seed(seed)
    rng = torch.Generator().manual_seed(seed)
    model = Clip(tokenizer.get_vocab_size(), SecondImageTower())
    optimizer = torch.optim.AdamW(model.parameters(), 1.5e-3, weight_decay=0.01, betas=(0.9, 0.98))
    start = time.time()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = 1.5e-3 * min(1, step / 60) * (1 - step / steps) + 1e-5
        i = torch.randint(0, len(scenes), (160,), generator=rng)
        texts, masks = _captions(scenes[i], rng)
        loss = contrastive(model.embed_text(encode(tokenizer, texts)), model.embed_image(from_uint8(pictures[i])),
                           model.log_scale.exp().clamp(max=60), scenes[i], masks)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 100 == 0:
            print(f"  conditioning {step}/{steps} loss {loss.item():.3f} {time.time() - start:.0f} s", flush=True)
    return model.eval()


def train_scorer(kind: str, tokenizer, scenes, pictures, latents, autoencoder, steps: int, seed: int) -> Clip:
    """A CLIP that also tells good from bad, clean from noisy, and complex from simple images.

    Half of every batch are pixels (real or degraded), half are decoded latents (real or perturbed), because a scorer
    trained only on clean renders is fooled by broken latents.
    """
    torch.manual_seed(seed)
    rng = torch.Generator().manual_seed(seed)
    tower = ObjectiveImageTower() if kind == "objective" else SecondImageTower()
    model = Clip(tokenizer.get_vocab_size(), tower, layers=2 if kind == "objective" else 1)
    antonyms = encode(tokenizer, [t for pair in ANTONYMS for t in pair])
    optimizer = torch.optim.AdamW(model.parameters(), 1.5e-3, weight_decay=0.01, betas=(0.9, 0.98))
    start, batch = time.time(), 128
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = 1.5e-3 * min(1, step / 60) * (1 - step / steps) + 1e-5
        i = torch.randint(0, len(scenes), (batch,), generator=rng)
        half = batch // 2
        with torch.no_grad():
            x = from_uint8(pictures[i[:half]])
            bad, s1, n1 = degrade_pixels(x, rng)
            clean = torch.rand(half, generator=rng) < 0.4
            x = torch.where(clean[:, None, None, None], x, bad)
            s1, n1 = torch.where(clean, 0.0, s1), torch.where(clean, 0.0, n1)
            z, s2, n2 = degrade_latents(latents[i[half:]], rng)
            images = torch.cat([x, autoencoder.decode(z).clamp(-1, 1)])
        severity, noisy = torch.cat([s1, s2]), torch.cat([n1, n2])
        texts, masks = _captions(scenes[i], rng)
        text = model.embed_text(torch.cat([encode(tokenizer, texts), antonyms]))
        te, qe = text[:batch], text[batch:]
        ie = model.embed_image(images)
        match = contrastive(te, ie, model.log_scale.exp().clamp(max=60), scenes[i], masks)
        # A softer scale at the beginning, CLIP-IQA's scale later, so that the margins can be learned.
        scale = IQA_SCALE if step > steps // 5 else 20 + 80 * step / (steps / 5)
        logp = (ie @ qe.T * scale).view(batch, 3, 2).log_softmax(-1)
        target = torch.stack([0.97 - 0.95 * severity.sqrt(), 0.97 - 0.95 * noisy.sqrt(), COMPLEXITY[scenes[i][:, 2]]], 1)
        weight = torch.stack([torch.ones(batch), torch.ones(batch), (severity == 0).float() * 0.3], 1)
        quality = -(weight * (target * logp[..., 0] + (1 - target) * logp[..., 1])).mean()
        loss = match + 4 * quality
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 3.0)
        optimizer.step()
        if step % 100 == 0:
            print(f"  {kind} scorer {step}/{steps} match {match.item():.3f} quality {quality.item():.3f} "
                  f"{time.time() - start:.0f} s", flush=True)
    return model.eval()


@torch.no_grad()
def report(model: Clip, tokenizer, scenes, pictures, latents, autoencoder) -> dict:
    """Retrieval among 600 test images, and P(good) of clean, decoded and broken ones."""
    g = torch.Generator().manual_seed(5)
    x, z, s = from_uint8(pictures[:600]), latents[:600], scenes[:600]
    te = model.embed_text(encode(tokenizer, [caption(v, "lit") for v in s.tolist()]))
    ie = model.embed_image(x)
    best = (te @ ie.T).argmax(1)
    qe = model.embed_text(encode(tokenizer, list(ANTONYMS[0])))
    good = lambda im: (model.embed_image(im) @ qe.T * IQA_SCALE).softmax(-1)[:, 0]
    bad, _, _ = degrade_pixels(x, g)
    broken, severity, _ = degrade_latents(z, g)
    p = good(autoencoder.decode(broken).clamp(-1, 1))
    return {"retrieval": (s[best] == s).all(1).float().mean().item(),
            "retrievalWithoutLight": (s[best] == s)[:, :5].all(1).float().mean().item(),
            "cosine": (te * ie).sum(1).mean().item(), "goodReal": good(x).mean().item(),
            "goodDecoded": p[severity == 0].mean().item(), "goodDegraded": good(bad).mean().item(),
            "goodBrokenLatents": p[severity > 0.5].mean().item()}
