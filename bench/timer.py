"""Times a statement: timer.py SETUP STATEMENT, then lines of two numbers, times and samples, on standard input."""

import sys
from time import perf_counter_ns

setup, statement = sys.argv[1:]
scope = {}
exec(setup, scope)
exec(f"def run(times):\n    for _ in range(times):\n        {statement}", scope)
run = scope["run"]


def sample(times):
    start = perf_counter_ns()
    run(times)
    return str(perf_counter_ns() - start)


for line in sys.stdin:
    times, samples = map(int, line.split())
    print(*[sample(times) for _ in range(samples)], flush=True)
