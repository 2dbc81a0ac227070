"""Answers the benchmark's questions with a peer: peers.py duckdb|polars|polars-memory TRIPS ZONES

Reads the name of a question a line and writes a JSON line with the seconds it took and the answer's rows.
"""
import json
import os
import sys
import time

os.environ["POLARS_MAX_THREADS"] = "2"
peer, trips, zones = sys.argv[1:4]

SQL = {
    "by_day": "SELECT CAST(tpep_pickup_datetime AS DATE) AS day, count(*), sum(total_amount) FROM trips GROUP BY day ORDER BY day",
    "tip_share": "SELECT isodow(tpep_pickup_datetime) AS weekday, hour(tpep_pickup_datetime) AS hour, avg(tip_amount / fare_amount), count(*) "
                 "FROM trips WHERE fare_amount > 0 GROUP BY ALL ORDER BY weekday, hour",
    "by_passengers": "SELECT passenger_count, avg(fare_amount), avg(trip_distance), count(*) FROM trips "
                     "GROUP BY passenger_count ORDER BY passenger_count NULLS LAST",
    "by_payment": "SELECT payment_type, count(*), max(total_amount) FROM trips GROUP BY payment_type ORDER BY payment_type",
    "top_zones": "SELECT borough, zone, count(*) AS n FROM trips JOIN zones ON PULocationID = LocationID "
                 "GROUP BY borough, zone ORDER BY n DESC, borough, zone LIMIT 20",
    "longest": "SELECT tpep_pickup_datetime, trip_distance, total_amount FROM trips "
               "ORDER BY trip_distance DESC, tpep_pickup_datetime, total_amount LIMIT 10",
    "dirt": "SELECT sum(CASE WHEN fare_amount < 0 THEN 1 ELSE 0 END), sum(CASE WHEN trip_distance = 0 THEN 1 ELSE 0 END), "
            "sum(CASE WHEN tpep_dropoff_datetime < tpep_pickup_datetime THEN 1 ELSE 0 END), "
            "sum(CASE WHEN passenger_count IS NULL THEN 1 ELSE 0 END) FROM trips",
}


def duckdb_answers():
    import duckdb

    con = duckdb.connect()
    con.execute("SET threads = 2")
    scan = lambda path: f"read_csv('{path}')" if path.endswith(".csv") else f"read_parquet('{path}')"

    def answer(name):
        sql = SQL[name].replace("FROM trips", f"FROM {scan(trips)} trips").replace("JOIN zones", f"JOIN {scan(zones)} zones")
        return con.execute(sql).fetchall()

    return answer, duckdb.__version__


def polars_answers(engine):
    import polars as pl

    scan = lambda path: pl.scan_csv(path, try_parse_dates=True) if path.endswith(".csv") else pl.scan_parquet(path)
    c, at = pl.col, pl.col("tpep_pickup_datetime")
    one = lambda rule: pl.when(rule).then(1).otherwise(0).sum()
    plans = {
        "by_day": lambda t, z: t.group_by(at.dt.date().alias("day")).agg(pl.len(), c("total_amount").sum()).sort("day"),
        "tip_share": lambda t, z: t.filter(c("fare_amount") > 0).group_by(at.dt.weekday().alias("weekday"), at.dt.hour().alias("hour"))
            .agg((c("tip_amount") / c("fare_amount")).mean(), pl.len()).sort("weekday", "hour"),
        "by_passengers": lambda t, z: t.group_by("passenger_count").agg(c("fare_amount").mean(), c("trip_distance").mean(), pl.len())
            .sort("passenger_count", nulls_last=True),
        "by_payment": lambda t, z: t.group_by("payment_type").agg(pl.len(), c("total_amount").max()).sort("payment_type"),
        "top_zones": lambda t, z: t.join(z, left_on="PULocationID", right_on="LocationID").group_by("borough", "zone")
            .agg(pl.len().alias("n")).sort("n", "borough", "zone", descending=[True, False, False]).head(20),
        "longest": lambda t, z: t.select("tpep_pickup_datetime", "trip_distance", "total_amount")
            .sort("trip_distance", "tpep_pickup_datetime", "total_amount", descending=[True, False, False]).head(10),
        "dirt": lambda t, z: t.select(one(c("fare_amount") < 0).alias("a"), one(c("trip_distance") == 0).alias("b"),
            one(c("tpep_dropoff_datetime") < at).alias("c"), one(c("passenger_count").is_null()).alias("d")),
    }
    return lambda name: plans[name](scan(trips), scan(zones)).collect(engine=engine).rows(), pl.__version__


def plain(value):
    return value.strftime("%Y-%m-%d %H:%M:%S") if hasattr(value, "strftime") else value


answer, version = {"duckdb": duckdb_answers, "polars": lambda: polars_answers("streaming"), "polars-memory": lambda: polars_answers("in-memory")}[peer]()
print(json.dumps({"version": version}), flush=True)
for line in sys.stdin:
    start = time.perf_counter()
    rows = answer(line.strip())
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "rows": [[plain(v) for v in row] for row in rows]}, default=float), flush=True)
