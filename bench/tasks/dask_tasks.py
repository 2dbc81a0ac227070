"""The tasks of bench/tasks/ours on Dask's threaded scheduler, two threads: dask_tasks.py

Prints a JSON line a shape with the microseconds a task, building the dictionary included. A million tasks would take minutes: the
largest graph here has 100,000.
"""
import json
import random
import time

import dask
from dask.threaded import get


def noop(*_):
    return 1


def deps(shape, i, n, r):
    leaves = (n + 1) // 2
    if shape == "chain":
        return [i - 1] if i else []
    if shape == "tree":
        return [2 * (i - leaves), min(2 * (i - leaves) + 1, i - 1)] if i >= leaves else []
    if shape == "random":
        return [max(0, i - 1 - r.randrange(1000)) for _ in range(min(i, r.randrange(4)))]
    return []


dask.config.set(num_workers=2)
for n in (1_000, 100_000):
    for shape in ("wide", "chain", "tree", "random")[: 4 if n == 1_000 else 3]:  # 100,000 random tasks took six minutes
        r = random.Random(7)
        lists = [deps(shape, i, n, r) for i in range(n)]
        start = time.perf_counter()
        graph = {("t", i): (noop, *[("t", d) for d in lists[i]]) for i in range(n)}
        want = [("t", i) for i in range(n)] if shape in ("wide", "random") else [("t", n - 1)]
        get(graph, want)
        print(json.dumps({"shape": shape, "tasks": n, "us": (time.perf_counter() - start) / n * 1e6, "dask": dask.__version__}), flush=True)
