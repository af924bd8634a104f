#!/usr/bin/env python3
"""How late windows and lines come out of dstream while the input is open.

    latency.py [--dstream FILE] [--windows 20] [--lines 10000]

Windows: `dstream window 1s count` on a pipe that gets a line every 10 ms; a row's lateness is when it is read
here minus the end of its window, which is a whole second of the clock (the next boundary behind its start).
Lines: one line at a time is written to `dstream filter '/x/'` and waited for, against `cat` in turns of 100.
Prints Markdown; status 1 if anything is missing.
"""
import argparse
import calendar
import os
import statistics
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ENV = dict(os.environ, LC_ALL="C", TZ="UTC")


def quantiles(values, unit):
    values = sorted(values)
    at = lambda share: values[min(len(values) - 1, int(share * len(values)))] * unit
    return [at(0.0), statistics.median(values) * unit, at(0.9), at(0.99), at(0.999), values[-1] * unit]


def cells(values):
    return " | ".join(f"{value:.2f}" for value in values)


def windows(dstream, wanted):
    """Seconds after its end at which each window's row was read."""
    child = subprocess.Popen([dstream, "window", "1s", "count"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             env=ENV, bufsize=0)
    over = threading.Event()

    def write():
        try:
            while not over.wait(0.01):
                child.stdin.write(b"a line\n")
        except BrokenPipeError:
            pass
        child.stdin.close()

    writer = threading.Thread(target=write)
    writer.start()
    late, rows = [], []
    try:
        while len(late) < wanted:
            row = child.stdout.readline()
            read = time.time()
            if not row:
                raise SystemExit("dstream ended before its windows did")
            start = row.split(b"\t")[0].decode()
            end = calendar.timegm(time.strptime(start[:19], "%Y-%m-%dT%H:%M:%S")) + 1
            rows.append(row)
            # The first window may have begun before there was anything to read.
            if len(rows) > 1:
                late.append(read - end)
    finally:
        over.set()
        writer.join()
        child.stdout.close()
        child.terminate()
        child.wait()
    return late


class Filter:
    """A filter on open pipes."""

    def __init__(self, words):
        self.child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENV, bufsize=0)
        self.source, self.sink = self.child.stdout.fileno(), self.child.stdin.fileno()
        self.times = []

    def pass_line(self, line):
        begin = time.perf_counter()
        os.write(self.sink, line)
        got = b""
        while len(got) < len(line):
            more = os.read(self.source, len(line) - len(got))
            if not more:
                raise SystemExit("a filter ended before its input did")
            got += more
        self.times.append(time.perf_counter() - begin)
        if got != line:
            raise SystemExit(f"{line!r} became {got!r}")

    def close(self):
        self.child.stdin.close()
        self.child.stdout.close()
        self.child.wait()


def lines(dstream, wanted):
    filters = {"cat": Filter(["cat"]), "dstream": Filter([dstream, "filter", "/x/"])}
    done = 0
    while done < wanted:
        count = min(100, wanted - done)
        for each in filters.values():
            for i in range(count):
                each.pass_line(b"line x of %08d\n" % (done + i))
                # Long enough for both ends to go to sleep, as they do where lines are rare.
                time.sleep(0.0005)
        done += count
    for each in filters.values():
        each.close()
    return {name: each.times for name, each in filters.items()}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--dstream", default=os.path.join(HERE, "..", "..", "target", "release", "dstream"))
    p.add_argument("--windows", type=int, default=20)
    p.add_argument("--lines", type=int, default=10_000)
    options = p.parse_args()
    if options.lines:
        found = lines(options.dstream, options.lines)
        print(f"One line at a time through an open pipe, {options.lines:,} lines each, in turns. "
              "Target: median under 0.5 ms.\n")
        print("| ms | least | median | 90 % | 99 % | 99.9 % | most |\n|---|--:|--:|--:|--:|--:|--:|")
        for name, text in (("dstream", "dstream filter '/x/'"), ("cat", "cat")):
            print(f"| `{text}` | {cells(quantiles(found[name], 1e3))} |")
    if options.windows:
        late = windows(options.dstream, options.windows)
        print(f"\n`dstream window 1s count` on an open pipe: how long after its end a window's row was read, "
              f"{options.windows} windows. Target: within 100 ms.\n")
        print("| ms | least | median | 90 % | 99 % | 99.9 % | most |\n|---|--:|--:|--:|--:|--:|--:|")
        print(f"| lateness | {cells(quantiles(late, 1e3))} |")


if __name__ == "__main__":
    main()
