#!/usr/bin/env bash
# A job with windows and keyed state over input that grows and rotates: memory, descriptors, how far it is behind, and
# at the end its totals. DSTREAM names the binary, RATE the lines a second, KEYS how many are alive.
#
#     soak.sh [MINUTES]
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
exec python3 "$root/tests/crash/soak.py" --minutes "${1:-60}" --dstream "${DSTREAM:-$root/target/release/dstream}" \
    --rate "${RATE:-100000}" --keys "${KEYS:-100000}"
