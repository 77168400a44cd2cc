"""What shapes-flow takes from models/shapes: CLIP's text tower and the decoder, as they are; an encoder is trained for the decoder."""
import time
from pathlib import Path

import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper
from transformers import CLIPTextConfig, CLIPTextModel

from shapes.networks import Autoencoder
from shapes.scenes import from_uint8


def initializers(model: onnx.ModelProto) -> dict[str, torch.Tensor]:
    return {i.name: torch.from_numpy(numpy_helper.to_array(i).copy()) for i in model.graph.initializer}


def clip_text_model(folder: Path, config: dict) -> CLIPTextModel:
    """The tower of folder/text_encoder/model.onnx as a CLIPTextModel: last_hidden_state and pooler_output.
    The exporter renames the weights of linear layers; the names of their nodes still say which layer they belong to."""
    graph = onnx.load(str(folder / "text_encoder" / "model.onnx"))
    values = initializers(graph)
    state = {k.removeprefix("model."): v for k, v in values.items() if k.startswith("model.")}
    for node in graph.graph.node:
        if node.op_type == "MatMul" and node.input[1] in values:
            layer = node.name.removeprefix("/model/").removesuffix("/MatMul").replace("/", ".")
            state[f"{layer}.weight"] = values[node.input[1]].T.contiguous()
    state.pop("text_projection.weight")
    known = {"hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "max_position_embeddings",
             "vocab_size", "bos_token_id", "eos_token_id", "pad_token_id", "hidden_act", "layer_norm_eps"}
    model = CLIPTextModel(CLIPTextConfig(**{k: v for k, v in config.items() if k in known}))
    expected = set(model.state_dict())
    prefix = "text_model." if any(k.startswith("text_model.") for k in expected) else ""
    state = {prefix + k.removeprefix("text_model."): v for k, v in state.items()}
    model.load_state_dict(state)
    return model.eval().requires_grad_(False)


def autoencoder_with_bundled_decoder(folder: Path) -> Autoencoder:
    """An Autoencoder whose decoder is folder/vae_decoder/model.onnx; its encoder is untrained."""
    graph = onnx.load(str(folder / "vae_decoder" / "model.onnx"))
    values = initializers(graph)
    model = Autoencoder()
    state = model.state_dict() | {k.removeprefix("model."): v for k, v in values.items() if k.startswith("model.")}
    norms = [v.flatten() for k, v in values.items() if k.startswith("onnx::")]  # weight and bias of every GroupNorm, in order
    names = [k for k in model.state_dict() if k.startswith("decoder.") and ".norm." in k]
    assert len(norms) == len(names), (len(norms), len(names))
    model.load_state_dict(state | dict(zip(names, norms)))
    return model


def train_encoder(folder: Path, pictures: torch.Tensor, steps: int, seed: int = 2) -> Autoencoder:
    """Trains an encoder for the frozen decoder: L1 + L2 reconstruction under latent noise of standard deviation 0.08, as the
    decoder was trained. Latents (N, 6, 8, 8)."""
    torch.manual_seed(seed)
    model = autoencoder_with_bundled_decoder(folder)
    model.decoder.requires_grad_(False)
    optimizer = torch.optim.AdamW(model.encoder.parameters(), 2e-3, weight_decay=0, betas=(0.9, 0.99))
    start = time.time()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * min(1, step / 50) * (1 - step / steps) + 1e-5
        x = from_uint8(pictures[torch.randint(0, len(pictures), (48,))])
        z = model.encode(x)
        out = model.decode(z + 0.08 * torch.randn_like(z))
        loss = F.l1_loss(out, x) + F.mse_loss(out, x)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.encoder.parameters(), 1.0)
        optimizer.step()
        if step % 100 == 0:
            print(f"  encoder {step}/{steps} loss {loss.item():.4f} latent std {z.std().item():.3f} {time.time() - start:.0f} s", flush=True)
    return model.eval().requires_grad_(False)
