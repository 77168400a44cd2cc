"""Writes test/golden/metrics/{brisque,preference}.json: piq's BRISQUE, Elo and Bradley-Terry.

    pip install -r tools/golden/requirements-metrics-scores.txt
    python tools/golden/metrics_scores.py

piq's trained weights are not downloaded: seeded random ones are used instead. Arrays are
base64 of little-endian bytes. Never needed to run or test the package.
"""
import base64
import json
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import numpy as np
import scipy.optimize
import torch

# In piq, functions of the same name shadow the modules.
BRISQUE = import_module("piq.brisque")
RESIZE = import_module("piq.functional.resize")
OUT = Path(__file__).resolve().parents[2] / "test" / "golden" / "metrics"


def b64(array, dtype):
    return base64.b64encode(np.ascontiguousarray(array, dtype=dtype).tobytes()).decode()


def write(name, packages, **content):
    content = {"versions": {p: version(p) for p in packages}, **content}
    (OUT / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n")
    print(name)


# BRISQUE

def picture(rng, height, width, kind):
    """Noise; a smooth image with texture; the same with pure black and white areas."""
    if kind == "noise":
        return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    y, x = np.mgrid[0:height, 0:width]
    wave = np.stack([127 + 90 * np.sin(x / 6 + c) * np.cos(y / (5 + c)) for c in range(3)], -1)
    wave += rng.normal(0, 6, wave.shape)
    if kind == "flat areas":
        wave[: height // 2, : width // 2] = 255
        wave[height // 2 :, width // 3 :] = [40, 90, 10]
    return np.clip(np.rint(wave), 0, 255).astype(np.uint8)


def brisque():
    rng = np.random.default_rng(20260501)
    vectors, coefficients = 24, rng.normal(0, 20, (24, 1))
    support = rng.uniform(-1, 1, (vectors, 36))
    # piq transposes what it loads in place.
    BRISQUE.load_url = lambda *_, **__: (torch.tensor(coefficients), torch.tensor(support))

    def score(image):
        x = torch.tensor(image.transpose(2, 0, 1)[None], dtype=torch.float64)
        found = []
        scale = BRISQUE._scale_features
        BRISQUE._scale_features = lambda f: (found.append(f), scale(f))[1]
        try:
            return float(BRISQUE.brisque(x, data_range=255)), found[0].numpy().ravel()
        finally:
            BRISQUE._scale_features = scale

    def without_noise(image):
        """piq with its resize in float64, and with the rounding noise of flat areas set to 0."""
        cast, fit = RESIZE.cast_input, BRISQUE._aggd_parameters
        RESIZE.cast_input = lambda x: (x, None)
        BRISQUE._aggd_parameters = lambda x: fit(torch.where(x.abs() < 1e-9, 0.0, x))
        try:
            return score(image)
        finally:
            RESIZE.cast_input, BRISQUE._aggd_parameters = cast, fit

    cases = []
    for width, height, kind in [(32, 32, "noise"), (32, 32, "smooth"), (64, 48, "smooth"), (47, 61, "smooth"), (33, 50, "noise"), (16, 19, "smooth"), (64, 64, "flat areas"), (51, 40, "flat areas")]:
        image = picture(rng, height, width, kind)
        plain, plain_features = score(image)
        value, features = without_noise(image)
        print(width, height, kind, plain, value, np.abs(plain_features / features - 1).max())
        case = {"width": width, "height": height, "kind": kind, "image": b64(image, "u1"), "score": value, "features": features.tolist()}
        if kind != "flat areas":
            case |= {"score": plain, "features": plain_features.tolist()}
        cases.append(case)
    refused = []
    for grey in (0, 128, 255):
        try:
            refused.append(score(np.full((32, 32, 3), grey, np.uint8))[0])
        except AssertionError as error:
            refused.append(f"assertion: {error}")
    print(refused)
    write("brisque", ["piq", "torch"], coefficients=b64(coefficients, "f8"), supportVectors=b64(support, "f8"), cases=cases)


# Elo and Bradley-Terry

ELO_STREAM, BRADLEY_TERRY_STREAM = 0x656C6F00, 0x62740000


def philox(counter, key):
    """Philox4x32-10 (Salmon et al. 2011), four words."""
    c, k = list(counter), list(key)
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k[0], p1 % 2**32, (p0 >> 32) ^ c[3] ^ k[1], p0 % 2**32]
        k = [(k[0] + 0x9E3779B9) % 2**32, (k[1] + 0xBB67AE85) % 2**32]
    return c


def words(count, draw, stream, seed):
    blocks = [philox([block, draw, stream, 0], [seed % 2**32, seed >> 32]) for block in range((count + 3) // 4)]
    return [word for block in blocks for word in block]


def elo(players, games, shuffles, seed):
    total = [0.0] * players
    for s in range(shuffles):
        order, w = list(range(len(games))), words(len(games) - 1, s, ELO_STREAM, seed)
        for drawn, i in enumerate(range(len(games) - 1, 0, -1)):
            j = w[drawn] * (i + 1) // 2**32
            order[i], order[j] = order[j], order[i]
        ratings = [1000.0] * players
        for g in order:
            a, b, outcome = games[g]
            change = 32 * (outcome - 1 / (1 + 10 ** ((ratings[b] - ratings[a]) / 400)))
            ratings[a] += change
            ratings[b] -= change
        total = [t + r for t, r in zip(total, ratings)]
    return [t / shuffles for t in total]


def bradley_terry(players, games):
    """The likelihood equations, solved by scipy from 0, first with the first strength fixed at 0, then with the mean."""
    a, b, outcome = (np.array(column) for column in zip(*games))

    def equations(free):
        strengths = np.concatenate([[0], free])
        rest = outcome - 1 / (1 + np.exp(strengths[b] - strengths[a]))
        return (np.bincount(a, rest, players) - np.bincount(b, rest, players))[1:]

    found = scipy.optimize.root(equations, np.zeros(players - 1), tol=1e-14)
    assert np.abs(equations(found.x)).max() < 1e-10, found
    strengths = np.concatenate([[0], found.x])
    return (1000 + 400 / np.log(10) * (strengths - strengths.mean())).tolist()


def preference():
    rng = np.random.default_rng(20260502)
    cases = []
    for name, players, count, spread, seed in [("two players", 2, 30, 0.5, 3), ("four players", 4, 120, 0.7, 7), ("far apart", 3, 400, 2.0, 2**40 + 1)]:
        strength = np.linspace(0, spread * (players - 1), players)
        games, prompts = [], []
        for i in range(count):
            x, y = (int(p) for p in rng.choice(players, 2, replace=False))
            win = rng.random() < 1 / (1 + np.exp(strength[y] - strength[x]))
            games.append((x, y, 0.5 if rng.random() < 0.15 else float(win)))
            prompts.append(int(i % (count // 3)))
        draws = []
        clusters = [[g for g, p in zip(games, prompts) if p == q] for q in range(count // 3)]
        n = len(clusters)
        for r in range(100):
            w = words(n, r, BRADLEY_TERRY_STREAM, seed)
            draws.append(bradley_terry(players, [g for i in range(n) for g in clusters[w[i] * n // 2**32]]))
        intervals = np.quantile(np.array(draws), [0.05, 0.95], axis=0).T.tolist()
        cases.append({"name": name, "players": players, "seed": seed, "games": games, "prompts": prompts, "elo": elo(players, games, 1000, seed), "bradleyTerry": bradley_terry(players, games), "resamples": 100, "level": 0.9, "intervals": intervals})
    (OUT / "preference.json").write_text(json.dumps({"versions": {p: version(p) for p in ["numpy", "scipy"]}, "shuffles": 1000, "cases": cases}) + "\n")
    print("preference")


if __name__ == "__main__":
    brisque()
    preference()
