#!/usr/bin/env python3
"""Measures what windows, sessions and joins cost, dstream against itself, on one core.

    state.py --data DIR [--dstream FILE] [--runs 3]
    state.py --live [--seconds 20]

Windows: count by key on DIR/access.log (gen.py) without a window, in tumbling windows and in sliding ones; the rows
say how many times as long the windows take. Sessions: the same log by host, sessions of half an hour. Join: two files
made here (DIR/left.csv, DIR/right.csv: a million keys, a record a key and side each ten minutes of event time, two
million records a side), `join --within`, so that a million keys are kept on both sides.
All with `-j 1`, whole process, CPU time by wait4(2); the median of the runs. `--live`: half a million records a second
of ten thousand keys through a pipe, `window 1s count-by`; how long behind the end of its window each row is read here.
"""
import argparse
import calendar
import os
import random
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
ENV = dict(os.environ, LC_ALL="C", TZ="UTC")


def cpu_of(command, runs):
    """Median user + system seconds, and the largest memory in MiB."""
    times, memory = [], 0
    for _ in range(runs):
        with open(os.devnull, "wb") as null:
            child = subprocess.Popen(command, stdout=null, stderr=subprocess.PIPE, env=ENV)
            err = child.stderr.read().decode()
            _, status, usage = os.wait4(child.pid, 0)
        if status != 0:
            raise SystemExit(f"{' '.join(command)}: status {status}\n{err}")
        times.append(usage.ru_utime + usage.ru_stime)
        memory = max(memory, usage.ru_maxrss // 1024)
    return statistics.median(times), memory


def lines_of(path):
    with open(path, "rb") as f:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: f.read(1 << 20), b""))


def make_join(out, keys=1_000_000, rounds=2):
    """Two files in which each key has a record each ten minutes, in an order of its own on each side."""
    for name, seed in (("left.csv", 1), ("right.csv", 2)):
        path = os.path.join(out, name)
        if os.path.exists(path):
            continue
        rng = random.Random(seed)
        order = list(range(keys))
        with open(path + ".part", "w", encoding="ascii") as f:
            f.write("ts,k,v\n")
            for part in range(rounds):
                rng.shuffle(order)
                begin = 1_767_225_600_000 + part * 600_000
                f.writelines(f"{begin + i * 600_000 // keys},u{k},{(i * 7) % 1000}\n" for i, k in enumerate(order))
        os.rename(path + ".part", path)


def measured(dstream, data, runs):
    log = os.path.join(data, "access.log")
    records = lines_of(log)
    one = [dstream, "-j", "1", "-i", "combined"]
    rows = []
    plain, memory = cpu_of(one + ["count-by", "status", log], runs)
    rows.append(("count by key, no window", records, plain, memory, "1"))
    for label, window in (
        ("tumbling windows of 10 minutes", ["window", "10m"]),
        ("sliding windows, 10 minutes each minute", ["window", "10m", "--slide", "1m"]),
    ):
        took, memory = cpu_of(one + window + ["count-by", "status", log], runs)
        rows.append((label, records, took, memory, f"{took / plain:.2f} (1.3)"))
    plain, memory = cpu_of(one + ["count-by", "host", log], runs)
    rows.append(("count by host, no window", records, plain, memory, "1"))
    for label, window in (
        ("by host, tumbling windows of 10 minutes", ["window", "10m"]),
        ("by host, sliding windows, 10 minutes each minute", ["window", "10m", "--slide", "1m"]),
        ("by host, sessions of 30 minutes", ["session-window", "30m"]),
        ("by host, late records allowed a minute", ["--watermark", "10s", "--allowed-lateness", "1m", "window", "10m"]),
    ):
        took, memory = cpu_of(one + window + ["count-by", "host", log], runs)
        rows.append((label, records, took, memory, f"{took / plain:.2f}"))
    make_join(data)
    left, right = os.path.join(data, "left.csv"), os.path.join(data, "right.csv")
    join = [dstream, "-j", "1", "-i", "csv", "--time", "ts", "--watermark", "1s", "join", right, "--on", "k",
            "--within", "10m", "count", left]
    took, memory = cpu_of(join, runs)
    rows.append(("join within 10 minutes, a million keys a side", lines_of(left) - 1, took, memory, "a side"))
    print("| | records | CPU s | million records/s | MiB | times |")
    print("|---|--:|--:|--:|--:|--:|")
    for label, n, took, memory, note in rows:
        print(f"| {label} | {n:,} | {took:.2f} | {n / took / 1e6:.2f} | {memory} | {note} |")


def live(dstream, seconds, rate=500_000, keys=10_000):
    """Rows of each window behind its end, ms."""
    child = subprocess.Popen([dstream, "window", "1s", "count-by", "$1"], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, env=ENV)
    rng = random.Random(3)
    tick = 0.002
    blocks = [b"".join(b"key%d x\n" % rng.randrange(keys) for _ in range(int(rate * tick))) for _ in range(50)]
    ticks = int(seconds / tick)
    # The writer is a process of its own, and the reader does nothing but read: else it is they that are measured.
    writer = os.fork()
    if writer == 0:
        begin = time.monotonic()
        for n in range(ticks):
            wait = begin + n * tick - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            child.stdin.write(blocks[n % len(blocks)])
            child.stdin.flush()
        os._exit(0)
    child.stdin.close()
    reads = []
    fd = child.stdout.fileno()
    while got := os.read(fd, 1 << 20):
        reads.append((time.time(), got))
    os.waitpid(writer, 0)
    child.wait()
    late, ends, rest = [], {}, b""
    for read, got in reads:
        *rows, rest = (rest + got).split(b"\n")
        for row in rows:
            start = row[:20]
            end = ends.get(start)
            if end is None:
                end = ends[start] = calendar.timegm(time.strptime(start[:19].decode(), "%Y-%m-%dT%H:%M:%S")) + 1
            late.append((end, read - end))
    # The first window is begun before, the last is closed by the end of the input.
    whole = sorted(ends.values())[1:-1]
    values = sorted(by for end, by in late if whole and whole[0] <= end <= whole[-1])
    at = lambda share: values[min(len(values) - 1, int(share * len(values)))] * 1e3
    print(f"{len(values):,} rows of {len(whole)} windows at {ticks * len(blocks[0]) / 1e6 / seconds:.1f} MB/s: "
          f"median {at(0.5):.2f} ms, 99 % {at(0.99):.2f}, 99.99 % {at(0.9999):.2f}, largest {values[-1] * 1e3:.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data")
    parser.add_argument("--dstream", default=os.path.join(ROOT, "target", "release", "dstream"))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--live", action="store_true")
    parser.add_argument("--seconds", type=int, default=20)
    args = parser.parse_args()
    if args.live:
        live(args.dstream, args.seconds)
    elif args.data:
        measured(args.dstream, args.data, args.runs)
    else:
        parser.error("give --data DIR or --live")


if __name__ == "__main__":
    sys.exit(main())
