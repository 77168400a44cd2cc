"""models/manifest.json: hash and size of every file under models/ and prompts/; checks the limit of 55 MB: 40 for
`shapes`, its scorers and the prompts, 15 for `shapes-flow`."""
import hashlib
import json
from pathlib import Path

LIMIT = 55_000_000


def write_manifest(root: Path) -> dict:
    """Writes root/models/manifest.json: {"models/...": {sha256, bytes}, "prompts/...": ...}, sorted by path."""
    target = root / "models" / "manifest.json"
    paths = sorted(p for folder in ("models", "prompts") for p in (root / folder).rglob("*")
                   if p.is_file() and p != target and p.suffix in {".onnx", ".json"})
    entries = {p.relative_to(root).as_posix(): {
        "sha256": hashlib.sha256(p.read_bytes()).hexdigest(), "bytes": p.stat().st_size} for p in paths}
    total = sum(e["bytes"] for e in entries.values())
    assert total <= LIMIT, f"models/ and prompts/ contain {total} bytes; at most {LIMIT} are allowed"
    target.write_text(json.dumps(entries, indent=2) + "\n")
    return entries
