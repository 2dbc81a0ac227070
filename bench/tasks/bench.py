"""Runs the tasks of ours and Dask's one after the other and writes the table: bench.py OURS RESULTS.md"""
import json
import os
import subprocess
import sys
from datetime import date

ours, results = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
env = dict(os.environ, GOMAXPROCS="2")


def run(command):
    out = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True).stdout
    return {(r["shape"], r["tasks"]): r for r in map(json.loads, out.splitlines())}


a, b = run([ours]), run([sys.executable, os.path.join(here, "dask_tasks.py")])
dask = next(iter(b.values()))["dask"]
lines = [f"# Tasks, {date.today()}", "",
         f"Microseconds a no-op task, building the graph included: Sheaf's pool on two threads (the best of three), raw goroutines that meet in "
         f"a channel, Dask {dask}'s threaded scheduler on two threads (one run).", "",
         "| shape | tasks | Sheaf | goroutines | Dask threads | Dask / Sheaf |", "|---|---|---|---|---|---|"]
for (shape, n), r in a.items():
    if shape == "goroutines" or shape.startswith("1 ms"):
        continue
    d = b.get((shape, n))
    lines.append(f"| {shape} | {n:,} | {r['us']:.2f} | {a['goroutines', n]['us']:.2f} | {d['us'] if d else float('nan'):.0f} | {d['us'] / r['us'] if d else float('nan'):.0f} |".replace("nan", ""))
ms = next(r for (shape, _), r in a.items() if shape.startswith("1 ms"))
lines += ["", f"10,000 tasks of 1 ms on two workers: {100 * 500 / ms['us']:.1f} % of ideal.", ""]
text = "\n".join(lines)
open(results, "w").write(text)
print(text)
