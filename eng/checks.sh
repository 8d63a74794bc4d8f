# Checks of style and of the product as a newcomer meets it. Sourced by .ci/run; each check is one function whose exit code
# says whether it holds, and whose output says why it does not.

check_formatting() {
  dotnet tool restore >/dev/null && dotnet csharpier check .
}

check_warnings() {
  dotnet build Chancery.slnx --no-restore -nologo -v quiet -warnaserror
}

# For users an advisory is a warning, so that it cannot break their first start; here it counts.
check_advisories() {
  dotnet restore Chancery.slnx --locked-mode --force -v quiet -p:WarningsNotAsErrors=
}

check_answer_quality() {
  # It counts right answers, not seconds: what the tests built will do.
  dotnet run --no-build --project bench/Chancery.Bench -- gate
}

check_scripts() {
  local script
  for script in run test .ci/run eng/*.sh; do
    bash -n "$script" || return 1
  done
}

check_no_large_files() {
  local large
  large=$(git ls-files -z | xargs -0 -r stat -c '%s %n' 2>/dev/null | awk '$1 > 5000000')
  [ -z "$large" ] || { echo "$large"; return 1; }
}

check_description() {
  install_spectral
  "$SPECTRAL/node_modules/.bin/spectral" lint docs/openapi.json --ruleset eng/spectral.yaml --fail-severity warn
}

check_no_machine_paths() {
  ! git grep -nIE '/wor[k]/(main|shared|wt|brief)|/roo[t]/[.a-z]|/hom[e]/[a-z]+/' -- . ':!eng/checks.sh'
}

check_no_registry_hosts() {
  ! git grep -nIE 'https?://' -- '*packages.lock.json' '*package-lock.json' '*.npmrc' '*nuget.config' '*NuGet.Config'
}

# The tests of masking hold invented ones.
check_no_secrets() {
  ! git grep -nIE -e '-----BEGIN [A-Z ]*PRIVATE KEY-----' -e 'AKIA[0-9A-Z]{16}' -e 'gh[pousr]_[A-Za-z0-9]{30,}' \
    -e 'sk-(proj-|ant-)?[A-Za-z0-9]{32,}' -e 'xox[abp]-[0-9]{8,}' -- . ':!eng/checks.sh' ':!tests/*/MaskingTests.cs'
}

# --- The product in a clean clone, as a newcomer starts it ---

smoke_prepare() {
  SMOKE=$(mktemp -d /tmp/chancery-smoke.XXXXXX)
  # Closed to others, as root's home and new homes are: neither the engines' user nor the readers' may pass.
  chmod 700 "$SMOKE"
  git clone -q --no-hardlinks "$ROOT" "$SMOKE/chancery"
  SMOKE_PORT=$(free_port)
}

free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 20000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port" && return; }
  done
}

# Starts ./run and waits until it has said how to sign in.
smoke_start() {
  (cd "$SMOKE/chancery" && exec ./run --port "$SMOKE_PORT" --data "$SMOKE/data") </dev/null >"$SMOKE/log" 2>&1 &
  SMOKE_PID=$!
  local waited
  for waited in $(seq 600); do
    if grep -q '^ *password ' "$SMOKE/log"; then
      return 0
    fi
    kill -0 "$SMOKE_PID" 2>/dev/null || break
    sleep 0.5
  done
  tail -20 "$SMOKE/log"
  return 1
}

smoke_sign_in() {
  local email password
  email=$(sed -n 's/^ *e-mail *//p' "$SMOKE/log" | tail -1)
  password=$(sed -n 's/^ *password *//p' "$SMOKE/log" | tail -1)
  SMOKE_TOKEN=$(smoke_post auth/login "{\"email\":\"$email\",\"password\":\"$password\"}" | sed -n 's/.*"access_\{0,1\}[tT]oken":"\([^"]*\)".*/\1/p')
  [ -n "$SMOKE_TOKEN" ]
}

# A question that a PDF answers and one that a text answers: their readers are different programs.
smoke_answer() {
  smoke_cites "How many days of paid leave do I have?" "employee-handbook.pdf" &&
    smoke_cites "Which meeting room seats twelve?" "office-guide.txt"
}

# The demo's documents are read in the background, so the first answers may come too early.
smoke_cites() {
  local attempt answer
  for attempt in $(seq 60); do
    answer=$(smoke_post chat "{\"question\":\"$1\"}")
    case $answer in
      *'"citations":[{'*"\"path\":\"$2\""*'"quote":"'*) return 0 ;;
    esac
    sleep 1
  done
  echo "$answer"
  return 1
}

smoke_post() {
  curl -sS --max-time 60 "http://localhost:$SMOKE_PORT/api/v1/$1" -H 'Content-Type: application/json' \
    ${SMOKE_TOKEN:+-H "Authorization: Bearer $SMOKE_TOKEN"} -d "$2"
}

# Ctrl-C, and then nothing of it is left.
smoke_stop() {
  local waited
  # In a script a background job ignores SIGINT, which the shell passes on; SIGTERM asks the same of the server.
  kill -TERM "$SMOKE_PID" 2>/dev/null
  for waited in $(seq 100); do
    kill -0 "$SMOKE_PID" 2>/dev/null || break
    sleep 0.2
  done
  smoke_nothing_left
}

# kill -9 loses nothing: the next start, without a build, is up in seconds with everything that was there.
smoke_kill_and_restart() {
  kill -KILL "$SMOKE_PID"
  wait "$SMOKE_PID" 2>/dev/null
  local started=$SECONDS
  smoke_start && smoke_sign_in && smoke_answer || return 1
  [ $((SECONDS - started)) -le 30 ] || { echo "the second start took $((SECONDS - started)) s"; return 1; }
}

# The engines' files of the clone, where they had to leave its data directory.
smoke_engines() {
  grep -lxF "$SMOKE/data" /var/lib/chancery/*/data-directory 2>/dev/null | head -1 | xargs -r dirname
}

smoke_nothing_left() {
  local waited process left="" engines
  engines=$(smoke_engines)
  for waited in $(seq 50); do
    left=""
    for process in /proc/[0-9]*; do
      case "$({ readlink "$process/cwd"; tr '\0' ' ' <"$process/cmdline"; } 2>/dev/null)" in
        *"$SMOKE/"* | *"${engines:-$SMOKE/}"*) left="$left ${process#/proc/}" ;;
      esac
    done
    [ -z "$left" ] && return 0
    sleep 0.2
  done
  # shellcheck disable=SC2086
  ps -o pid,args -p ${left# }
  return 1
}

smoke_clean() {
  [ -n "${SMOKE:-}" ] || return 0
  kill -KILL "${SMOKE_PID:-0}" 2>/dev/null || true
  smoke_nothing_left >/dev/null || true
  rm -rf "$SMOKE" "$(smoke_engines)"
}
