"""Sampling through the server gives the images of diffusers' own pipelines."""

import diffusers
import numpy as np
import pytest
import torch

from checkpoints import checkpoint
from client import serving
from qsched_server.errors import ServerMistake

PROMPTS = ["a red circle on a blue table", "two dogs"]
#: Family, options of the run, and how diffusers is told the same.
CASES = [
    ("sd15", {}, {"guidance_scale": 0.0}),
    ("sd15", {"guidance": 4.0, "negativePrompt": "a blue"}, {"guidance_scale": 4.0, "negative_prompt": ["a blue"] * 2}),
    ("lcm", {"guidance": 6.0}, {"guidance_scale": 6.0}),
    ("sdxl", {}, {"guidance_scale": 0.0}),
    ("sdxl", {"guidance": 3.0}, {"guidance_scale": 3.0}),
    ("flux", {}, {"guidance_scale": 0.0, "max_sequence_length": 256}),
    ("flux-dev", {"guidance": 2.5}, {"guidance_scale": 2.5, "max_sequence_length": 512}),
    ("sd3", {}, {"guidance_scale": 0.0, "max_sequence_length": 256}),
    ("sd3", {"guidance": 3.0}, {"guidance_scale": 3.0, "max_sequence_length": 256}),
]


@pytest.mark.parametrize(("name", "options", "arguments"), CASES)
def test_images(name, options, arguments, tmp_path):
    folder = checkpoint(name)
    pipeline = diffusers.DiffusionPipeline.from_pretrained(folder)
    pipeline.set_progress_bar_config(disable=True)
    # A scheduler without noise of its own: what is compared is the networks.
    flow = name.startswith(("flux", "sd3"))
    cls = diffusers.FlowMatchEulerDiscreteScheduler if flow else diffusers.DDIMScheduler
    # Its pipeline takes no other scheduler; a single step draws no noise.
    steps = 1 if name == "lcm" else 2
    if name != "lcm":
        pipeline.scheduler = cls.from_config(pipeline.scheduler.config)
    with serving(tmp_path, checkpoint=str(folder), batches={"denoiser": 2, "decoder": 2}) as client:
        told = client.describe()
        shape, factor = told["latentShape"], told["pixelsPerLatent"]
        noise = torch.randn(2, *shape, generator=torch.Generator().manual_seed(1))
        given = noise
        if name.startswith("flux"):
            given = pipeline._pack_latents(noise, 2, *shape)
        size = {"height": shape[1] * factor, "width": shape[2] * factor}
        expected = pipeline(PROMPTS, num_inference_steps=steps, latents=given.clone(), output_type="np", **size, **arguments).images
        # The pipeline has set its timesteps.
        scheduler = pipeline.scheduler
        timesteps, sigmas = scheduler.timesteps, getattr(scheduler, "sigmas", None)
        if name == "lcm":
            scheduler.set_timesteps(1, original_inference_steps=50)  # it counts its steps
        handles = client.encode("fp32", PROMPTS, options)
        latents = noise * (1.0 if flow else scheduler.init_noise_sigma)
        if flow:
            for i, timestep in enumerate(timesteps):
                found = client.denoise("fp32", latents, float(timestep), handles, options)
                latents = latents + (sigmas[i + 1] - sigmas[i]) * found
        else:
            for timestep in timesteps:
                found = client.denoise("fp32", latents, float(timestep), handles, options)
                latents = scheduler.step(found, timestep, latents).prev_sample
        images = client.decode("fp32", latents)
    wanted = np.rint(expected.transpose(0, 3, 1, 2) * 255)
    assert np.abs(images.numpy().astype(np.float32) - wanted).max() <= 1
    assert (images.numpy() == wanted).mean() > 0.99


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_consistency_images(steps, tmp_path):
    """ConsistencyModelPipeline, whose scheduler draws noise in every step but the last."""
    folder = checkpoint("consistency")
    pipeline = diffusers.ConsistencyModelPipeline.from_pretrained(folder)
    pipeline.set_progress_bar_config(disable=True)
    noise = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    expected = pipeline(batch_size=2, num_inference_steps=steps, latents=noise.clone(), generator=torch.Generator().manual_seed(7), output_type="np").images
    scheduler = diffusers.CMStochasticIterativeScheduler.from_config(pipeline.scheduler.config)
    scheduler.set_timesteps(steps)
    with serving(tmp_path, checkpoint=str(folder), batches={"denoiser": 2, "decoder": 2}) as client:
        told = client.describe()
        assert (told["pipeline"], told["readsText"], told["latentShape"], told["pixelsPerLatent"]) == ("consistency", False, [3, 32, 32], 1)
        assert told["schedulerConfig"]["_class_name"] == "CMStochasticIterativeScheduler"
        latents, generator = noise * scheduler.init_noise_sigma, torch.Generator().manual_seed(7)
        for timestep in scheduler.timesteps:
            found = client.denoise("fp32", scheduler.scale_model_input(latents, timestep), float(timestep), [], {})
            latents = scheduler.step(found, timestep, latents, generator=generator).prev_sample
        images = client.decode("fp32", latents)
    wanted = np.rint(expected.transpose(0, 3, 1, 2) * 255)
    assert (images.numpy() == wanted).all()


def test_class_conditional_consistency_models_are_refused(tmp_path):
    folder = tmp_path / "conditional"
    unet = diffusers.UNet2DModel(
        sample_size=32, block_out_channels=[8], layers_per_block=1, down_block_types=["DownBlock2D"], up_block_types=["UpBlock2D"], norm_num_groups=4, num_class_embeds=10
    )
    diffusers.ConsistencyModelPipeline(unet=unet, scheduler=diffusers.CMStochasticIterativeScheduler()).save_pretrained(folder)
    with pytest.raises(ServerMistake, match="class-conditional consistency models are not served"):
        with serving(tmp_path, checkpoint=str(folder)):
            pass
