"""Regrets of other optimizers on bench/auto-regret/problems.json, asked in batches of 8.

    python tools/bench_peers/regrets.py --out runs.jsonl [--peers P ...] [--seeds N] [--problems bowl:2 ...]
    python tools/bench_peers/regrets.py --compact runs.jsonl     writes bench/auto-regret/peers.json
    python tools/bench_peers/regrets.py --check                  repeats two of its curves

A line of the output is one run: the regrets after each budget of the best point told so far and, where the library has a
recommendation of its own, of that. Runs that the output holds already are left out, so that it can be continued. Without
--out the runs go to standard output. The packages are in requirements.txt; all libraries minimise, and are fed the
negative score.
"""

import argparse
import json
import logging
import sys
import warnings
from pathlib import Path

import numpy as np

from surfaces import regret, score_of

warnings.filterwarnings("ignore")
FOLDER = Path(__file__).resolve().parents[2] / "bench" / "auto-regret"
VARIANTS = ("prompts", "noise")


class Pycma:
    """CMA-ES of pycma: the middle of the box, a quarter of its width, as its documentation advises."""

    def __init__(self, d, budget, batch, seed):
        import cma

        options = {"bounds": [0, 1], "popsize": batch, "seed": seed + 1, "verbose": -9, "maxfevals": np.inf}
        options |= {key: 0 for key in ("tolfun", "tolx", "tolfunhist", "tolflatfitness")}
        self.es = cma.CMAEvolutionStrategy([0.5] * d, 0.25, options)

    def ask(self, count):
        self.points = self.es.ask()
        return [x.tolist() for x in self.points[:count]]

    def tell(self, losses):
        if len(losses) == len(self.points):
            self.es.tell(self.points, losses)

    def recommended(self):
        return np.clip(self.es.result.xfavorite, 0, 1).tolist()


class Nevergrad:
    name = ""

    def __init__(self, d, budget, batch, seed):
        import nevergrad as ng

        space = ng.p.Array(shape=(d,), lower=0.0, upper=1.0)
        space.random_state.seed(seed)
        self.optimizer = ng.optimizers.registry[self.name](parametrization=space, budget=budget, num_workers=batch)

    def ask(self, count):
        self.asked = [self.optimizer.ask() for _ in range(count)]
        return [one.value.tolist() for one in self.asked]

    def tell(self, losses):
        for one, loss in zip(self.asked, losses):
            self.optimizer.tell(one, loss)

    def recommended(self):
        return self.optimizer.provide_recommendation().value.tolist()


class NGOpt(Nevergrad):
    name = "NGOpt"


class OnePlusOne(Nevergrad):
    name = "OnePlusOne"


class Optuna:
    def __init__(self, d, budget, batch, seed):
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.study = optuna.create_study(sampler=self.sampler(optuna.samplers, seed))
        self.space = {f"x{i}": optuna.distributions.FloatDistribution(0, 1) for i in range(d)}

    def ask(self, count):
        self.asked = [self.study.ask(self.space) for _ in range(count)]
        return [[trial.params[name] for name in self.space] for trial in self.asked]

    def tell(self, losses):
        for trial, loss in zip(self.asked, losses):
            self.study.tell(trial, loss)

    def recommended(self):
        return None


class TPE(Optuna):
    """With constant_liar, as its documentation advises for trials in parallel."""

    def sampler(self, samplers, seed):
        return samplers.TPESampler(seed=seed, constant_liar=True)


class GPSampler(Optuna):
    def sampler(self, samplers, seed):
        return samplers.GPSampler(seed=seed)


#: What they ask does not depend on the budget: with 8 workers NGOpt is MetaModel(CMA) from 20 to 1000 evaluations.
PEERS = {
    "ngopt": NGOpt,
    "one-plus-one": OnePlusOne,
    "pycma": Pycma,
    "tpe": TPE,
    "gp-sampler": GPSampler,
}


def curve(data, problem, variant, name, seed, until=None):
    """Regrets by budget up to `until`, [of the best told, of the recommended]; None beyond."""
    budget = data["budgets"][-1]
    peer = PEERS[name](problem["dimension"], budget, data["batch"], seed)
    best, at, told, found = -np.inf, None, 0, {n: [None, None] for n in data["budgets"]}
    until = until or budget
    while told < until:
        wanted = min(data["batch"], until - told)
        losses = []
        for x in peer.ask(wanted):
            score = score_of(data, problem, variant, seed, told + len(losses), x)
            losses.append(-score)
            if score > best:
                best, at = score, x
            if told + len(losses) in data["budgets"]:
                found[told + len(losses)][0] = regret(problem, at)
        # A budget within a batch has the recommendation of the batch before it, as the library would give it then.
        for n in data["budgets"]:
            if told < n <= told + len(losses) and n != told + len(losses) and told > 0:
                recommended = peer.recommended()
                found[n][1] = None if recommended is None else regret(problem, recommended)
        peer.tell(losses)
        told += len(losses)
        if told in found:
            recommended = peer.recommended()
            found[told][1] = None if recommended is None else regret(problem, recommended)
    return found


def short(value):
    return None if value is None else float(f"{value:.4g}")


def compact(data, path):
    rows = {}
    for text in Path(path).read_text().splitlines():
        one = json.loads(text)
        key = (one["peer"], one["variant"], one["problem"])
        known = rows.setdefault(key, {}).get(one["seed"])
        if known is None or one["best"].count(None) < known[0].count(None):
            rows[key][one["seed"]] = [one["best"], one["recommended"]]
    lines = []
    for (peer, variant, problem), by_seed in sorted(rows.items()):
        seeds = [s for s in range(data["seeds"]) if s in by_seed]
        assert seeds == list(range(len(seeds))), (peer, problem, seeds)
        best = [by_seed[s][0] for s in seeds]
        recommended = [by_seed[s][1] for s in seeds]
        line = {"peer": peer, "variant": variant, "problem": problem, "best": best}
        lines.append(json.dumps(line if recommended[0][0] is None else {**line, "recommended": recommended}, separators=(",", ":")))
    head = json.dumps({"producer": "tools/bench_peers/regrets.py", "budgets": data["budgets"]}, separators=(",", ":"))
    (FOLDER / "peers.json").write_text(head[:-1] + ',"runs":[\n' + ",\n".join(lines) + "\n]}\n")


def check(data):
    """How many of two stored curves differ from what the libraries do now."""
    stored = json.loads((FOLDER / "peers.json").read_text())["runs"]
    different = 0
    for name, key, seed in (("pycma", "turned-32:4", 3), ("tpe", "bowl:2", 7)):
        problem = next(one for one in data["problems"] if f"{one['name']}:{one['dimension']}" == key)
        found = curve(data, problem, "prompts", name, seed)
        line = next(one for one in stored if (one["peer"], one["variant"], one["problem"]) == (name, "prompts", key))
        different += [short(found[n][0]) for n in data["budgets"]] != line["best"][seed]
    print(json.dumps({"checked": 2, "different": different}))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path)
    parser.add_argument("--compact", type=Path)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--peers", nargs="+", default=list(PEERS), choices=list(PEERS))
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS), choices=list(VARIANTS))
    parser.add_argument("--problems", nargs="+")
    parser.add_argument("--seeds", type=int)
    parser.add_argument("--until", type=int, help="one of the budgets, where the last would take too long")
    args = parser.parse_args()
    logging.disable(logging.WARNING)
    data = json.loads((FOLDER / "problems.json").read_text())
    if args.compact is not None:
        return compact(data, args.compact)
    if args.check:
        return check(data)
    done = set()
    if args.out is not None and args.out.exists():
        runs = map(json.loads, args.out.read_text().splitlines())
        last = data["budgets"].index(args.until or data["budgets"][-1])
        done = {(r["peer"], r["variant"], r["problem"], r["seed"]) for r in runs if r["best"][last] is not None}
    for name in args.peers:
        for variant in args.variants:
            for seed in range(args.seeds or data["seeds"]):
                for problem in data["problems"]:
                    key = f"{problem['name']}:{problem['dimension']}"
                    if (args.problems and key not in args.problems) or (name, variant, key, seed) in done:
                        continue
                    found = curve(data, problem, variant, name, seed, args.until)
                    line = {"peer": name, "variant": variant, "problem": key, "seed": seed}
                    for at, rule in enumerate(("best", "recommended")):
                        line[rule] = [short(found[n][at]) for n in data["budgets"]]
                    stream = sys.stdout if args.out is None else args.out.open("a")
                    print(json.dumps(line), file=stream, flush=True)


if __name__ == "__main__":
    main()
