#!/usr/bin/env python3
"""Reads Parquet files with pyarrow, DuckDB and Polars and says whether they agree.

    check.py FILE...                 each file: the three readers see the same rows
    check.py --same REFERENCE FILE   and FILE has the rows of REFERENCE (another Parquet file or a CSV), in its order
    check.py --index FILE...         and statistics, column index, offset index and Bloom filters are those of the values

Exit code 1 and a line a difference where they do not. Nested columns are compared between pyarrow and DuckDB as text.
"""
import argparse
import sys

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

bad = 0


def fail(*what):
    global bad
    bad += 1
    print("DIFFERENT:", *what)


def plain(t):
    return not pa.types.is_nested(t) and not pa.types.is_null(t)


def canonical(t):
    """A type that all readers reach, so that columns compare as Arrow arrays."""
    if pa.types.is_dictionary(t):
        return canonical(t.value_type)
    if pa.types.is_string(t) or pa.types.is_large_string(t) or t == pa.string_view():
        return pa.large_string()
    if pa.types.is_binary(t) or pa.types.is_large_binary(t) or pa.types.is_fixed_size_binary(t) or t == pa.binary_view():
        return pa.large_binary()
    if pa.types.is_timestamp(t):
        return pa.timestamp(t.unit)
    if pa.types.is_duration(t):
        return pa.int64()
    if pa.types.is_float16(t):
        return pa.float32()
    if pa.types.is_date64(t):
        return pa.date32()
    if pa.types.is_decimal(t):
        return pa.decimal256(76, t.scale) if t.precision > 38 else pa.decimal128(38, t.scale)
    return t


def same_column(name, who, want, got):
    if want.null_count != got.null_count:
        return fail(name, who, "nulls", want.null_count, got.null_count)
    w, g = pc.drop_null(want), pc.drop_null(got)
    if pa.types.is_floating(w.type):
        wn, gn = pc.is_nan(w), pc.is_nan(g)
        if not wn.equals(gn):
            return fail(name, who, "NaN")
        w, g = w.filter(pc.invert(wn)), g.filter(pc.invert(gn))
    if not pc.is_null(want).equals(pc.is_null(got)):
        return fail(name, who, "nulls stand elsewhere")
    if not w.equals(g):
        at = pc.index(pc.equal(w, g), False).as_py()
        fail(name, who, "value", at, w[at] if at >= 0 else "", g[at] if at >= 0 else "")


def cast(column, t):
    c = column.combine_chunks()
    if isinstance(c, pa.ChunkedArray):
        c = pa.concat_arrays(c.chunks) if c.num_chunks else pa.array([], c.type)
    if pa.types.is_dictionary(c.type):
        c = c.dictionary_decode()
    if pa.types.is_duration(c.type):  # Polars has no seconds
        return pc.multiply(c.view(pa.int64()), {"s": 1000}.get(c.type.unit, 1))
    if c.type == pa.string_view():
        c = c.cast(pa.large_string())
    if c.type == pa.binary_view():
        c = c.cast(pa.large_binary())
    return c.cast(t)


def compare(name, who, want, got):
    if want.num_rows != got.num_rows:
        return fail(name, who, "rows", want.num_rows, got.num_rows)
    if want.column_names != got.column_names:
        return fail(name, who, "columns", want.column_names, got.column_names)
    for f in want.schema:
        where = f"{name}:{f.name}"
        if plain(f.type):
            try:
                t, w, g = canonical(f.type), want[f.name], got[f.name]
                if pa.types.is_duration(f.type) and pa.types.is_integer(g.type):  # as the file has it
                    w = w.cast(pa.int64())
                same_column(where, who, cast(w, t), cast(g, t))
            except pa.ArrowException as e:
                fail(where, who, e)
        elif pa.types.is_null(f.type):
            if got[f.name].null_count != want.num_rows:
                fail(where, who, "a null column has values")
        elif who != "polars":
            a, b = want[f.name].to_pylist(), got[f.name].to_pylist()
            if repr(a) != repr(b) and norm(a) != norm(b):
                fail(where, who, "nested values")


def norm(v):
    """Nested values without the readers' differences: maps as lists of pairs, durations and times as text."""
    if isinstance(v, dict):
        return sorted((str(k), norm(x)) for k, x in v.items())
    if isinstance(v, (list, tuple)):
        return [norm(x) for x in v]
    return repr(v)


def table_of(path):
    if path.endswith(".csv"):
        from pyarrow import csv
        return csv.read_csv(path)
    return pq.read_table(path)


def check_readers(path):
    want = pq.read_table(path)
    compare(path, "pyarrow mmap", want, pq.ParquetFile(path, memory_map=True, page_checksum_verification=True).read())
    # DuckDB has no durations, halves, decimals above 38 digits or times in nanoseconds of its own: they come as it has them.
    skip = [f.name for f in want.schema if pa.types.is_float16(f.type) or pa.types.is_null(f.type)
            or pa.types.is_decimal256(f.type) or pa.types.is_time64(f.type) and f.type.unit == "ns"]
    keep = [n for n in want.column_names if n not in skip]
    if keep:
        cols = ", ".join('"%s"' % n.replace('"', '""') for n in keep)
        con = duckdb.connect()
        con.execute("SET TimeZone='UTC'")
        compare(path, "duckdb", want.select(keep), con.execute(f"SELECT {cols} FROM read_parquet('{path}')").to_arrow_table())
    skip = [f.name for f in want.schema if pa.types.is_decimal256(f.type)]
    keep = [n for n in want.column_names if n not in skip]
    if keep:
        compare(path, "polars", want.select(keep), pl.read_parquet(path, columns=keep).to_arrow())


def check_same(path, reference):
    compare(path, "against " + reference, table_of(reference), pq.read_table(path))


def bounds_hold(where, column, lo, hi):
    v = pc.drop_null(column)
    if pa.types.is_floating(v.type):
        v = v.filter(pc.invert(pc.is_nan(v)))
    if len(v) == 0:
        return
    if pa.types.is_duration(v.type):
        v = v.view(pa.int64())
    if pa.types.is_decimal(v.type):
        v = v.cast(canonical(v.type))
    m = pc.min_max(v)
    least, most = m["min"].as_py(), m["max"].as_py()
    if isinstance(lo, bytes) and isinstance(least, str):
        least, most = least.encode(), most.encode()
    if isinstance(lo, str) and isinstance(least, bytes):
        return
    try:
        if lo is not None and lo > least or hi is not None and hi < most:
            fail(where, "bounds", lo, hi, "of", least, most)
    except TypeError:
        pass


def check_index(path):
    f = pq.ParquetFile(path)
    names = [c for c in f.schema_arrow.names if plain(f.schema_arrow.field(c).type)]
    con = duckdb.connect()
    meta = con.execute(f"SELECT row_group_id, path_in_schema, stats_null_count, num_values, encodings, total_compressed_size "
                       f"FROM parquet_metadata('{path}')").fetchall()
    if len(meta) != f.metadata.num_row_groups * f.metadata.num_columns:
        fail(path, "duckdb sees", len(meta), "chunks")
    for g in range(f.metadata.num_row_groups):
        rg = f.metadata.row_group(g)
        table = f.read_row_group(g)
        for j in range(rg.num_columns):
            c = rg.column(j)
            if c.path_in_schema not in names:
                continue
            where = f"{path}:{c.path_in_schema} group {g}"
            col = table[c.path_in_schema].combine_chunks()
            if not c.has_column_index and not pa.types.is_float16(col.type) and not pa.types.is_floating(col.type):
                fail(where, "no column index")
            if not c.has_offset_index:
                fail(where, "no offset index")
            s = c.statistics
            if s is None or s.null_count != col.null_count:
                fail(where, "null count")
            elif s.has_min_max:
                try:
                    bounds_hold(where, col, s.min, s.max)
                except (OverflowError, ValueError):
                    pass  # dates and nanoseconds that Python does not have


def check_pruning(path):
    """Each reader finds a value that is there, by equality, which statistics and Bloom filters may answer."""
    t = pq.read_table(path)
    con = duckdb.connect()
    con.execute("SET TimeZone='UTC'")
    for f in t.schema:
        if not (pa.types.is_integer(f.type) or pa.types.is_string(f.type) or pa.types.is_float64(f.type)):
            continue
        v = pc.drop_null(t[f.name])
        for i in sorted({0, len(v) // 3, len(v) - 1}) if len(v) else []:
            x = v[i].as_py()
            if x != x:
                continue
            want = pc.sum(pc.equal(v, pa.scalar(x, v.type))).as_py()
            col = '"%s"' % f.name.replace('"', '""')
            got = con.execute(f"SELECT count(*) FROM read_parquet('{path}') WHERE {col} = ?", [x]).fetchone()[0]
            if got != want:
                fail(path, f.name, "duckdb finds", got, "of", want, repr(x))
            got = pl.scan_parquet(path).filter(pl.col(f.name) == x).select(pl.len()).collect().item()
            if got != want:
                fail(path, f.name, "polars finds", got, "of", want, repr(x))
            if pa.types.is_uint64(f.type):
                continue  # pyarrow's filters fail on bounds of 1 << 63 and more
            got = pq.read_table(path, columns=[f.name], filters=[(f.name, "==", x)]).num_rows
            if got != want:
                fail(path, f.name, "pyarrow finds", got, "of", want, repr(x))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("files", nargs="+")
    p.add_argument("--same", metavar="REFERENCE")
    p.add_argument("--index", action="store_true")
    a = p.parse_args()
    for path in a.files:
        check_readers(path)
        if a.same:
            check_same(path, a.same)
        if a.index:
            check_index(path)
            check_pruning(path)
    print("checked", len(a.files), "files:", "all equal" if not bad else f"{bad} differences")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
