"""Writes test/golden/pipelines/shapes-flow.json: what diffusers' FluxPipeline makes of models/shapes-flow, its networks in ONNX
Runtime and all else diffusers' own. Format: test/golden/pipelines/README.md.

    pip install -r tools/requirements.txt
    python tools/golden/shapes_flow.py

Never needed to run or test the package.
"""
import copy
import json
import sys
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from export.onnx_pipeline import open_pipeline  # noqa: E402
from fixtures.sampled import Run, array, sample  # noqa: E402
from shapes_flow.networks import CHANNELS, SIDE  # noqa: E402
from shapes_flow.tokenizer import LENGTH  # noqa: E402

PROMPTS = [
    "a small red circle at the top on a blue background",
    "a photo of a large cyan ring placed at the bottom left of the picture, in front of a black background, lit from the right.",
    "",
    "caf\u00e9 \u6771\u4eac  two   blanks, and more words than the tokenizer has pieces for",
]
FACTOR, PIXELS = 4, 32
OPTIONS = {"guidance_scale": 0.0, "max_sequence_length": LENGTH}
RUNS = [Run(f"flow-{n}", n, prompt, None, OPTIONS, (PIXELS, PIXELS)) for n, prompt in ((2, 0), (3, 1), (4, 1))]


def prompt_row(pipeline, text: str) -> dict:
    states, pooled, _ = pipeline.encode_prompt(text, None, device="cpu", max_sequence_length=LENGTH)
    ids = lambda tokenizer, length: tokenizer(text, padding="max_length", max_length=length, truncation=True).input_ids  # noqa: E731
    return {"text": text, "tokens": {"tokenizer": ids(pipeline.tokenizer, pipeline.tokenizer.model_max_length), "tokenizer_2": ids(pipeline.tokenizer_2, LENGTH)},
            "embeddings": {"encoder_hidden_states": array(states[0]), "pooled_projections": array(pooled[0])}}


def golden_run(pipeline, run: Run) -> dict:
    def call(pipe, initial, on_step):
        def after(_pipe, _i, _t, given):
            on_step(pipe._unpack_latents(given["latents"], PIXELS, PIXELS, FACTOR)[0].clone())
            return given
        packed = pipe._pack_latents(initial, 1, CHANNELS, SIDE, SIDE)
        return pipe(prompt=PROMPTS[run.prompt], latents=packed, num_inference_steps=run.steps, height=PIXELS, width=PIXELS, **run.options,
                    callback_on_step_end=after).images[0]

    return sample(pipeline, run, PROMPTS[run.prompt], (CHANNELS, SIDE, SIDE), call)


def main() -> None:
    pipeline = open_pipeline(ROOT / "models" / "shapes-flow")
    scheduler, rows = pipeline.scheduler, []
    for run in RUNS:
        pipeline.scheduler = copy.deepcopy(scheduler)
        rows.append(golden_run(pipeline, run))
    head = {"model": "shapes-flow", "pipeline": type(pipeline).__name__, "versions": {p: version(p) for p in ("onnxruntime", "diffusers", "transformers", "tokenizers")}}
    lines = lambda items: ",\n".join("  " + json.dumps(item) for item in items)  # noqa: E731
    (ROOT / "test" / "golden" / "pipelines" / "shapes-flow.json").write_text(
        f'{{{json.dumps(head)[1:-1]},\n "prompts": [\n{lines([prompt_row(pipeline, text) for text in PROMPTS])}\n ],\n "runs": [\n{lines(rows)}\n ]}}\n')


if __name__ == "__main__":
    main()
