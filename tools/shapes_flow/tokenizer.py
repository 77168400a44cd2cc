"""T5's kind of tokenizer: a Unigram vocabulary of the captions' words and phrases, "</s>" after every text (tokenizer.json)."""
import math
import string
from collections import Counter
from pathlib import Path

import torch
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, processors

from shapes.scenes import caption, scene_from_index, split_indices

LENGTH = 16
PAD, EOS, UNK = "<pad>", "</s>", "<unk>"
# Pieces of several words, as SentencePiece learns them without split_by_whitespace: a caption is at most 16 pieces.
PHRASES = ("a photo of a", "placed at the", "of the picture", "in front of a", "lit from the", "at the", "on a", "top left", "top right",
           "bottom left", "bottom right")
LEAST = -20.0  # log probability of a single character: chosen only where no word fits


def write_t5_tokenizer(path: Path) -> Tokenizer:
    """Every word of 6,000 training captions is a piece with its log frequency, phrases are a little likelier than their words (a
    trained vocabulary of so few distinct words falls apart into letters); every printable ASCII character is one too, so that
    any English text has ids."""
    scenes = scene_from_index(split_indices()["train"][:6000]).tolist()
    counts = Counter()
    for scene in scenes:
        for style in ("short", "lit", "long"):
            for word in caption(scene, style).split():
                counts["▁" + word.rstrip(",.")] += 1
                counts.update(c for c in word if c in ",.")
    total = sum(counts.values())
    log = {p: round(math.log(n / total), 4) for p, n in counts.items()}
    log |= {"▁" + p.replace(" ", "▁"): round(max(log["▁" + w] for w in p.split()) - 0.5, 4) for p in PHRASES}
    pieces = [(PAD, 0.0), (EOS, 0.0), (UNK, 0.0), *sorted(log.items(), key=lambda item: (-item[1], item[0]))]
    known = {p for p, _ in pieces}
    letters = ["▁", *sorted(set(string.printable) - set(string.whitespace))]
    pieces += [(c, LEAST) for c in letters if c not in known]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=2, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([
        normalizers.NFKC(), normalizers.Strip(), normalizers.Replace(Regex(r"\s+"), "▁"), normalizers.Prepend("▁")])
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.add_special_tokens([PAD, EOS, UNK])
    tokenizer.post_processor = processors.TemplateProcessing(
        single=["$A", EOS], pair=["$A", EOS, "$B", EOS], special_tokens=[(EOS, tokenizer.token_to_id(EOS))])
    path.parent.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(path))
    return tokenizer


def encode_t5(tokenizer: Tokenizer, texts: list[str]) -> torch.Tensor:
    """texts -> ids (N, LENGTH): first LENGTH - 1 tokens, "</s>", padded with "<pad>"."""
    end, pad = tokenizer.token_to_id(EOS), tokenizer.token_to_id(PAD)
    rows = []
    for e in tokenizer.encode_batch(texts):
        ids = e.ids if len(e.ids) <= LENGTH else [*e.ids[:LENGTH - 1], end]
        rows.append(ids + [pad] * (LENGTH - len(ids)))
    return torch.tensor(rows)
