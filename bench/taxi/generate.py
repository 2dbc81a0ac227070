"""Makes trip records like those of the TLC: generate.py FOLDER [MILLIONS] [CSV_MILLIONS]

FOLDER/parquet has files of 1 M rows, one row group each, snappy, dictionaries, counts as nullable doubles; FOLDER/trips.csv has the
first rows as CSV; FOLDER/zones.csv names the zones. Everything is drawn from a fixed seed.
"""
import os
import sys

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

ROWS = 1_000_000
folder = sys.argv[1]
files = int(sys.argv[2]) if len(sys.argv) > 2 else 20
csv_files = int(sys.argv[3]) if len(sys.argv) > 3 else 4
os.makedirs(f"{folder}/parquet", exist_ok=True)


def money(values):
    return np.round(values, 2)


def month(i):
    r = np.random.default_rng([2024, i])
    n = ROWS
    start = np.datetime64("2024-01-01") + np.timedelta64(30 * i, "D")
    hour = np.clip(r.normal(14.5, 5.2, n), 0, 23.999)
    seconds = r.integers(0, 30, n) * 86400 + (hour * 3600).astype(np.int64)
    pickup = (start + np.sort(seconds).astype("timedelta64[s]")).astype("datetime64[us]")
    miles = money(np.exp(r.normal(0.6, 0.9, n)))
    miles[r.random(n) < 0.02] = 0
    minutes = 2 + miles * r.uniform(2.5, 6, n)
    dropoff = pickup + (minutes * 60).astype("timedelta64[s]")
    fare = np.round((3 + 2.2 * miles + 0.4 * minutes) * 10) / 10
    fare[r.random(n) < 0.008] *= -1
    payment = r.choice([1, 2, 3, 4], n, p=[0.8, 0.16, 0.01, 0.03])
    tip = np.where(payment == 1, money(fare * r.uniform(0, 0.35, n)), 0.0)
    zones = r.permutation(263) + 1
    zone = lambda: zones[np.minimum(r.exponential(35, n), 262).astype(np.int64)]
    unknown = r.random(n) < 0.05
    nullable = lambda v: pa.array(v.astype(np.float64), mask=unknown)
    extra = r.choice([0, 1, 2.5, 5], n)
    tolls = np.where(r.random(n) < 0.07, 6.94, 0.0)
    return pa.table({
        "VendorID": pa.array(r.integers(1, 3, n).astype(np.int64)),
        "tpep_pickup_datetime": pickup,
        "tpep_dropoff_datetime": dropoff,
        "passenger_count": nullable(r.choice([0, 1, 2, 3, 4, 5, 6], n, p=[0.01, 0.75, 0.14, 0.04, 0.02, 0.02, 0.02])),
        "trip_distance": miles,
        "RatecodeID": nullable(r.choice([1, 2, 3, 4, 5, 99], n, p=[0.94, 0.035, 0.005, 0.005, 0.01, 0.005])),
        "store_and_fwd_flag": pa.array(np.where(r.random(n) < 0.01, "Y", "N"), mask=unknown),
        "PULocationID": zone(),
        "DOLocationID": zone(),
        "payment_type": payment,
        "fare_amount": fare,
        "extra": extra,
        "mta_tax": np.full(n, 0.5),
        "tip_amount": tip,
        "tolls_amount": tolls,
        "improvement_surcharge": np.full(n, 1.0),
        "total_amount": money(fare + extra + 1.5 + tip + tolls),
        "congestion_surcharge": nullable(np.full(n, 2.5)),
        "airport_fee": nullable(r.choice([0, 1.75], n)),
    })


def main():
    csv = None
    for i in range(files):
        table = month(i)
        pq.write_table(table, f"{folder}/parquet/yellow_{i:02}.parquet", compression="snappy", row_group_size=ROWS)
        if i < csv_files:
            csv = csv or pyarrow.csv.CSVWriter(f"{folder}/trips.csv", table.schema, write_options=pyarrow.csv.WriteOptions(quoting_style="needed"))
            csv.write_table(table)
    csv.close()
    boroughs = ["Manhattan", "Queens", "Brooklyn", "Bronx", "Staten Island", "EWR"]
    with open(f"{folder}/zones.csv", "w") as f:
        f.write("LocationID,zone,borough\n")
        for z in range(1, 264):
            f.write(f"{z},Zone {z},{boroughs[z % 6]}\n")
    open(f"{folder}/done", "w").close()


main()
