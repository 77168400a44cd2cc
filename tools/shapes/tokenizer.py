"""A CLIP-style byte-level BPE tokenizer trained on the captions (tokenizer.json)."""
import json
from pathlib import Path

import torch
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from .scenes import caption, scene_from_index, split_indices

LENGTH = 40
ANTONYMS = [("Good photo.", "Bad photo."), ("Clean photo.", "Noisy photo."), ("Complex photo.", "Simple photo.")]
PATTERN = r"""<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"""


def train_tokenizer(path: Path) -> Tokenizer:
    """Trains on captions and antonym pairs; EOS gets the highest id (CLIP pools at argmax)."""
    scenes = scene_from_index(split_indices()["train"][:6000])
    texts = [caption(s, style) for s in scenes for style in ("short", "lit", "long")]
    texts += [t for pair in ANTONYMS for t in pair] * 500
    tokenizer = Tokenizer(models.BPE(continuing_subword_prefix="", end_of_word_suffix="</w>", unk_token="<|endoftext|>"))
    tokenizer.normalizer = normalizers.Sequence([
        normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(PATTERN), behavior="removed", invert=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False)])
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=1000, min_frequency=50, show_progress=False, end_of_word_suffix="</w>",
                                  initial_alphabet=alphabet, special_tokens=[])
    tokenizer.train_from_iterator(texts, trainer)
    data = json.loads(tokenizer.to_str())
    vocab = list(data["model"]["vocab"])
    known = set(vocab)
    vocab += [c + "</w>" for c in alphabet if c + "</w>" not in known]  # so that any text can be encoded
    vocab += ["<|startoftext|>", "<|endoftext|>"]
    data["model"]["vocab"] = {token: i for i, token in enumerate(vocab)}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, ensure_ascii=False))
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.add_special_tokens(["<|startoftext|>", "<|endoftext|>"])
    bos, eos = tokenizer.token_to_id("<|startoftext|>"), tokenizer.token_to_id("<|endoftext|>")
    tokenizer.post_processor = processors.RobertaProcessing(
        ("<|endoftext|>", eos), ("<|startoftext|>", bos), trim_offsets=False, add_prefix_space=False)
    tokenizer.save(str(path))
    return tokenizer


def encode(tokenizer: Tokenizer, texts: list[str]) -> torch.Tensor:
    """texts -> ids (N, LENGTH): BOS, first LENGTH - 2 tokens, EOS, padded with EOS as CLIP does."""
    eos = tokenizer.token_to_id("<|endoftext|>")
    rows = []
    for e in tokenizer.encode_batch(texts):
        ids = e.ids if len(e.ids) <= LENGTH else e.ids[:LENGTH - 1] + [eos]
        rows.append(ids + [eos] * (LENGTH - len(ids)))
    return torch.tensor(rows)
