"""What the suites share: engines as processes that answer a line at a time, checks of answers, medians, tables."""
import json
import math
import os
import platform
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


class Engine:
    """One process that answers questions, one line each. cpus are the threads it may use."""

    def __init__(self, name, command, peer=True):
        env = dict(os.environ, GOMAXPROCS="2", POLARS_MAX_THREADS="2")
        self.name, self.version = name, ""
        self.p = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)
        if peer:
            self.version = json.loads(self.p.stdout.readline())["version"]

    def ask(self, question):
        """Returns the reply: seconds and rows. An engine that cannot answer ends the run."""
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
    """Ends the run where an answer is not DuckDB's."""
    if len(got) != len(want):
        sys.exit(f"{question}: {engine} gives {len(got)} rows, duckdb {len(want)}")
    for g, w in zip(got, want):
        if len(g) != len(w) or not all(map(same, g, w)):
            sys.exit(f"{question}: {engine} gives {g}, duckdb {w}")


def measure(engines, questions, rounds):
    """Checks every answer against DuckDB's, the second engine; then asks all in turn and returns the median times, by question and engine,
    and DuckDB's rows, by question and "rows"."""
    answers = {}
    for q in questions:
        want = answers[q, "rows"] = engines[1].ask(q)["rows"]
        for e in engines:
            if e is not engines[1]:
                check(q, e.name, e.ask(q)["rows"], want)
    times = {(q, e.name): [] for q in questions for e in engines}
    for _ in range(rounds):
        for q in questions:
            for e in engines:
                times[q, e.name].append(e.ask(q)["seconds"])
    return {k: statistics.median(v) for k, v in times.items()} | answers


def dask(command, questions, m):
    """Lines of a table of Dask beside Sheaf: each question once, in a process of its own, its answer checked like the others. What takes
    Dask long is asked all the same."""
    lines = ["### Dask, threads, one run of each question", "", "| question | Dask, s | Dask / Sheaf |", "|---|---|---|"]
    ratios = []
    for q in questions:
        e = Engine("dask", command)
        reply = e.ask(q)
        e.close()
        check(q, "dask", reply["rows"], m[q, "rows"])
        ratios.append(reply["seconds"] / m[q, "sheaf"])
        lines.append(f"| {q} | {reply['seconds']:.2f} | {ratios[-1]:.1f} |")
    return lines + [f"| geometric mean | | {mean(ratios):.1f} |", ""]


def mean(ratios):
    return math.exp(statistics.mean(map(math.log, ratios)))


def table(title, engines, groups, m, rivals):
    """Lines of a Markdown table; groups are lists of questions, each with a geometric mean below. Ratios are to the faster of rivals."""
    names = [e.name for e in engines]
    lines = [f"## {title}", "", "| question | " + " | ".join(f"{n}, s" for n in names) + " | Sheaf / the faster of " + ", ".join(rivals) + " |",
             "|---" * (len(names) + 2) + "|"]
    for questions in groups:
        ratios = []
        for q in questions:
            ratios.append(m[q, names[0]] / min(m[q, r] for r in rivals))
            lines.append(f"| {q} | " + " | ".join(f"{m[q, n]:.3f}" for n in names) + f" | {ratios[-1]:.2f} |")
        lines.append("| geometric mean | " + " | " * len(names) + f"{mean(ratios):.2f} |")
    lines.append("| peak memory, MB | " + " | ".join(str(e.peak_mb()) for e in engines) + " | |")
    return lines + [""]


def machine():
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    return f"{os.cpu_count()} processors of {cpu}; {platform.system()}"
