"""Scorers in PyTorch: their numbers are those of the published packages, and of qsched's ONNX scorers with the same weights."""

import base64
import io
import json
import sys
from argparse import Namespace
from pathlib import Path

import pytest
import torch
from PIL import Image

from client import scoring
from drawn import PROMPTS, SIZES, TEXT, VISION, drawn, image_of, vocabulary
from qsched_server.errors import ServerMistake
from qsched_server.scorers.config import read_scorers
from qsched_server.scorers.panel import Panel

ROOT = Path(__file__).resolve().parents[3]
ONNX = ROOT / "test" / "golden" / "scorers"
sys.path.insert(0, str(ROOT / "tools"))
#: Seeds of tools/golden/scorers.py.
SEEDS = {"hpsv2": 102, "pickscore": 103}
TINY_CLIP = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "patch_size": 8, "width": 16, "layers": 1, "head_width": 8, "mlp_ratio": 1.5},
    "text_cfg": {"context_length": 77, "vocab_size": 647, "width": 8, "heads": 2, "layers": 1, "mlp_ratio": 1.5},
}


def png(width: int, height: int, seed: int) -> str:
    stream = io.BytesIO()
    Image.fromarray(image_of(width, height, seed)).save(stream, "PNG")
    return base64.b64encode(stream.getvalue()).decode()


def pickscore(folder: Path) -> dict:
    from export_scorer_models import tiny_clip

    tiny_clip(SEEDS["pickscore"]).save_pretrained(folder / "pickscore")
    return {"checkpoint": "pickscore", "tokenizer": str(ONNX / "pickscore")}


def hpsv2(folder: Path) -> dict:
    pytest.importorskip("open_clip")
    from export_scorer_models import hpsv2_model

    model = hpsv2_model(None, Namespace(tiny=SEEDS["hpsv2"]))
    torch.save({"state_dict": model.state_dict()}, folder / "hpsv2.pt")
    (folder / "hpsv2.json").write_text(json.dumps(TINY_CLIP))
    return {"checkpoint": "hpsv2.pt", "architecture": "hpsv2.json", "tokenizer": str(ONNX / "hpsv2")}


def image_reward(folder: Path) -> dict:
    golden = json.loads((Path(__file__).parent / "golden" / "image_reward.json").read_text())
    torch.save(drawn(golden["shapes"]), folder / "ImageReward.pt")
    (folder / "reward.json").write_text(json.dumps({"vision": VISION, "text": TEXT}))
    (folder / "bert").mkdir(exist_ok=True)
    vocabulary(folder / "bert")
    return {"checkpoint": "ImageReward.pt", "architecture": "reward.json", "tokenizer": "bert"}


@pytest.mark.parametrize(("name", "make"), [("pickscore", pickscore), ("hpsv2", hpsv2)])
def test_equal_to_the_onnx_scorer(name, make, tmp_path):
    """The scores that test/parity/scorers.test.ts holds the ONNX export of these weights to."""
    expected = json.loads((ONNX / "expected.json").read_text())
    images = [png(*size) for size in expected["sizes"]["small"]]
    with scoring(tmp_path, threads=1, scorers={name: make(tmp_path)}) as client:
        found = client.score(name, images, expected["texts"])["scores"][name]
    assert found == pytest.approx(expected[name]["scores"], abs=2e-4 if name == "pickscore" else 1e-5)


def test_hpsv2_has_the_vocabulary_of_open_clip(tmp_path):
    """As with the published weights, which come without a tokenizer."""
    open_clip = pytest.importorskip("open_clip")
    from export_scorer_models import randomise

    architecture = {**TINY_CLIP, "text_cfg": {**TINY_CLIP["text_cfg"], "vocab_size": 49408}}
    model = randomise(open_clip.CLIP(**architecture), 5)
    torch.save(model.state_dict(), tmp_path / "hpsv2.pt")
    (tmp_path / "hpsv2.json").write_text(json.dumps(architecture))
    with scoring(tmp_path, threads=1, scorers={"hpsv2": {"checkpoint": "hpsv2.pt", "architecture": "hpsv2.json"}}) as client:
        found = client.score("hpsv2", [png(*SIZES[0])] * len(PROMPTS), PROMPTS)["scores"]["hpsv2"]
    pixels = torch.from_numpy(image_of(*SIZES[0])).permute(2, 0, 1)[None].float() / 255
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (open_clip.OPENAI_DATASET_MEAN, open_clip.OPENAI_DATASET_STD))
    with torch.no_grad():
        image = model.encode_image((pixels - mean) / std, normalize=True)
        text = model.encode_text(open_clip.get_tokenizer("ViT-H-14")(PROMPTS), normalize=True)
    assert found == pytest.approx((text @ image[0]).tolist(), abs=1e-6)


def test_image_reward_is_that_of_its_package(tmp_path):
    golden = json.loads((Path(__file__).parent / "golden" / "image_reward.json").read_text())
    images = [png(*size) for size in SIZES]
    with scoring(tmp_path, threads=1, scorers={"image-reward": image_reward(tmp_path)}) as client:
        for prompt, expected in zip(PROMPTS, golden["scores"]):
            found = client.score("image-reward", images, [prompt] * len(images))["scores"]["image-reward"]
            assert found == pytest.approx(expected, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("batch", [1, 4])
def test_a_score_depends_on_its_image_alone(batch, tmp_path):
    images = [png(*size) for size in [*SIZES, (64, 64, 4), (40, 40, 5)]]
    prompts = [*PROMPTS, "a cat", ""]
    with scoring(tmp_path, threads=1, batch=batch, scorers={"pickscore": pickscore(tmp_path), "image-reward": image_reward(tmp_path)}) as client:
        for name in ("pickscore", "image-reward"):
            together = client.score(name, images, prompts)["scores"][name]
            alone = [client.score(name, [image], [prompt])["scores"][name][0] for image, prompt in zip(images, prompts)]
            turned = client.score(name, images[::-1], prompts[::-1])["scores"][name][::-1]
            assert together == alone == turned
            assert len(set(together)) == len(together)


def test_identity(tmp_path):
    config = {"threads": 1, "scorers": {"mine": {"kind": "pickscore", **pickscore(tmp_path)}}}
    with scoring(tmp_path, **config) as client:
        about = client.about("mine")
        assert about["id"] == "pickscore"
        assert about["scores"] == [{"name": "mine", "direction": "higher"}]
        assert client.score("mine", [png(*SIZES[0])], ["x"])["version"] == about["version"]
    with scoring(tmp_path, **config) as client:
        assert client.about("mine") == about
    with scoring(tmp_path, **{**config, "batch": 2}) as client:
        assert client.about("mine")["version"] != about["version"]
    file = tmp_path / "pickscore" / "config.json"
    file.write_text(file.read_text() + " ")
    with scoring(tmp_path, **config) as client:
        assert client.about("mine")["version"] != about["version"]


def test_requests_that_are_wrong(tmp_path):
    with scoring(tmp_path, threads=1, scorers={"pickscore": pickscore(tmp_path)}) as client:
        for body, sentence in [
            ({"images": [png(*SIZES[0])], "prompts": []}, "one prompt per image"),
            ({"images": ["AAAA"], "prompts": ["x"]}, "an image is not a PNG in base64"),
            ({"images": ["?"], "prompts": ["x"]}, "an image is not a PNG in base64"),
            ({"prompts": ["x"]}, "the request lacks 'images'"),
        ]:
            status, answer = client.post("pickscore", body)
            assert (status, sentence in answer["error"]) == (400, True), answer
        status, answer = client.post("hpsv2", {"images": [], "prompts": []})
        assert (status, answer["error"]) == (404, "there is no scorer 'hpsv2'; there are /pickscore")


def test_not_finite_is_null(tmp_path):
    with scoring(tmp_path, threads=1, scorers={"pickscore": pickscore(tmp_path)}) as client:
        client.panel.scorers["pickscore"].model.logit_scale.data.fill_(float("nan"))
        assert client.score("pickscore", [png(*SIZES[0])], ["x"])["scores"] == {"pickscore": [None]}


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"scorers": {}}, '"scorers" must hold at least one'),
        ({"scorers": {"pickscore": {}}}, 'needs "checkpoint"'),
        ({"scorers": {"pickscore": {"checkpoint": "nowhere"}}}, "nowhere does not exist"),
        ({"scorers": {"beauty": {"checkpoint": "."}}}, '"kind" must be one of pickscore, hpsv2, image-reward'),
        ({"scorers": {"image-reward": {"checkpoint": "."}}}, 'needs "tokenizer"'),
        ({"scorers": {"pickscore": {"checkpoint": ".", "tokeniser": "."}}}, "unknown key 'tokeniser'"),
        ({"scorers": {"a b": {"checkpoint": "."}}}, "must be named with letters and digits"),
        ({"scorers": {"pickscore": {"checkpoint": "."}}, "batch": 0}, "a whole number from 1 to 1024"),
        ({"scorers": {"pickscore": {"checkpoint": "."}}, "dtype": "int8"}, '"dtype" is'),
        ({"scorers": {"pickscore": {"checkpoint": "."}}, "size": 1}, "unknown key 'size'"),
        ({"scorers": {"pickscore": {"checkpoint": "."}}}, "has no config.json"),
        ({"scorers": {"image-reward": {"checkpoint": "scorers.json", "tokenizer": "."}}, "x": 1}, "unknown key 'x'"),
    ],
)
def test_wrong_configurations(config, sentence, tmp_path):
    with pytest.raises(ServerMistake) as error:
        Panel(read_scorers(tmp_path / "scorers.json", config))
    assert sentence in str(error.value)


def test_weights_that_are_not_the_scorers(tmp_path):
    given = image_reward(tmp_path)
    file = tmp_path / "ImageReward.pt"
    state = torch.load(file, weights_only=True)
    for damage, sentence in [
        (lambda: torch.save({name: tensor for name, tensor in state.items() if name != "mlp.layers.7.bias"}, file), "lacks 'mlp.7.bias' (1 of"),
        (lambda: torch.save({**state, "mlp.layers.7.bias": torch.zeros(2)}, file), "is of another size: size mismatch for mlp.7.bias"),
        (lambda: file.write_bytes(b"nothing"), "holds no weights"),
    ]:
        damage()
        with pytest.raises(ServerMistake) as error:
            Panel(read_scorers(tmp_path / "scorers.json", {"threads": 1, "scorers": {"image-reward": given}}))
        assert sentence in str(error.value)
