"""Reads a CSV file whole, and converts: peers.py duckdb|polars|dask FOLDER OUT

Reads a job a line (read_csv, csv_snappy, csv_zstd, parquet_csv); writes a JSON line with its seconds, and what came out: rows and a sum of
the table that was read, or rows and bytes of the file.
"""
import json
import os
import sys
import time

peer, folder, out = sys.argv[1:4]


def duckdb_peer():
    import duckdb

    con = duckdb.connect()
    con.execute("SET threads = 2")

    def read():
        con.execute(f"CREATE OR REPLACE TEMP TABLE t AS FROM read_csv('{folder}/groupby.csv')")
        return lambda: con.execute("SELECT count(*), sum(v1) FROM t").fetchone()

    def convert(source, to, form):
        con.execute(f"COPY (FROM '{source}') TO '{to}' ({form})")

    forms = {"snappy": "FORMAT parquet, COMPRESSION snappy", "zstd": "FORMAT parquet, COMPRESSION zstd", "csv": "FORMAT csv, HEADER"}
    return read, lambda s, t, f: convert(s, t, forms[f]), duckdb.__version__


def polars_peer():
    import polars as pl

    def read():
        t = pl.read_csv(f"{folder}/groupby.csv")
        return lambda: (t.height, t["v1"].sum())

    def convert(source, to, form):
        if form == "csv":
            pl.scan_parquet(source).sink_csv(to)
        else:
            pl.scan_csv(source).sink_parquet(to, compression=form)

    return read, convert, pl.__version__


def dask_peer():
    import dask
    import dask.dataframe as dd

    dask.config.set(scheduler="threads", num_workers=2)

    def read():
        t = dd.read_csv(f"{folder}/groupby.csv").persist()
        return lambda: (len(t), t["v1"].sum().compute())

    def convert(source, to, form):  # Dask writes a folder of files for Parquet
        if form == "csv":
            dd.read_parquet(source, split_row_groups=True).to_csv(to, single_file=True, index=False)
        else:
            dd.read_csv(source).to_parquet(to, compression=form, write_index=False)

    return read, convert, dask.__version__


read, convert, version = {"duckdb": duckdb_peer, "polars": polars_peer, "dask": dask_peer}[peer]()
print(json.dumps({"version": version}), flush=True)
for line in sys.stdin:
    job = line.strip()
    start = time.perf_counter()
    if job == "read_csv":
        result = read()
        seconds = time.perf_counter() - start
        rows = list(result())
    else:
        source, form = job.split("_")
        to = f"{out}/{peer}_{job}." + ("csv" if form == "csv" else "parquet")
        convert(f"{folder}/groupby.{source}", to, form)
        seconds = time.perf_counter() - start
        rows = []
    print(json.dumps({"seconds": seconds, "rows": [rows]}, default=float), flush=True)
