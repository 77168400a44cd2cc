"""Prompt sets: captions of scenes that no training image shows, disjoint between the sets."""
import json
from pathlib import Path

from .scenes import SHAPES, caption, scene_from_index, split_indices

STYLES = ("short", "lit", "long")
SETS = {
    "calibration": "Long, descriptive captions for the search itself.",
    "select": "Captions of all three styles that choose among the best few candidates.",
    "heldout": "Captions of all three styles that confirm the finalist; no search has seen them.",
    "eval": "Captions of all three styles for distances between sets of pictures.",
}


def nouns(text: str) -> list[str]:
    """The caption's nouns in order: its shape and other known nouns."""
    words = text.replace(",", " ").replace(".", " ").split()
    known = {*SHAPES, "background"}
    found = [w for w in words if w in known]
    return found if found else [words[-1]]


def prompt_set(split: str) -> dict:
    scenes = scene_from_index(split_indices()[split]).tolist()
    prompts = []
    seen = set()
    for i, scene in enumerate(scenes):
        text = caption(scene, "long" if split == "calibration" else STYLES[i % 3])
        if text in seen:  # two scenes that differ only in their light have the same short caption
            text = caption(scene, "lit")
        if text in seen:
            continue
        seen.add(text)
        prompts.append({"text": text, "nouns": nouns(text)})
    return {"name": f"shapes-{split}", "description": SETS[split], "prompts": prompts}


def write_prompts(folder: Path) -> dict[str, int]:
    """Writes prompts/shapes-*.json; every text occurs once, in one set. Returns the sizes of the sets."""
    folder.mkdir(parents=True, exist_ok=True)
    sets = {split: prompt_set(split) for split in SETS}
    taken: set[str] = set()
    for name, content in sets.items():
        content["prompts"] = [p for p in content["prompts"] if p["text"] not in taken]
        taken |= {p["text"] for p in content["prompts"]}
    least = {"calibration": 64, "select": 128, "heldout": 512, "eval": 2000}
    counts = {}
    for name, content in sets.items():
        counts[name] = len(content["prompts"])
        assert counts[name] >= least[name], (name, counts[name])
        lines = ",\n".join("    " + json.dumps(p) for p in content["prompts"])
        head = f'{{\n  "name": {json.dumps(content["name"])},\n  "description": {json.dumps(content["description"])},\n'
        (folder / f"shapes-{name}.json").write_text(f'{head}  "prompts": [\n{lines}\n  ]\n}}\n')
    assert len(taken) == sum(counts.values())
    return counts
