"""Writes test/golden/clip-vocabulary.json: token ids of CLIP tokenizers that are vocab.json and merges.txt alone, from the pinned
transformers.

    pip install -r tools/requirements.txt
    python tools/golden/clip_vocabulary.py

The vocabulary is that of test/fixtures/pipelines/sd15; every case has other files beside it. Never needed to run or test the
package.
"""
import json
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path

from transformers import CLIPTokenizer

ROOT = Path(__file__).resolve().parents[2]
VOCABULARY = ROOT / "test" / "fixtures" / "pipelines" / "sd15" / "tokenizer"
OUT = ROOT / "test" / "golden" / "clip-vocabulary.json"
BOS, EOS, MAP, CONFIG = "<|startoftext|>", "<|endoftext|>", "special_tokens_map.json", "tokenizer_config.json"


def token(content: str, normalized: bool, **more) -> dict:
    return {"content": content, "lstrip": False, "normalized": normalized, "rstrip": False, "single_word": False, **more}


PLAIN = {"bos_token": BOS, "eos_token": EOS, "unk_token": EOS}
TYPED = {name: token(content, True) for name, content in PLAIN.items()}
IDS = {content: i for content, i in json.loads((VOCABULARY / "vocab.json").read_text()).items() if content in (BOS, EOS)}
CASES = {
    "plain": {CONFIG: {"model_max_length": 77, **PLAIN, "pad_token": EOS}},
    # As Stable Diffusion 1.5 has it.
    "typed": {CONFIG: {"model_max_length": 77, **{k: {"__type": "AddedToken", **v} for k, v in TYPED.items()}, "pad_token": EOS},
              MAP: {**TYPED, "pad_token": EOS}},
    "map": {CONFIG: {"model_max_length": 77}, MAP: {**TYPED, "pad_token": "!"}},
    # As the second tokenizer of Stable Diffusion XL has it.
    "listed": {CONFIG: {"model_max_length": 77, **PLAIN, "pad_token": "!", "added_tokens_decoder": {
        "0": token("!", False, special=True), **{str(i): token(content, True, special=True) for content, i in IDS.items()}}}},
    "added": {CONFIG: {"model_max_length": int(1e30), **PLAIN, "pad_token": "!"}, "added_tokens.json": {"<cat-toy>": 875}},
    "alone": {},
}
TEXTS = [
    "", " ", "a cat!", "A CAT! !", "two owls at night", "a fisherman mends his nets on a wooden pier, gulls above the harbour",
    "<|endoftext|> x <|STARTOFTEXT|>", "hello<cat-toy>there", "a<|endoftext|>b", "cafe\u0301  x", "it's they'll 've 12 3.14", "word " * 100,
    "caf\u00e9 \u6771\u4eac \u041c\u043e\u0441\u043a\u0432\u0430 \U0001f431 \ufb01ne \u0130stanbul", "\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03a3 tab\u00a0no-break \u2003em",
]


def main() -> None:
    cases = []
    with tempfile.TemporaryDirectory() as temporary:
        for name, files in CASES.items():
            folder = Path(temporary) / name
            folder.mkdir()
            for file in ("vocab.json", "merges.txt"):
                shutil.copyfile(VOCABULARY / file, folder / file)
            for file, content in files.items():
                (folder / file).write_text(json.dumps(content))
            tokenizer = CLIPTokenizer.from_pretrained(folder)
            ids = [tokenizer(text, padding="max_length", max_length=77, truncation=True).input_ids for text in TEXTS]
            cases.append({"name": name, "files": files, "ids": ids})
    head = {"versions": {p: version(p) for p in ("transformers", "tokenizers")}, "texts": TEXTS}
    rows = ",\n".join("  " + json.dumps(case) for case in cases)
    OUT.write_text(f'{{{json.dumps(head)[1:-1]},\n "cases": [\n{rows}\n ]}}\n')


if __name__ == "__main__":
    main()
