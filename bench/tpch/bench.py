"""The 22 questions of TPC-H at scale factor 1 from Parquet: lines of the results' Markdown. Called by ../bench.py."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import Engine, HERE, measure, table

QUESTIONS = [str(i) for i in range(1, 23)]


def suite(data, ours, rounds):
    peers = os.path.join(HERE, "tpch", "peers.py")
    engines = [Engine("sheaf", [ours, data], peer=False)] + [Engine(p, [sys.executable, peers, p, data]) for p in ("duckdb", "polars")]
    m = measure(engines, QUESTIONS, rounds)
    lines = table("TPC-H, scale factor 1, from Parquet", engines, [QUESTIONS], m, ["duckdb", "polars"])
    for e in engines:
        e.close()
    return lines + ["DuckDB and Polars order the joins of the SQL text themselves; Sheaf joins in the order that the program says.", ""]
