"""The surfaces of `auto-regret`, evaluated in exactly the operations of bench/auto-regret/surfaces.ts: only +, -, *, / and
square roots, in the same order, so that both get the same bits.

A problem is a sum of parts. A part has a centre c, a matrix R, a bend b and a kind; with the jitter j_p of a prompt,

    y = R (x - c - j_p),  y_1 += b y_0^2,  y_3 += b y_2^2,  q = y . y
    quadratic -q,  bowl -q / (1 + q),  cone 1 - sqrt(1 + q),  flat -q^2 / (1 + q),  cliff -y_0 / sqrt(1 + y_0^2)

and a score is the mean over prompts of weight_p * sum of height * part.
"""

from math import sqrt


def shape(kind, y, q):
    if kind == "quadratic":
        return -q
    if kind == "bowl":
        return -q / (1 + q)
    if kind == "cone":
        return 1 - sqrt(1 + q)
    if kind == "flat":
        return -(q * q) / (1 + q)
    return -y[0] / sqrt(1 + y[0] * y[0])


def part_at(part, x, jitter):
    z = [(x[i] - part["centre"][i]) - jitter[i] for i in range(len(x))]
    y = []
    for row in part["matrix"]:
        total = 0.0
        for i in range(len(z)):
            total += row[i] * z[i]
        y.append(total)
    for i in range(1, len(y), 2):
        y[i] += part["bend"] * y[i - 1] * y[i - 1]
    q = 0.0
    for value in y:
        q += value * value
    return part["height"] * shape(part["kind"], y, q)


def mean_score(problem, prompts, x):
    """Mean over the prompts (indices) at x in the unit box."""
    total = 0.0
    for p in prompts:
        value = 0.0
        for part in problem["parts"]:
            value += part_at(part, x, problem["jitter"][p])
        total += problem["weights"][p] * value
    return total / len(prompts)


def population(problem, x):
    """The mean over all prompts: what regrets are about."""
    return mean_score(problem, range(len(problem["weights"])), x)


def regret(problem, x):
    """Share of (optimum - mean over the box) that x leaves."""
    return max(1e-5, (problem["optimum"] - population(problem, x)) / (problem["optimum"] - problem["mean"]))


def score_of(data, problem, variant, seed, index, x):
    """Score of evaluation `index` (from 0) of a run."""
    if variant == "prompts":
        return mean_score(problem, data["prompts"][seed], x)
    return population(problem, x) + problem["noise"] * data["normals"][seed * data["budgets"][-1] + index]
