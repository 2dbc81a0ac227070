"""Makes the tables of the db-benchmark questions, own draw with the official distributions: generate.py FOLDER [ROWS]"""
import os
import sys

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

folder = sys.argv[1]
n = int(float(sys.argv[2])) if len(sys.argv) > 2 else 10_000_000
rng = np.random.default_rng(20)


def text(numbers, width=0):
    s = pc.cast(pa.array(numbers), pa.string())
    if width:
        s = pc.utf8_lpad(s, width=width, padding="0")
    return pc.binary_join_element_wise(pa.scalar("id"), s, pa.scalar(""))


def save(name, t):
    pq.write_table(t, f"{folder}/{name}.parquet", compression="snappy", row_group_size=1_000_000)
    print(name, t.num_rows, flush=True)


def group_table(k=100):
    draw = lambda m: rng.integers(1, m + 1, n, dtype=np.int32)
    return pa.table({"id1": text(draw(k), 3), "id2": text(draw(k), 3), "id3": text(draw(n // k), 10), "id4": draw(k), "id5": draw(k),
                     "id6": draw(n // k), "v1": draw(5), "v2": draw(15), "v3": np.round(rng.uniform(0, 100, n), 6)})


def keys(size):
    """Keys of two tables: nine tenths are common, a tenth is on each side alone."""
    all_keys = rng.permutation(np.arange(1, size + size // 10 + 1, dtype=np.int32))
    common, left, right = np.split(all_keys, [size * 9 // 10, size])
    return np.concatenate([common, left]), np.concatenate([common, right])


def join_table(by_column, size, value):
    """Every key at least once, then draws; the same keys as text behind."""
    cols = {}
    for i, k in by_column.items():
        more = rng.choice(k, size - len(k)) if size > len(k) else k[:0]
        cols[f"id{i}"] = rng.permutation(np.concatenate([k, more]))
    cols |= {f"id{i + 3}": text(cols[f"id{i}"]) for i in by_column}
    cols[value] = np.round(rng.uniform(0, 100, size), 6)
    return pa.table(cols)


os.makedirs(folder, exist_ok=True)
g = group_table()
save("groupby", g)
pyarrow.csv.write_csv(g, f"{folder}/groupby.csv", pyarrow.csv.WriteOptions(quoting_style="none"))
(l1, r1), (l2, r2), (l3, r3) = keys(max(10, n // 1_000_000)), keys(n // 1000), keys(n)
save("join_x", join_table({1: l1, 2: l2, 3: l3}, n, "v1"))
save("join_small", join_table({1: r1}, len(r1), "v2"))
save("join_medium", join_table({1: r1, 2: r2}, len(r2), "v2"))
save("join_big", join_table({1: r1, 2: r2, 3: r3}, n, "v2"))
open(f"{folder}/done", "w").close()
