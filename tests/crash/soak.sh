#!/usr/bin/env bash
# A job with windows and keyed state over input that grows and rotates: memory, descriptors, how far it is behind, and
# at the end its totals. DSTREAM names the binary, RATE the lines a second, KEYS how many are alive; WINDOW, EVERY and
# ROTATE the length of windows, the time between commits and the MiB of a file.
#
#     soak.sh [MINUTES]
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
exec python3 "$root/tests/crash/soak.py" --minutes "${1:-60}" --dstream "${DSTREAM:-$root/target/release/dstream}" \
    --rate "${RATE:-100000}" --keys "${KEYS:-100000}" \
    --window "${WINDOW:-10s}" --every "${EVERY:-1s}" --rotate "${ROTATE:-64}"
