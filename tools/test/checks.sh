# shellcheck shell=bash
# For tests in shell, which source it: a line a check, what was skipped and why, and the count in the last line.
# Gives $work, a directory that is removed at the end; a test that leaves more behind defines clean_up.
# shellcheck disable=SC2034 # used by who sources it
passed=0 failed=0 skipped=0
failures=()
work=$(mktemp -d)
clean_up() { :; }
trap 'clean_up; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# check SENTENCE COMMAND...: what the command said follows where it failed.
check() {
  local sentence=$1
  shift
  if "$@" >"$work/said" 2>&1; then
    passed=$((passed + 1))
    echo "ok    $sentence"
  else
    failed=$((failed + 1))
    echo "FAIL  $sentence"
    sed 's/^/      /' "$work/said" | tail -n 200
    return 1
  fi
}

# count COMMAND...: shows what it says, and adds what it counts in its last line, or in jest's. What failed is named at the
# end once more, where somebody who sees no more of a long log finds it.
count() {
  local status=0 line fails name
  "$@" 2>&1 | tee "$work/log" || status=$?
  line=$(grep -E '^(Tests: |[0-9]+ passed, [0-9]+ failed)' "$work/log" | tail -n 1)
  number() { sed -nE "s/.*(^|[^0-9])([0-9]+) $1.*/\2/p" <<<"$line" | grep . || echo 0; }
  fails=$(number failed)
  # What fails without counting is a failure too.
  if [ "$status" -ne 0 ] && [ "$fails" -eq 0 ]; then fails=1; fi
  if [ "$fails" -ne 0 ]; then
    failures+=("$*:")
    while IFS= read -r name; do failures+=("$name"); done < <(grep -E '^(FAIL|  ●.* › )' "$work/log" | sort -u | head -n 20)
  fi
  passed=$((passed + $(number passed))) failed=$((failed + fails)) skipped=$((skipped + $(number skipped)))
}

# skip WHAT WHY
skip() {
  skipped=$((skipped + 1))
  echo "skip  $1: $2"
}

# give_up WHAT WHY: nothing can be tested here.
give_up() {
  skip "$1" "$2"
  finish
}

# equal GOT EXPECTED
equal() { [ "$1" = "$2" ] || { echo "got '$1', expected '$2'"; return 1; }; }

finish() {
  local skips=
  [ "$skipped" -eq 0 ] || skips=", $skipped skipped"
  [ ${#failures[@]} -eq 0 ] || printf '%s\n' "What failed:" "${failures[@]}"
  echo "$passed passed, $failed failed$skips"
  [ "$failed" -eq 0 ]
  exit
}
