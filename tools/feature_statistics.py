"""Reference features of real images, for the Frechet distance (FD) of `qsched evaluate`.

    pip install numpy onnxruntime pillow
    python tools/feature_statistics.py IMAGES --scorer models/second --output models/MODEL/reference/second.json

IMAGES is one or more folders, searched with their subfolders. The scorer is a folder that qsched scores with: a CLIP (unit
image embeddings, with the preprocessing of transformers), `cmmd` (the largest centred square), or `inception` (clean-fid's
resize to 299 x 299). Writes mean and covariance (divisor n - 1) in float64. Use more than 2,000 images, and many more than
the dimension of the features.
"""
import argparse
import base64
import json
from pathlib import Path

import numpy as np
import onnxruntime as ort
from PIL import Image

ENDINGS = {".png", ".jpg", ".jpeg", ".webp", ".bmp"}
BATCH = 32


def read(path: Path) -> dict:
    return json.loads(path.read_text()) if path.exists() else {}


def size_of(config: dict) -> int:
    for key in ("crop_size", "size"):
        value = config.get(key)
        if isinstance(value, int):
            return value
        if value:
            return value.get("shortest_edge") or value["height"]
    raise SystemExit("preprocessor_config.json contains no size")


def clip_input(picture: Image.Image, config: dict, square_first: bool) -> np.ndarray:
    size = size_of(config)
    width, height = picture.size
    if square_first:
        side = min(width, height)
        left, top = (width - side) // 2, (height - side) // 2
        picture = picture.crop((left, top, left + side, top + side)).resize((size, size), Image.BICUBIC)
    else:
        short = min(width, height)
        width, height = (size, int(size * height / width)) if width == short else (int(size * width / height), size)
        picture = picture.resize((width, height), Image.BICUBIC)
        left, top = (width - size) // 2, (height - size) // 2
        picture = picture.crop((left, top, left + size, top + size))
    pixels = np.asarray(picture, dtype=np.float64) / 255
    return ((pixels - config["image_mean"]) / config["image_std"]).transpose(2, 0, 1).astype(np.float32)


def inception_input(picture: Image.Image) -> np.ndarray:
    pixels = np.asarray(picture, dtype=np.float32)
    planes = [np.asarray(Image.fromarray(pixels[:, :, c], mode="F").resize((299, 299), Image.BICUBIC)) for c in range(3)]
    return ((np.clip(np.stack(planes), 0, 255) - 128) / 128).astype(np.float32)


class Features:
    """The features of a scorer folder."""

    def __init__(self, folder: Path):
        self.kind = read(folder / "scorer.json").get("kind", "clip")
        self.config = read(folder / "preprocessor_config.json")
        self.network = folder / ("model.onnx" if self.kind == "inception" else "vision_model.onnx")
        if not self.network.exists():
            raise SystemExit(f"{self.network} does not exist: {folder} is not a scorer with features")
        options = ort.SessionOptions()
        options.log_severity_level = 3
        self.session = ort.InferenceSession(str(self.network), options, providers=["CPUExecutionProvider"])
        self.output = "features" if self.kind == "inception" else "image_embeds"

    def of(self, pictures: list) -> np.ndarray:
        prepare = inception_input if self.kind == "inception" else lambda p: clip_input(p, self.config, self.kind == "cmmd")
        rows = self.session.run([self.output], {"pixel_values": np.stack([prepare(p) for p in pictures])})[0].astype(np.float64)
        return rows if self.kind == "inception" else rows / np.linalg.norm(rows, axis=1, keepdims=True)


def packed(values: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(values, dtype="<f8").tobytes()).decode()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path, nargs="+", metavar="IMAGES", help="folders with images")
    parser.add_argument("--scorer", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--source", help="a description of the images, for readers")
    args = parser.parse_args()
    paths = sorted({path for folder in args.pictures for path in folder.rglob("*") if path.suffix.lower() in ENDINGS})
    if len(paths) < 2:
        raise SystemExit(f"{len(paths)} images found: at least 2 are needed")
    network = Features(args.scorer)
    rows = []
    for start in range(0, len(paths), BATCH):
        rows.append(network.of([Image.open(path).convert("RGB") for path in paths[start:start + BATCH]]))
        print(f"\r{min(start + BATCH, len(paths))} of {len(paths)} images", end="", flush=True)
    features = np.concatenate(rows)
    if not np.isfinite(features).all():
        raise SystemExit("\nfeatures are not finite: the network or an image is broken")
    upper = np.cov(features.T).reshape(features.shape[1], -1)[np.triu_indices(features.shape[1])]
    content = {
        "features": args.scorer.resolve().name, "dimension": features.shape[1], "images": len(features),
        "source": args.source or f"{len(features)} images",
        "mean": packed(features.mean(0)), "covariance": packed(upper),
    }
    args.output.parent.mkdir(parents=True, exist_ok=True)
    args.output.write_text(json.dumps(content, indent=2) + "\n")
    print(f"\n{args.output}: {len(features)} images, {features.shape[1]} features")


if __name__ == "__main__":
    main()
