"""Writes test/golden/t5-tokenizer.json: T5's token ids of ordinary and unusual texts, from the pinned `tokenizers` package.

    pip install -r tools/golden/requirements-tokenizer.txt
    python tools/golden/t5_tokenizer.py

The tokenizer is that of the fixture `flux`: pieces of its own, SentencePiece's nmt_nfkc rules as T5 has them. A second set
of rows follows tokenizer.json as transformers 4 writes it (blanks stripped and joined by normalisers, no split at blanks).
Never needed to run or test the package.
"""
import hashlib
import json
import random
from importlib.metadata import version
from pathlib import Path

from tokenizers import Tokenizer

ROOT = Path(__file__).resolve().parents[2]
DEFINITION = ROOT / "test" / "fixtures" / "pipelines" / "flux" / "tokenizer_2" / "tokenizer.json"
OUT = ROOT / "test" / "golden" / "t5-tokenizer.json"
# Blanks and joiners of every kind, control characters, compatibility forms, letters with accents, scripts, special tokens.
ODD = [
    "\ufeff", "\u00a0", "\u2003", "\u3000", "\u200b", "\u200d", "\u0085", "\r\n", "\t", "\n", "\x07", "\x00", "\x7f", "\u2028", "\u180e", "\u1680", "\u202f",
    "\ufb01ne", "\u2581", "\u00bd", "\u00bd\u0301", "\uff21\uff22\uff23", "\u2163", "\u2122", "\ufdfa", "\uff5e", "\u301c", "~", "\ufffd", "e\u0301", "a\u0301\u0302",
    "\ufb01\u0301", "\u3000\u0301", "A\u030a", "\u212b", "\u0130", "\u03a3", "\u00df", "\u4e00\u5339\u9a6c", "\u30ab\u3099", "\uff76\uff9e", "\u1100\u1161\u11a8",
    "\u0915\u094d\u0937", "\u0e33", "\U0001f600", "\U0001f469\u200d\U0001f52c", "\U0001d400", "</s>", "<pad>", "<unk>", "<extra_id_0>", "<extra_id_7>", "< /s>", "<",
]
WORDS = "a red circle on the white background of an old harbour, two owls at night; photo: light. blurry (sharp) 1.2".split()


def texts() -> list[str]:
    draw = random.Random(1)
    plain = ["", " ", "  ", "a", "a red circle", " a  red\tcircle \n", "A RED Circle", "an old bicycle, " * 3 + "the end", "x" * 40]
    beside = [f for odd in ODD for f in (odd, f"a{odd}b", f"red {odd}{odd} circle")]
    mixed = ["".join(draw.choice([draw.choice(WORDS), draw.choice(ODD), " ", ",", chr(draw.randint(33, 0x2fff))]) for _ in range(draw.randint(2, 12))) for _ in range(120)]
    return plain + beside + mixed


def older(definition: dict) -> dict:
    """What transformers 4.57 writes for the same SentencePiece model."""
    strip = {"type": "Strip", "strip_left": False, "strip_right": True}
    join = {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "\u2581"}
    metaspace = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True}
    return {**definition, "normalizer": {"type": "Sequence", "normalizers": [definition["normalizer"], strip, join]}, "pre_tokenizer": metaspace}


def main() -> None:
    data = DEFINITION.read_bytes()
    one = Tokenizer.from_str(data.decode())
    two = Tokenizer.from_str(json.dumps(older(json.loads(data))))
    rows = [{"text": text, "ids": one.encode(text).ids, "older": two.encode(text).ids} for text in texts()]
    head = json.dumps({"versions": {"tokenizers": version("tokenizers")}, "sha256": hashlib.sha256(data).hexdigest()})[1:-1]
    lines = ",\n".join("  " + json.dumps(row) for row in rows)
    OUT.write_text(f'{{{head},\n "rows": [\n{lines}\n ]}}\n')


if __name__ == "__main__":
    main()
