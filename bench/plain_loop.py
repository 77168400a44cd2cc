"""The same grid as a plain Python loop on onnxruntime over the same files.

Text is encoded once a prompt; every candidate runs all its steps; batches of 5 or 20, the faster counts.
"""
import argparse
import json
import time
from pathlib import Path

import numpy as np
import onnxruntime as ort
from PIL import Image
from tokenizers import Tokenizer

parser = argparse.ArgumentParser()
parser.add_argument("--models", type=Path, required=True)
parser.add_argument("--prompts", type=Path, required=True)
parser.add_argument("--steps", type=int, required=True)
parser.add_argument("--points", type=int, default=11)
parser.add_argument("--count", type=int, default=20)
parser.add_argument("--seeds", type=int, default=2)
parser.add_argument("--threads", type=int, default=2)
args = parser.parse_args()

MODEL, SCORER = args.models / "shapes", args.models / "shapes-clip"


def session(path):
    options = ort.SessionOptions()
    options.intra_op_num_threads = args.threads
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def tokenise(folder, texts):
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    config = json.loads((folder / "tokenizer_config.json").read_text())
    length, eos = config["model_max_length"], tokenizer.token_to_id("<|endoftext|>")
    rows = [e.ids[:length] for e in tokenizer.encode_batch(texts)]
    return np.array([r + [eos] * (length - len(r)) for r in rows], np.int64)


def unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


encoder, unet, vae = (session(MODEL / p) for p in ("text_encoder/model.onnx", "unet/model_w4a8.onnx", "vae_decoder/model.onnx"))
text_tower, image_tower = session(SCORER / "text_model.onnx"), session(SCORER / "vision_model.onnx")
config = json.loads((SCORER / "preprocessor_config.json").read_text())
mean, std = (np.array(config[k], np.float32).reshape(3, 1, 1) for k in ("image_mean", "image_std"))
size = 32

texts = [p["text"] for p in json.loads(args.prompts.read_text())["prompts"]][:args.count]
hidden = encoder.run(["last_hidden_state"], {"input_ids": tokenise(MODEL / "tokenizer", texts)})[0]
embeds = unit(text_tower.run(["text_embeds"], {"input_ids": tokenise(SCORER, texts)})[0])
antonyms = unit(text_tower.run(["text_embeds"], {"input_ids": tokenise(SCORER, ["Good photo.", "Bad photo."])})[0])
owner = np.repeat(np.arange(args.count), args.seeds)
latents = np.random.default_rng(0).standard_normal((len(owner), 6, 8, 8)).astype(np.float32)

betas = np.linspace(0.00085 ** 0.5, 0.012 ** 0.5, 1000, dtype=np.float32) ** 2
abar = np.cumprod(1 - betas, dtype=np.float32)
grid = (np.arange(1, 51) * 20 - 1)[::-1]
timesteps = grid[np.floor(np.linspace(0, 50, args.steps, endpoint=False)).astype(int)]


def score(cx, ce, batch):
    total = 0.0
    for start in range(0, len(owner), batch):
        rows = slice(start, start + batch)
        x, h, o = latents[rows], hidden[owner[rows]], owner[rows]
        for i, t in enumerate(timesteps):
            m = unet.run(["out_sample"], {"sample": x, "timestep": np.array([t]), "encoder_hidden_states": h})[0]
            previous = abar[timesteps[i + 1]] if i + 1 < args.steps else abar[0]
            x, m = cx[i] * x, ce[i] * m
            x0 = (x - np.sqrt(1 - abar[t]) * m) / np.sqrt(abar[t])
            x = x0 if i + 1 == args.steps else np.sqrt(previous) * x0 + np.sqrt(1 - previous) * m
            x = x.astype(np.float32)
        images = vae.run(["sample"], {"latent_sample": x})[0]
        images = ((images / 2 + 0.5).clip(0, 1) * 255).round().astype(np.uint8).transpose(0, 2, 3, 1)
        pixels = []
        for p in images:
            image = Image.fromarray(p)
            if image.size != (size, size):
                image = image.resize((size, size), Image.BICUBIC)
            pixels.append((np.asarray(image, np.float32).transpose(2, 0, 1) / 255 - mean) / std)
        image = unit(image_tower.run(["image_embeds"], {"pixel_values": np.stack(pixels).astype(np.float32)})[0])
        text = 2.5 * np.maximum((image * embeds[o]).sum(1), 0)
        logits = 100 * image @ antonyms.T
        quality = 1 / (1 + np.exp(logits[:, 1] - logits[:, 0]))
        total += float((text + 2 * quality).sum())
    return total / len(owner)


best = {}
for batch in (5, 20):
    score(np.ones(args.steps), np.ones(args.steps), batch)
    start = time.perf_counter()
    for a in np.linspace(0.8, 1.2, args.points):
        for b in np.linspace(0.8, 1.2, args.points):
            score(np.linspace(a, 1, args.steps), np.linspace(b, 1, args.steps), batch)
    best[batch] = time.perf_counter() - start
print(json.dumps({"seconds": min(best.values()), "batch5": best[5], "batch20": best[20]}))
