# Finds and installs what the product and its tests need. Sourced by ./run and ./test; makes no change to the machine
# before it has said which and why.

OLDEST_POSTGRES=15
NO_DOTNET="The .NET SDK 10 is missing: install it as https://dotnet.microsoft.com/download describes, then start again."

# The newest usable PostgreSQL's directory of programs; nothing when there is none.
postgres_bin() {
  local directory version
  for directory in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5 -rn); do
    version=$(basename "$(dirname "$directory")")
    if [ -x "$directory/initdb" ] && [ "${version%%.*}" -ge "$OLDEST_POSTGRES" ] 2>/dev/null; then
      echo "$directory"
      return
    fi
  done
  if command -v postgres >/dev/null 2>&1; then
    version=$(postgres --version | sed -n 's/.*(PostgreSQL) \([0-9]*\).*/\1/p')
    if [ "${version:-0}" -ge "$OLDEST_POSTGRES" ]; then
      dirname "$(readlink -f "$(command -v postgres)")"
    fi
  fi
  return 0
}

postgres_major() {
  "$1/postgres" --version | sed -n 's/.*(PostgreSQL) \([0-9]*\).*/\1/p'
}

has_pgvector() {
  local bin share
  bin=$(postgres_bin)
  [ -n "$bin" ] || return 1
  share=$("$bin/pg_config" --sharedir 2>/dev/null || echo "/usr/share/postgresql/$(postgres_major "$bin")")
  [ -f "$share/extension/vector.control" ]
}

wants_postgres() { [ -z "${DATABASE_URL:-}${DATABASE_URL_FILE:-}" ]; }
wants_redis() { [ -z "${REDIS_URL:-}${REDIS_URL_FILE:-}" ]; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

apt_install() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends -qq "$@" </dev/null >"$INSTALL_LOG" 2>&1
}

fail() {
  echo "$*" >&2
  exit 1
}

# Fails with the exact command for a person who may not install.
need_rights() {
  [ "$(id -u)" -eq 0 ] && return
  command -v sudo >/dev/null 2>&1 && { sudo -n true 2>/dev/null || [ -t 0 ]; } && return
  fail "Installing needs root and there is no sudo here. Run this as root, then start again:
  apt-get update && apt-get install -y --no-install-recommends $*"
}

# install_missing PACKAGE=WHY...: says what and why, then installs.
install_missing() {
  [ $# -gt 0 ] || return 0
  local item packages=() had_policy=yes had_cluster_policy=yes
  for item in "$@"; do packages+=("${item%%=*}"); done

  command -v apt-get >/dev/null 2>&1 ||
    fail "This machine lacks ${packages[*]} and has no apt-get: install them with its own package manager and start again."
  need_rights "${packages[@]}"

  echo "Installing with apt-get:"
  for item in "$@"; do echo "  ${item%%=*}: ${item#*=}"; done

  INSTALL_LOG=$(mktemp)
  as_root apt-get update -qq </dev/null >"$INSTALL_LOG" 2>&1 || echo "  (apt-get update failed; going on with the lists that are here)"

  # Debian starts a service as soon as it is installed and makes a database cluster; ours are private, so neither is wanted.
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    had_policy=no
    printf '#!/bin/sh\nexit 101\n' | as_root tee /usr/sbin/policy-rc.d >/dev/null
    as_root chmod 755 /usr/sbin/policy-rc.d
  fi
  if [ ! -e /etc/postgresql-common/createcluster.d/chancery.conf ]; then
    had_cluster_policy=no
    as_root mkdir -p /etc/postgresql-common/createcluster.d
    echo "create_main_cluster = false" | as_root tee /etc/postgresql-common/createcluster.d/chancery.conf >/dev/null
  fi

  local done_well=yes
  apt_install "${packages[@]}" || done_well=no

  [ "$had_policy" = yes ] || as_root rm -f /usr/sbin/policy-rc.d
  [ "$had_cluster_policy" = yes ] || as_root rm -f /etc/postgresql-common/createcluster.d/chancery.conf
  case " ${packages[*]} " in
    *" redis-server "*) as_root systemctl disable redis-server >/dev/null 2>&1 || true ;;
    *" prometheus "*) as_root systemctl disable prometheus prometheus-node-exporter >/dev/null 2>&1 || true ;;
  esac

  if [ "$done_well" = no ]; then
    if grep -q "No space left on device\|enough free space" "$INSTALL_LOG"; then
      fail "The disk is full: $(df -h --output=avail / | tail -1 | tr -d ' ') are free. Make room and start again."
    fi
    tail -5 "$INSTALL_LOG" >&2
    fail "apt-get could not install ${packages[*]}; the whole output is in $INSTALL_LOG"
  fi
  rm -f "$INSTALL_LOG"
}

# Everything that ./run needs on the machine.
install_runtime() {
  command -v dotnet >/dev/null 2>&1 || fail "$NO_DOTNET"

  local missing=()
  if wants_postgres && [ -z "$(postgres_bin)" ]; then
    missing+=("postgresql=the database; Chancery runs a private one, the system's stays off")
  fi
  if wants_redis && ! command -v redis-server >/dev/null 2>&1 && ! command -v valkey-server >/dev/null 2>&1; then
    missing+=("redis-server=counters and caches; private as well")
  fi
  command -v pdftotext >/dev/null 2>&1 || missing+=("poppler-utils=reads PDF files")
  command -v setpriv >/dev/null 2>&1 || missing+=("util-linux=runs the engines and readers without rights")
  install_missing ${missing[@]+"${missing[@]}"}

  if wants_postgres && [ -z "$(postgres_bin)" ]; then
    fail "PostgreSQL $OLDEST_POSTGRES or newer is needed and this system's package is older: install one from postgresql.org's packages, or name a server in DATABASE_URL."
  fi

  if wants_postgres && ! has_pgvector; then
    install_pgvector
  fi
}

# Vectors make search better; without them it is lexical and says so. So nothing here is fatal.
install_pgvector() {
  local bin major remembered="${XDG_CACHE_HOME:-$HOME/.cache}/chancery/no-pgvector"
  bin=$(postgres_bin)
  major=$(postgres_major "$bin")

  # One failed attempt is enough: later starts take seconds.
  [ -f "$remembered-$major" ] && return 0

  if ! ( [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null || { [ -t 0 ] && command -v sudo >/dev/null; } ); then
    echo "pgvector is not installed and installing needs root: search is lexical until it is."
    return 0
  fi

  # A fresh container image comes without lists of packages.
  [ -n "$(ls /var/lib/apt/lists/*Packages* 2>/dev/null | head -1)" ] || as_root apt-get update -qq </dev/null >/dev/null 2>&1 || true

  if apt-cache show "postgresql-$major-pgvector" >/dev/null 2>&1; then
    install_missing "postgresql-$major-pgvector=vectors in PostgreSQL, for search by meaning"
    return 0
  fi

  echo "Building pgvector for PostgreSQL $major from Debian's source package (search by meaning; not packaged here)."
  if build_pgvector "$bin" "$major"; then
    echo "pgvector is installed."
  else
    mkdir -p "$(dirname "$remembered")" && : >"$remembered-$major"
    echo "pgvector could not be built: search is lexical. (To try again: rm $remembered-$major)"
  fi
}

# PGVECTOR_FLAGS for the compiler; with PGVECTOR_FOLDER the library is left there, and nothing is installed.
build_pgvector() (
  bin=$1 major=$2
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(LABEL)' 'Created-By: Packages' 2>/dev/null |
    sed -n 's/^\([^ ]*\) Debian Debian$/\1/p' | head -1)
  [ -n "$mirror" ] || { echo "  (this is not Debian)"; exit 1; }

  missing=()
  [ -f "$("$bin/pg_config" --includedir-server 2>/dev/null)/postgres.h" ] || missing+=("postgresql-server-dev-$major=headers to build pgvector with")
  command -v gcc >/dev/null 2>&1 || missing+=("gcc=compiles pgvector" "libc6-dev=compiles pgvector")
  command -v make >/dev/null 2>&1 || missing+=("make=builds pgvector")
  command -v dpkg-source >/dev/null 2>&1 || missing+=("dpkg-dev=unpacks Debian's source package")
  install_missing ${missing[@]+"${missing[@]}"}

  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  chmod 755 "$work"
  mkdir -p "$work/lists/partial" "$work/archives/partial"
  # A list of its own, used for this one download: the machine's own sources stay as they are.
  echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$work/trixie.list"
  apt=(apt-get -qq -o Dir::Etc::sourcelist="$work/trixie.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$work/lists"
    -o Dir::Cache::archives="$work/archives" -o Dir::Cache::srcpkgcache= -o Dir::Cache::pkgcache= -o APT::Sandbox::User=root)
  cd "$work"
  {
    "${apt[@]}" update && "${apt[@]}" source pgvector && cd pgvector-*/ &&
      make -s with_llvm=no OPTFLAGS="${PGVECTOR_FLAGS:-}" PG_CONFIG="$bin/pg_config" &&
      if [ -n "${PGVECTOR_FOLDER:-}" ]; then
        install -m 644 vector.so "$PGVECTOR_FOLDER"
      else
        as_root make -s install with_llvm=no PG_CONFIG="$bin/pg_config"
      fi
  } </dev/null >"$work/log" 2>&1 || { tail -3 "$work/log"; exit 1; }
)

# The model that finds passages by meaning, and the library that runs it, kept in the user's cache for every checkout. Search is by
# words without it, so nothing here is fatal. install_local_model PROGRAM: what to start as `chancery`.
install_local_model() {
  local wanted="${EMBEDDING_LOCAL:-}" remembered="${XDG_CACHE_HOME:-$HOME/.cache}/chancery/no-local-model"
  if [ -n "${EMBEDDING_URL:-}" ] || [ "${wanted,,}" = off ]; then return 0; fi

  # A machine without a network is not made to wait at every start.
  [ -z "$(find "$remembered" -mtime -1 -print -quit 2>/dev/null)" ] || return 0

  # Answers at once when all is there, also after an upgrade that brings another version; else it says what it fetches.
  if ! "$@" models pull ${wanted:+"$wanted"} </dev/null >/dev/null; then
    mkdir -p "$(dirname "$remembered")" && : >"$remembered"
    echo "Search is by words until it is there: chancery models pull (./run tries again tomorrow)."
  fi
}

# What only the tests need.
install_test_tools() {
  local missing=()
  if ! command -v chromium >/dev/null 2>&1 && ! command -v google-chrome >/dev/null 2>&1; then
    missing+=("chromium=the browser tests")
  fi
  if ! command -v fc-list >/dev/null 2>&1 || [ -z "$(fc-list 2>/dev/null | head -1)" ]; then
    missing+=("fonts-dejavu-core=letters for the browser tests" "fontconfig=finds them")
  fi
  command -v tesseract >/dev/null 2>&1 || missing+=("tesseract-ocr=reads text in scanned pages; optional for ./run")
  command -v curl >/dev/null 2>&1 || missing+=("curl=the smoke test")
  command -v git >/dev/null 2>&1 || missing+=("git=the smoke test")
  command -v node >/dev/null 2>&1 || missing+=("nodejs=the linter of the OpenAPI document, and the clients of OAuth, of models and of MCP that tests run")
  command -v npm >/dev/null 2>&1 || missing+=("npm=brings them")
  command -v soffice >/dev/null 2>&1 ||
    missing+=("libreoffice-writer-nogui=opens the Word files that are written, and accepts and rejects their changes" "fonts-liberation2=letters to show them in")
  command -v promtool >/dev/null 2>&1 || missing+=("prometheus=its promtool checks what /metrics says; the service stays off")
  install_missing ${missing[@]+"${missing[@]}"}
  install_spectral
  install_oauth_clients
  install_model_clients
  install_mcp_clients
  install_redis8
}

REDIS8_VERSION=8.0.2
REDIS8_SHA256=caf3c0069f06fc84c5153bd2a348b204c578de80490c73857bee01d9b5d7401f
REDIS8="$ROOT/artifacts/tools/redis-$REDIS8_VERSION"

# A Redis with vector sets, which this system's lacks, beside what is built: the system's stays as it is. Only the tests of
# SEARCH_ENGINE=redis need it, and say so when it is missing.
install_redis8() {
  [ -x "$REDIS8/redis-server-8" ] && return 0
  echo "Building Redis $REDIS8_VERSION from Debian's source package (the tests of vector sets; half a minute at most)."
  build_redis8 || echo "Redis $REDIS8_VERSION could not be built: its tests fail. (CHANCERY_TEST_REDIS8 names a program instead.)"
}

build_redis8() (
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(LABEL)' 'Created-By: Packages' 2>/dev/null |
    sed -n 's/^\([^ ]*\) Debian Debian$/\1/p' | head -1)
  [ -n "$mirror" ] || { echo "  (this is not Debian)"; exit 1; }

  missing=()
  command -v g++ >/dev/null 2>&1 || missing+=("g++=compiles Redis 8")
  command -v make >/dev/null 2>&1 || missing+=("make=builds Redis 8")
  command -v curl >/dev/null 2>&1 || missing+=("curl=fetches its source")
  install_missing ${missing[@]+"${missing[@]}"}

  # Upstream's archive as Debian keeps it: Debian's packages are built for a newer libc than this system may have. Without
  # optimising it is built in a third of the time, and quick enough.
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  cd "$work"
  {
    curl -fsS --retry 3 -o redis.tar.gz "${mirror%/}/pool/main/r/redis/redis_$REDIS8_VERSION.orig.tar.gz" &&
      echo "$REDIS8_SHA256  redis.tar.gz" | sha256sum -c --quiet && tar xzf redis.tar.gz &&
      make -s -C "redis-$REDIS8_VERSION" -j2 BUILD_TLS=no MALLOC=libc OPTIMIZATION=-O0 redis-server &&
      mkdir -p "$REDIS8" && cp "redis-$REDIS8_VERSION/src/redis-server" "$REDIS8/redis-server-8"
  } </dev/null >"$work/log" 2>&1 || { tail -3 "$work/log"; exit 1; }
)

SPECTRAL_VERSION=6.16.3
SPECTRAL="$ROOT/artifacts/tools/spectral-$SPECTRAL_VERSION"

# The linter of the OpenAPI document, beside what is built. No test needs it, so that nothing here is fatal; the check that
# does says so.
install_spectral() {
  [ -x "$SPECTRAL/node_modules/.bin/spectral" ] && return 0
  mkdir -p "$SPECTRAL"
  if ! npm install --prefix "$SPECTRAL" --no-save --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel error \
    "@stoplight/spectral-cli@$SPECTRAL_VERSION" </dev/null >"$SPECTRAL/install.log" 2>&1; then
    echo "The linter of the OpenAPI document could not be installed: $(tail -1 "$SPECTRAL/install.log")"
  fi
}

OAUTH_CLIENTS="$ROOT/artifacts/tools/oauth-clients"

# The certified clients of OAuth and OpenID Connect, which a test runs against the server.
install_oauth_clients() {
  [ -d "$OAUTH_CLIENTS/node_modules/openid-client" ] && return 0
  mkdir -p "$OAUTH_CLIENTS"
  if ! npm install --prefix "$OAUTH_CLIENTS" --no-save --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel error \
    openid-client@6.9.0 oauth4webapi@3.8.8 jose@6.2.18 </dev/null >"$OAUTH_CLIENTS/install.log" 2>&1; then
    echo "openid-client and oauth4webapi could not be installed, so their test fails: $(tail -1 "$OAUTH_CLIENTS/install.log")"
  fi
}

MODEL_CLIENTS="$ROOT/artifacts/tools/model-clients"

# The official packages of OpenAI and Anthropic, which a test runs against the gateway.
install_model_clients() {
  [ -d "$MODEL_CLIENTS/node_modules/openai" ] && return 0
  mkdir -p "$MODEL_CLIENTS"
  if ! npm install --prefix "$MODEL_CLIENTS" --no-save --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel error \
    openai@7.57.0 @anthropic-ai/sdk@1.14.0 </dev/null >"$MODEL_CLIENTS/install.log" 2>&1; then
    echo "openai and @anthropic-ai/sdk could not be installed, so their test fails: $(tail -1 "$MODEL_CLIENTS/install.log")"
  fi
}

# quiet_build ARGUMENT…: dotnet build, with one compiler for all projects, which is warm after the first, and gone afterwards.
quiet_build() {
  local status=0
  UseSharedCompilation=true dotnet build -nologo -v quiet "$@" || status=$?
  dotnet build-server shutdown --vbcscompiler >/dev/null 2>&1 || true
  return "$status"
}

MCP_CLIENTS="$ROOT/artifacts/tools/mcp-clients"

# The inspector and the conformance suite of the Model Context Protocol, which tests run against /mcp. Of the suite no release
# knows revision 2026-07-28 yet: that is what the preview beside it is for.
install_mcp_clients() {
  [ -f "$MCP_CLIENTS/node_modules/@modelcontextprotocol/package.json" ] && return 0
  mkdir -p "$MCP_CLIENTS"
  if ! npm install --prefix "$MCP_CLIENTS" --no-save --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel error \
    @modelcontextprotocol/conformance@0.1.16 conformance-preview@npm:@modelcontextprotocol/conformance@0.2.0-alpha.12 \
    @modelcontextprotocol/inspector-cli@1.0.3 </dev/null >"$MCP_CLIENTS/install.log" 2>&1; then
    echo "The clients of the Model Context Protocol could not be installed, so their tests fail: $(tail -1 "$MCP_CLIENTS/install.log")"
    return 0
  fi
  # The inspector looks for its name where it stands in the repository, a folder higher.
  cp "$MCP_CLIENTS/node_modules/@modelcontextprotocol/inspector-cli/package.json" "$MCP_CLIENTS/node_modules/@modelcontextprotocol/"
}

# Nothing that a build starts may outlive it.
quiet_dotnet() {
  export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false
  export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0 UseSharedCompilation=false
}
