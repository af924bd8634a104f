#!/usr/bin/env bash
# Installs what run.py measures dstream against.
#
#   tests/bench/install-rivals.sh VENV
#
# ClickHouse (chdb), polars and DuckDB come from PyPI into a virtual environment VENV; mawk, ripgrep and
# time from Debian, which needs root (or sudo).
set -eu
[ $# = 1 ] || { sed -n '2,7p' "$0" >&2; exit 2; }
root=; [ "$(id -u)" = 0 ] || root=sudo
$root apt-get install -y mawk ripgrep time
python3 -m venv "$1"
"$1/bin/pip" install --quiet chdb polars duckdb-cli
"$1/bin/python" -c 'import chdb, polars; print("chdb", chdb.__version__, "polars", polars.__version__)'
"$1/bin/duckdb" --version
