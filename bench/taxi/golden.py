"""Asks DuckDB the questions of examples/nyctaxi of real trip files and writes the answers: golden.py FOLDER ANSWERS

FOLDER has the trip files and the zone table, ANSWERS gets a folder a file with a CSV a question; a question that the columns of a file
cannot answer has none.
"""
import os
import sys

import duckdb

folder, answers = sys.argv[1:3]
FILES = ["green_tripdata_2023-01.parquet", "green_tripdata_2021-01_modified.parquet", "seaborn_taxis.csv", "seaborn_raw_taxis_2019-03.csv",
         "nyctaxi_2010-01_sample.csv", "azureml_greenTaxiData.csv", "azureml_yellowTaxiData.csv"]
NAMES = {
    "pickup": ["tpeppickupdatetime", "lpeppickupdatetime", "pickupdatetime", "trippickupdatetime", "pickup"],
    "dropoff": ["tpepdropoffdatetime", "lpepdropoffdatetime", "dropoffdatetime", "tripdropoffdatetime", "dropoff"],
    "passenger_count": ["passengercount", "passengers"],
    "trip_distance": ["tripdistance", "distance"],
    "payment_type": ["paymenttype", "payment"],
    "fare_amount": ["fareamount", "fareamt", "fare"],
    "tip_amount": ["tipamount", "tipamt", "tip"],
    "total_amount": ["totalamount", "totalamt", "total"],
    "pickup_zone": ["pulocationid"],
}
QUESTIONS = {
    "by_day": "SELECT CAST(pickup AS DATE) AS day, count(*), sum(total_amount) FROM trips GROUP BY day ORDER BY day NULLS LAST",
    "tip_share": "SELECT isodow(pickup) AS weekday, hour(pickup) AS hour, avg(tip_amount / fare_amount), count(*) FROM trips "
                 "WHERE fare_amount > 0 GROUP BY ALL ORDER BY weekday NULLS LAST, hour NULLS LAST",
    "by_passengers": "SELECT passenger_count, avg(fare_amount), avg(trip_distance), count(*) FROM trips GROUP BY ALL ORDER BY passenger_count NULLS LAST",
    "by_payment": "SELECT payment_type, count(*), max(total_amount) FROM trips GROUP BY ALL ORDER BY payment_type NULLS LAST",
    "top_zones": "SELECT borough, zone, count(*) AS trips FROM trips JOIN zones ON TRY_CAST(pickup_zone AS BIGINT) = LocationID "
                 "GROUP BY ALL ORDER BY trips DESC, borough, zone LIMIT 20",
    "longest": "SELECT pickup, trip_distance, total_amount FROM trips ORDER BY trip_distance DESC NULLS LAST, pickup, total_amount LIMIT 10",
    "dirt": "SELECT sum(CASE WHEN fare_amount < 0 THEN 1 ELSE 0 END), sum(CASE WHEN trip_distance = 0 THEN 1 ELSE 0 END), "
            "sum(CASE WHEN trip_distance > 200 THEN 1 ELSE 0 END), sum(CASE WHEN dropoff < pickup THEN 1 ELSE 0 END), "
            "sum(CASE WHEN dropoff - pickup >= INTERVAL 20 HOURS THEN 1 ELSE 0 END), sum(CASE WHEN passenger_count IS NULL THEN 1 ELSE 0 END) FROM trips",
    "by_borough": "SELECT *, revenue / sum(revenue) OVER (PARTITION BY hour) AS share FROM (SELECT hour(pickup) AS hour, borough, "
                  "sum(total_amount) AS revenue FROM trips JOIN zones ON TRY_CAST(pickup_zone AS BIGINT) = LocationID GROUP BY ALL) "
                  "ORDER BY hour NULLS LAST, borough NULLS LAST",
}

con = duckdb.connect()
con.execute(f"CREATE VIEW zones AS FROM read_csv('{folder}/seaborn_raw_taxi_zones.csv')")
for file in FILES:
    path = f"{folder}/{file}"
    scan = f"read_parquet('{path}')" if file.endswith(".parquet") else f"read_csv('{path}', sample_size = -1, null_padding = true, strict_mode = false)"
    columns = con.execute(f"DESCRIBE SELECT * FROM {scan}").fetchall()
    have = {}
    for column, type, *_ in columns:
        plain = column.lower().replace("_", "").replace(" ", "")
        for name, spellings in NAMES.items():
            if plain in spellings and name not in have:
                have[name] = column
    empty = {n for n, c in have.items() if con.execute(f'SELECT count("{c}") FROM {scan}').fetchone()[0] == 0}
    con.execute("CREATE OR REPLACE VIEW trips AS SELECT " + ", ".join(f'"{c}" AS {n}' for n, c in have.items() if n not in empty) + f" FROM {scan}")
    os.makedirs(f"{answers}/{file}", exist_ok=True)
    for question, sql in QUESTIONS.items():
        try:
            rows = con.execute(sql)
        except duckdb.BinderException:
            continue
        names = [d[0] for d in rows.description]
        with open(f"{answers}/{file}/{question}.csv", "w") as f:
            f.write(",".join(str(i) for i in range(len(names))) + "\n")
            for row in rows.fetchall():
                values = ["" if v is None else f'"{v}"' if isinstance(v, str) and "," in v else repr(v) if isinstance(v, float) else str(v) for v in row]
                f.write(",".join(v.removesuffix(" 00:00:00") for v in values) + "\n")
