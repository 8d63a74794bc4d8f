# Counts what the test projects reported. Sourced by ./test and .ci/run.

# count_results DIRECTORY: sets PASSED, FAILED and SKIPPED from all .trx files in it. What failed and passed when repeated
# (see repeat_failed) counts as passed, and in UNSTEADY.
count_results() {
  local file counters
  PASSED=0 FAILED=0 SKIPPED=0 UNSTEADY=0
  while IFS= read -r -d '' file; do
    # <Counters total="15" executed="15" passed="14" failed="1" error="0" timeout="0" aborted="0" … notExecuted="0" …/>
    counters=$(tr '\n' ' ' <"$file" | grep -o '<Counters [^>]*>' | head -1 || true)
    PASSED=$((PASSED + $(counter passed "$counters")))
    FAILED=$((FAILED + $(counter failed "$counters") + $(counter error "$counters") + $(counter timeout "$counters") + $(counter aborted "$counters")))
    SKIPPED=$((SKIPPED + $(counter total "$counters") - $(counter executed "$counters")))
    # A test process that ended before it reported leaves the tests uncounted that it had not come to.
    if grep -q 'The active test run was aborted' "$file"; then FAILED=$((FAILED + 1)); fi
  done < <(find "$1" -name '*.trx' -not -path '*/repeated/*' -print0 2>/dev/null)
  if [ -f "$1/repeated/unsteady.txt" ]; then
    UNSTEADY=$(sed -n 's/^\([0-9]*\) .*/\1/p' "$1/repeated/unsteady.txt" | awk '{ n += $1 } END { print n + 0 }')
    PASSED=$((PASSED + UNSTEADY)) FAILED=$((FAILED - UNSTEADY))
  fi
}

# failed_tests DIRECTORY: how many cases of which test failed, a line each: "2 Namespace.Class.Test".
failed_tests() {
  find "$1" -name '*.trx' -not -path "$1/repeated/*" -exec cat {} + | tr '\n' ' ' |
    grep -o '<UnitTestResult [^>]*outcome="Failed"[^>]*>' | sed 's/.* testName="\([^"(]*\).*/\1/' | sort | uniq -c | sed 's/^ *//'
}

# repeat_failed DIRECTORY COMMAND…: repeats up to three tests that failed, by themselves, with COMMAND and a filter. One that
# passes then is no failure of the run but is named: it depends on time or on its neighbours, and wants mending.
repeat_failed() {
  local results=$1 failed filter count name
  shift
  failed=$(failed_tests "$results" || true)
  if [ -z "$failed" ] || [ "$(wc -l <<<"$failed")" -gt 3 ]; then return 0; fi
  filter=$(cut -d' ' -f2- <<<"$failed" | sed 's/^/FullyQualifiedName=/' | paste -sd'|')
  mkdir -p "$results/repeated"
  echo
  echo "Repeating what failed, by itself:"
  "$@" --results-directory "$results/repeated" --filter "$filter" </dev/null || true
  while read -r count name; do
    if repeated_well "$results/repeated" "$name"; then echo "$count $name" >>"$results/repeated/unsteady.txt"; fi
  done <<<"$failed"
}

# Whether that test ran again, and none of its cases failed.
repeated_well() {
  local outcomes
  outcomes=$(find "$1" -name '*.trx' -exec cat {} + | tr '\n' ' ' | grep -o '<UnitTestResult [^>]*>' |
    grep -F -e "testName=\"$2\"" -e "testName=\"$2(" | sed 's/.* outcome="\([A-Za-z]*\)".*/\1/' | sort -u)
  [ "$outcomes" = Passed ]
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
