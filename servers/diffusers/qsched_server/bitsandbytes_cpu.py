"""bitsandbytes on a CPU, where its kernels run and diffusers 0.42.1 does not use them: it asks for a GPU before it loads."""

import logging

import torch


def quantise_linears(model: torch.nn.Module, config) -> torch.nn.Module:
    """Replaces the linear layers of a loaded denoiser by those of bitsandbytes, which diffusers' own function chooses.

    `config` is diffusers' BitsAndBytesConfig; `llm_int8_skip_modules` stay as they are.
    """
    import bitsandbytes as bnb
    from diffusers.quantizers.bitsandbytes.utils import replace_with_bnb_linear

    # It tells every call of every layer that 8-bit products are made in float16.
    logging.getLogger("bitsandbytes.autograd._functions").setLevel(logging.ERROR)
    stored = {name: module for name, module in model.named_modules() if isinstance(module, torch.nn.Linear)}
    model = replace_with_bnb_linear(model, modules_to_not_convert=list(config.llm_int8_skip_modules or []), quantization_config=config)
    for name, module in model.named_modules():
        if not isinstance(module, (bnb.nn.Linear4bit, bnb.nn.Linear8bitLt)):
            continue
        old, settings = stored[name], dict(module.weight.__dict__)
        module.weight = type(module.weight)(old.weight.data, requires_grad=False, **settings).to("cpu")
        module.bias = old.bias
        # Without the kernels for bfloat16: few CPUs have them, they give other bits, and they need sizes of whole blocks.
        module.support_avx512bf16_for_cpu = False
    return model
