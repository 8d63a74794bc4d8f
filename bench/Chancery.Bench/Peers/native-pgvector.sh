#!/usr/bin/env bash
# native-pgvector.sh FOLDER: leaves pgvector's library there, compiled with this processor's own instructions. Nothing is installed.
set -euo pipefail
ROOT=$(cd "$(dirname "$(readlink -f "$0")")/../../.." && pwd)
source "$ROOT/eng/install.sh"
bin=$(postgres_bin)
PGVECTOR_FLAGS=-march=native PGVECTOR_FOLDER=$1 build_pgvector "$bin" "$(postgres_major "$bin")"
