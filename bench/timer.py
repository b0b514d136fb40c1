"""Times a statement: timer.py SETUP STATEMENT, then how many times, one number a line, on standard input."""

import sys
from time import perf_counter_ns

setup, statement = sys.argv[1:]
scope = {}
exec(setup, scope)
exec(f"def run(times):\n    for _ in range(times):\n        {statement}", scope)
run = scope["run"]

for line in sys.stdin:
    times = int(line)
    start = perf_counter_ns()
    run(times)
    print(perf_counter_ns() - start, flush=True)
