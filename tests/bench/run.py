#!/usr/bin/env python3
"""Measures dstream against its rivals: each row of the table is one task, both programs, the same run.

    run.py --data DIR --venv DIR                     every row, 5 runs of each program, in turns
    run.py --data DIR --venv DIR --only T1,T6 --runs 2
    run.py --data DIR --venv DIR --json FILE --write also into FILE (rows of before are kept) and README.md
    run.py --list

DIR of --data is made by gen.py (and may be: files that are not there are made), that of --venv by
install-rivals.sh. The binary is target/release/dstream unless --dstream says otherwise.

How: the data is read once, so that it is in the page cache. Rival and dstream run in turns (A B A B …), each
on the same two cores, whole process from start to exit, output into a file on a RAM disk. Wall time by the
clock, CPU by wait4(2) of all processes of a command, memory (the largest of the rival or dstream) by time(1).
The answers are compared each time a row is measured: sorted, numbers to a part in 10^9; later outputs of a
program must have the size of its first. A row whose answers part is shown as such and has no ratio.
"""
import argparse
import collections
import datetime
import hashlib
import json
import math
import os
import re
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
ENV = dict(os.environ, LC_ALL="C")

# ------------------------------------------------------------------------------------------ the rivals

CHDB = """import chdb, os, sys
r = chdb.query(sys.argv[1], "TabSeparatedRaw")
b = memoryview(r.bytes())
while b: b = b[os.write(1, b):]
os._exit(0)"""


def chdb(query):
    return ["python", "-c", CHDB, query]


def duckdb(query):
    return ["duckdb", "-noheader", "-list", "-separator", "\t", "-c", query]


def polars(code):
    return ["python", "-c", "import polars as pl\n" + code]


def duck_log(file):
    columns = ",".join(f"'{name}':'VARCHAR'" for name in "ip a b t z req st sz ref ua".split())
    return (f"read_csv('{file}',header=false,auto_detect=false,delim=' ',quote='\"',escape='\"',"
            f"columns={{{columns}}})")


def duck_lines(file):
    return (f"read_csv('{file}',header=false,auto_detect=false,columns={{'w':'VARCHAR'}},delim='\\x01',"
            "quote='',escape='')")


def polars_out(expression):
    return f"{expression}.collect(engine='streaming').write_csv('/dev/stdout',include_header=False,separator='\\t')"


# ------------------------------------------------------------------------------------------ the rows

class Row:
    """A task. `rival` and `ours` are commands (lists of words; `{}` stands for the data file); through a pipe
    `cat` stands before both. `least`: how many times as fast as the rival dstream shall be."""

    def __init__(self, name, task, file, rival_name, rival, ours, least, pipe=False, how="table", note=""):
        self.name, self.task, self.file, self.rival_name = name, task, file, rival_name
        self.rival, self.ours, self.least, self.pipe, self.how, self.note = rival, ours, least, pipe, how, note

    def command(self, words, path):
        return [word.replace("{}", path) for word in words]


COUNT_LINES = chdb("select line, count() from file('{}', LineAsString) group by line")
PATH = "split_part(split_part(req,' ',2),'?',1)"
BRC_LINE = ("select substring(line,1,position(line,';')-1) k,min(v),avg(v),max(v),count() from (select line,"
            "toFloat64(substring(line,position(line,';')+1)) v from file('{}',LineAsString)) group by k")
PATH_NOTE = "dstream's `path` has no query; the rival cuts it off the lines that pass"


def rows():
    d = "dstream"
    yield Row("T1", "count by whole line, 200,000 words", "words_lines.txt", "ClickHouse", COUNT_LINES,
              [d, "-i", "lines", "count-by-key", "{}"], 1.8)
    yield Row("T1t", "the same without `-i lines`", "words_lines.txt", "ClickHouse", COUNT_LINES,
              [d, "count-by-key", "{}"], 1.8, note="text format, its default key is the line")
    yield Row("T1h", "the same, 10 million distinct keys", "keys_hc.txt", "ClickHouse", COUNT_LINES,
              [d, "-i", "lines", "count-by-key", "{}"], 1.0, how="big", note="under 1 GB of memory")
    yield Row("T2", "word count", "words.txt", "ClickHouse",
              chdb("select arrayJoin(splitByChar(' ', line)) w, count() from file('{}', LineAsString) group by w"),
              [d, "-i", "lines", "flat-map", "word=words($0)", "count-by", "word", "{}"], 1.5)
    yield Row("T3f", "filter on a field, count by path", "access.log", "DuckDB",
              duckdb(f"select {PATH} p,count(*) from {duck_log('{}')} where regexp_matches(st,'^5[0-9][0-9]$') group by p"),
              [d, "-i", "combined", "filter", "status >= 500", "count-by", "path", "{}"], 2.0, note=PATH_NOTE)
    yield Row("T3r", "regex on the line, count by path", "access.log", "DuckDB",
              duckdb("select split_part(split_part(w,' ',7),'?',1) p,count(*) from " + duck_lines("{}") +
                     " where regexp_matches(w,'\" 5[0-9][0-9] ') group by p"),
              [d, "-i", "combined", "filter", '/" 5[0-9][0-9] /', "count-by", "path", "{}"], 4.0, note=PATH_NOTE)
    yield Row("T6", "min, mean, max, count by key", "measurements.txt", "polars",
              polars(polars_out("pl.scan_csv('{}',has_header=False,separator=';',quote_char=None,"
                                "schema={'k':pl.String,'v':pl.Float64}).group_by('k').agg(pl.col('v').min().alias('a'),"
                                "pl.col('v').mean().alias('b'),pl.col('v').max().alias('c'),pl.len())")),
              [d, "-d", ";", "reduce-by", "$1", "min:_2,avg:_2,max:_2,count", "{}"], 3.0,
              note="also: 0.45 GB/s a core")
    yield Row("T6s", "revenue by store, CSV", "sales.csv", "polars",
              polars(polars_out("pl.scan_csv('{}').group_by('store').agg((pl.col('qty')*pl.col('price')).sum())")),
              [d, "-i", "csv", "reduce-by", "store", "revenue=sum:qty*price", "{}"], 2.0)
    yield Row("T7", "JSON: filter, group, mean, p99", "events.ndjson", "DuckDB",
              duckdb("select service,count(*),avg(latency_ms),quantile_disc(latency_ms,0.99) from read_json('{}',"
                     "format='newline_delimited',columns={level:'VARCHAR',service:'VARCHAR',latency_ms:'DOUBLE'})"
                     " where level='error' group by service"),
              [d, "-i", "json", "filter", 'level=="error"', "reduce-by", "service",
               "n=count,avg:latency_ms,p99:latency_ms", "{}"], 1.0, note="p99 by nearest rank in both, compared")
    yield Row("T8", "two fields and arithmetic for every line", "sales.csv", "polars",
              polars("pl.scan_csv('{}').select('store',pl.col('qty')*pl.col('price')).sink_csv('/dev/stdout',"
                     "include_header=False,separator='\\t',float_precision=2)"),
              [d, "-i", "csv", "map", "revenue=qty*price", "select", "store,revenue", "{}"], 2.0, how="cents")
    yield Row("T10a", "T1 through a pipe", "words_lines.txt", "ClickHouse",
              chdb("select line, count() from file('/dev/stdin', LineAsString) group by line"),
              [d, "-i", "lines", "count-by-key"], 1.5, pipe=True)
    yield Row("T10b", "T3 with a regex through a pipe", "access.log", "mawk",
              ["mawk", '/" 5[0-9][0-9] /{p=$7;sub(/[?].*/,"",p);c[p]++}END{for(k in c){print k"\\t"c[k]}}'],
              [d, "-i", "combined", "filter", '/" 5[0-9][0-9] /', "count-by", "path"], 2.0, pipe=True, note=PATH_NOTE)
    yield Row("T10c", "T6 through a pipe", "measurements.txt", "ClickHouse",
              chdb(BRC_LINE.replace("{}", "/dev/stdin")),
              [d, "-d", ";", "reduce-by", "$1", "min:_2,avg:_2,max:_2,count"], 2.5, pipe=True)
    yield Row("rg", "original lines that match a pattern", "access.log", "ripgrep",
              ["rg", "-N", '" 500 ', "{}"], [d, "filter", '/" 500 /', "{}"], 1 / 1.5, how="bytes")


class Query:
    """A query of Nexmark, without a rival. Of the command `{bids}` and the like stand for files; the events of all
    that stand in it are counted."""

    def __init__(self, name, task, ours):
        self.name, self.task, self.ours = name, task, ["dstream", "-i", "json"] + ours
        self.sets = re.findall(r"\{(\w+)\}", " ".join(ours))

    def paths(self, data):
        return [os.path.join(data, f"nexmark_{name}.ndjson") for name in self.sets]

    def command(self, data):
        words = self.ours
        for name, path in zip(self.sets, self.paths(data)):
            words = [word.replace("{" + name + "}", path) for word in words]
        return words


def queries():
    timed = ["--time", "dateTime"]
    yield Query("q0", "bids as they come", ["select", "auction,bidder,price,dateTime,extra", "-o", "json", "{bids}"])
    yield Query("q1", "price in euro", ["map", "price=0.908*price", "select", "auction,bidder,price,dateTime,extra", "-o",
                                        "json", "{bids}"])
    yield Query("q2", "bids on every 123rd auction", ["filter", "auction % 123 == 0", "select", "auction,price", "{bids}"])
    yield Query("q5", "the auctions with the most bids of 10 s, every 2 s",
                timed + ["window", "10s", "--slide", "2s", "count-by", "auction", "top", "1", "--ties", "{bids}"])
    yield Query("q7", "the highest bids of each 10 s",
                timed + ["window", "10s", "top", "1", "--by", "price", "--ties", "select",
                         "window_start,auction,bidder,price,dateTime", "{bids}"])
    yield Query("q8", "who registered and sold in the same 10 s",
                timed + ["window", "10s", "join", "{auctions}", "--on", "id=seller", "distinct-by", "id,name", "select",
                         "window_start,id,name", "{persons}"])
    yield Query("q11", "bids of each bidder until 10 s of silence",
                timed + ["session-window", "10s", "count-by", "bidder", "{bids}"])
    yield Query("q12", "bids of each bidder in 10 s of arrival, by a clock in the data",
                ["--time", "arrival", "--clock", "dateTime", "window", "10s", "count-by", "bidder", "{bids}"])


# Both threads against one: the grouped tasks from a file, but T1h.
SCALING = ["T1", "T2", "T3f", "T3r", "T6", "T6s", "T7"]
SCALING_LEAST = 1.8

# ------------------------------------------------------------------------------------------ running

Run = collections.namedtuple("Run", "wall cpu rss")


def find(program, options):
    if program == "dstream":
        return options.dstream
    if program in ("python", "duckdb"):
        return os.path.join(options.venv, "bin", program)
    found = shutil.which(program)
    if not found:
        sys.exit(f"{program} is not here; see install-rivals.sh")
    return found


def run(words, out_path, options, feed=None, status_ok=(0,)):
    """Runs a command to its end, behind `cat feed` if asked for."""
    # A child of ours would begin with our memory as its high-water mark; one of time(1)'s does not.
    memory_path = out_path + ".memory"
    words = [find("time", options), "-o", memory_path, "-f", "%M", find(words[0], options)] + words[1:]
    children, stdin = [], subprocess.DEVNULL
    with open(out_path, "wb") as out, open(out_path + ".err", "wb") as err:
        begin = time.perf_counter()
        if feed:
            cat = subprocess.Popen(["cat", feed], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=ENV)
            children.append(cat)
            stdin = cat.stdout
        main = subprocess.Popen(words, stdin=stdin, stdout=out, stderr=err, env=ENV)
        if feed:
            cat.stdout.close()
        children.append(main)
        cpu = 0.0
        # The feeder ends before its reader; a reader that stops early ends it by SIGPIPE.
        for child in reversed(children):
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            cpu += usage.ru_utime + usage.ru_stime
            if child is main:
                wall = time.perf_counter() - begin
    if main.returncode not in status_ok:
        with open(out_path + ".err", encoding="utf-8", errors="replace") as text:
            raise RuntimeError(f"{shown(words[5:])}: status {main.returncode}: {text.read().strip()[:500]}")
    with open(memory_path, encoding="ascii") as text:
        rss = int(text.read().split()[-1]) / 1024
    return Run(wall, cpu, rss)


def shown(words):
    """A command as one would type it, without paths of this machine."""
    words = [os.path.basename(words[0])] + words[1:]
    return " ".join(map(quoted, words))


def quoted(word):
    if re.fullmatch(r"[\w./:=,@%+-]+", word):
        return word
    if "\n" in word or word == "\t":
        return "$'" + word.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\t", "\\t") + "'"
    return "'" + word.replace("'", "'\\''") + "'"


# ------------------------------------------------------------------------------------------ comparing

def sorted_file(path, program, options):
    """Hash of a file's lines, sorted, after a filter of awk."""
    awk = subprocess.Popen([find("mawk", options), "-F", "\t", program, path], stdout=subprocess.PIPE, env=ENV)
    sort = subprocess.Popen(["sort", "-S", "2G", "-T", options.out], stdin=awk.stdout, stdout=subprocess.PIPE, env=ENV)
    awk.stdout.close()
    digest = hashlib.file_digest(sort.stdout, "sha256").hexdigest()
    if awk.wait() or sort.wait():
        raise RuntimeError(f"{path} could not be sorted")
    return digest


def table(path):
    with open(path, encoding="utf-8", errors="surrogateescape") as text:
        rows = [line.rstrip("\n").split("\t") for line in text]
    return sorted(rows)


def number(text):
    try:
        return float(text)
    except ValueError:
        return None


def same_cell(a, b):
    if a == b:
        return True
    x, y = number(a), number(b)
    return x is not None and y is not None and math.isclose(x, y, rel_tol=1e-9, abs_tol=1e-9)


def difference(row, theirs, ours, options):
    """None, or what differs first."""
    if row.how == "bytes":
        same = subprocess.run(["cmp", theirs, ours], capture_output=True, text=True, check=False)
        return None if same.returncode == 0 else same.stdout.strip()
    if row.how in ("big", "cents"):
        program = {"big": "{print}", "cents": '{printf "%s\\t%.2f\\n",$1,$2}'}[row.how]
        same = sorted_file(theirs, program, options) == sorted_file(ours, program, options)
        return None if same else "the sorted lines differ"
    left, right = table(theirs), table(ours)
    if len(left) != len(right):
        return f"{len(left)} rows against {len(right)}"
    for a, b in zip(left, right):
        if len(a) != len(b) or not all(map(same_cell, a, b)):
            return f"{a} against {b}"
    return None


# ------------------------------------------------------------------------------------------ measuring

def warm(path):
    with open(path, "rb", buffering=0) as file:
        buffer = bytearray(1 << 20)
        while file.readinto(buffer):
            pass


def summary(runs):
    walls = [r.wall for r in runs]
    return {"wall": statistics.median(walls), "min": min(walls), "max": max(walls),
            "cpu": statistics.median(r.cpu for r in runs), "rss": max(r.rss for r in runs)}


def lines_of(path):
    with open(path, "rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


def measure(row, options):
    path = os.path.join(options.data, row.file)
    warm(path)
    feed = path if row.pipe else None
    rival, ours = row.command(row.rival, path), row.command(row.ours, path)
    a_out, b_out = (os.path.join(options.out, f"{row.name}.{who}") for who in ("rival", "ours"))
    a_runs, b_runs, sizes = [], [], set()
    wrong = None
    for i in range(options.runs + 1):
        a = run(rival, a_out, options, feed)
        b = run(ours, b_out, options, feed)
        if i == 0:  # the warm-up: it is compared, not counted
            wrong = difference(row, a_out, b_out, options)
        else:
            a_runs.append(a)
            b_runs.append(b)
        sizes.add((os.path.getsize(a_out), os.path.getsize(b_out)))
    if len(sizes) > 1 and not wrong:
        # Programs print sums of floats in an order of the day; those must agree each time.
        wrong = difference(row, a_out, b_out, options)
    size = os.path.getsize(path)
    result = {"name": row.name, "task": row.task, "file": row.file, "bytes": size, "rival_name": row.rival_name,
              "rival": summary(a_runs), "ours": summary(b_runs), "runs": options.runs, "least": row.least,
              "rival_command": ("cat F | " if row.pipe else "") + shown(row.command(row.rival, "F")),
              "our_command": ("cat F | " if row.pipe else "") + shown(row.command(row.ours, "F")),
              "ratio": statistics.median(r.wall for r in a_runs) / statistics.median(r.wall for r in b_runs),
              "wrong": wrong, "note": row.note, "load": os.getloadavg()[0]}
    if row.name == "rg":
        share = lines_of(b_out) / lines_of(path)
        result["note"] = f"{share:.2%} of the lines match; target: within 1.5 times of ripgrep"
    for file in (a_out, b_out):
        os.remove(file)
    return result


def scaling(row, options):
    path = os.path.join(options.data, row.file)
    warm(path)
    outs = [os.path.join(options.out, f"{row.name}.j{n}") for n in (1, 2)]
    runs = ([], [])
    for i in range(options.runs + 1):
        for n, out in enumerate(outs):
            words = row.command(row.ours, path)
            done = run(words[:1] + ["-j", str(n + 1)] + words[1:], out, options)
            if i:
                runs[n].append(done)
    same = subprocess.run(["cmp", "-s", *outs], check=False).returncode == 0
    one, two = map(summary, runs)
    result = {"name": row.name, "one": one, "two": two, "ratio": one["wall"] / two["wall"], "same": same,
              "gb_s_core": os.path.getsize(path) / one["wall"] / 1e9, "load": os.getloadavg()[0]}
    for out in outs:
        os.remove(out)
    return result


def nexmark(query, options):
    paths = query.paths(options.data)
    for path in paths:
        warm(path)
    outs = [os.path.join(options.out, f"{query.name}.j{n}") for n in (1, 2)]
    runs = ([], [])
    words = query.command(options.data)
    for i in range(options.runs + 1):
        for n, out in enumerate(outs):
            done = run(words[:1] + ["-j", str(n + 1)] + words[1:], out, options)
            if i:
                runs[n].append(done)
    same = subprocess.run(["cmp", "-s", *outs], check=False).returncode == 0
    one, two = map(summary, runs)
    events = sum(map(lines_of, paths))
    # A thread that only reads is no second core for free: what took longer counts.
    result = {"name": query.name, "task": query.task, "command": shown(query.command("")), "events": events,
              "bytes": sum(map(os.path.getsize, paths)), "one": one, "two": two, "same": same,
              "events_s_core": events / max(one["wall"], one["cpu"]), "ratio": one["wall"] / two["wall"],
              "rows": lines_of(outs[0]), "load": os.getloadavg()[0]}
    for out in outs:
        os.remove(out)
    return result


def start_up(options):
    """Median of spawn to exit on empty input, in turns."""
    times = {"mawk": [], "dstream": []}
    commands = {"mawk": [find("mawk", options), "END{print NR}"], "dstream": [options.dstream, "count"]}
    for _ in range(200):
        for name, words in commands.items():
            begin = time.perf_counter()
            null = os.open(os.devnull, os.O_RDWR)
            pid = os.posix_spawn(words[0], words, ENV, file_actions=[
                (os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, null, 1)])
            _, status = os.waitpid(pid, 0)
            times[name].append(time.perf_counter() - begin)
            os.close(null)
            if status:
                raise RuntimeError(f"{name}: status {status}")
    return {name: {"median": statistics.median(t), "p95": sorted(t)[189]} for name, t in times.items()}


# ------------------------------------------------------------------------------------------ the table

def seconds(s):
    return f"{s:.3f}" if s < 0.1 else f"{s:.2f}"


def measured(s):
    return f"{seconds(s['wall'])} ({seconds(s['min'])}–{seconds(s['max'])}) | {seconds(s['cpu'])} | {s['rss']:.0f}"


def render(results):
    machine = results["machine"]
    out = [f"{machine['date']}; {machine['cpu']}, {machine['cores']} cores used; {machine['kernel']}. "
           f"{'; '.join(machine['versions'])}.", ""]
    out += ["| task | data | rival | wall s (min–max) | CPU s | MiB | dstream wall s (min–max) | CPU s | MiB | times as fast | target | |",
            "|---|---|---|--:|--:|--:|--:|--:|--:|--:|--:|---|"]
    done = [results["rows"][row.name] for row in rows() if row.name in results["rows"]]
    for r in done:
        if r["wrong"]:
            ratio, verdict = "–", "answers differ: " + r["wrong"].replace("|", "\\|")
        else:
            ratio, verdict = f"**{r['ratio']:.2f}**", "met" if r["ratio"] >= r["least"] else "missed"
        out.append(f"| {r['name']}: {r['task']} | {r['file']}, {r['bytes'] / 1e6:,.0f} MB | {r['rival_name']} | {measured(r['rival'])} | "
                   f"{measured(r['ours'])} | {ratio} | {r['least']:.2g} | {verdict} |")
    out += ["", f"Median of {min(r['runs'] for r in done)} runs or more, least and most in brackets." if done else "", ""]
    out += ["### Commands", "", "`F` is the file of the row.", ""]
    for r in done:
        out += [f"* **{r['name']}**" + (f" ({r['note']})" if r["note"] else ""),
                f"  * `{r['our_command']}`", f"  * {code(r['rival_command'])}"]
    if results.get("scaling"):
        out += ["", "### Two threads against one", "",
                "| task | `-j 1` wall s | `-j 2` wall s | times as fast | target | | GB/s with one |", "|---|--:|--:|--:|--:|---|--:|"]
        for name in SCALING:
            r = results["scaling"].get(name)
            if r:
                verdict = ("met" if r["ratio"] >= SCALING_LEAST else "missed") if r["same"] else "answers differ"
                out.append(f"| {name} | {seconds(r['one']['wall'])} | {seconds(r['two']['wall'])} | **{r['ratio']:.2f}** | "
                           f"{SCALING_LEAST} | {verdict} | {r['gb_s_core']:.2f} |")
    if results.get("nexmark"):
        out += ["", "### Nexmark", "", "From JSON lines, whole processes. Events a second of a core: of the run with one thread, by "
                "the larger of wall time and CPU.", "",
                "| query | events | rows | `-j 1` wall s | CPU s | MiB | `-j 2` wall s | events/s a core | |",
                "|---|--:|--:|--:|--:|--:|--:|--:|---|"]
        done = [results["nexmark"][query.name] for query in queries() if query.name in results["nexmark"]]
        for r in done:
            verdict = "" if r["same"] else "answers differ"
            out.append(f"| {r['name']}: {r['task']} | {r['events']:,} | {r['rows']:,} | {seconds(r['one']['wall'])} | "
                       f"{seconds(r['one']['cpu'])} | {r['one']['rss']:.0f} | {seconds(r['two']['wall'])} | "
                       f"**{r['events_s_core']:,.0f}** | {verdict} |")
        out += [""] + [f"* **{r['name']}**: {code(r['command'])}" for r in done]
    if results.get("start"):
        s = results["start"]
        out += ["", "### Start-up", "", "Spawn to exit, 200 in turns. Target: under 3 ms.", "",
                "| command | median ms | 95 % ms |", "|---|--:|--:|"]
        for name, text in (("dstream", "dstream count </dev/null"), ("mawk", "mawk 'END{print NR}' </dev/null")):
            out.append(f"| `{text}` | {s[name]['median'] * 1e3:.2f} | {s[name]['p95'] * 1e3:.2f} |")
    if results.get("latency"):
        out += ["", "### Latency", ""] + results["latency"]
    return "\n".join(out).rstrip() + "\n"


def code(text):
    return f"``{text} ``" if "`" in text else f"`{text}`"


def machine(options):
    def first(pattern, path):
        with open(path, encoding="utf-8") as text:
            found = re.search(pattern, text.read())
        return found.group(1).strip() if found else "?"

    def said(*words):
        got = subprocess.run(words, capture_output=True, text=True, check=False, env=ENV, stdin=subprocess.DEVNULL)
        return (got.stdout + got.stderr).strip().splitlines()[0]

    def cpu(field):
        return first(rf"(?m)^{field}\s*: (.*)", "/proc/cpuinfo")

    packages = ("import importlib.metadata as m; "
                "print(', '.join(p + ' ' + m.version(p) for p in ('chdb', 'polars')))")
    memory = int(first(r"MemTotal:\s*(\d+)", "/proc/meminfo")) / (1 << 20)
    return {"date": datetime.date.today().isoformat(), "cores": len(os.sched_getaffinity(0)),
            "cpu": f"{cpu('model name')}, family {cpu('cpu family')} model {cpu('model')}, {memory:.0f} GiB",
            "kernel": "Linux " + os.uname().release.split("-")[0],
            "versions": [said(options.dstream, "--version"), said(find("python", options), "-c", packages),
                         "DuckDB " + said(find("duckdb", options), "--version"),
                         said(find("mawk", options), "-W", "version"), said(find("rg", options), "--version")]}


MARKS = ("<!-- measured: written by run.py -->\n", "<!-- end of measured -->\n")


def write_readme(text):
    path = os.path.join(HERE, "README.md")
    with open(path, encoding="utf-8") as file:
        page = file.read()
    head, rest = page.split(MARKS[0])
    _, tail = rest.split(MARKS[1])
    with open(path, "w", encoding="utf-8") as file:
        file.write(head + MARKS[0] + text + MARKS[1] + tail)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", help="directory of the data, outside the repository")
    p.add_argument("--venv", help="the rivals from PyPI: see install-rivals.sh")
    p.add_argument("--dstream", default=os.path.join(ROOT, "target", "release", "dstream"))
    p.add_argument("--only", default="", help="rows, by comma; also: nexmark or its queries, scaling, start, latency")
    p.add_argument("--runs", type=int, default=5, help="timed runs of each program, after one that is not (default: 5)")
    p.add_argument("--out", default="/dev/shm", help="where results go, best a RAM disk (default: /dev/shm)")
    p.add_argument("--json", help="file with all results; rows that are not measured now stay as they are")
    p.add_argument("--write", action="store_true", help="put the table into README.md")
    p.add_argument("--wait-load", type=float, metavar="L",
                   help="before each row wait (5 minutes at most) until no more than L processes run")
    p.add_argument("--list", action="store_true")
    options = p.parse_args()
    everything = [row.name for row in rows()] + [query.name for query in queries()] + ["scaling", "start", "latency"]
    if options.list:
        print("\n".join(everything))
        return
    if not (options.data and options.venv):
        p.error("--data and --venv are needed")
    only = [name for name in options.only.split(",") if name] or everything
    if "nexmark" in only:
        at = only.index("nexmark")
        only[at:at + 1] = [query.name for query in queries()]
    for name in only:
        if name not in everything:
            p.error(f"no row named {name!r}; there are: {', '.join(everything)}")
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    options.out = os.path.join(options.out, f"dstream-bench.{os.getpid()}")
    os.makedirs(options.out)
    subprocess.run([sys.executable, os.path.join(HERE, "gen.py"), "--out", options.data, "--missing",
                    "access", "words", "keys", "brc", "sales", "events", "nexmark"], check=True)
    results = {"rows": {}, "nexmark": {}, "scaling": {}}
    if options.json and os.path.exists(options.json):
        with open(options.json, encoding="utf-8") as file:
            results = json.load(file)
    results["machine"] = machine(options)
    try:
        for name, kind, work in jobs(only, options):
            if options.wait_load is not None:
                wait_for_quiet(options.wait_load)
            try:
                result = work()
            except RuntimeError as error:
                print(f"{name}: {error}", file=sys.stderr)
                results.get(kind, {}).pop(name, None)
                continue
            if kind in ("rows", "nexmark", "scaling"):
                results.setdefault(kind, {})[name] = result
            else:
                results[kind] = result
            tell(kind, name, result)
            if options.json:
                with open(options.json, "w", encoding="utf-8") as file:
                    json.dump(results, file, indent=1)
    finally:
        shutil.rmtree(options.out)
    text = render(results)
    print(text)
    if options.write:
        write_readme(text)


def jobs(only, options):
    by_name = {row.name: row for row in rows()}
    for name in only:
        if name in by_name:
            yield name, "rows", lambda row=by_name[name]: measure(row, options)
    of_nexmark = {query.name: query for query in queries()}
    for name in only:
        if name in of_nexmark:
            yield name, "nexmark", lambda query=of_nexmark[name]: nexmark(query, options)
    if "scaling" in only:
        for name in SCALING:
            yield name, "scaling", lambda row=by_name[name]: scaling(row, options)
    if "start" in only:
        yield "start", "start", lambda: start_up(options)
    if "latency" in only:
        def latency():
            done = subprocess.run([sys.executable, os.path.join(HERE, "latency.py"), "--dstream", options.dstream],
                                  capture_output=True, text=True, check=False)
            if done.returncode:
                raise RuntimeError(done.stderr.strip()[:500])
            return done.stdout.splitlines()
        yield "latency", "latency", latency


def wait_for_quiet(most):
    """Counts runnable processes, which follows faster than the load average."""
    for _ in range(300):
        seen = []
        for _ in range(5):
            with open("/proc/loadavg", encoding="ascii") as file:
                seen.append(int(file.read().split()[3].split("/")[0]) - 1)
            time.sleep(0.2)
        if statistics.mean(seen) <= most:
            return


def tell(kind, name, result):
    if kind == "rows":
        print(f"{name}: {result['rival_name']} {result['rival']['wall']:.2f} s, dstream {result['ours']['wall']:.2f} s, "
              f"ratio {result['ratio']:.2f} of {result['least']:.2g}, {result['ours']['rss']:.0f} MiB, load {result['load']:.1f}"
              + (f", WRONG: {result['wrong']}" if result["wrong"] else ""), file=sys.stderr)
    elif kind == "nexmark":
        print(f"{name}: {result['events_s_core']:,.0f} events/s a core, -j1 {result['one']['wall']:.2f} s, -j2 "
              f"{result['two']['wall']:.2f} s, {result['one']['rss']:.0f} MiB, {result['rows']} rows, same: {result['same']}, "
              f"load {result['load']:.1f}", file=sys.stderr)
    elif kind == "scaling":
        print(f"{name}: -j1 {result['one']['wall']:.2f} s, -j2 {result['two']['wall']:.2f} s, ratio {result['ratio']:.2f}, "
              f"{result['gb_s_core']:.2f} GB/s a core, same: {result['same']}", file=sys.stderr)
    else:
        print(f"{name}: {result}", file=sys.stderr)


if __name__ == "__main__":
    main()
