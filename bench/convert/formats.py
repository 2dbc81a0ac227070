"""Every format that Sheaf writes, read back by others: formats.py WORK SHEAF

Makes a table of many types, nulls and awkward values, converts it with the command SHEAF to every format, and compares what DuckDB,
pyarrow and Polars read with the table. Exit code 1 and a line a difference.
"""
import datetime as dt
import decimal
import os
import random
import subprocess
import sys

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as pq

work, sheaf = sys.argv[1:3]
TYPES = {"i8": "TINYINT", "i64": "BIGINT", "u64": "UBIGINT", "f64": "DOUBLE", "f32": "FLOAT", "s": "VARCHAR", "b": "BOOLEAN", "d": "DATE", "ts": "TIMESTAMP",
         "tz": "TIMESTAMPTZ", "dec": "DECIMAL(20,4)", "tm": "TIME", "l": "BIGINT[]"}
TEXTS = ["", "a", "x,y", 'q"q', "line\nbreak", "größe 💡", "  pad ", "NULL", "long " * 20]
bad = 0


def fail(*what):
    global bad
    bad += 1
    print("DIFFERENT:", *what)


def make(n=50_000):
    random.seed(1)
    column = lambda t, draw: pa.array([None if random.random() < 0.1 else draw() for _ in range(n)], t)
    floats = [lambda: random.gauss(0, 1e6), lambda: random.random() * 1e-9, lambda: -0.0, lambda: round(random.random() * 100, 2), lambda: 1e300 * random.random(),
              lambda: float(random.randint(0, 10**12))]
    return pa.table({
        "i8": column(pa.int8(), lambda: random.randint(-128, 127)),
        "i64": column(pa.int64(), lambda: random.randint(-2**63, 2**63 - 1)),
        "u64": column(pa.uint64(), lambda: random.randint(0, 2**63)),
        "f64": column(pa.float64(), lambda: random.choice(floats)()),
        "f32": column(pa.float32(), lambda: np.float32(random.gauss(0, 100))),
        "s": column(pa.string(), lambda: random.choice(TEXTS)),
        "b": column(pa.bool_(), lambda: random.random() < 0.5),
        "d": column(pa.date32(), lambda: dt.date(1900, 1, 1) + dt.timedelta(days=random.randint(0, 80000))),
        "ts": column(pa.timestamp("us"), lambda: random.randint(-10**15, 4 * 10**15)),
        "tz": column(pa.timestamp("us", "UTC"), lambda: random.randint(0, 4 * 10**15)),
        "dec": column(pa.decimal128(20, 4), lambda: decimal.Decimal(random.randint(-10**15, 10**15)).scaleb(-4)),
        "tm": column(pa.time64("us"), lambda: random.randint(0, 86399999999)),
        "l": column(pa.list_(pa.int64()), lambda: [random.randint(0, 9) for _ in range(random.randint(0, 3))]),
    })


def same_in_duckdb(con, name, query):
    con.execute(f"CREATE OR REPLACE TEMP TABLE got AS {query}")
    rows = con.execute("SELECT count(*) FROM got").fetchone()[0]
    if rows != con.execute("SELECT count(*) FROM want").fetchone()[0]:
        fail(name, "has", rows, "rows in DuckDB")
    for c in TYPES:
        numbered = lambda t: f"(SELECT {c} AS x, row_number() OVER () AS r FROM {t})"
        n, a, b = con.execute(f"SELECT count(*), any_value(p.x), any_value(q.x) FROM {numbered('want')} p JOIN {numbered('got')} q USING (r) "
                              "WHERE p.x IS DISTINCT FROM q.x").fetchone()
        if n:
            fail(name, "column", c, "in DuckDB:", n, "rows, such as", repr(a), "read as", repr(b))


def main():
    os.makedirs(work, exist_ok=True)
    source, want = f"{work}/source.parquet", make()
    pq.write_table(want, source, row_group_size=20_000)
    names = ["o.csv", "o.csv.gz", "o.csv.zst", "o.jsonl", "o.arrow", "o.parquet"]
    for name in names:
        subprocess.run([sheaf, "convert", "--overwrite", "--quiet", source, f"{work}/{name}"], check=True)
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    con.execute(f"CREATE TEMP TABLE want AS FROM read_parquet('{source}')")
    columns = "{" + ", ".join(f"'{k}': '{v}'" for k, v in TYPES.items()) + "}"
    for name in names[:3]:
        same_in_duckdb(con, name, f"FROM read_csv('{work}/{name}', columns = {columns}, header = true, allow_quoted_nulls = false, nullstr = '', parallel = false)")
    same_in_duckdb(con, "o.jsonl", f"FROM read_json('{work}/o.jsonl', format = 'newline_delimited', columns = {columns})")
    same_in_duckdb(con, "o.parquet", f"FROM read_parquet('{work}/o.parquet')")
    for name, got in {"o.arrow": ipc.open_file(f"{work}/o.arrow").read_all(), "o.parquet": pq.read_table(f"{work}/o.parquet")}.items():
        if not got.equals(want):
            fail(name, "in pyarrow", [c for c in TYPES if not got[c].equals(want[c])])
    frame = pl.from_arrow(want)
    for name, got in {"o.arrow": pl.read_ipc(f"{work}/o.arrow"), "o.parquet": pl.read_parquet(f"{work}/o.parquet")}.items():
        if not got.equals(frame):
            fail(name, "in Polars", [c for c in TYPES if not got[c].equals(frame[c])])
    plain = {"i8": pl.Int8, "i64": pl.Int64, "u64": pl.UInt64, "f64": pl.Float64, "f32": pl.Float32, "b": pl.Boolean, "d": pl.Date}
    got = pl.read_csv(f"{work}/o.csv", schema_overrides=plain | {"s": pl.String}, infer_schema_length=None)
    for c in plain:
        if not got[c].equals(frame[c]):
            fail("o.csv column", c, "in Polars")
    print(f"{len(names)} files of {want.num_rows} rows and {want.num_columns} columns, {bad} differences")
    sys.exit(1 if bad else 0)


main()
