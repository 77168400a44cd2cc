"""Small PNG files of every kind with what Pillow's `Image.open(path).convert("RGB")` makes of them.

    python tools/golden/png_images.py        # Pillow 13.0.0; writes test/golden/png-images.json
"""
import base64
import io
import json
import random

from PIL import Image

random.seed(7)
WIDTH, HEIGHT = 5, 3  # odd, so that rows of less than 8 bits per pixel end within a byte


def noise(channels):
    return bytes(random.randrange(256) for _ in range(WIDTH * HEIGHT * channels))


def images():
    for mode, channels in (("RGB", 3), ("RGBA", 4), ("L", 1), ("LA", 2)):
        yield mode, Image.frombytes(mode, (WIDTH, HEIGHT), noise(channels)), {}
    colours = Image.frombytes("RGB", (WIDTH, HEIGHT), noise(3))
    for bits in (1, 2, 4, 8):
        yield f"P, {bits} bits", colours.quantize(colors=2**bits), {"bits": bits}
    yield "1", Image.frombytes("L", (WIDTH, HEIGHT), noise(1)).convert("1"), {}


cases = []
for name, image, options in images():
    file = io.BytesIO()
    image.save(file, "PNG", **options)
    read = Image.open(io.BytesIO(file.getvalue())).convert("RGB")
    cases.append({"name": name, "png": base64.b64encode(file.getvalue()).decode(), "rgb": list(read.tobytes())})
deep = io.BytesIO()
Image.new("I;16", (WIDTH, HEIGHT), 40_000).save(deep, "PNG")
with open("test/golden/png-images.json", "w", encoding="utf-8") as out:
    json.dump({"pillow": "13.0.0", "width": WIDTH, "height": HEIGHT, "cases": cases, "deep": base64.b64encode(deep.getvalue()).decode()}, out, indent=1)
    out.write("\n")
