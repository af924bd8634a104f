#!/usr/bin/env python3
"""Lets a job with windows and keyed state run over input that grows and rotates; `soak.sh` starts it."""
import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ENV = dict(os.environ, LC_ALL="C", TZ="UTC")


def chain(window):
    return ["--time", "$1:s", "--watermark", "1s", "--idle", "1h", "window", window,
            "update-state-by", "$2", "n=count,s=sum:$3", "--ttl", "1m"]


def slope(points):
    """Least squares, in the second half: KiB an hour."""
    points = points[len(points) // 2:]
    n = len(points)
    if n < 2:
        return 0.0
    x, y = sum(p[0] for p in points) / n, sum(p[1] for p in points) / n
    over = sum((p[0] - x) ** 2 for p in points)
    return 3600 * sum((p[0] - x) * (p[1] - y) for p in points) / over


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--dstream", required=True)
    ap.add_argument("--minutes", type=float, default=60)
    ap.add_argument("--rate", type=int, default=100_000)
    ap.add_argument("--keys", type=int, default=100_000)
    # More of them in less time: what grows by each of them shows sooner.
    ap.add_argument("--window", default="10s")
    ap.add_argument("--every", default="1s", help="between commits")
    ap.add_argument("--rotate", type=int, default=64, help="MiB of a file")
    args = ap.parse_args()
    folder = tempfile.mkdtemp(prefix="dstream-soak-")
    os.chdir(folder)
    rng = random.Random(7)
    words = chain(args.window)
    keep = ["--checkpoint", "ck", "--output", "out", "--checkpoint-every", args.every, "--stats"]
    open("in.log", "wb").close()
    said = open("said", "wb")
    child = subprocess.Popen([args.dstream, *words, *keep, "-F", "in.log"], stderr=said, env=ENV)
    # Keys come and go: a tenth of a second of lines is made once and shifted.
    part = args.rate // 10
    numbers = [(rng.randrange(args.keys), i % 1000) for i in range(part)]
    written, total, began, tenth = 0, 0, time.time(), 0
    log = open("in.log", "ab", buffering=0)
    size, memory, most_open, delays, next_look = 0, [], 0, [], began + 5
    while time.time() - began < args.minutes * 60:
        at = 1_700_000_000_000 + tenth * 100
        shift = tenth * args.keys // 3000
        lines = "".join(f"{(at + i * 100 // part) / 1000:.3f} k{key + shift} {value}\n"
                        for i, (key, value) in enumerate(numbers)).encode()
        log.write(lines)
        written += part
        total += sum(value for _, value in numbers)
        size += len(lines)
        tenth += 1
        if size > args.rotate << 20:
            for n in range(4, 0, -1):
                if os.path.exists(f"in.log.{n}"):
                    os.rename(f"in.log.{n}", f"in.log.{n + 1}")
            os.rename("in.log", "in.log.1")
            log.close()
            log = open("in.log", "ab", buffering=0)
            size = 0
        left = began + tenth / 10 - time.time()
        if left > 0:
            time.sleep(left)
        if time.time() >= next_look:
            next_look += 5
            status = open(f"/proc/{child.pid}/status", encoding="ascii").read()
            rss = int(status.split("VmRSS:")[1].split()[0])
            memory.append((time.time() - began, rss))
            most_open = max(most_open, len(os.listdir(f"/proc/{child.pid}/fd")))
            before, asked = os.path.getsize("said"), time.time()
            child.send_signal(signal.SIGUSR1)
            while os.path.getsize("said") == before and time.time() - asked < 5:
                time.sleep(0.001)
            line = open("said", encoding="utf-8").read().strip().rsplit("\n", 1)[-1]
            records = int(next(w for w in line.replace(",", "").split() if w.isdigit()))
            delays.append((written - records) / args.rate)
    log.close()
    speed = written / (time.time() - began)
    # What has been written is read, and the end of windows waits for the last run.
    time.sleep(2)
    child.send_signal(signal.SIGTERM)
    asked = time.time()
    ended = child.wait()
    took = time.time() - asked
    last = subprocess.run([args.dstream, *words, *keep[:4], "--once", "--final", "in.log"], env=ENV,
                          capture_output=True, text=True)
    # Running totals: what a key had at its last row is all it ever had, unless it was forgotten in between.
    rows = {}
    with open("out", encoding="ascii") as f:
        for row in f:
            _, key, n, amount = row.rstrip("\n").split("\t")
            rows[key] = (int(n), int(amount))
    count, amount = sum(r[0] for r in rows.values()), sum(r[1] for r in rows.values())
    good = ended == -signal.SIGTERM and last.returncode == 0 and (count, amount) == (written, total)
    delays.sort()
    print(f"{speed:,.0f} lines a second for {args.minutes} minutes; {written:,} lines, {len(rows):,} keys")
    print(f"memory {memory[0][1] >> 10} MiB after 5 s, {memory[-1][1] >> 10} MiB at the end; "
          f"in the second half {slope(memory):+,.0f} KiB an hour")
    tenths = [memory[i * (len(memory) - 1) // 10][1] / 1024 for i in range(11)]
    print("resident by tenths of the time, MiB:", " ".join(f"{mib:.1f}" for mib in tenths))
    print(f"descriptors at most {most_open}; behind by p50 {delays[len(delays) // 2]:.2f} s, most {delays[-1]:.2f} s")
    print(f"stopped within {took:.2f} s; totals {'agree' if good else 'DIFFER'}: {count:,} of {written:,}, "
          f"{amount:,} of {total:,}; {ended}, {last.returncode} {last.stderr.strip()}")
    print(open("said", encoding="utf-8").read().strip().split("\n")[-12:])
    os.chdir("/")
    if good:
        shutil.rmtree(folder)
    else:
        sys.exit(f"see {folder}")


if __name__ == "__main__":
    main()
