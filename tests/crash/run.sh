#!/usr/bin/env bash
# The trials of `cargo test --test crash`, many more of them: TRIALS (1000) of each kind, from another seed each time
# it is run unless CRASH_SEED is set. A failure tells its seed and leaves its directory. CRASH_FROM=Glob,GlobOnce: kills of
# runs that read those only.
#
#     run.sh [TRIALS] [TEST…]
set -eu
cd "$(dirname "$0")/../.."
trials=${1:-1000}
shift || true
export CRASH_TRIALS=$trials CRASH_SEED=${CRASH_SEED:-$(date +%s)}
echo "CRASH_SEED=$CRASH_SEED CRASH_TRIALS=$CRASH_TRIALS"
exec cargo test --test crash -- --nocapture --test-threads 2 "$@"
