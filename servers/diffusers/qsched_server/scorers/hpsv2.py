"""HPSv2 (Wu et al. 2023, arXiv 2306.09341): the cosine of an open_clip ViT-H-14 trained on people's choices."""

import json

from .images import float_pixels
from .scorer import Scorer, cosine, fill, load_state, load_tokenizer
from ..errors import ServerMistake

ARCHITECTURE = "ViT-H-14"


class Hpsv2(Scorer):
    """About 0.2 to 0.35. `checkpoint` is HPS_v2_compressed.pt or HPS_v2.1_compressed.pt of xswu/HPSv2, whose values are not comparable."""

    def __init__(self, config, device, dtype):
        super().__init__(config, device, dtype)
        try:
            import open_clip
        except ImportError as error:
            raise ServerMistake(f"hpsv2 needs open_clip: {error}. Install it: pip install 'qsched-server[scorers]'") from error
        if config.architecture is None:
            model = open_clip.create_model(ARCHITECTURE, pretrained=None)
        else:
            model = open_clip.CLIP(**json.loads(config.architecture.read_text()))
        fill(model, load_state(config.checkpoint), config.checkpoint)
        self.model = self._to_device(model)
        size = model.visual.image_size
        self.size = size[0] if isinstance(size, tuple) else size
        # open_clip has CLIP's vocabulary in its package.
        self.own = None if config.tokenizer is None else load_tokenizer(config.tokenizer)
        self.tokenizer = open_clip.get_tokenizer(ARCHITECTURE)

    def prepare(self, image):
        return float_pixels(image, self.size)

    def tokens(self, texts):
        if self.own is None:
            return {"ids": self.tokenizer(texts)}
        found = self.own(texts, padding="max_length", truncation=True, max_length=self.model.context_length, return_tensors="pt")
        return {"ids": found["input_ids"]}

    def scores(self, pixels, tokens):
        return cosine(self.model.encode_image(pixels), self.model.encode_text(tokens["ids"]))
