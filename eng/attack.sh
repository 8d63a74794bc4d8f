#!/usr/bin/env bash
# Lets two scanners loose on a running server, signed in: wapiti on every page, sqlmap on every parameter of every route of
# docs/openapi.json. Writes what they found to docs/security/. About half an hour.
#
#   eng/attack.sh [--port N] [--address URL] [pages] [routes ['METHOD PATH'…]]
#
# Of routes all are tried, or those that a pattern fits: eng/attack.sh routes 'POST /api/v1/.*'
# Without --address a server of its own starts on an empty directory, with its limits on attempts lifted, as a scanner would
# spend its time at them; it is stopped and removed again. One that is named by its address keeps its limits. It may be only
# a server whose data nobody needs: organisations, documents and nonsense are left behind.
set -euo pipefail

ROOT=$(cd "$(dirname "$0")/.." && pwd)
PORT=8143 ADDRESS="" REST=()
while [ $# -gt 0 ]; do
  case $1 in
    --port) PORT=$2 && shift 2 ;;
    --address) ADDRESS=$2 && shift 2 ;;
    *) REST+=("$1") && shift ;;
  esac
done
for tool in wapiti sqlmap python3 curl; do
  command -v "$tool" >/dev/null || { echo "$tool is not installed (Debian: apt-get install wapiti sqlmap python3 curl)." >&2 && exit 1; }
done

WORK=$(mktemp -d)
SERVER=""
stop() {
  if [ -n "$SERVER" ]; then kill "$SERVER" 2>/dev/null && wait "$SERVER" 2>/dev/null || true; fi
  if [ -n "${KEEP:-}" ]; then echo "All that was sent and answered: $WORK"; else rm -rf "$WORK"; fi
}
trap stop EXIT

if [ -z "$ADDRESS" ]; then
  ADDRESS=http://localhost:$PORT
  SIGN_IN_ATTEMPTS=1000000 SIGN_IN_ATTEMPTS_PER_ADDRESS=1000000 MAX_CONCURRENT_SESSIONS=0 JWT_EXPIRES_IN=4h SESSION_IDLE=12h \
    "$ROOT/run" --no-demo --port "$PORT" --data "$WORK/data" >"$WORK/server.log" 2>&1 &
  SERVER=$!
  for _ in $(seq 300); do
    curl -fsS "$ADDRESS/health/ready" >/dev/null 2>&1 && break
    kill -0 "$SERVER" 2>/dev/null || { tail -20 "$WORK/server.log" >&2 && exit 1; }
    sleep 1
  done
fi
python3 "$ROOT/eng/attack.py" "$ADDRESS" "$WORK" ${REST[@]+"${REST[@]}"}
