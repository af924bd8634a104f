#!/usr/bin/env python3
"""Makes the data of the benchmarks, the same bytes at every run.

Only the standard library is used; every data set has its own fixed seed, and the same (name, scale) gives
the same bytes on any little-endian machine with Python 3.9 or later.

    gen.py --out DIR                      # everything, full size: about 8 GB
    gen.py --out DIR --scale 0.01         # everything, 1 % of the size
    gen.py --out DIR access words         # only these sets
    gen.py --out DIR --missing            # only what is not there yet
    gen.py --list

Data sets (full size; each file but two of nexmark has at least 700 MB):

  access    access.log        5M lines, 1.2 GB   Apache combined log format
            100k client addresses, 20k paths, 40 user agents, all Zipf-skewed;
            24 h of UTC time from 2026-01-01; one line in ten is late by up to 30 s
  words     words.txt         1 GB of text, 8..14 words on a line
            words_lines.txt   the SAME words in the same order, one per line
            Zipf(1.0) over a vocabulary of 200k words
  keys      keys_hc.txt       50M lines, exactly 10M distinct 16-digit keys, 850 MB
  brc       measurements.txt  55M lines, 750 MB  station;temp, 413 stations
            (the "one billion row challenge" shape)
  sales     sales.csv         20M rows + header  ts,store,product,qty,price
  events    events.ndjson     3.3M lines         JSON objects: ts, level, service,
            user_id, latency_ms, status, msg, http{method,path}
  nexmark   nexmark_persons.ndjson, nexmark_auctions.ndjson, nexmark_bids.ndjson
            5M events of an auction house, 1 : 3 : 46, 10,000 a second of event time;
            half of the bids to one auction in a hundred, three of four by one person
            in a hundred; one event in ten is late by up to 400 ms
"""
import argparse
import math
import os
import random
import sys
from array import array
from concurrent.futures import ProcessPoolExecutor
from itertools import islice

CHUNK = 1 << 16  # lines made between two writes


def u32s(rng, n):
    """n uniform 32-bit integers, as an array."""
    a = array("I")
    assert a.itemsize == 4
    a.frombytes(rng.randbytes(4 * n))
    if sys.byteorder != "little":
        a.byteswap()
    return a


def zipf_table(items, s, bits):
    """A list of 2**bits entries in which items[r] is repeated in proportion to
    1/(r+1)**s: a uniform index into it is a Zipf-distributed item."""
    weights = [1.0 / (r + 1) ** s for r in range(len(items))]
    total = math.fsum(weights)
    size = 1 << bits
    table, acc, r = [], 0.0, 0
    for item, w in zip(items, weights):
        acc += w
        upto = round(acc / total * size)
        if upto > len(table):
            table.extend([item] * (upto - len(table)))
    table.extend([items[-1]] * (size - len(table)))
    return table


def weighted_table(pairs, bits):
    """Like zipf_table, for explicit (item, weight) pairs."""
    total = sum(w for _, w in pairs)
    size = 1 << bits
    table, acc = [], 0.0
    for item, w in pairs:
        acc += w
        upto = round(acc / total * size)
        table.extend([item] * (upto - len(table)))
    return table


def pseudo_words(rng, n, lo=2, hi=12):
    """n distinct lower-case words; the first (most frequent) are the shortest."""
    cons, vowels = "bcdfghklmnprstvz", "aeiou"
    out, seen = [], set()
    while len(out) < n:
        # length grows slowly with the rank, as in natural text
        mean = lo + 1.6 * math.log10(len(out) + 1)
        length = max(lo, min(hi, round(rng.gauss(mean, 1.2))))
        w = "".join(rng.choice(cons if i % 2 == 0 else vowels) for i in range(length))
        if w in seen:
            w = w + rng.choice(cons) + rng.choice(vowels)
            if w in seen:
                continue
        seen.add(w)
        out.append(w)
    return out


def chunks(n):
    done = 0
    while done < n:
        k = min(CHUNK, n - done)
        yield done, k
        done += k


def scaled(n, scale):
    return max(1, int(n * scale))


# --------------------------------------------------------------------------- access

MONTH = "Jan"


def gen_access(out, scale):
    n = scaled(5_000_000, scale)
    rng = random.Random("access")
    ips = [f"{rng.randrange(1, 224)}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"
           for _ in range(100_000)]
    ips = zipf_table(list(dict.fromkeys(ips)), 0.9, 20)
    seg = pseudo_words(rng, 2000, 3, 9)
    exts = ["", "", "/", ".html", ".php", ".js", ".css", ".png", ".jpg", "?id=%d"]
    paths = []
    for i in range(20_000):
        p = "/" + "/".join(rng.choice(seg) for _ in range(rng.randrange(1, 5)))
        e = rng.choice(exts)
        paths.append(p + (e % rng.randrange(100000) if "%d" in e else e))
    paths = zipf_table(list(dict.fromkeys(paths)), 1.05, 18)
    methods = weighted_table([("GET", 90), ("POST", 8), ("HEAD", 1.5), ("PUT", .5)], 12)
    status = weighted_table([("200", 87), ("304", 4.5), ("404", 3.5), ("301", 1.5), ("302", 1), ("500", .9),
                             ("503", .5), ("403", .5), ("400", .3), ("502", .2), ("201", .1)], 12)
    referers = zipf_table(["-"] + [f"https://www.{w}.example/{rng.choice(seg)}" for w in seg[:500]], 1.0, 12)
    agents = zipf_table(
        [f"Mozilla/5.0 ({o}) AppleWebKit/537.36 (KHTML, like Gecko) {b}/{v}.0.{rng.randrange(9999)}.{rng.randrange(200)} Safari/537.36"
         for o in ("Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64",
                   "Linux; Android 14; Pixel 8") for b in ("Chrome", "Edg") for v in (118, 120, 124, 131)]
        + [f"curl/8.{i}.0" for i in range(8)], 1.0, 10)
    # one string per second of the day
    stamp = [f"01/{MONTH}/2026:{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d} +0000" for s in range(86400)]
    with open(os.path.join(out, "access.log"), "w", encoding="ascii", newline="\n") as f:
        for start, k in chunks(n):
            a, b, c, d = u32s(rng, k), u32s(rng, k), u32s(rng, k), u32s(rng, k)
            lines = []
            for j in range(k):
                x, y, z, w = a[j], b[j], c[j], d[j]
                sec = (start + j) * 86400 // n
                late = w & 0xFFFF
                if late < 6554:  # one in ten
                    sec -= late * 31 // 6554
                    if sec < 0:
                        sec = 0
                st = status[(x >> 20)]
                size = "-" if st == "304" else 200 + (w >> 16)
                lines.append(f'{ips[x & 0xFFFFF]} - - [{stamp[sec]}] "{methods[y >> 20]} {paths[y & 0x3FFFF]} HTTP/1.1" '
                             f'{st} {size} "{referers[z >> 20]}" "{agents[z & 0x3FF]}"\n')
            f.write("".join(lines))


# --------------------------------------------------------------------------- words

def gen_words(out, scale):
    want = scaled(1_000_000_000, scale)
    rng = random.Random("words")
    vocab = pseudo_words(rng, 200_000)
    table = zipf_table(vocab, 1.0, 22)
    get = table.__getitem__
    written = 0
    with open(os.path.join(out, "words.txt"), "w", encoding="ascii", newline="\n") as text, \
            open(os.path.join(out, "words_lines.txt"), "w", encoding="ascii", newline="\n") as lines:
        while written < want:
            ws = map(get, [x >> 10 for x in u32s(rng, 12 * CHUNK)])
            buf = []
            for r in rng.randbytes(CHUNK):
                buf.append(" ".join(islice(ws, 8 + r % 7)))
            text_chunk = "\n".join(x for x in buf if x) + "\n"
            text.write(text_chunk)
            lines.write(text_chunk.replace(" ", "\n"))
            written += len(text_chunk)


# --------------------------------------------------------------------------- events

def gen_events(out, scale):
    n = scaled(3_300_000, scale)
    rng = random.Random("events")
    words = pseudo_words(rng, 3000, 3, 10)
    services = zipf_table([f"{w}-{k}" for w in ("auth", "billing", "cart", "catalog", "search", "mail", "media", "orders")
                           for k in ("api", "worker", "web", "db", "cache")], 0.8, 12)
    level = weighted_table([("info", 80), ("debug", 8), ("warn", 7), ("error", 4.5), ("fatal", .5)], 12)
    methods = weighted_table([("GET", 70), ("POST", 20), ("PUT", 6), ("DELETE", 4)], 10)
    paths = zipf_table(["/v1/" + rng.choice(words) + "/" + rng.choice(words) for _ in range(2000)], 1.0, 14)
    msgs = zipf_table([" ".join(rng.choice(words) for _ in range(rng.randrange(5, 14))) +
                       rng.choice(["", "", "", ' \\"quoted\\" text', " caf\u00e9", " path C:\\\\tmp"])
                       for _ in range(4000)], 0.7, 14)
    status_ok = weighted_table([(200, 90), (201, 5), (204, 3), (304, 2)], 10)
    status_bad = weighted_table([(500, 60), (502, 15), (503, 20), (504, 5)], 10)
    # log-normal latencies, in 1/100 ms, as strings
    lat = ["%.2f" % min(60000.0, math.exp(3.0 + 1.1 * rng.gauss(0, 1))) for _ in range(1 << 16)]
    sec = [f"2026-01-01T{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}" for s in range(86400)]
    with open(os.path.join(out, "events.ndjson"), "w", encoding="utf-8", newline="\n") as f:
        for start, k in chunks(n):
            a, b, c, d = u32s(rng, k), u32s(rng, k), u32s(rng, k), u32s(rng, k)
            lines = []
            for j in range(k):
                x, y, z, w = a[j], b[j], c[j], d[j]
                ms = (start + j) * 86_400_000 // n
                lv = level[x >> 20]
                st = (status_bad if lv in ("error", "fatal") else status_ok)[w & 0x3FF]
                lines.append(f'{{"ts":"{sec[ms // 1000]}.{ms % 1000:03d}Z","level":"{lv}","service":"{services[x & 0xFFF]}",'
                             f'"user_id":{(y & 0xFFFFF)},"latency_ms":{lat[z & 0xFFFF]},"status":{st},'
                             f'"msg":"{msgs[(w >> 10) & 0x3FFF]}","http":{{"method":"{methods[y >> 22]}",'
                             f'"path":"{paths[z >> 18]}"}}}}\n')
            f.write("".join(lines))


# --------------------------------------------------------------------------- nexmark

def gen_nexmark(out, scale):
    n = scaled(5_000_000, scale)
    rng = random.Random("nexmark")
    words = pseudo_words(rng, 3000, 3, 9)
    extra = [" ".join(rng.choice(words) for _ in range(rng.randrange(3, 9))) for _ in range(1 << 12)]
    names = [f"{w.capitalize()} {rng.choice(words).capitalize()}" for w in words[:1 << 10]]
    places = weighted_table([(('Phoenix', 'AZ'), 1), (('Palo Alto', 'CA'), 1), (('Boise', 'ID'), 1), (('Portland', 'OR'), 1),
                             (('Redmond', 'WA'), 1), (('Cheyenne', 'WY'), 1)], 8)
    pages = []  # channel and URL
    for i in range(1 << 13):
        url = "https://www.nexmark.com/" + "/".join(rng.choice(words) for _ in range(3)) + "/item.htm?query=1"
        if i % 2:
            pages.append(f'"channel":"{rng.choice(("Google", "Facebook", "Baidu", "Apple"))}","url":"{url}"')
        else:
            channel = rng.randrange(10_000)
            pages.append(f'"channel":"channel-{channel}","url":"{url}&channel_id={channel}"')
    price = [round(100 * 10 ** (6 * rng.random())) for _ in range(1 << 16)]
    sec = [f"2026-01-01T{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}" for s in range(3600)]
    with open(os.path.join(out, "nexmark_persons.ndjson"), "w", encoding="ascii", newline="\n") as persons, \
            open(os.path.join(out, "nexmark_auctions.ndjson"), "w", encoding="ascii", newline="\n") as auctions, \
            open(os.path.join(out, "nexmark_bids.ndjson"), "w", encoding="ascii", newline="\n") as bids:
        for start, k in chunks(n):
            a, b, c, d = u32s(rng, k), u32s(rng, k), u32s(rng, k), u32s(rng, k)
            lines = [], [], []
            for j in range(k):
                x, y, z, w = a[j], b[j], c[j], d[j]
                ms = 1000 + (start + j) // 10
                late = w & 0xFFFF
                if late < 6554:  # one in ten
                    ms -= late * 400 // 6554
                when = f"{sec[ms // 1000]}.{ms % 1000:03d}Z"
                group, place = divmod(start + j, 50)
                person = group // 100 * 100 + 1 if y & 3 else max(0, group - (y >> 2) % 1000)
                tail = f'"dateTime":"{when}","extra":"{extra[z >> 20]}"}}\n'
                if place > 3:
                    newest = 3 * group + 2
                    auction = newest // 100 * 100 if x & 1 else max(0, newest - (x >> 1) % 100)
                    lines[2].append(f'{{"auction":{1000 + auction},"bidder":{1000 + person},"price":{price[w >> 16]},'
                                    f'{pages[z & 0x1FFF]},{tail}')
                elif place:
                    ends = ms + 1000 + (x >> 8) % 20_000
                    low = price[w >> 16]
                    lines[1].append(f'{{"id":{1000 + 3 * group + place - 1},"itemName":"{words[x & 0x7FF]}",'
                                    f'"description":"{extra[x >> 20]}","initialBid":{low},"reserve":{low + 100},'
                                    f'"expires":"{sec[ends // 1000]}.{ends % 1000:03d}Z","seller":{1000 + person},'
                                    f'"category":{10 + z % 5},{tail}')
                else:
                    city, state = places[x & 0xFF]
                    lines[0].append(f'{{"id":{1000 + group},"name":"{names[x >> 22]}","emailAddress":"{words[y & 0x7FF]}@'
                                    f'{words[z & 0x7FF]}.com","creditCard":"{w:010d}","city":"{city}","state":"{state}",{tail}')
            for file, text in zip((persons, auctions, bids), lines):
                file.write("".join(text))


# --------------------------------------------------------------------------- sales

def gen_sales(out, scale):
    n = scaled(20_000_000, scale)
    rng = random.Random("sales")
    stores = zipf_table([f"store_{i:04d}" for i in range(1, 501)], 0.7, 14)
    catalogue = zipf_table([f"P{i:05d}" for i in range(1, 10_001)], 0.9, 18)
    price = {p: 99 + rng.randrange(50_000) for p in dict.fromkeys(catalogue)}
    sec = [f"2026-01-01T{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}Z" for s in range(86400)]
    with open(os.path.join(out, "sales.csv"), "w", encoding="ascii", newline="\n") as f:
        f.write("ts,store,product,qty,price\n")
        for start, k in chunks(n):
            a, b = u32s(rng, k), u32s(rng, k)
            lines = []
            for j in range(k):
                x, y = a[j], b[j]
                p = catalogue[x & 0x3FFFF]
                cents = price[p]
                q = 1 + (y >> 18) % 20
                lines.append(f"{sec[(start + j) * 86400 // n]},{stores[y & 0x3FFF]},{p},{q},{cents // 100}.{cents % 100:02d}\n")
            f.write("".join(lines))


# --------------------------------------------------------------------------- brc

def gen_brc(out, scale):
    n = scaled(55_000_000, scale)
    rng = random.Random("brc")
    names = [w.capitalize() for w in pseudo_words(rng, 413, 4, 10)]
    for i in range(0, 413, 9):      # some with spaces, some with letters outside ASCII
        names[i] = names[i] + " " + names[(i + 7) % 413]
    for i in range(4, 413, 13):
        names[i] = names[i].replace("a", "\u00e3", 1).replace("o", "\u00f3", 1)
    names = list(dict.fromkeys(names))
    assert len(names) == 413
    heads = [x + ";" for x in names]
    mean = [rng.randrange(-150, 320) for _ in names]
    noise = [max(-600, min(600, round(rng.gauss(0, 100)))) for _ in range(1 << 16)]
    text = {t: f"{'-' if t < 0 else ''}{abs(t) // 10}.{abs(t) % 10}\n" for t in range(-999, 1000)}
    with open(os.path.join(out, "measurements.txt"), "w", encoding="utf-8", newline="\n") as f:
        for _, k in chunks(n):
            f.write("".join([heads[s] + text[mean[s] + noise[x & 0xFFFF]]
                             for x in u32s(rng, k) for s in ((x >> 16) * 413 >> 16,)]))


# --------------------------------------------------------------------------- keys

KEYS_REPEATS = 4  # lines beside the one that each key is sure of


def gen_keys(out, scale):
    keys = scaled(10_000_000, scale)
    rng = random.Random("keys")
    mul = 0x9E3779B97F4A7C15          # odd: a bijection modulo 2**64
    mask = (1 << 64) - 1
    step = 7_368_787                  # prime: visits every index once, in a scattered order
    while math.gcd(step, keys) != 1:
        step += 2
    with open(os.path.join(out, "keys_hc.txt"), "w", encoding="ascii", newline="\n") as f:
        for start, k in chunks(keys):
            lines = [f"{((start + j) * step % keys + 1) * mul & mask:016x}\n" for j in range(k)]
            lines += [f"{((r * keys >> 32) + 1) * mul & mask:016x}\n" for r in u32s(rng, KEYS_REPEATS * k)]
            # The sure ones stand among the others.
            for j in range(0, k, 2):
                other = j * KEYS_REPEATS + k
                lines[j], lines[other] = lines[other], lines[j]
            f.write("".join(lines))


FILES = {"access": ["access.log"], "words": ["words.txt", "words_lines.txt"], "events": ["events.ndjson"],
         "sales": ["sales.csv"], "brc": ["measurements.txt"], "keys": ["keys_hc.txt"],
         "nexmark": ["nexmark_persons.ndjson", "nexmark_auctions.ndjson", "nexmark_bids.ndjson"]}
SETS = {"access": gen_access, "words": gen_words, "events": gen_events, "sales": gen_sales, "brc": gen_brc,
        "keys": gen_keys, "nexmark": gen_nexmark}


def make(job):
    """Makes a set under a temporary name, so that a file that is there is whole."""
    name, out, scale = job
    part = os.path.join(out, f".{name}.part")
    os.makedirs(part, exist_ok=True)
    SETS[name](part, scale)
    for file in FILES[name]:
        os.replace(os.path.join(part, file), os.path.join(out, file))
    os.rmdir(part)
    return name


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--out", default=".", help="directory to write to")
    p.add_argument("--scale", type=float, default=1.0, help="fraction of the full size (default: 1)")
    p.add_argument("--jobs", type=int, default=1, help="data sets made at the same time (default: 1)")
    p.add_argument("--missing", action="store_true", help="leave out sets whose files are there")
    p.add_argument("--list", action="store_true", help="print the names of the data sets")
    p.add_argument("sets", nargs="*", help="names of data sets (default: all)")
    a = p.parse_args()
    if a.list:
        print("\n".join(SETS))
        return
    for s in a.sets:
        if s not in SETS:
            p.error(f"no data set named {s!r}; there are: {', '.join(SETS)}")
    os.makedirs(a.out, exist_ok=True)
    there = lambda s: all(os.path.exists(os.path.join(a.out, file)) for file in FILES[s])
    jobs = [(s, a.out, a.scale) for s in (a.sets or SETS) if not (a.missing and there(s))]
    with ProcessPoolExecutor(max_workers=max(1, a.jobs)) as ex:
        for name in ex.map(make, jobs):
            print("made", name, file=sys.stderr)


if __name__ == "__main__":
    main()
