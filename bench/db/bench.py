"""db-benchmark at 1e7 rows, and reading a CSV file whole: lines of the results' Markdown. Called by ../bench.py."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import Engine, HERE, dask, measure, table

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
    # g8 needs a Python function a group in Dask, which takes minutes.
    return lines + dask([sys.executable, peers, "dask", data], [q for q in GROUPS + JOINS if q != "g8"], m)
