"""Everything of an exported folder that is not a network: model_index.json, configs, tokenizers, the scheduler."""
import json
import shutil
from pathlib import Path

TOKENIZER_FILES = ("vocab.json", "merges.txt", "special_tokens_map.json", "spiece.model")


def write_json(path: Path, value) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def write_config(model, folder: Path) -> None:
    """config.json of a diffusers or transformers model, without the machine's paths."""
    folder.mkdir(parents=True, exist_ok=True)
    if hasattr(model, "save_config"):
        model.save_config(folder)
    else:
        model.config.save_pretrained(folder)
    path = folder / "config.json"
    write_json(path, {k: v for k, v in json.loads(path.read_text()).items() if k != "_name_or_path"})


def write_tokenizer(tokenizer, checkpoint: Path, name: str, out: Path) -> None:
    """tokenizer.json and its config as transformers writes them, and the checkpoint's own vocabulary files."""
    tokenizer.save_pretrained(out / name)
    for file in TOKENIZER_FILES:
        if (checkpoint / name / file).exists():
            shutil.copyfile(checkpoint / name / file, out / name / file)


def write_index(checkpoint: Path, out: Path) -> None:
    """The checkpoint's model_index.json, without the machine's paths."""
    index = json.loads((checkpoint / "model_index.json").read_text())
    write_json(out / "model_index.json", {k: v for k, v in index.items() if k != "_name_or_path"})
