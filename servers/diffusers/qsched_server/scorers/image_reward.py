"""ImageReward (Xu et al. 2023, arXiv 2304.05977): BLIP reads the prompt with its eyes on the image, and an MLP makes a number of it.

The networks are transformers' BLIP, since image-reward 1.5 needs timm 0.6 and a transformers of its time. Its weights are read as they
are published: a test holds this file to image-reward's own scores.
"""

import json
import re

import torch
from torch import nn

from .images import torchvision_pixels
from .scorer import Scorer, fill, load_state, load_tokenizer

#: Tokens of a prompt.
LENGTH = 35
#: Rewards are normalised to the training set: mean 0, standard deviation 1.
MEAN, STD = 0.16717362830052426, 1.0333394966054072
#: Outputs of the layers of the MLP, which has no activations.
LAYERS = (1024, 128, 64, 16, 1)
#: ViT-L/16 at 224 pixels.
VISION = {"hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24, "num_attention_heads": 16, "image_size": 224, "patch_size": 16, "layer_norm_eps": 1e-6}
#: BERT base with cross-attention and two more tokens.
TEXT = {"vocab_size": 30524, "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12}
#: Names of weights: published -> of transformers.
NAMES = (
    (r"^blip\.text_encoder\.", "text."),
    (r"^blip\.visual_encoder\.cls_token$", "vision.embeddings.class_embedding"),
    (r"^blip\.visual_encoder\.pos_embed$", "vision.embeddings.position_embedding"),
    (r"^blip\.visual_encoder\.patch_embed\.proj\.", "vision.embeddings.patch_embedding."),
    (r"^blip\.visual_encoder\.norm\.", "vision.post_layernorm."),
    (r"^blip\.visual_encoder\.blocks\.(\d+)\.norm(\d)\.", r"vision.encoder.layers.\1.layer_norm\2."),
    (r"^blip\.visual_encoder\.blocks\.(\d+)\.attn\.qkv\.", r"vision.encoder.layers.\1.self_attn.qkv."),
    (r"^blip\.visual_encoder\.blocks\.(\d+)\.attn\.proj\.", r"vision.encoder.layers.\1.self_attn.projection."),
    (r"^blip\.visual_encoder\.blocks\.(\d+)\.mlp\.", r"vision.encoder.layers.\1.mlp."),
    (r"^mlp\.layers\.", "mlp."),
)


class ImageReward(Scorer):
    """About -2 to 2. `checkpoint` is ImageReward.pt of THUDM/ImageReward; `tokenizer` a folder of bert-base-uncased."""

    needs_tokenizer = True

    def __init__(self, config, device, dtype):
        super().__init__(config, device, dtype)
        sizes = {} if config.architecture is None else json.loads(config.architecture.read_text())
        model = Networks({**VISION, **sizes.get("vision", {})}, {**TEXT, **sizes.get("text", {})})
        state = {renamed(name): tensor for name, tensor in load_state(config.checkpoint).items()}
        fill(model, state, config.checkpoint)
        self.model = self._to_device(model)
        self.tokenizer = load_tokenizer(config.tokenizer)

    def prepare(self, image):
        return torchvision_pixels(image, self.model.size)

    def tokens(self, texts):
        found = self.tokenizer(texts, padding="max_length", truncation=True, max_length=LENGTH, return_tensors="pt")
        return {"ids": found["input_ids"], "mask": found["attention_mask"]}

    def scores(self, pixels, tokens):
        return (self.model(pixels, tokens["ids"], tokens["mask"]).float() - MEAN) / STD


class Networks(nn.Module):
    def __init__(self, vision: dict, text: dict):
        super().__init__()
        from transformers import BlipTextConfig, BlipTextModel, BlipVisionConfig, BlipVisionModel

        self.size = vision["image_size"]
        self.vision = BlipVisionModel(BlipVisionConfig(**vision))
        self.text = BlipTextModel(BlipTextConfig(**text, encoder_hidden_size=vision["hidden_size"]), add_pooling_layer=False)
        layers: list[nn.Module] = []
        for wide, narrow in zip((text["hidden_size"], *LAYERS), LAYERS):
            layers += [nn.Linear(wide, narrow), nn.Identity()]
        # Published with dropout between the layers but the last two, which keeps the places of the layers.
        del layers[-3], layers[-1]
        self.mlp = nn.Sequential(*layers)

    def forward(self, pixels: torch.Tensor, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        seen = self.vision(pixel_values=pixels).last_hidden_state
        everything = torch.ones(seen.shape[:2], dtype=torch.long, device=seen.device)
        read = self.text(ids, attention_mask=mask, encoder_hidden_states=seen, encoder_attention_mask=everything).last_hidden_state
        return self.mlp(read[:, 0]).squeeze(-1)


def renamed(name: str) -> str:
    for published, ours in NAMES:
        name, found = re.subn(published, ours, name)
        if found:
            return name
    return name
