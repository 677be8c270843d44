#!/usr/bin/env bash
# Runs the benchmark with DuckDB and with Langgan in turn, compares the rows, prints the ratios.
set -euo pipefail
benchmark=$(cd "$1" && pwd) data=$(cd "$2" && pwd)
mkdir -p "$3" && work=$(cd "$3" && pwd)
rounds=${ROUNDS:-3} python=${PYTHON:-python3}
cd "$(dirname "$0")/../.."
target=${CARGO_TARGET_DIR:-target}
cargo build --release --bench compare >/dev/null
binary=$(ls -t "$target"/release/deps/compare-* | grep -v '\.d$' | head -n 1)
export OPENBLAS_NUM_THREADS=1
jobs="j1 j2 j3 j4 j5 j6 j7"
if [ ! -e "$data/parquet/orders.parquet" ]; then
  (cd "$benchmark" && CANON=1 "$python" duckdb/run.py j1 "$data" "$work/duckdb") >/dev/null
fi
measure() { # name job command…: appends name, job, wall, user+system seconds, peak KiB
  local name=$1 job=$2; shift 2
  /usr/bin/time -f "$name $job %e %U %S %M" -o "$work/time" "$@" >/dev/null
  cat "$work/time" >>"$work/times"
}
: >"$work/times"
for _ in $(seq "$rounds"); do
  for job in $jobs; do
    measure duckdb "$job" "$python" "$benchmark/duckdb/run.py" "$job" "$data" "$work/duckdb"
    measure langgan "$job" "$binary" "$data" "$work/langgan" "$job"
  done
  measure langgan all "$binary" "$data" "$work/langgan"
done
"$python" "$benchmark/compare.py" "$work/duckdb" "$work/langgan" || status=$?
"$python" - "$work/times" <<'PY'
import statistics as st, sys
rows = {}
for line in open(sys.argv[1]):
    name, job, wall, user, system, peak = line.split()
    rows.setdefault((name, job), []).append((float(wall), float(user) + float(system), int(peak) / 1024))
def median(name, job):
    return [st.median(column) for column in zip(*rows[name, job])]
print(f"\n{'job':4} {'wall s':>16} {'CPU s':>16} {'peak MiB':>18}   ratios wall CPU memory")
def show(job, ours, theirs):
    ratios = "  ".join(f"{a / b:.3f}" for a, b in zip(ours, theirs))
    print(f"{job:4} " + " ".join(f"{a:8.2f}/{b:7.2f}" for a, b in zip(ours, theirs)) + f"   {ratios}")
jobs = sorted({job for _, job in rows if job != "all"})
for job in jobs:
    show(job, median("langgan", job), median("duckdb", job))
theirs = [median("duckdb", job) for job in jobs]
show("all", median("langgan", "all"), [sum(t[0] for t in theirs), sum(t[1] for t in theirs), max(t[2] for t in theirs)])
print("langgan/duckdb; `all` is one command against the sum of DuckDB's seven (memory: the largest)")
PY
exit "${status:-0}"
