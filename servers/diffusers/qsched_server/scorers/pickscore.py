"""PickScore (Kirstain et al. 2023, arXiv 2305.01569): exp(logit_scale) cos of a CLIP-H trained on people's choices."""

from .images import clip_pixels
from .scorer import Scorer, cosine, load_tokenizer
from ..errors import ServerMistake


class PickScore(Scorer):
    """About 15 to 25. `checkpoint` is a folder of transformers' CLIPModel, such as that of yuvalkirstain/PickScore_v1."""

    def __init__(self, config, device, dtype):
        super().__init__(config, device, dtype)
        from transformers import CLIPModel

        folder = config.checkpoint
        if not (folder / "config.json").is_file():
            raise ServerMistake(f"{folder} has no config.json: name a folder that CLIPModel.from_pretrained loads")
        try:
            model = CLIPModel.from_pretrained(str(folder), dtype=dtype, local_files_only=True)
        except (OSError, ValueError, RuntimeError) as error:
            raise ServerMistake(f"{folder} cannot be loaded by transformers' CLIPModel: {str(error).splitlines()[0]}") from error
        self.model = self._to_device(model)
        self.size = model.config.vision_config.image_size
        self.length = model.config.text_config.max_position_embeddings
        self.tokenizer = load_tokenizer(config.tokenizer or folder)

    def prepare(self, image):
        return clip_pixels(image, self.size)

    def tokens(self, texts):
        found = self.tokenizer(texts, padding="max_length", truncation=True, max_length=self.length, return_tensors="pt")
        return {"ids": found["input_ids"]}

    def scores(self, pixels, tokens):
        model = self.model
        image = model.visual_projection(model.vision_model(pixel_values=pixels).pooler_output)
        text = model.text_projection(model.text_model(input_ids=tokens["ids"]).pooler_output)
        return model.logit_scale.exp().float() * cosine(image, text)
