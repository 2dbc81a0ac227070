"""Measures real trip records with DuckDB and writes the tables beside it: measure.py TAXI YELLOW

TAXI is the folder with green_tripdata_2023-01.parquet (all 68,211 green trips of January 2023), green_tripdata_2021-01_modified.parquet
and seaborn_raw_taxis_2019-03.csv (5,500 yellow trips of March 2019). YELLOW is the folder with
yellow_tripdata_sample_2019-01.csv to -12.csv: 10,000 yellow trips drawn from each month of 2019, from
https://github.com/great-expectations/great_expectations (commit ce78204, tests/test_sets/taxi_yellow_tripdata_samples), line ends made
the same. All are records of the NYC Taxi and Limousine Commission.
"""
import os
import sys

import duckdb

taxi, yellow = sys.argv[1:]
here = os.path.dirname(os.path.abspath(__file__))
db = duckdb.connect()
fields = "{p} as pickup, {z}::int as zone, passenger_count, trip_distance as miles, fare_amount as fare, tip_amount as tip, payment_type as payment"
db.sql("create table yellow_2019 as select " + fields.format(p="pickup_datetime", z="pickup_location_id") +
       f", date_trunc('month', strptime(regexp_extract(filename, '2019-..') || '-01', '%Y-%m-%d')) as month0"
       f" from read_csv('{yellow}/yellow_tripdata_sample_2019-*.csv', union_by_name=true, filename=true)")
db.sql("create table yellow_2019_03 as select " + fields.format(p="tpep_pickup_datetime", z="PULocationID") +
       f", timestamp '2019-03-01' as month0 from '{taxi}/seaborn_raw_taxis_2019-03.csv' where color = 'yellow'")
db.sql("create table green_2021_01 as select " + fields.format(p="lpep_pickup_datetime", z="PULocationID") +
       f", timestamp '2021-01-01' as month0 from '{taxi}/green_tripdata_2021-01_modified.parquet'")
db.sql("create table green_2023_01 as select " + fields.format(p="lpep_pickup_datetime", z="PULocationID") +
       f", timestamp '2023-01-01' as month0 from '{taxi}/green_tripdata_2023-01.parquet'")

share = lambda rule: f"select count(*) filter ({rule}) / count(*) from {{t}}"
top = lambda n: f"select sum(c) / (select count(*) from {{t}}) from (select count(*) as c from {{t}} group by zone order by c desc limit {n})"
quantile = lambda c, q: f"select quantile_cont({c}, {q}) from {{t}}"

# What is measured, which of the real columns the made month is held against, and how far it may be off.
measures = [
    ("null passenger_count", share("passenger_count is null"), "green_2023_01", 0.005),
    ("negative fare", share("fare < 0"), "green_2023_01", 0.001),
    ("zero distance", share("miles = 0"), "yellow_2019", 0.004),
    ("out of the month", share("pickup < month0 or pickup >= month0 + interval 1 month"), "green_2023_01", 0.00005),
    ("zones", "select count(distinct zone) from {t}", "green_2021_01", 13),
    ("top 1 zone", top(1), "yellow_2019", 0.005),
    ("top 5 zones", top(5), "yellow_2019", 0.01),
    ("top 20 zones", top(20), "yellow_2019", 0.02),
    ("paid by card", share("payment = 1"), "yellow_2019", 0.07),
    ("one passenger", share("passenger_count = 1"), "yellow_2019", 0.06),
] + [(f"miles at {q}", quantile("miles", q), "yellow_2019", tol)
     for q, tol in [(0.1, 0.1), (0.25, 0.1), (0.5, 0.15), (0.75, 0.3), (0.9, 0.8), (0.95, 1.5), (0.99, 1.5)]] + [
    (f"fare at {q}", quantile("fare", q), "green_2023_01", tol)
    for q, tol in [(0.1, 1), (0.25, 1), (0.5, 1), (0.75, 1.5), (0.99, 10)]]
sources = ["yellow_2019", "yellow_2019_03", "green_2021_01", "green_2023_01"]


def write(name, header, rows):
    with open(os.path.join(here, name), "w") as f:
        f.write(header + "\n")
        for r in rows:
            f.write(",".join(f"{v:.6g}" if isinstance(v, float) else str(v) for v in r) + "\n")


rows = []
for name, query, source, tolerance in measures:
    real = [float(db.sql(query.format(t=t)).fetchall()[0][0]) for t in sources]
    rows.append([name, real[sources.index(source)], tolerance, source] + real)
write("shares.csv", "measure,value,tolerance,source," + ",".join(sources), rows)

# The shape of a month, which the made one is drawn from.
write("hours.csv", "weekday,hour,trips,card", db.sql("""
    with h as (select isodow(pickup) as weekday, hour(pickup) as hour, count(*) as n, count(*) filter (payment = 1) / count(*) as card
               from yellow_2019 group by all),
         d as (select isodow(day) as weekday, count(*) as days from (select unnest(generate_series(date '2019-01-01', date '2019-12-31', interval 1 day)) as day) group by all),
         r as (select weekday, hour, n / days as rate, card from h join d using (weekday))
    select weekday, hour, rate / sum(rate) over (), round(card, 3) from r order by weekday, hour""").fetchall())
kind = "case zone when 132 then 'JFK' when 138 then 'LaGuardia' else 'street' end"
write("zones.csv", "zone,trips", db.sql("""
    select zone, count(*) / sum(count(*)) over () from yellow_2019 group by zone order by zone""").fetchall())
write("airports.csv", "hour,JFK,LaGuardia", db.sql("""
    select hour(pickup) as hour, count(*) filter (zone = 132) / count(*), count(*) filter (zone = 138) / count(*)
    from yellow_2019 group by hour order by hour""").fetchall())
points = [0.01, 0.03, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.97, 0.99, 0.998]
write("miles.csv", "at,JFK,LaGuardia,street", zip(points, *[
    db.sql(f"select quantile_cont(miles, {points}) from yellow_2019 where miles > 0 and {kind} = '{k}'").fetchall()[0][0]
    for k in ("JFK", "LaGuardia", "street")]))
for name in os.listdir(here):
    if name.endswith(".csv"):
        print(name, os.path.getsize(os.path.join(here, name)))
