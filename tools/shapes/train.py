"""All training stages in order; each is kept in a work folder, so that an interrupted run continues."""
import time
from pathlib import Path

import torch
from tokenizers import Tokenizer

from . import train_clip, train_diffusion
from .networks import Autoencoder, Clip, ObjectiveImageTower, SecondImageTower, unet
from .scenes import caption, from_uint8, render, scene_from_index, split_indices, to_uint8
from .tokenizer import encode, train_tokenizer

STEPS = {"conditioning": 1800, "autoencoder": 1600, "teacher": 5200, "student": 2600, "scorer": 2200, "second": 1800}
TRAJECTORIES = 7500


def pictures(split: str, count: int, seed: int):
    g = torch.Generator().manual_seed(seed)
    pool = split_indices()[split]
    scenes = scene_from_index(pool[torch.randint(0, len(pool), (count,), generator=g)])
    return scenes, torch.cat([to_uint8(render(scenes[i:i + 500], g)) for i in range(0, count, 500)])


@torch.no_grad()
def hidden_states(clip: Clip, tokenizer, texts: list[str]) -> torch.Tensor:
    """texts -> encoder_hidden_states (N, LENGTH, 96)."""
    return torch.cat([clip.text(encode(tokenizer, texts[i:i + 500])).last_hidden_state for i in range(0, len(texts), 500)])


def train_all(work: Path, quick: bool = False) -> None:
    """Trains what is missing in `work`. `quick` runs every stage for only a few steps, as a smoke test."""
    torch.set_num_threads(2)
    work.mkdir(parents=True, exist_ok=True)
    steps = {k: 20 if quick else v for k, v in STEPS.items()}

    def stage(name, make):
        path = work / f"{name}.pt"
        if not path.exists():
            start = time.time()
            torch.save(make(), path)
            print(f"{name}: {time.time() - start:.0f} s", flush=True)
        return torch.load(path, weights_only=False)

    tokenizer_path = work / "tokenizer.json"
    if not tokenizer_path.exists():
        train_tokenizer(tokenizer_path)
    tokenizer = Tokenizer.from_file(str(tokenizer_path))
    vocab = tokenizer.get_vocab_size()
    scenes, train = stage("pictures", lambda: pictures("train", 1000 if quick else 24000, 1))
    g = torch.Generator().manual_seed(9)
    styles = torch.randint(0, 3, (len(scenes),), generator=g).tolist()
    texts = [caption(s, ("short", "lit", "long")[k]) for s, k in zip(scenes.tolist(), styles)]

    conditioning = Clip(vocab, SecondImageTower())
    conditioning.load_state_dict(stage("conditioning", lambda: train_clip.train_conditioning(
        tokenizer, scenes, train, steps["conditioning"]).state_dict()))
    conditioning.eval().requires_grad_(False)
    autoencoder = Autoencoder()
    autoencoder.load_state_dict(stage("autoencoder", lambda: train_diffusion.train_autoencoder(train, steps["autoencoder"]).state_dict()))
    autoencoder.eval().requires_grad_(False)
    latents = torch.cat([autoencoder.encode(from_uint8(train[i:i + 500])) for i in range(0, len(train), 500)])
    test_scenes, test = pictures("eval", 2000, 7)
    test_latents = torch.cat([autoencoder.encode(from_uint8(test[i:i + 500])) for i in range(0, len(test), 500)])
    error = torch.cat([(autoencoder.decode(test_latents[i:i + 500]) - from_uint8(test[i:i + 500])) ** 2
                       for i in range(0, len(test), 500)]).mean()
    print(f"autoencoder test psnr {10 * torch.log10(4 / error).item():.2f} dB", flush=True)
    print("conditioning", train_clip.report(conditioning, tokenizer, test_scenes, test, test_latents, autoencoder), flush=True)

    embeddings = hidden_states(conditioning, tokenizer, texts)
    empty = hidden_states(conditioning, tokenizer, [""])[0]
    teacher = unet()
    teacher.load_state_dict(stage("teacher", lambda: train_diffusion.train_teacher(latents, embeddings, empty, steps["teacher"]).state_dict()))
    teacher.eval().requires_grad_(False)
    count = 250 if quick else TRAJECTORIES
    states, ends = stage("trajectories", lambda: train_diffusion.trajectories(teacher, embeddings[:count], empty))
    stage("student", lambda: train_diffusion.distil(teacher, states, ends, embeddings[:count], steps["student"]).state_dict())
    for kind, key, seed in (("objective", "scorer", 11), ("second", "second", 12)):
        scorer = Clip(vocab, ObjectiveImageTower() if kind == "objective" else SecondImageTower(), 2 if kind == "objective" else 1)
        scorer.load_state_dict(stage(key, lambda: train_clip.train_scorer(
            kind, tokenizer, scenes, train, latents, autoencoder, steps[key], seed).state_dict()))
        print(kind, train_clip.report(scorer.eval(), tokenizer, test_scenes, test, test_latents, autoencoder), flush=True)
