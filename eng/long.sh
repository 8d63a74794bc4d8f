# What ./test --all does besides the tests. Sourced by ./test.

# The tests that are short in a usual run, at their full length.
lengthen_tests() {
  export CHANCERY_ISOLATION_OPERATIONS=100000 CHANCERY_TEST_EDITS_EACH=334 CHANCERY_TEST_REDLINES_ONE_OF=13
}

# long_checks DIRECTORY: quality, stress and mutations; sets LONG_GOOD and LONG_BAD. What each prints comes to DIRECTORY.
long_checks() {
  local logs=$1 suite
  LONG_GOOD=0 LONG_BAD=0
  mkdir -p "$logs"
  long_check "answers are as good as bench/results/gate.tsv says" "$logs/quality.txt" check_answer_quality
  long_check "eight organisations upload at once, also under kill -9: nothing lost, nothing twice" "$logs/crowd.txt" \
    ./run bench crowd
  long_check "PostgreSQL and Redis go and come back: the ledger is right" "$logs/outages.txt" ./run bench outages

  # Two at a time, as one builds while the other waits for its servers.
  (eng/mutations.sh guards && eng/mutations.sh limits) </dev/null >"$logs/mutations-others.txt" 2>&1 &
  eng/mutations.sh isolation </dev/null >"$logs/mutations-isolation.txt" 2>&1 || true
  wait $! || true
  for suite in isolation guards limits; do
    long_check "the tests see what $suite lacks when a piece of it is taken away" "$logs/seen-$suite.txt" \
      mutations_seen "artifacts/mutations-$suite.md" "$suite"
  done
}

long_check() {
  local name=$1 log=$2
  shift 2
  if "$@" </dev/null >"$log" 2>&1; then
    LONG_GOOD=$((LONG_GOOD + 1))
    echo "✓ $name"
  else
    LONG_BAD=$((LONG_BAD + 1))
    echo "✗ $name"
    tail -20 "$log" | sed 's/^/    /'
  fi
}

# mutations_seen REPORT SUITE: whether the suite passed with nothing taken away, and saw every piece that was. A piece of the walls
# between organisations may have another wall behind it.
mutations_seen() {
  local wanted taken seen faults=0
  wanted=$(sed -n "/^${2^^}=(/,/^)/p" eng/mutations.sh | grep -c "^  '")
  while IFS='|' read -r _ taken seen _; do
    case "$taken:$seen" in
      " nothing : nobody"*) ;;
      " nothing :"* | *": nobody " | *": the suite did not end "*)
        echo "taken away: $taken; seen by: $seen"
        faults=$((faults + 1))
        ;;
    esac
  done < <(grep '^| ' "$1" | tail -n +2)
  if [ "$(grep -c '^| ' "$1")" -ne $((wanted + 1)) ]; then
    echo "$1 does not tell of all $wanted"
    faults=$((faults + 1))
  fi
  [ "$faults" -eq 0 ]
}
