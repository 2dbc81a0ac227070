"""db-benchmark at 1e7 rows, and reading a CSV file whole: lines of the results' Markdown. Called by ../bench.py."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import Engine, HERE, check, mean, measure, table

GROUPS = [f"g{i}" for i in range(1, 11)]
JOINS = [f"j{i}" for i in range(1, 6)]


def suite(data, ours, rounds):
    peers = os.path.join(HERE, "db", "peers.py")
    engines = [Engine("sheaf", [ours, data], peer=False)]
    engines += [Engine(p, [sys.executable, peers, p, data]) for p in ("duckdb", "polars", "polars-memory")]
    m = measure(engines, GROUPS + JOINS, rounds)
    lines = table("db-benchmark, 1e7 rows, from Parquet to an answer in memory", engines, [GROUPS, JOINS], m, ["duckdb", "polars"])
    for e in engines:
        e.close()
    return lines + dask(data, peers, m)


def dask(data, peers, m):
    """Each question once, in a process of its own; what takes Dask long is asked all the same. g8 needs a Python function a group, which
    takes minutes, and is left out."""
    lines = ["### Dask, threads, one run of each question", "", "| question | Dask, s | Dask / Sheaf |", "|---|---|---|"]
    ratios = []
    for q in [q for q in GROUPS + JOINS if q != "g8"]:
        e = Engine("dask", [sys.executable, peers, "dask", data])
        reply = e.ask(q)
        e.close()
        ratios.append(reply["seconds"] / m[q, "sheaf"])
        lines.append(f"| {q} | {reply['seconds']:.2f} | {ratios[-1]:.1f} |")
    return lines + [f"| geometric mean | | {mean(ratios):.1f} |", ""]
