"""The protocol, configurations that are wrong, and quantised denoisers."""

import json

import pytest
import torch

from checkpoints import checkpoint
from client import serving
from qsched_server.config import read_config
from qsched_server.errors import ServerMistake
from qsched_server.model import Model

CPU_PRECISIONS = {
    "fp32": {},
    "w8a8": {"backend": "torchao", "config": "Int8DynamicActivationInt8WeightConfig"},
    "w8": {"backend": "torchao", "config": "Int8WeightOnlyConfig"},
    "w4": {"backend": "torchao", "config": "IntxWeightOnlyConfig", "arguments": {"weight_dtype": "torch.int4"}},
}


def test_describe_repeats_itself_and_names_what_decides_bits(tmp_path):
    folder = checkpoint("sdxl")
    with serving(tmp_path, checkpoint=str(folder)) as client:
        told = client.describe()
        assert told == client.describe()
        _, headers, _ = client.call("POST", "encode", json.dumps({"precision": "fp32", "texts": ["x"], "options": {}}).encode())
    assert headers["qsched-identity"] == told["identity"]
    assert headers["qsched-instance"]
    assert "unet/diffusion_pytorch_model.safetensors" in told["precisions"]["fp32"]["weights"]
    assert told["versions"]["diffusers"] == "0.42.1"
    with serving(tmp_path, checkpoint=str(folder), precisions={"fp32": {}, "w8": CPU_PRECISIONS["w8"]}) as client:
        assert client.describe()["identity"] != told["identity"]


def test_unknown_handles_are_named(tmp_path):
    with serving(tmp_path, checkpoint=str(checkpoint("sd15"))) as client:
        meta = {"precision": "fp32", "timestep": "1", "handles": '["nothing"]', "options": "{}"}
        from safetensors.torch import save

        status, _, body = client.call("POST", "denoise", save({"latents": torch.zeros(1, 4, 8, 8)}, metadata=meta))
    assert status == 410
    assert json.loads(body)["unknown"] == ["nothing"]


def test_a_text_has_one_handle_and_another_guidance_another(tmp_path):
    with serving(tmp_path, checkpoint=str(checkpoint("sd15"))) as client:
        [one] = client.encode("fp32", ["a dog"], {})
        assert client.encode("fp32", ["a dog", "a cat"], {})[0] == one
        assert client.encode("fp32", ["a dog"], {"guidance": 3})[0] != one


@pytest.mark.parametrize("name", ["sdxl", "flux"])
@pytest.mark.parametrize("precision", ["w8a8", "w8", "w4"])
def test_torchao_on_the_cpu(name, precision, tmp_path):
    pytest.importorskip("torchao")
    with serving(tmp_path, checkpoint=str(checkpoint(name)), precisions=CPU_PRECISIONS) as client:
        shape = client.describe()["latentShape"]
        latents = torch.randn(4, *shape, generator=torch.Generator().manual_seed(2))
        handles = client.encode("fp32", ["a dog"], {}) * 4
        full = client.denoise("fp32", latents, 500.0, handles, {})
        found = client.denoise(precision, latents, 500.0, handles, {})
        again = client.denoise(precision, latents, 500.0, handles, {})
    error = ((found - full).norm() / full.norm()).item()
    assert 0 < error < 0.3
    assert torch.equal(found, again)


@pytest.mark.parametrize("bits", ["int8", "int4"])
def test_quanto(bits, tmp_path):
    pytest.importorskip("optimum.quanto")
    precisions = {"fp32": {}, bits: {"backend": "quanto", "arguments": {"weights_dtype": bits}}}
    with serving(tmp_path, checkpoint=str(checkpoint("flux")), precisions=precisions) as client:
        latents = torch.randn(4, *client.describe()["latentShape"], generator=torch.Generator().manual_seed(2))
        handles = client.encode("fp32", ["a dog"], {}) * 4
        full, found, again = (client.denoise(one, latents, 500.0, handles, {}) for one in ("fp32", bits, bits))
    assert 0 < ((found - full).norm() / full.norm()).item() < {"int8": 0.05, "int4": 0.4}[bits]
    assert torch.equal(found, again)


@pytest.mark.parametrize("name", ["sdxl", "flux"])
@pytest.mark.parametrize(
    ("arguments", "worst"),
    [({"load_in_8bit": True}, 0.1), ({"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_compute_dtype": "torch.float32"}, 0.6)],
)
def test_bitsandbytes(name, arguments, worst, tmp_path):
    """On a CPU, where diffusers 0.42.1 alone refuses it."""
    bnb = pytest.importorskip("bitsandbytes")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    precisions = {"fp32": {}, "q": {"backend": "bitsandbytes", "arguments": arguments}}
    with serving(tmp_path, checkpoint=str(checkpoint(name)), device=device, precisions=precisions) as client:
        shape = client.describe()["latentShape"]
        latents = torch.randn(4, *shape, generator=torch.Generator().manual_seed(2))
        handles = client.encode("fp32", ["a dog"], {}) * 4
        full, found, again = (client.denoise(one, latents, 500.0, handles, {}) for one in ("fp32", "q", "q"))
        denoisers = client.model.denoisers
    assert torch.equal(found, again)
    assert 0 < ((found - full).norm() / full.norm()).item() < worst
    linears = {layer: module for layer, module in denoisers["fp32"].named_modules() if isinstance(module, torch.nn.Linear)}
    quantised = {layer: module for layer, module in denoisers["q"].named_modules() if isinstance(module, (bnb.nn.Linear4bit, bnb.nn.Linear8bitLt))}
    assert quantised.keys() == linears.keys()
    if arguments.get("load_in_4bit"):
        # Rows of less than a block of 64 values, which no published network has, come out worse on a CPU.
        whole = [layer for layer, module in quantised.items() if module.in_features % 64 == 0]
        assert whole
        for layer in whole:
            stored, weight = linears[layer].weight.detach(), quantised[layer].weight
            error = bnb.functional.dequantize_4bit(weight.data, weight.quant_state) - stored
            # That of normal weights is 0.09.
            assert (error.norm() / stored.norm()).item() < 0.12, layer


def test_bitsandbytes_leaves_what_it_is_told_to(tmp_path):
    pytest.importorskip("bitsandbytes")
    skipped = {"backend": "bitsandbytes", "arguments": {"load_in_8bit": True, "llm_int8_skip_modules": ["proj_out"]}}
    with serving(tmp_path, checkpoint=str(checkpoint("flux")), precisions={"q": skipped}) as client:
        client.model.denoiser("q")
        assert type(client.model.denoisers["q"].proj_out) is torch.nn.Linear
        assert type(client.model.denoisers["q"].x_embedder) is not torch.nn.Linear


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({}, '"checkpoint" must name a folder'),
        ({"checkpoint": "nowhere"}, "has no model_index.json"),
        ({"checkpoint": ".", "chekpoint": 1}, "unknown key 'chekpoint'"),
        ({"checkpoint": 5}, '"checkpoint" must be the name of a folder that from_pretrained loads, not 5'),
        ({"checkpoint": "sd15", "precisions": ["fp32"]}, '"precisions" must be an object of precisions'),
        ({"checkpoint": "sd15", "precisions": {"fp32": None}}, "must be an object: {} as stored, or with a backend"),
        ({"checkpoint": "sd15", "defaultPrecision": "w4"}, '"defaultPrecision" is .w4.; "precisions" has fp32'),
        ({"checkpoint": "sd15", "size": 64}, '"size" must be .height, width. in pixels, not 64'),
        ({"checkpoint": "sd15", "size": [64]}, '"size" must be .height, width. in pixels, not .64.'),
        ({"checkpoint": "sd15", "threads": "all"}, '"threads" must be a whole number from 1, not "all"'),
        ({"checkpoint": "sd15", "keep": 0}, '"keep" must be a whole number from 1, not 0'),
        ({"checkpoint": "sd15", "batches": {"vae": 1}}, "unknown key 'vae'; known are denoiser, decoder"),
        ({"checkpoint": "sd15", "dtype": "int8"}, "must be one of float32"),
        ({"checkpoint": "sd15", "batches": {"denoiser": 0}}, "whole numbers from 1 to 1024"),
        ({"checkpoint": "sd15", "precisions": {"w8": {"backend": "magic"}}}, "known are torchao"),
        ({"checkpoint": "sd15", "precisions": {"q4": {"backend": "gguf"}}}, 'needs "file"'),
        ({"checkpoint": "sd15", "precisions": {"q4": {"backend": "gguf", "file": "no.gguf"}}}, "does not exist"),
    ],
)
def test_wrong_configurations(config, sentence, tmp_path):
    (tmp_path / "sd15").symlink_to(checkpoint("sd15"))
    with pytest.raises(ServerMistake, match=sentence.replace('"', '.').replace("'", ".")):
        read_config(tmp_path / "serve.json", config)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"family": "sana"}, "is 'sana' that this server knows"),
        ({"device": "cuda"}, "finds no CUDA device here"),
        ({"device": "tpuu"}, "'tpuu'"),
    ],
)
def test_models_that_cannot_be_served(change, sentence, tmp_path):
    if change.get("device") == "cuda" and torch.cuda.is_available():
        pytest.skip("this machine has CUDA")
    with pytest.raises(ServerMistake, match=sentence):
        Model(read_config(tmp_path / "serve.json", {"checkpoint": str(checkpoint("sd15")), **change}))
