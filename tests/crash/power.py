#!/usr/bin/env python3
"""Power cuts: a job writes to a file system in a file, which is copied while it runs; each copy is what a disk would have
after a cut at that instant. Each is mounted, its journal played, and the job goes on there to the end of the input: its
outputs must be those of an undisturbed run. Needs root, for mounting; skips aloud without.

    power.py [CUTS] [SEED]      DSTREAM names the binary
"""
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DSTREAM = os.environ.get("DSTREAM", os.path.join(ROOT, "target/release/dstream"))
ENV = dict(os.environ, LC_ALL="C", TZ="UTC")
TIMES = ["--time", "$1:s", "--watermark", "2s", "--idle", "1h"]
# The last one makes many files, more than are put on the disk one by one.
JOBS = {
    "one file": [*TIMES, "window", "5s", "reduce-by", "$2", "n=count,s=sum:$3", "--output", "out"],
    "totals": [*TIMES, "update-state-by", "$2", "n=count,s=sum:$3", "--output", "out", "--bad-file", "bad"],
    "a file a window": [*TIMES, "window", "5s", "count-by", "$2", "--output", "o/%H%M%S.tsv"],
    "a file a key": ["map", "n=$1", "--output", "o/{$2}.log", "--max-open", "8"],
}


def run(*words, **more):
    return subprocess.run(words, env=ENV, capture_output=True, text=True, **more)


def outputs(folder):
    """What a user sees: all files but the job's own."""
    found = {}
    for at, _, names in os.walk(folder):
        for name in names:
            if not name.startswith((".", "ck")):
                path = os.path.join(at, name)
                with open(path, "rb") as file:
                    found[os.path.relpath(path, folder)] = file.read()
    found.pop("lost+found", None)
    return found


class Mounted:
    """An image as a directory."""

    def __init__(self, image, options):
        self.at = tempfile.mkdtemp(prefix="dstream-disk-")
        done = run("mount", "-o", f"loop,{options}", image, self.at)
        if done.returncode:
            sys.exit(f"{image}: {done.stderr.strip()}")

    def __enter__(self):
        return self.at

    def __exit__(self, *_):
        run("umount", self.at)
        os.rmdir(self.at)


def lines(rng, n):
    at = 1_700_000_000.0
    for i in range(n):
        at += 0.02
        yield f"{at - rng.random():.3f} k{rng.randrange(40)} {rng.randrange(1000)}\n"


def job(name, journal, cuts, rng, folder):
    """Cuts the power of one job again and again; how many went wrong."""
    chain = JOBS[name]
    source = os.path.join(folder, "in.log")
    open(source, "w").close()
    image = os.path.join(folder, "image")
    with open(image, "wb") as file:
        file.truncate(64 << 20)
    run("mkfs.ext4", "-q", "-F", image)
    words = [DSTREAM, "--checkpoint", "ck", "--checkpoint-every", "15ms", *chain]
    copies = []
    with Mounted(image, f"data={journal}") as disk:
        said = open(os.path.join(folder, "said"), "wb")
        child = subprocess.Popen([*words, "-F", source], cwd=disk, env=ENV, stderr=said, stdout=said)
        made = lines(rng, 1 << 40)
        with open(source, "a", encoding="ascii") as file:
            for cut in range(cuts):
                until = time.time() + 0.05 + rng.random() * 0.3
                while time.time() < until:
                    file.writelines(next(made) for _ in range(rng.randrange(200)))
                    file.flush()
                    time.sleep(0.005)
                copies.append(f"{image}.{cut}")
                run("cp", "--sparse=always", image, copies[-1])
        child.kill()
        child.wait()
    end = ["--once", "--final", source]
    undisturbed = os.path.join(folder, "undisturbed")
    os.mkdir(undisturbed)
    whole = run(*words, *end, cwd=undisturbed)
    should = outputs(undisturbed)
    if whole.returncode or not should:
        sys.exit(f"{name}: the undisturbed run: {whole.returncode} {whole.stderr}")
    wrong, began = 0, 0
    for copy in copies:
        with Mounted(copy, f"data={journal}") as disk:
            began += os.path.exists(os.path.join(disk, "ck"))
            done = run(*words, *end, cwd=disk)
            found = outputs(disk)
            good = done.returncode == 0 and found == should
        if good:
            os.remove(copy)
            continue
        wrong += 1
        differ = sorted(k for k in {*found, *should} if found.get(k) != should.get(k))
        print(f"{name}, data={journal}: {copy}: status {done.returncode} {done.stderr.strip()}; differ: {differ[:5]}")
    print(f"{name}, data={journal}: {len(copies)} cuts, {began} with a checkpoint, {wrong} wrong")
    return wrong


def main():
    cuts = int(sys.argv[1]) if len(sys.argv) > 1 else 25
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time())
    if os.geteuid() != 0 or not shutil.which("mkfs.ext4"):
        print("SKIPPED: power cuts need root and mkfs.ext4")
        return
    print(f"seed {seed}")
    wrong = 0
    for name in JOBS:
        for journal in ("ordered", "writeback"):
            folder = tempfile.mkdtemp(prefix="dstream-power-")
            failed = job(name, journal, cuts, random.Random(f"{seed} {name} {journal}"), folder)
            wrong += failed
            if not failed:
                shutil.rmtree(folder)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
