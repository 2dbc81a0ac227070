"""Reading a CSV file whole, and conversion: lines of the results' Markdown. Called by ../bench.py."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import Engine, HERE, dask, measure, table

JOBS = {"csv_snappy": "parquet", "csv_zstd": "parquet", "parquet_csv": "csv"}


def suite(data, out, ours, rounds):
    os.makedirs(out, exist_ok=True)
    peers = os.path.join(HERE, "convert", "peers.py")
    start = lambda: [Engine("sheaf", [ours, data, out], peer=False)] + [Engine(p, [sys.executable, peers, p, data, out]) for p in ("duckdb", "polars")]
    lines = []
    engines = start()
    m = measure(engines, ["read_csv"], rounds)
    size = os.path.getsize(f"{data}/groupby.csv") / 1e6
    lines += table(f"Reading a CSV file of {size:.0f} MB, 10 M rows, whole", engines, [["read_csv"]], m, ["duckdb", "polars"])
    lines += [", ".join(f"{e.name} {size / m['read_csv', e.name]:.0f} MB/s" for e in engines), ""]
    for e in engines:
        e.close()
    lines += dask([sys.executable, peers, "dask", data, out], ["read_csv"], m)
    engines = start()  # so that the peak memory is of conversion alone
    m = measure(engines, list(JOBS), rounds)
    lines += table("Conversion, 10 M rows", engines, [list(JOBS)], m, ["duckdb", "polars"])
    for e in engines:
        e.close()
    lines += ["| file, MB | sheaf | duckdb | polars |", "|---|---|---|---|"]
    for job, ext in JOBS.items():
        sizes = [os.path.getsize(f"{out}/{e.name}_{job}.{ext}") / 1e6 for e in engines]
        lines.append(f"| {job} | " + " | ".join(f"{s:.0f}" for s in sizes) + " |")
    for job in ("csv_snappy", "csv_zstd"):  # every engine reads back the rows of the source
        subprocess.run([sys.executable, os.path.join(HERE, "convert", "check.py"), "--same", f"{data}/groupby.parquet", f"{out}/sheaf_{job}.parquet"], check=True)
    return lines + [""] + dask([sys.executable, peers, "dask", data, out], list(JOBS), m)
