"""Answers the db-benchmark questions with a peer: peers.py duckdb|polars|polars-memory|dask FOLDER

Reads the name of a question a line; writes a JSON line with the seconds from opening the Parquet files to having the answer in memory, and
of the answer its rows and the sums of its values.
"""
import gc
import json
import sys
import time

peer, folder = sys.argv[1:3]
IDS = ["id1", "id2", "id3", "id4", "id5", "id6"]
SUMS = {"g1": ["v1"], "g2": ["v1"], "g3": ["v1", "v3"], "g4": ["v1", "v2", "v3"], "g5": ["v1", "v2", "v3"], "g6": ["m", "sd"], "g7": ["r"], "g8": ["v3"],
        "g9": ["r2"], "g10": ["v3", "n"]} | {f"j{i}": ["v1", "v2"] for i in range(1, 6)}

MEDIUM = "medium.id1 AS medium_id1, medium.id4 AS medium_id4"
SQL = {
    "g1": "SELECT id1, sum(v1) AS v1 FROM g GROUP BY id1",
    "g2": "SELECT id1, id2, sum(v1) AS v1 FROM g GROUP BY id1, id2",
    "g3": "SELECT id3, sum(v1) AS v1, avg(v3) AS v3 FROM g GROUP BY id3",
    "g4": "SELECT id4, avg(v1) AS v1, avg(v2) AS v2, avg(v3) AS v3 FROM g GROUP BY id4",
    "g5": "SELECT id6, sum(v1) AS v1, sum(v2) AS v2, sum(v3) AS v3 FROM g GROUP BY id6",
    "g6": "SELECT id4, id5, median(v3) AS m, stddev_samp(v3) AS sd FROM g GROUP BY id4, id5",
    "g7": "SELECT id3, max(v1) - min(v2) AS r FROM g GROUP BY id3",
    "g8": "SELECT id6, unnest(max(v3, 2)) AS v3 FROM g WHERE v3 IS NOT NULL GROUP BY id6",
    "g9": "SELECT id2, id4, corr(v1, v2) ^ 2 AS r2 FROM g GROUP BY id2, id4",
    "g10": "SELECT id1, id2, id3, id4, id5, id6, sum(v3) AS v3, count(*) AS n FROM g GROUP BY ALL",
    "j1": "SELECT x.*, small.id4 AS small_id4, v2 FROM x JOIN small USING (id1)",
    "j2": f"SELECT x.*, {MEDIUM}, medium.id5 AS medium_id5, v2 FROM x JOIN medium USING (id2)",
    "j3": f"SELECT x.*, {MEDIUM}, medium.id5 AS medium_id5, v2 FROM x LEFT JOIN medium USING (id2)",
    "j4": f"SELECT x.*, {MEDIUM}, medium.id2 AS medium_id2, v2 FROM x JOIN medium USING (id5)",
    "j5": "SELECT x.*, big.id1 AS big_id1, big.id2 AS big_id2, big.id4 AS big_id4, big.id5 AS big_id5, big.id6 AS big_id6, v2 FROM x JOIN big USING (id3)",
}


def duckdb_peer():
    import duckdb

    con = duckdb.connect()
    con.execute("SET threads = 2")
    for name, file in {"g": "groupby", "x": "join_x", "small": "join_small", "medium": "join_medium", "big": "join_big"}.items():
        con.execute(f"CREATE VIEW {name} AS FROM read_parquet('{folder}/{file}.parquet')")

    def run(q):
        con.execute(f"CREATE OR REPLACE TEMP TABLE answer AS {SQL[q]}")

    def summary(q):
        return con.execute("SELECT count(*), " + ", ".join(f"sum({c})" for c in SUMS[q]) + " FROM answer").fetchone()

    return run, summary, duckdb.__version__


def polars_peer(engine):
    import polars as pl

    g, x, small, medium, big = (pl.scan_parquet(f"{folder}/{f}.parquet") for f in ("groupby", "join_x", "join_small", "join_medium", "join_big"))
    plans = {
        "g1": g.group_by("id1").agg(pl.sum("v1")),
        "g2": g.group_by("id1", "id2").agg(pl.sum("v1")),
        "g3": g.group_by("id3").agg(pl.sum("v1"), pl.mean("v3")),
        "g4": g.group_by("id4").agg(pl.mean("v1", "v2", "v3")),
        "g5": g.group_by("id6").agg(pl.sum("v1", "v2", "v3")),
        "g6": g.group_by("id4", "id5").agg(pl.median("v3").alias("m"), pl.std("v3").alias("sd")),
        "g7": g.group_by("id3").agg((pl.max("v1") - pl.min("v2")).alias("r")),
        "g8": g.drop_nulls("v3").group_by("id6").agg(pl.col("v3").top_k(2)).explode("v3"),
        "g9": g.group_by("id2", "id4").agg((pl.corr("v1", "v2") ** 2).alias("r2")),
        "g10": g.group_by(IDS).agg(pl.sum("v3"), pl.len().alias("n")),
        "j1": x.join(small, on="id1"), "j2": x.join(medium, on="id2"), "j3": x.join(medium, on="id2", how="left"),
        "j4": x.join(medium, on="id5"), "j5": x.join(big, on="id3"),
    }
    kept = {}

    def run(q):
        kept.clear()
        kept[q] = plans[q].collect(engine=engine)

    def summary(q):
        return kept[q].select(pl.len().alias("rows"), *(pl.col(c).cast(pl.Float64).sum() for c in SUMS[q])).row(0)

    return run, summary, pl.__version__


def dask_peer():
    import dask
    import dask.dataframe as dd
    import pandas as pd

    dask.config.set(scheduler="threads", num_workers=2)
    read = lambda name: dd.read_parquet(f"{folder}/{name}.parquet", split_row_groups=True)
    by = lambda g, keys, **kw: g.groupby(keys, dropna=False, observed=True, **kw)

    def named(frame, columns):
        frame.columns = columns
        return frame

    plans = {
        "g1": lambda: by(read("groupby"), "id1").agg({"v1": "sum"}),
        "g2": lambda: by(read("groupby"), ["id1", "id2"]).agg({"v1": "sum"}),
        "g3": lambda: by(read("groupby"), "id3").agg({"v1": "sum", "v3": "mean"}),
        "g4": lambda: by(read("groupby"), "id4").agg({"v1": "mean", "v2": "mean", "v3": "mean"}),
        "g5": lambda: by(read("groupby"), "id6").agg({"v1": "sum", "v2": "sum", "v3": "sum"}),
        "g6": lambda: named(by(read("groupby"), ["id4", "id5"])["v3"].agg(["median", "std"]), ["m", "sd"]),
        "g7": lambda: (lambda a: (a["v1"] - a["v2"]).to_frame("r"))(by(read("groupby"), "id3").agg({"v1": "max", "v2": "min"})),
        "g9": lambda: by(read("groupby")[["id2", "id4", "v1", "v2"]], ["id2", "id4"])[["v1", "v2"]].apply(
            lambda d: pd.Series({"r2": d["v1"].corr(d["v2"]) ** 2}), meta={"r2": "float64"}),
        "g10": lambda: by(read("groupby").assign(n=1), IDS).agg({"v3": "sum", "n": "sum"}, split_out=10),
        "j1": lambda: read("join_x").merge(read("join_small"), on="id1"),
        "j2": lambda: read("join_x").merge(read("join_medium"), on="id2"),
        "j3": lambda: read("join_x").merge(read("join_medium"), on="id2", how="left"),
        "j4": lambda: read("join_x").merge(read("join_medium"), on="id5"),
        "j5": lambda: read("join_x").merge(read("join_big"), on="id3"),
    }
    kept = {}

    def run(q):
        kept.clear()
        gc.collect()
        kept[q] = plans[q]().persist()

    def summary(q):
        sums = [kept[q][c].sum() for c in SUMS[q]]
        return (len(kept[q]), *(float(v) for v in dask.compute(*sums)))

    return run, summary, dask.__version__


PEERS = {"duckdb": duckdb_peer, "polars": lambda: polars_peer("streaming"), "polars-memory": lambda: polars_peer("in-memory"), "dask": dask_peer}
run, summary, version = PEERS[peer]()
print(json.dumps({"version": version}), flush=True)
for line in sys.stdin:
    q = line.strip()
    start = time.perf_counter()
    run(q)
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "rows": [list(summary(q))]}, default=float), flush=True)
