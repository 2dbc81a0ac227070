"""Answers the benchmark's questions with a peer: peers.py duckdb|polars|polars-memory|dask TRIPS ZONES

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


def dask_answers():
    import dask
    import dask.dataframe as dd
    import pandas as pd

    dask.config.set(scheduler="threads", num_workers=2)
    times = ["tpep_pickup_datetime", "tpep_dropoff_datetime"]

    def read(*cols):
        if trips.endswith(".csv"):
            return dd.read_csv(trips, usecols=list(cols), parse_dates=[c for c in times if c in cols], dtype={"passenger_count": float})
        return dd.read_parquet(trips, columns=list(cols))

    def by_day():
        t = read("tpep_pickup_datetime", "total_amount")
        return t.assign(day=t.tpep_pickup_datetime.dt.floor("D")).groupby("day").total_amount.agg(["count", "sum"]).compute().sort_index()

    def tip_share():
        t = read("tpep_pickup_datetime", "fare_amount", "tip_amount")
        t = t[t.fare_amount > 0]
        t = t.assign(weekday=t.tpep_pickup_datetime.dt.weekday + 1, hour=t.tpep_pickup_datetime.dt.hour, share=t.tip_amount / t.fare_amount)
        return t.groupby(["weekday", "hour"]).share.agg(["mean", "count"]).compute().sort_index()

    def by_passengers():
        g = read("passenger_count", "fare_amount", "trip_distance").assign(n=1).groupby("passenger_count", dropna=False)
        return g.agg({"fare_amount": "mean", "trip_distance": "mean", "n": "sum"}).compute().sort_index(na_position="last")

    def by_payment():
        return read("payment_type", "total_amount").groupby("payment_type").total_amount.agg(["count", "max"]).compute().sort_index()

    def top_zones():
        t = read("PULocationID").merge(pd.read_csv(zones), left_on="PULocationID", right_on="LocationID")
        n = t.groupby(["borough", "zone"]).size().compute().reset_index(name="n")
        return n.sort_values(["n", "borough", "zone"], ascending=[False, True, True]).head(20).set_index(["borough", "zone"])

    def longest():
        order = ["trip_distance", "tpep_pickup_datetime", "total_amount"]
        best = lambda d: d.sort_values(order, ascending=[False, True, True]).head(10)
        t = read(*order)
        return best(t.map_partitions(best, meta=t._meta).compute())[[order[1], order[0], order[2]]].set_index(order[1])

    def dirt():
        t = read("fare_amount", "trip_distance", "passenger_count", *times)
        rules = (t.fare_amount < 0, t.trip_distance == 0, t.tpep_dropoff_datetime < t.tpep_pickup_datetime, t.passenger_count.isnull())
        return pd.DataFrame([dask.compute(*(r.sum() for r in rules))]).set_index(0)

    asks = {f.__name__: f for f in (by_day, tip_share, by_passengers, by_payment, top_zones, longest, dirt)}
    return lambda name: asks[name]().reset_index().values.tolist(), dask.__version__


def plain(value):
    if isinstance(value, float) and value != value:
        return None
    return value.strftime("%Y-%m-%d %H:%M:%S") if hasattr(value, "strftime") else value


PEERS = {"duckdb": duckdb_answers, "polars": lambda: polars_answers("streaming"), "polars-memory": lambda: polars_answers("in-memory"), "dask": dask_answers}
answer, version = PEERS[peer]()
print(json.dumps({"version": version}), flush=True)
for line in sys.stdin:
    start = time.perf_counter()
    rows = answer(line.strip())
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "rows": [[plain(v) for v in row] for row in rows]}, default=float), flush=True)
