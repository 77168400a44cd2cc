"""Writes examples/terrain-scorer/reference.json: the roughness of the full-precision network's maps (tools/convert_terrain.py).

    python tools/terrain_reference.py models/terrain examples/terrain-scorer/reference.json
"""
import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from convert_terrain import DATA, LOWEST, SIGMA, SIZE  # noqa: E402
from export.onnx_file import session  # noqa: E402

LAGS, COUNT = [1, 2, 4, 8, 16, 32], 24


def main() -> None:
    model, out = Path(sys.argv[1]), Path(sys.argv[2])
    run, g = session(model / "unet" / "model.onnx"), np.random.default_rng(20260101)
    root, rows = np.sqrt(SIGMA ** 2 + DATA ** 2), []
    skip, scale = DATA ** 2 / ((SIGMA - LOWEST) ** 2 + DATA ** 2), (SIGMA - LOWEST) * DATA / root
    for _ in range(COUNT):
        x = g.standard_normal((1, 1, SIZE, SIZE)) * SIGMA
        m = run.run(None, {"sample": (x / root).astype(np.float32), "timestep": np.array(250 * np.log(SIGMA), np.float32)})[0]
        grey = np.rint(255 * (np.clip(skip * x + scale * m, -1, 1)[0, 0] / 2 + 0.5))
        steps = [[np.abs(grey[:, d:] - grey[:, :-d]), np.abs(grey[d:] - grey[:-d])] for d in LAGS]
        rows.append([np.log(sum(a.sum() for a in pair) / sum(a.size for a in pair) + 0.1) for pair in steps])
    out.write_text(json.dumps({"maps": COUNT, "lags": LAGS, "logarithms": np.round(np.mean(rows, 0), 5).tolist()}) + "\n")


if __name__ == "__main__":
    main()
