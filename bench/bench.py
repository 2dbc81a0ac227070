"""Runs the suites and writes their tables: bench.py WORK RESULTS.md [ROUNDS [SUITE...]], suites taxi, db, convert, tpch"""
import os
import sys
from datetime import date

from harness import Engine, HERE, dask, machine, measure, table

sys.path.insert(0, HERE)
import convert.bench
import db.bench
import tpch.bench

work, results = sys.argv[1:3]
rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 5
wanted = sys.argv[4:] or ["taxi", "db", "convert", "tpch"]
TAXI = ["by_day", "tip_share", "by_passengers", "by_payment", "top_zones", "longest", "dirt"]


def taxi(title, trips):
    peers, zones = os.path.join(HERE, "taxi", "peers.py"), f"{work}/taxi/zones.csv"
    engines = [Engine("sheaf", [f"{work}/taxi_ours", trips, zones], peer=False)]
    engines += [Engine(p, [sys.executable, peers, p, trips, zones]) for p in ("duckdb", "polars", "polars-memory")]
    m = measure(engines, TAXI, rounds)
    lines = table(title, engines, [TAXI], m, ["duckdb", "polars"])
    versions.update({e.name: e.version for e in engines[1:]})
    for e in engines:
        e.close()
    return lines + dask([sys.executable, peers, "dask", trips, zones], TAXI, m)


versions, lines = {}, []
if "taxi" in wanted:
    lines += taxi("Taxi, 20 M rows, Parquet", f"{work}/taxi/parquet/*.parquet")
    lines += taxi("Taxi, 4 M rows, CSV", f"{work}/taxi/trips.csv")
if "db" in wanted:
    lines += db.bench.suite(f"{work}/db", f"{work}/db_ours", rounds)
if "convert" in wanted:
    lines += convert.bench.suite(f"{work}/db", f"{work}/out", f"{work}/convert_ours", rounds)
if "tpch" in wanted:
    lines += tpch.bench.suite(f"{work}/tpch", f"{work}/tpch_ours", rounds)
head = [f"# Results of {date.today()}", "", f"DuckDB {versions.get('duckdb', '')}, Polars {versions.get('polars', '')} (streaming; polars-memory is its in-memory "
        f"engine); two threads each; {machine()}. Medians of {rounds} rounds, engines in turn, files in the page cache. Answers were equal to 1e-9 before a time "
        "was taken.", ""]
text = "\n".join(head + lines)
with open(results, "w") as f:
    f.write(text)
print(text)
