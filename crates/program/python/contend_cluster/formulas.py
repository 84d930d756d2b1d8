"""Values of a scenario's formulas, as `contend` writes them into the job of `workload.py`.

A formula is a tree of JSON: a word (`"WorkerIndex"`) or one pair of a word and its parts (`{"Op": [left, "+", right]}`).
Everything here runs on a worker of the cluster too: it is sent there by value and imports only what Python has.
"""

import math
import random

#: The 99th percentile of the standard normal distribution.
NORMAL_P99 = 2.3263478740408408


class Values:
    """What formulas read: knobs, the worker's place in its pool, the number of the task."""

    def __init__(self, knobs, index=0, size=1, task=0):
        self.knobs, self.index, self.size, self.task = knobs, index, size, task
        self.draw = random.random


def evaluate(formula, values):
    """Value of a formula: nanoseconds, bytes, tasks per second or a plain number. Division by zero gives 0."""
    if isinstance(formula, str):
        return float({"WorkerIndex": values.index, "GroupSize": values.size, "TaskNumber": values.task}[formula])
    (word, parts), = formula.items()
    return FORMULAS[word](parts, values)


def _number(parts, values):
    return float(parts)


def _knob(parts, values):
    return float(values.knobs[parts])


def _operation(parts, values):
    left, right = evaluate(parts[0], values), evaluate(parts[2], values)
    return {
        "+": lambda: left + right,
        "-": lambda: left - right,
        "*": lambda: left * right,
        "/": lambda: left / right if right else 0.0,
        "%": lambda: left % abs(right) if right else 0.0,
    }[parts[1]]()


def _random(parts, values):
    low, high = (evaluate(part, values) for part in parts)
    return low + (high - low) * values.draw()


def _exponential(parts, values):
    return -evaluate(parts, values) * math.log(1.0 - values.draw())


def _lognormal(parts, values):
    median, p99 = (evaluate(part, values) for part in parts)
    if median <= 0.0 or p99 <= median:
        return max(median, 0.0)
    return median * math.exp(random.gauss(0.0, math.log(p99 / median) / NORMAL_P99))


def _bimodal(parts, values):
    usual, rare, share = (evaluate(parts[name], values) for name in ("usual", "rare", "share"))
    return rare if values.draw() < share else usual


FORMULAS = {
    "Number": _number,
    "Knob": _knob,
    "Op": _operation,
    "Min": lambda parts, values: min(evaluate(part, values) for part in parts),
    "Max": lambda parts, values: max(evaluate(part, values) for part in parts),
    "Random": _random,
    "Exponential": _exponential,
    "Lognormal": _lognormal,
    "Bimodal": _bimodal,
}
