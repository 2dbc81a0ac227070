"""Asks every engine every question in turn, checks the answers, writes the table: bench.py DATA OURS RESULTS.md [ROUNDS]"""
import json
import math
import os
import platform
import statistics
import subprocess
import sys
from datetime import date

QUESTIONS = ["by_day", "tip_share", "by_passengers", "by_payment", "top_zones", "longest", "dirt"]
data, ours, results = sys.argv[1:4]
rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 5
here = os.path.dirname(os.path.abspath(__file__))


class Engine:
    """One process that answers questions, one line each."""

    def __init__(self, name, command):
        env = dict(os.environ, GOMAXPROCS="2")
        self.name, self.version = name, ""
        self.p = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)
        if name != "sheaf":
            self.version = json.loads(self.p.stdout.readline())["version"]

    def ask(self, question):
        self.p.stdin.write(question + "\n")
        self.p.stdin.flush()
        line = self.p.stdout.readline()
        if not line:
            sys.exit(f"{self.name} ended at {question}")
        reply = json.loads(line)
        if reply.get("error"):
            sys.exit(f"{self.name}, {question}: {reply['error']}")
        return reply

    def peak_mb(self):
        with open(f"/proc/{self.p.pid}/status") as f:
            return next(int(line.split()[1]) // 1024 for line in f if line.startswith("VmHWM"))

    def close(self):
        self.p.stdin.close()
        self.p.wait()


def same(a, b):
    if isinstance(a, str) and isinstance(b, str):
        return a.removesuffix(" 00:00:00") == b.removesuffix(" 00:00:00")
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return math.isclose(a, b, rel_tol=1e-9)
    return a == b


def check(question, engine, got, want):
    if len(got) != len(want):
        sys.exit(f"{question}: {engine} gives {len(got)} rows, duckdb {len(want)}")
    for g, w in zip(got, want):
        if len(g) != len(w) or not all(map(same, g, w)):
            sys.exit(f"{question}: {engine} gives {g}, duckdb {w}")


def suite(title, trips):
    peers = os.path.join(here, "peers.py")
    zones = f"{data}/zones.csv"
    engines = [Engine("sheaf", [ours, trips, zones]), Engine("duckdb", [sys.executable, peers, "duckdb", trips, zones]),
               Engine("polars", [sys.executable, peers, "polars", trips, zones])]
    for q in QUESTIONS:  # answers first; this also warms up
        want = engines[1].ask(q)["rows"]
        for e in (engines[0], engines[2]):
            check(q, e.name, e.ask(q)["rows"], want)
    times = {(q, e.name): [] for q in QUESTIONS for e in engines}
    for _ in range(rounds):
        for q in QUESTIONS:
            for e in engines:
                times[q, e.name].append(e.ask(q)["seconds"])
    lines = [f"## {title}", "", "| question | Sheaf, s | DuckDB, s | Polars streaming, s | Sheaf / the faster |", "|---|---|---|---|---|"]
    ratios = []
    for q in QUESTIONS:
        m = [statistics.median(times[q, e.name]) for e in engines]
        ratios.append(m[0] / min(m[1:]))
        lines.append(f"| {q} | {m[0]:.3f} | {m[1]:.3f} | {m[2]:.3f} | {ratios[-1]:.2f} |")
    lines.append(f"| geometric mean | | | | {math.exp(statistics.mean(map(math.log, ratios))):.2f} |")
    lines.append("| peak memory, MB | " + " | ".join(str(e.peak_mb()) for e in engines) + " | |")
    versions = ", ".join(f"{e.name} {e.version}" for e in engines[1:])
    for e in engines:
        e.close()
    return lines + [""], versions


def main():
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    parquet, versions = suite("Taxi, 20 M rows, Parquet", f"{data}/parquet/*.parquet")
    csv, _ = suite("Taxi, 4 M rows, CSV", f"{data}/trips.csv")
    text = [f"# Results of {date.today()}", "", f"{versions}; two threads each; {os.cpu_count()} processors of {cpu}; {platform.system()}. "
            f"Medians of {rounds} rounds, engines in turn, files in the page cache. Answers were equal to 1e-9 before a time was taken.", ""]
    with open(results, "w") as f:
        f.write("\n".join(text + parquet + csv))
    print("\n".join(text + parquet + csv))


main()
