"""Text encoders: CLIP with its hidden states, and T5, with Optimum's names."""
import torch

from .onnx_file import Network

AXES = {0: "batch_size", 1: "sequence_length"}


class _Clip(torch.nn.Module):
    """last_hidden_state, pooler_output or text_embeds, then the hidden states from the embedding to the last layer."""

    def __init__(self, model, outputs):
        super().__init__()
        self.model, self.outputs = model, outputs

    def forward(self, input_ids):
        out = self.model(input_ids=input_ids.long(), output_hidden_states=any("." in name for name in self.outputs))
        return tuple(out.hidden_states[int(name.split(".")[1])] if "." in name else out[name] for name in self.outputs)


class _T5(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids):
        return self.model(input_ids=input_ids.long()).last_hidden_state


def ids(vocabulary: int, rows: int, length: int, end: int) -> torch.Tensor:
    g = torch.Generator().manual_seed(rows)
    tokens = torch.randint(0, vocabulary - 3, (rows, length), generator=g)
    tokens[:, length // 2:] = end
    return tokens


def clip_network(model, hidden_states: bool) -> Network:
    """CLIPTextModel (pooler_output) or CLIPTextModelWithProjection (text_embeds).

    hidden_states: Optimum writes them for pipelines that read the penultimate layer (SDXL, SD3).
    """
    model.set_attn_implementation("eager")
    config = model.config
    projected = "WithProjection" in type(model).__name__
    names = ["text_embeds", "last_hidden_state"] if projected else ["last_hidden_state", "pooler_output"]
    if hidden_states:
        names += [f"hidden_states.{i}" for i in range(config.num_hidden_layers + 1)]
    length, end = config.max_position_embeddings, config.vocab_size - 1
    pooled = {"pooler_output", "text_embeds"}
    return Network(_Clip(model, names), {"input_ids": ids(config.vocab_size, 2, length, end)}, {"input_ids": AXES},
                   {name: {0: "batch_size"} if name in pooled else AXES for name in names},
                   {"input_ids": ids(config.vocab_size, 3, length, end)})


def t5_network(model) -> Network:
    model.set_attn_implementation("eager")
    size = model.config.vocab_size
    return Network(_T5(model), {"input_ids": ids(size, 2, 32, 1)}, {"input_ids": AXES}, {"last_hidden_state": AXES},
                   {"input_ids": ids(size, 3, 48, 1)})
