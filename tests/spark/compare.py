#!/usr/bin/env python3
"""Runs chains and their translations by a real Spark over the same files, and compares the rows.

usage: compare.py DSTREAM DATA [CHAINS]     needs pyspark; prints what differs, status 1 if something does

CHAINS (default: chains.txt beside this file) has a chain a line, `#` begins a comment. Rows are compared as
sets, as a query without ORDER BY has none; numbers by value to nine digits, times to the microsecond in UTC.
"""
import datetime
import os
import subprocess
import sys


def cell(text):
    """One spelling of a value."""
    if text is None or text == "":
        return ""
    if isinstance(text, bool):
        return "true" if text else "false"
    if isinstance(text, datetime.datetime):
        return text.strftime("%Y-%m-%dT%H:%M:%S.%f").rstrip("0").rstrip(".") + "Z"
    if isinstance(text, (list, tuple)):
        return "[" + ",".join(cell(item) for item in text) + "]"
    text = str(text)
    if text.startswith("[") and text.endswith("]"):
        return "[" + ",".join(cell(item.strip().strip('"')) for item in text[1:-1].split(",")) + "]"
    try:
        return f"{float(text):.9g}"
    except ValueError:
        return text


def translated(spark, text):
    """The rows of the last statement."""
    for view in spark.catalog.listTables():
        spark.catalog.dropTempView(view.name)
    lines = [line for line in text.split("\n") if not line.startswith("--")]
    statements = [one.strip() for one in ("\n".join(lines) + "\n").split(";\n") if one.strip()]
    for one in statements[:-1]:
        spark.sql(one)
    return [[cell(value) for value in row] for row in spark.sql(statements[-1]).collect()]


def main():
    dstream, data = sys.argv[1], sys.argv[2]
    here = os.path.dirname(os.path.abspath(__file__))
    chains = sys.argv[3] if len(sys.argv) > 3 else os.path.join(here, "chains.txt")
    dstream = os.path.abspath(dstream)
    os.chdir(data)
    from pyspark.sql import SparkSession

    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.session.timeZone", "UTC")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("OFF")
    os.environ["TZ"] = "UTC"
    faults = count = 0
    with open(chains) as lines:
        chains = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    for chain in chains:
        def run(more):
            command = f"'{dstream}' {chain} {more}"
            return subprocess.run(command, shell=True, capture_output=True, text=True)

        count += 1
        told = run("--explain=spark-sql").stdout
        ours = run("").stdout.split("\n")[:-1]
        ours = [[cell(value) for value in line.split("\t")] for line in ours]
        try:
            if "no counterpart" in told:
                raise ValueError("not translated")
            theirs = translated(spark, told)
        except Exception as fault:  # whatever Spark has to say
            faults += 1
            print(f"FAULT {chain}\n{told}{str(fault)[:600]}\n")
            continue
        if sorted(ours) != sorted(theirs):
            faults += 1
            only = [row for row in ours if row not in theirs][:3]
            others = [row for row in theirs if row not in ours][:3]
            print(f"DIFFERS {chain}\n{told}ours {len(ours)}: {only}\ntheirs {len(theirs)}: {others}\n")
    print(f"{count - faults} of {count} chains agree")
    sys.exit(1 if faults else 0)


main()
