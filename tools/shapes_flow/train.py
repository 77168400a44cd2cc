"""All stages of shapes-flow in order; each is kept in a work folder, so that an interrupted run continues."""
import json
import time
from pathlib import Path

import torch
from tokenizers import Tokenizer

from shapes.scenes import caption, from_uint8
from shapes.tokenizer import encode
from shapes.train import pictures

from .bundled import clip_text_model, train_encoder
from .networks import pack
from .tokenizer import encode_t5, write_t5_tokenizer
from .train_flow import Teacher, couple, distil, train_teacher

STEPS = {"encoder": 600, "teacher": 2000, "student": 800}
PAIRS = 4000
GUIDANCE = 2.0
STYLES = ("short", "lit", "long")


@torch.no_grad()
def text_inputs(clip, clip_tokenizer, t5_tokenizer, texts: list[str]) -> dict[str, torch.Tensor]:
    """texts -> T5's `ids` (N, L) and CLIP's `pooled` (N, P)."""
    rows = [clip(input_ids=encode(clip_tokenizer, texts[i:i + 500])).pooler_output for i in range(0, len(texts), 500)]
    return {"ids": encode_t5(t5_tokenizer, texts), "pooled": torch.cat(rows)}


def caption_inputs(clip, clip_tokenizer, t5_tokenizer, scenes) -> dict[str, torch.Tensor]:
    """Captions of every scene in all styles: `ids` (N, 3, L), `pooled` (N, 3, P)."""
    texts = [caption(s, style) for s in scenes.tolist() for style in STYLES]
    return {k: v.view(len(scenes), len(STYLES), -1) for k, v in text_inputs(clip, clip_tokenizer, t5_tokenizer, texts).items()}


def train_flow_family(work: Path, shapes: Path, quick: bool = False) -> None:
    """Trains what is missing in `work`; `shapes` is the exported family that lends its tower and decoder (models/shapes)."""
    work.mkdir(parents=True, exist_ok=True)
    steps = {k: 20 if quick else v for k, v in STEPS.items()}

    def stage(name, make):
        path = work / f"{name}.pt"
        if not path.exists():
            start = time.time()
            torch.save(make(), path)
            print(f"{name}: {time.time() - start:.0f} s, {time.process_time():.0f} s of processor time so far", flush=True)
        return torch.load(path, weights_only=False)

    keep = lambda name: lambda state: torch.save(state, work / f"{name}.partial.pt")
    path = work / "tokenizer_2.json"
    t5_tokenizer = Tokenizer.from_file(str(path)) if path.exists() else write_t5_tokenizer(path)
    clip_tokenizer = Tokenizer.from_file(str(shapes / "tokenizer" / "tokenizer.json"))
    clip = clip_text_model(shapes, json.loads((shapes / "text_encoder" / "config.json").read_text()))
    scenes, train = stage("pictures", lambda: pictures("train", 1000 if quick else 24000, 1))
    autoencoder = stage("encoder", lambda: train_encoder(shapes, train, steps["encoder"]))
    with torch.no_grad():
        tokens = torch.cat([pack(autoencoder.encode(from_uint8(train[i:i + 500]))) for i in range(0, len(train), 500)])
        decoded = autoencoder.decode(autoencoder.encode(from_uint8(train[:500])))
        psnr = 10 * torch.log10(4 / ((decoded - from_uint8(train[:500])) ** 2).mean())
    print(f"latents: mean {tokens.mean():.3f}, standard deviation {tokens.std():.3f}; autoencoder psnr {psnr:.2f} dB", flush=True)
    captions = stage("captions", lambda: caption_inputs(clip, clip_tokenizer, t5_tokenizer, scenes))
    empty = text_inputs(clip, clip_tokenizer, t5_tokenizer, [""])
    teacher = Teacher(t5_tokenizer.get_vocab_size())
    teacher.load_state_dict(stage("teacher", lambda: train_teacher(
        t5_tokenizer.get_vocab_size(), tokens, captions, empty, steps["teacher"], keep("teacher")).state_dict()))
    teacher.eval().requires_grad_(False)
    count = 200 if quick else PAIRS
    style = torch.randint(0, len(STYLES), (count,), generator=torch.Generator().manual_seed(9))
    ids, pooled = captions["ids"][torch.arange(count), style], captions["pooled"][torch.arange(count), style]
    noises, ends = stage("pairs", lambda: couple(teacher, ids, pooled, empty, GUIDANCE))
    stage("student", lambda: distil(teacher, noises, ends, ids, pooled, steps["student"], keep("student")).state_dict())
