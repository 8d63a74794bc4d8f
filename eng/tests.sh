# Counts what the test projects reported. Sourced by ./test and .ci/run.

# count_results DIRECTORY: sets PASSED, FAILED and SKIPPED from all .trx files in it.
count_results() {
  local file counters
  PASSED=0 FAILED=0 SKIPPED=0
  while IFS= read -r -d '' file; do
    # <Counters total="15" executed="15" passed="14" failed="1" error="0" timeout="0" aborted="0" … notExecuted="0" …/>
    counters=$(tr '\n' ' ' <"$file" | grep -o '<Counters [^>]*>' | head -1 || true)
    PASSED=$((PASSED + $(counter passed "$counters")))
    FAILED=$((FAILED + $(counter failed "$counters") + $(counter error "$counters") + $(counter timeout "$counters") + $(counter aborted "$counters")))
    SKIPPED=$((SKIPPED + $(counter total "$counters") - $(counter executed "$counters")))
  done < <(find "$1" -name '*.trx' -print0 2>/dev/null)
}

counter() {
  local value
  value=$(sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p" <<<"$2")
  echo "${value:-0}"
}

# The last line that ./test and .ci/run print.
result_line() {
  echo "$1 passed, $2 failed$([ "$3" -eq 0 ] || echo ", $3 skipped")"
}
