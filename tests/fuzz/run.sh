#!/usr/bin/env bash
# Runs the fuzz targets one after another.
#
#   tests/fuzz/run.sh                     every target, 60 s each
#   tests/fuzz/run.sh -t 600              every target, 10 minutes each
#   tests/fuzz/run.sh -t 600 json chain   these
#   tests/fuzz/run.sh -s none json        without a sanitizer (default: address)
#
# Needs cargo-fuzz (`cargo install cargo-fuzz`) and a C++ compiler; a stable toolchain will do, nightly is
# used where it is there. What a target found new is kept in tests/fuzz/corpus/TARGET, what it broke in
# tests/fuzz/artifacts/TARGET. Put a broken input into tests/fuzz/seeds/TARGET when it is mended: `cargo test`
# runs every body over its seeds. At the end a line a target: seconds, runs, and what libFuzzer covered.
set -eu
cd "$(dirname "$0")/../.."
seconds=60 sanitizer=address
while getopts t:s: flag; do
  case $flag in
    t) seconds=$OPTARG ;;
    s) sanitizer=$OPTARG ;;
    *) sed -n '2,13p' "$0" >&2; exit 2 ;;
  esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || set -- $(sed -n 's/^name = "\(.*\)"$/\1/p' tests/fuzz/Cargo.toml | grep -v '^dstream-fuzz$')

toolchain=
if rustup toolchain list 2>/dev/null | grep -q '^nightly'; then toolchain=+nightly; else export RUSTC_BOOTSTRAP=1; fi
status=0
for target; do
  mkdir -p "tests/fuzz/corpus/$target" "tests/fuzz/seeds/$target"
  log=tests/fuzz/corpus/$target.log
  begin=$SECONDS
  # The corpus comes first: libFuzzer writes what it finds into the first directory.
  cargo $toolchain fuzz run --fuzz-dir tests/fuzz -s "$sanitizer" "$target" \
    "tests/fuzz/corpus/$target" "tests/fuzz/seeds/$target" -- \
    -max_len=4096 -timeout=20 -rss_limit_mb=4096 -max_total_time="$seconds" -print_final_stats=1 \
    >"$log" 2>&1 || { status=1; tail -n 40 "$log" >&2; }
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  covered=$(grep -o 'cov: [0-9]*' "$log" | tail -n 1)
  echo "$target: $((SECONDS - begin)) s in all, ${runs:-no} runs, ${covered:-cov: ?}"
done
exit $status
