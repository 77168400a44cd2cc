"""Samples with a qsched schedule in diffusers: one line after the scheduler is created.

    import qsched_diffusers
    qsched_diffusers.apply(pipe.scheduler, "schedule.json")

To install it, `pip install` the folder of this file, or copy the file next to your script. It has no dependencies: it
imports neither torch nor diffusers nor numpy, and only changes the scheduler instance that it is given.

The JSON is written by `qsched export` or `qsched schedule show --json` (qsched-schedule/1). `step(model_output, timestep,
sample, ...)` of the instance then uses model_output * c_eps[i] and sample * c_x[i] instead of model_output and sample
(Q-Sched, Eq. 2). The noise, and the network's input of the same step, are not scaled. With PTQD the model's output is
corrected first, and the noise of a step is lowered by the remaining error. A second `apply` replaces the first schedule;
`remove(scheduler)` restores the original scheduler.
"""
import functools
import json

FORMAT = "qsched-schedule/1"
CLASSES = {
    "tcd": "TCDScheduler",
    "lcm": "LCMScheduler",
    "ddim": "DDIMScheduler",
    "euler": "EulerDiscreteScheduler",
    "euler-ancestral": "EulerAncestralDiscreteScheduler",
    "flow-match-euler": "FlowMatchEulerDiscreteScheduler",
    "flow-match-lcm": "FlowMatchLCMScheduler",
    "consistency": "CMStochasticIterativeScheduler",
    "scm": "SCMScheduler",
}
#: Schedulers whose step or pipeline has the argument `eta`.
WITH_ETA = ("tcd", "ddim")


class ScheduleError(ValueError):
    """The schedule does not fit the scheduler; the message explains why."""


def apply(scheduler, schedule):
    """Makes this scheduler instance use a schedule, and returns it.

    scheduler: a diffusers scheduler instance, before or after set_timesteps
    schedule:  path of a qsched-schedule/1 JSON file, or its content as a dict
    """
    document = schedule if isinstance(schedule, dict) else _read(schedule)
    plan = _check(document)
    name = type(scheduler).__name__
    if name != CLASSES[plan["type"]]:
        raise ScheduleError(f"The schedule was made for {CLASSES[plan['type']]} ({plan['type']}), but the scheduler is {name}.")
    remove(scheduler)
    original_step, original_set = scheduler.step, scheduler.set_timesteps
    state = {"checked": False}

    @functools.wraps(original_set)  # pipelines inspect the signature
    def set_timesteps(*args, **kwargs):
        result = original_set(*args, **kwargs)
        _compare(plan["timesteps"], _timesteps(scheduler, plan))
        state["checked"] = True
        return result

    @functools.wraps(original_step)
    def step(model_output, timestep, sample, *args, **kwargs):
        if not state["checked"]:
            _compare(plan["timesteps"], _timesteps(scheduler, plan))
            state["checked"] = True
        i = _index(plan["timesteps"], float(timestep))
        if plan["type"] in WITH_ETA and not args:
            given = kwargs.setdefault("eta", plan["eta"])
            if abs(given - plan["eta"]) > 1e-9:
                raise ScheduleError(f"eta is {given}, but the schedule was made with eta {plan['eta']}: pass eta={plan['eta']} to the pipeline.")
        m = _corrected(model_output, plan["ptqd"][i]) if plan["ptqd"] else model_output
        m, x = m * plan["noise"][i], sample * plan["sample"][i]
        result = original_step(m, timestep, x, *args, **kwargs)
        return _with_less_noise(result, plan, i, m, x) if plan["ptqd"] else result

    step.qsched = set_timesteps.qsched = True
    scheduler.step, scheduler.set_timesteps = step, set_timesteps
    return scheduler


def remove(scheduler):
    """Restores the scheduler's own `step` and `set_timesteps`, and returns the scheduler."""
    for name in ("step", "set_timesteps"):
        if getattr(scheduler.__dict__.get(name), "qsched", False):
            del scheduler.__dict__[name]
    return scheduler


def _read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def _check(document):
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        found = document.get("format") if isinstance(document, dict) else type(document).__name__
        raise ScheduleError(f"The format is {found!r}, not {FORMAT!r}: write the file with `qsched export`.")
    chosen = document.get("scheduler", {})
    kind, steps = chosen.get("type"), chosen.get("steps")
    if kind not in CLASSES:
        raise ScheduleError(f"scheduler.type is {kind!r}: must be one of {', '.join(CLASSES)}.")
    coefficients = document.get("coefficients") or {}
    ptqd = document.get("ptqd")
    lists = {"coefficients.sample": coefficients.get("sample"), "coefficients.noise": coefficients.get("noise"), "timesteps": document.get("timesteps")}
    if ptqd is not None:
        lists["ptqd"] = ptqd
        lists["fused.steps"] = (document.get("fused") or {}).get("steps")
        lists["identity.steps"] = (document.get("identity") or {}).get("steps")
    for field, values in lists.items():
        if not isinstance(values, list) or len(values) != steps:
            raise ScheduleError(f"{field} has {len(values) if isinstance(values, list) else 'no'} entries, but scheduler.steps is {steps}.")
    for field in ("coefficients.sample", "coefficients.noise", "timesteps"):
        for i, value in enumerate(lists[field]):
            if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value or value in (float("inf"), float("-inf")):
                raise ScheduleError(f"{field}[{i}] is {value!r}: must be a finite number.")
    return {
        "type": kind,
        "eta": chosen.get("eta", 0),
        "timesteps": lists["timesteps"],
        "sample": coefficients["sample"],
        "noise": coefficients["noise"],
        "ptqd": ptqd,
        "fused": lists.get("fused.steps"),
        "identity": lists.get("identity.steps"),
    }


def _numbers(values):
    return values.tolist() if hasattr(values, "tolist") else [float(v) for v in values]


def _timesteps(scheduler, plan):
    """One per step: SCMScheduler's list also has the end."""
    values = _numbers(scheduler.timesteps)
    return values[:-1] if plan["type"] == "scm" else values


def _near(left, right):
    return abs(left - right) <= 1e-3 * max(1.0, abs(right))


def _compare(expected, found):
    if len(found) != len(expected):
        raise ScheduleError(f"The scheduler has {len(found)} steps, but the schedule was made for {len(expected)}: pass num_inference_steps={len(expected)}.")
    if not all(_near(a, b) for a, b in zip(found, expected)):
        raise ScheduleError(f"The scheduler's timesteps are {found}, but the schedule was made for {expected}: make the scheduler from the same scheduler_config.json.")


def _index(timesteps, timestep):
    for i, own in enumerate(timesteps):
        if _near(timestep, own):
            return i
    raise ScheduleError(f"The timestep {timestep} is not one of the schedule's: {timesteps}.")


def _broadcast(values, like):
    """Numbers, one per channel, in the shape (1, channels, 1, 1, ...)."""
    if not isinstance(values, list):
        return values
    return like.new_tensor(values).reshape([1, len(values)] + [1] * (like.ndim - 2))


def _corrected(m, fit):
    return (m - _broadcast(fit["mu"], m)) / (1 + fit["gamma"])


def _with_less_noise(result, plan, i, m, x):
    own, step = plan["identity"][i], plan["fused"][i]
    if own["n"] == 0 or own["n"] == step["n"]:
        return result
    before = result[0] if isinstance(result, tuple) else result.prev_sample
    clean = x * own["a"] + m * own["b"]
    after = clean + (before - clean) * (step["n"] / own["n"])
    if isinstance(result, tuple):
        return (after,) + tuple(result[1:])
    result.prev_sample = after
    return result
