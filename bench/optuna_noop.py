"""Optuna over SQLite with an objective that costs nothing: trials per second of a 2-D grid."""
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import optuna

points = int(sys.argv[1])
optuna.logging.set_verbosity(optuna.logging.ERROR)
values = list(np.linspace(0.8, 1.2, points))
with tempfile.TemporaryDirectory() as folder:
    space = {"sample": values, "noise": values}
    study = optuna.create_study(storage=f"sqlite:///{Path(folder) / 'optuna.db'}", direction="maximize",
                                sampler=optuna.samplers.GridSampler(space))
    start = time.perf_counter()
    study.optimize(lambda t: 1 - abs(t.suggest_float("sample", 0.8, 1.2) - 1) - abs(t.suggest_float("noise", 0.8, 1.2) - 1),
                   n_trials=points * points)
    seconds = time.perf_counter() - start
print(json.dumps({"perSecond": len(study.trials) / seconds, "seconds": seconds}))
