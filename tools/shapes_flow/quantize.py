"""Writes transformer/model_w8a8.onnx, model_w4a8.onnx and model_w4a6.onnx with the QDQ pass of tools/quantise. The products
of queries with keys and of attention with values stay in floating point."""
from pathlib import Path

import numpy as np
import onnx
from tokenizers import Tokenizer

from shapes.session import session
from shapes.quantize import calibration_captions, write_precisions
from shapes.tokenizer import encode

from .euler import sample
from .networks import TOKEN_WIDTH, TOKENS, image_ids
from .tokenizer import LENGTH, encode_t5

# First and last layers, the embedding of time and text, and all modulations keep 8 bits.
KEPT = r"^/transformer/(x_embedder|context_embedder|time_text_embed|proj_out)/|/linear/"
STEPS = (2, 3, 4)


def text_feeds(folder: Path, texts: list[str]) -> dict[str, np.ndarray]:
    """The transformer's inputs that depend on the text alone."""
    clip, t5 = (Tokenizer.from_file(str(folder / name / "tokenizer.json")) for name in ("tokenizer", "tokenizer_2"))
    run = session(folder / "text_encoder" / "model.onnx"), session(folder / "text_encoder_2" / "model.onnx")
    return {"pooled_projections": run[0].run(["pooler_output"], {"input_ids": encode(clip, texts).numpy()})[0],
            "encoder_hidden_states": run[1].run(["last_hidden_state"], {"input_ids": encode_t5(t5, texts).numpy()})[0]}


IDS = {"img_ids": image_ids().long().numpy(), "txt_ids": np.zeros((LENGTH, 3), np.int64)}


def quantise_flow(folder: Path) -> None:
    """Writes folder/transformer/model_<precision>.onnx for every precision."""
    feeds = text_feeds(folder, calibration_captions())
    count = len(feeds["pooled_projections"])

    def trajectories(call) -> None:
        network = lambda x, s: call({"hidden_states": x, "timestep": np.full(count, s, np.float32), **feeds, **IDS})
        for steps in STEPS:
            sample(network, count, (TOKENS, TOKEN_WIDTH), 77, steps)

    write_precisions(onnx.load(str(folder / "transformer" / "model.onnx")), folder / "transformer", "out_hidden_states", trajectories, KEPT)
