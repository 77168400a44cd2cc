"""Tiny checkpoints of the true classes, made by the scripts that make qsched's own fixtures."""

import sys
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tools"))


@cache
def checkpoint(name: str) -> Path:
    from fixtures.checkpoints import CHECKPOINTS

    folder = Path(mkdtemp(prefix=f"qsched-server-{name}-"))
    CHECKPOINTS[name](folder)
    return folder
