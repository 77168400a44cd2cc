"""Writes test/golden/tokenizer.json: token ids of ordinary and unusual texts, from the pinned `tokenizers` package.

    pip install -r tools/golden/requirements-tokenizer.txt
    python tools/golden/tokenizer.py

Rows have CLIP's form: BOS, text, EOS; truncated to the model's length with EOS kept; padded with the
pad token. Never needed to run or test the package.
"""
import hashlib
import json
from importlib.metadata import version
from pathlib import Path

from tokenizers import Tokenizer

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "models" / "shapes" / "tokenizer"
OUT = ROOT / "test" / "golden" / "tokenizer.json"
TEXTS = [
    "",
    " ",
    "a",
    "a red circle",
    "A RED Circle",
    "  a   red\tcircle \n on white ",
    "Good photo.",
    "Noisy photo.",
    "a photo of a large orange circle placed at the top right of the picture, in front of a yellow background, lit from the left.",
    "word " * 200,
    "circle," * 39,
    "antidisestablishmentarianism xylophone",
    "it's the cat's, they'll've 'd 't",
    "7 13 2026 3.14",
    "\U0001f600 \U0001f469\u200d\U0001f52c on a caf\u00e9 terrace",
    "cafe\u0301",
    "\u4e00\u5339\u9a6c \u0645\u0631\u062d\u0628\u0627 \u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2",
    "\u0130stanbul \u00df \ufb01ne",
    "<|endoftext|>",
    "a <|startoftext|> b",
    "tab\u00a0no-break \u2003em",
    "!?!?... --- (a) [b] {c}",
    "\u00ff\u0100\ud7ff",
    "\u03a3\u0399\u03a3\u03a5\u03a6\u039f\u03a3 A\u03a3. \u0130\u03a3",
    "\ufeffred\ufeff circle !\ufeff! \u0085\ufeff?",
]


def content(token) -> str:
    return token["content"] if isinstance(token, dict) else token


def main() -> None:
    definition = FOLDER / "tokenizer.json"
    config = json.loads((FOLDER / "tokenizer_config.json").read_text())
    tokenizer = Tokenizer.from_file(str(definition))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    length = config["model_max_length"]
    eos = tokenizer.token_to_id(content(config["eos_token"]))
    pad = tokenizer.token_to_id(content(config["pad_token"]))
    rows = []
    for text in TEXTS:
        ids = tokenizer.encode(text).ids
        cut = ids if len(ids) <= length else ids[:length - 1] + [eos]
        rows.append({"text": text, "tokens": len(ids), "ids": cut + [pad] * (length - len(cut))})
    golden = {
        "versions": {"tokenizers": version("tokenizers")},
        "sha256": hashlib.sha256(definition.read_bytes()).hexdigest(),
        "length": length, "bos": tokenizer.token_to_id(content(config["bos_token"])), "eos": eos, "pad": pad,
    }
    head = json.dumps(golden)[1:-1]
    lines = ",\n".join("  " + json.dumps(row) for row in rows)
    OUT.write_text(f'{{{head},\n "rows": [\n{lines}\n ]}}\n')


if __name__ == "__main__":
    main()
