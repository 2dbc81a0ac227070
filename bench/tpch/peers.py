"""Answers the TPC-H questions with a peer, from the same SQL: peers.py duckdb|polars|polars-memory FOLDER

Reads the number of a question a line; writes a JSON line with the seconds from opening the Parquet files to having the answer in memory, and
the answer's rows.
"""
import json
import os
import sys
import time
from decimal import Decimal

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from queries import QUERIES

peer, folder = sys.argv[1:3]
TABLES = ["customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier"]


def duckdb_peer():
    import duckdb

    con = duckdb.connect()
    con.execute("SET threads = 2")
    for t in TABLES:
        con.execute(f"CREATE VIEW {t} AS FROM read_parquet('{folder}/{t}.parquet')")
    return lambda q: con.execute(QUERIES[q]).fetchall(), duckdb.__version__


def polars_peer(engine):
    import polars as pl

    def answer(q):
        context = pl.SQLContext({t: pl.scan_parquet(f"{folder}/{t}.parquet") for t in TABLES})
        return context.execute(QUERIES[q]).collect(engine=engine).rows()

    return answer, pl.__version__


def plain(value):
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


PEERS = {"duckdb": duckdb_peer, "polars": lambda: polars_peer("streaming"), "polars-memory": lambda: polars_peer("in-memory")}
answer, version = PEERS[peer]()
print(json.dumps({"version": version}), flush=True)
for line in sys.stdin:
    start = time.perf_counter()
    rows = answer(int(line))
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "rows": [[plain(v) for v in row] for row in rows]}, default=float), flush=True)
