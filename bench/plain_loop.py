"""The same grid as a plain Python loop on onnxruntime over the same files.

Text is encoded once per prompt; every candidate runs all its steps. Two ways to use the cores are timed: one process with
one thread per core, and one process per core with one thread each, which share the prompts and seeds. Batches of 5 and 20
are tried in both; the last line on stdout gives the seconds of the faster batch of each way.
"""
import argparse
import json
import multiprocessing
import time
from pathlib import Path

import numpy as np
import onnxruntime as ort
from PIL import Image
from tokenizers import Tokenizer

SIZE = 32
BATCHES = (5, 20)


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--prompts", type=Path, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--points", type=int, default=11)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--cores", type=int, default=2)
    return parser.parse_args()


def session(path, threads):
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def tokenise(folder, texts):
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    config = json.loads((folder / "tokenizer_config.json").read_text())
    length, eos = config["model_max_length"], tokenizer.token_to_id("<|endoftext|>")
    rows = [e.ids[:length] for e in tokenizer.encode_batch(texts)]
    return np.array([r + [eos] * (length - len(r)) for r in rows], np.int64)


def unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


class Grid:
    """The pairs of prompt and seed `part`, `part + parts`, ..., with networks of their own."""

    def __init__(self, args, part, parts, threads):
        model, scorer = args.models / "shapes", args.models / "shapes-clip"
        self.steps, self.points = args.steps, np.linspace(0.8, 1.2, args.points)
        self.unet, self.vae = session(model / "unet/model_w4a8.onnx", threads), session(model / "vae_decoder/model.onnx", threads)
        encoder, text_tower = session(model / "text_encoder/model.onnx", threads), session(scorer / "text_model.onnx", threads)
        self.image_tower = session(scorer / "vision_model.onnx", threads)
        config = json.loads((scorer / "preprocessor_config.json").read_text())
        self.mean, self.std = (np.array(config[k], np.float32).reshape(3, 1, 1) for k in ("image_mean", "image_std"))
        texts = [p["text"] for p in json.loads(args.prompts.read_text())["prompts"]][:args.count]
        self.hidden = encoder.run(["last_hidden_state"], {"input_ids": tokenise(model / "tokenizer", texts)})[0]
        self.embeds = unit(text_tower.run(["text_embeds"], {"input_ids": tokenise(scorer, texts)})[0])
        self.antonyms = unit(text_tower.run(["text_embeds"], {"input_ids": tokenise(scorer, ["Good photo.", "Bad photo."])})[0])
        mine = slice(part, None, parts)
        self.owner = np.repeat(np.arange(args.count), args.seeds)[mine]
        self.latents = np.random.default_rng(0).standard_normal((args.count * args.seeds, 6, 8, 8)).astype(np.float32)[mine]
        betas = np.linspace(0.00085 ** 0.5, 0.012 ** 0.5, 1000, dtype=np.float32) ** 2
        self.abar = np.cumprod(1 - betas, dtype=np.float32)
        grid = (np.arange(1, 51) * 20 - 1)[::-1]
        self.timesteps = grid[np.floor(np.linspace(0, 50, args.steps, endpoint=False)).astype(int)]

    def score(self, cx, ce, batch):
        """Sum of the objective over the pairs."""
        total, abar = 0.0, self.abar
        for start in range(0, len(self.owner), batch):
            rows = slice(start, start + batch)
            x, o = self.latents[rows], self.owner[rows]
            h = self.hidden[o]
            for i, t in enumerate(self.timesteps):
                m = self.unet.run(["out_sample"], {"sample": x, "timestep": np.array([t]), "encoder_hidden_states": h})[0]
                last = i + 1 == self.steps
                previous = abar[0] if last else abar[self.timesteps[i + 1]]
                x, m = cx[i] * x, ce[i] * m
                x0 = (x - np.sqrt(1 - abar[t]) * m) / np.sqrt(abar[t])
                x = x0 if last else np.sqrt(previous) * x0 + np.sqrt(1 - previous) * m
                x = x.astype(np.float32)
            images = self.vae.run(["sample"], {"latent_sample": x})[0]
            images = ((images / 2 + 0.5).clip(0, 1) * 255).round().astype(np.uint8).transpose(0, 2, 3, 1)
            pixels = []
            for p in images:
                image = Image.fromarray(p)
                if image.size != (SIZE, SIZE):
                    image = image.resize((SIZE, SIZE), Image.BICUBIC)
                pixels.append((np.asarray(image, np.float32).transpose(2, 0, 1) / 255 - self.mean) / self.std)
            image = unit(self.image_tower.run(["image_embeds"], {"pixel_values": np.stack(pixels).astype(np.float32)})[0])
            text = 2.5 * np.maximum((image * self.embeds[o]).sum(1), 0)
            logits = 100 * image @ self.antonyms.T
            quality = 1 / (1 + np.exp(logits[:, 1] - logits[:, 0]))
            total += float((text + 2 * quality).sum())
        return total

    def run(self, batch):
        """All candidates; sums in the order of the grid."""
        return [self.score(np.linspace(a, 1, self.steps), np.linspace(b, 1, self.steps), batch) for a in self.points for b in self.points]


def serve(args, part, parts, threads, pipe):
    """A process of the peer: for each batch size a warm-up, then the grid at a signal."""
    grid = Grid(args, part, parts, threads)
    for batch in BATCHES:
        grid.score(np.ones(args.steps), np.ones(args.steps), batch)
        pipe.send("ready")
        pipe.recv()
        pipe.send(grid.run(batch))


def measure(args, processes, threads):
    """Batch -> seconds, from the signal until the last process has answered, and the mean scores of all candidates."""
    context = multiprocessing.get_context("spawn")
    pipes, children = [], []
    for part in range(processes):
        ours, theirs = context.Pipe()
        child = context.Process(target=serve, args=(args, part, processes, threads, theirs))
        child.start()
        pipes.append(ours)
        children.append(child)
    seconds = {}
    for batch in BATCHES:
        for pipe in pipes:
            pipe.recv()
        start = time.perf_counter()
        for pipe in pipes:
            pipe.send("go")
        scores = np.sum([pipe.recv() for pipe in pipes], 0) / (args.count * args.seeds)
        seconds[batch] = time.perf_counter() - start
    for child in children:
        child.join()
    return seconds, scores


def main():
    args = arguments()
    threads, scores = measure(args, 1, args.cores)
    processes, others = measure(args, args.cores, 1)
    assert np.allclose(scores, others, atol=0.02), "both ways must compute the same grid"
    print(json.dumps({
        "threads": min(threads.values()), "processes": min(processes.values()),
        **{f"threads{b}": s for b, s in threads.items()}, **{f"processes{b}": s for b, s in processes.items()},
        "best": float(scores.max()),
    }))


if __name__ == "__main__":
    main()
