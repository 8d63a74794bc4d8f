"""The work of eng/attack.sh: makes an organisation with documents, calls the scanners, writes their reports."""

import base64
import concurrent.futures
import datetime
import json
import pathlib
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

ADDRESS, WORK = sys.argv[1].rstrip("/"), pathlib.Path(sys.argv[2])
PARTS = sys.argv[3:] or ["pages", "routes"]
ROOT = pathlib.Path(__file__).resolve().parent.parent
REPORTS = ROOT / "docs" / "security"
HOST = urllib.parse.urlsplit(ADDRESS).netloc
PASSWORD = "correct horse battery staple"

# A route whose text is searched, stored or compared gets all that the tool has for PostgreSQL; the others the shorter list.
THOROUGH, SHORT = (3, 2), (1, 1)
# For each parameter; more where a call takes its time: a password is compared slowly, an answer looked for, a file stored.
SECONDS, SLOW_SECONDS = 20, 120
SLOW = ("/login", "/me/password", "/chat", "/rag/index-document")
# Routes at the same time; each scanner sends one call after the other.
WORKERS = 4


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


OPENER = urllib.request.build_opener(NoRedirect)


def call(method, path, body=None, headers=None, form=None):
    """Status, headers, text."""
    data, headers = None, dict(headers or {})
    if body is not None:
        data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
    if form is not None:
        data = urllib.parse.urlencode(form).encode()
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    request = urllib.request.Request(ADDRESS + path, data=data, headers=headers, method=method)
    try:
        with OPENER.open(request, timeout=60) as response:
            return response.status, response.headers, response.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode(errors="replace")


class Organisation:
    """One organisation, its owner signed in, and one of everything that a route's {id} can name."""

    def __init__(self, name):
        self.email = f"owner-{uuid.uuid4().hex}@example.com"
        made = self.must(
            "POST", "/api/v1/auth/signup",
            {"email": self.email, "password": PASSWORD, "organization": name, "name": "Olga Owner"}, headers={},
        )
        self.headers = {"Authorization": "Bearer " + made["access_token"]}
        claims = made["access_token"].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        self.user, self.tenant = claims["sub"], claims["tenant_id"]
        self._known = {}

    def must(self, method, path, body=None, headers=None):
        status, _, text = call(method, path, body, self.headers if headers is None else headers)
        if status >= 300:
            raise RuntimeError(f"{method} {path} answered {status}: {text[:300]}")
        return json.loads(text) if text else {}

    def upload(self, title, text):
        boundary = uuid.uuid4().hex
        data = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{title}.txt"\r\n'
            f"Content-Type: text/plain\r\n\r\n{text}\r\n"
            f'--{boundary}\r\nContent-Disposition: form-data; name="tags"\r\n\r\ncanary\r\n--{boundary}--\r\n'
        ).encode()
        headers = {**self.headers, "Content-Type": f"multipart/form-data; boundary={boundary}"}
        request = urllib.request.Request(ADDRESS + "/api/v1/docs", data=data, headers=headers, method="POST")
        with OPENER.open(request, timeout=60) as response:
            made = json.loads(response.read())
        return (made.get("document") or made)["id"]

    def fill(self):
        """A few documents that are searchable, and a conversation about them."""
        for number in range(3):
            text = f"The notice period of lease {number} is thirty days. The canary sings. {uuid.uuid4()}"
            self._known["docs"] = self.upload(f"Lease {number}", text)
        for _ in range(100):
            found = self.must("POST", "/api/v1/search", {"query": "canary", "limit": 5})
            if len(found.get("hits") or found.get("results") or found.get("items") or []) >= 3:
                return
            time.sleep(0.3)

    def one(self, kind, fresh=False):
        if fresh or kind not in self._known:
            self._known[kind] = self._make(kind)
        return self._known[kind]

    def _make(self, kind):
        name = uuid.uuid4().hex[:12]
        post = lambda path, body: self.must("POST", path, body)
        identity = lambda made: made.get("id") or next(
            value["id"] for value in made.values() if isinstance(value, dict) and "id" in value
        )
        if kind == "docs":
            made = self.upload(name, f"The notice period is thirty days. {name}")
            time.sleep(0.5)
            return made
        if kind in ("conversations", "shares"):
            made = post("/api/v1/chat", {"question": "What is the notice period?", "model": "extractive", "stream": False})
            talk = made.get("session_id") or made.get("conversation_id") or made["id"]
            return talk if kind == "conversations" else identity(post(f"/api/v1/conversations/{talk}/shares", {}))
        if kind == "queries":
            post("/api/v1/search", {"query": "canary", "limit": 5})
            for _ in range(50):
                if items := self.must("GET", "/api/v1/queries")["items"]:
                    return items[0]["id"]
                time.sleep(0.2)
        if kind == "members":
            return self.user
        if kind == "sessions":
            post("/api/v1/auth/login", {"email": self.email, "password": PASSWORD})
            return self.must("GET", "/api/v1/me/sessions")["items"][-1]["id"]
        body = {
            "invitations": {"email": f"{name}@example.com", "role": "viewer"},
            "keys": {"name": name, "role": "editor"},
            "oauth/clients": {"name": name, "type": "confidential", "redirect_uris": ["https://cases.example.com/callback"]},
            "groups": {"name": name},
            "service-accounts": {"name": name, "role": "viewer"},
            "collections": {"name": name},
        }[kind]
        return identity(post(f"/api/v1/{kind}", body))


# ---------------------------------------------------------------------------------------------------------------- sqlmap

DESCRIPTION = json.loads((ROOT / "docs" / "openapi.json").read_text())


def resolve(schema):
    while "$ref" in schema:
        schema = DESCRIPTION["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def is_free(schema):
    """Whether any text goes: no id, date, number or choice."""
    schema = resolve(schema)
    kinds = schema.get("type", [])
    return "string" in ([kinds] if isinstance(kinds, str) else kinds) and not schema.get("format") and not schema.get("enum")


# What the examples leave out and a caller may say.
MORE = {
    "/api/v1/search": {"documents": ["DOC"], "tags": ["canary"], "from": "2020-01-01T00:00:00Z", "to": "2040-01-01T00:00:00Z"},
    "/api/v1/chat": {"session_id": "TALK", "documents": ["DOC"], "tags": ["canary"]},
    "/api/v1/docs/{id}": {"title": "Lease", "tags": ["canary"]},
    "/api/v1/organization": {"name": "Acme"},
    "/api/v1/collections": {"description": "example"},
    "/api/v1/auth/signup": {"name": "Olga"},
    "/api/auth/login": {"email": "OWNER", "password": PASSWORD},
    "/api/v1/embeddings/model/estimate": {"model": "all-MiniLM-L6-v2"},
    "/api/v1/embeddings/model/change": {"model": "all-MiniLM-L6-v2"},
    "/api/rag/index-document": {"company_id": "0199a1b2-07e0", "filename": "lease.txt", "content": "Notice is thirty days.", "user_id": "0199a1b2-0e01", "category": "c"},
}
VALUES = {
    "limit": "10", "sort": "title", "tag": "canary", "q": "lease", "type": "text/plain", "state": "ready", "deleted": "false",
    "from": "2020-01-01T00:00:00Z", "to": "2040-01-01T00:00:00Z", "as_of": "2040-01-01T00:00:00Z", "all": "true",
    "engine": "memory", "mode": "hybrid", "no_hits": "false", "part": "1", "context": "3", "format": "markdown",
    "model": "extractive",
}
KINDS = ["oauth/clients", "service-accounts", "conversations", "collections", "invitations", "sessions", "members", "queries",
         "groups", "shares", "keys", "docs"]  # fmt: skip


def is_for_itself(path):
    """What would take the caller's own way in, or its organisation, away."""
    return path.startswith(("/api/v1/me/password", "/api/v1/auth/", "/api/v1/me/sessions", "/api/v1/members", "/api/v1/samples"))


class Route:
    """One operation as a request in which every parameter is marked."""

    def __init__(self, method, path, operation, home, guest):
        self.method, self.path, self.names, self.free = method.upper(), path, [], False
        owner = guest if is_for_itself(path) else home
        self.owner = owner
        kind = next((kind for kind in KINDS if f"/{kind}/{{id}}" in path), None)
        own = None
        if path.startswith("/operator/"):
            own = guest.tenant
        elif kind:
            own = owner.one(kind, fresh=method in ("delete", "put", "patch"))
        path_text, query, headers = path, [], []
        for parameter in operation.get("parameters", []):
            name, where, schema = parameter["name"], parameter["in"], parameter.get("schema", {})
            free = is_free(schema)
            value = str(parameter.get("example", ""))
            if where == "path":
                if name == "id" and own:
                    value = own
                elif name == "member":
                    value = owner.user
                path_text = path_text.replace("{" + name + "}", urllib.parse.quote(value) + "*")
            elif where == "query":
                if name == "cursor":
                    # A made-up one is refused before anything else is looked at.
                    others = {one["name"] for one in operation["parameters"] if one["in"] == "query"} - {"limit", "cursor"}
                    value = None if others else self.cursor_of(path_text.replace("*", ""))
                    if not value:
                        continue
                elif name == "id":
                    value = owner.one("docs")
                elif name == "collection_id":
                    value = owner.one("collections")
                elif name in ("service_account_id",):
                    value = owner.one("service-accounts")
                elif name == "user_id":
                    value = owner.user
                elif not value:
                    value = VALUES.get(name, "1")
                query.append(f"{name}={urllib.parse.quote(value)}*")
            elif name == "Last-Event-ID":
                headers.append("Last-Event-ID: 1*")
            else:
                continue
            self.names.append(name)
            self.free |= free and name not in ("cursor", "format")
        content, body = operation.get("requestBody", {}).get("content", {}), None
        if "application/json" in content:
            media = content["application/json"]
            example = media.get("example") or next(
                (one["value"] for one in media.get("examples", {}).values() if isinstance(one, dict) and "value" in one), {}
            )
            example = {**example, **MORE.get(path, {})} if method != "patch" or path in MORE else dict(example)
            schema = resolve(media.get("schema", {})).get("properties", {})
            self.free |= any(
                is_free(schema.get(name, {})) or (isinstance(value, list) and is_free(resolve(schema.get(name, {})).get("items", {})))
                for name, value in example.items()
            )
            self.names += list(example)
            body = self.marked(example)
            headers.append("Content-Type: application/json")
        elif "multipart/form-data" in content:
            self.free = True
            self.names += ["title", "tags", "collection_id", "filename"]
            parts = {"title": "Lease*", "tags": "canary*", "collection_id": owner.one("collections") + "*", "process": "false"}
            body = "".join(f'--edge\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in parts.items())
            body += '--edge\r\nContent-Disposition: form-data; name="file"; filename="lease.txt*"\r\n'
            body += "Content-Type: text/plain\r\n\r\nNotice is thirty days.\r\n--edge--\r\n"
            headers.append("Content-Type: multipart/form-data; boundary=edge")
        # Operators come without a token, from the machine itself.
        for name, value in ({} if path.startswith("/operator/") else owner.headers).items():
            headers.append(f"{name}: {value}")
        address = path_text + ("?" + "&".join(query) if query else "")
        head = f"{self.method} {address} HTTP/1.1\r\nHost: {HOST}\r\nAccept: application/json\r\n"
        self.text = head + "".join(line + "\r\n" for line in headers) + "\r\n" + (body or "")

    def cursor_of(self, path):
        """Where the second page of a list begins; none, where there is one page."""
        status, _, text = call("GET", path + "?limit=1", headers=self.owner.headers)
        return json.loads(text).get("next_cursor") if status == 200 else None

    def is_marked(self):
        head, body = self.text.split("\r\n\r\n", 1)
        return "*" in head + body

    def marked(self, value):
        def real(text):
            return (
                text.replace("OWNER", self.owner.email).replace("olga@example.com", self.owner.email)
                .replace("DOC", self.owner.one("docs")).replace("TALK", self.owner.one("conversations"))
                if text in ("OWNER", "DOC", "TALK", "olga@example.com") else text
            )  # fmt: skip

        def known(text):
            for start, kind in (("0199a1b2-0d0c", "docs"), ("0199a1b2-0c01", "collections"), ("0199a1b2-0acc", "service-accounts")):
                if text.startswith(start):
                    return self.owner.one(kind)
            return self.owner.user if text.startswith("0199a1b2-0e01") else self.owner.tenant if text.startswith("0199a1b2-07e0") else text

        if isinstance(value, dict):
            return "{" + ", ".join(f"{json.dumps(name)}: {self.marked(one)}" for name, one in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(self.marked(one) for one in value) + "]"
        if isinstance(value, str):
            return json.dumps(known(real(value)) + "*")
        return json.dumps(value)

    def attack(self):
        """What was tried and what came of it: parameters, effort, calls, answers, verdict."""
        folder = WORK / "sqlmap" / re.sub(r"\W+", "-", self.method + self.path)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "request").write_bytes(self.text.encode())
        (level, risk), seconds = THOROUGH if self.free else SHORT, SECONDS * len(self.names)
        if self.path.endswith(SLOW) or "multipart/form-data" in self.text:
            seconds = SLOW_SECONDS * len(self.names)
        command = [
            "sqlmap", "-r", str(folder / "request"), "--batch", "--threads", "1", "--level", str(level), "--risk", str(risk),
            "--dbms", "PostgreSQL", "--ignore-code", "*", "--flush-session", "--disable-coloring", "--timeout", "20",
            "--retries", "1", "--ignore-stdin", "--output-dir", str(folder / "session"), "-t", str(folder / "traffic"),
        ]  # fmt: skip
        with open(folder / "output", "w") as output:
            ended = subprocess.run(["timeout", "-s", "INT", str(seconds)] + command, stdout=output, stderr=subprocess.STDOUT)
        output = (folder / "output").read_text(errors="replace")
        traffic = (folder / "traffic").read_text(errors="replace") if (folder / "traffic").exists() else ""
        answers = {}
        for status in re.findall(r"^HTTP response \[#\d+\] \((\d+)", traffic, re.M):
            answers[status] = answers.get(status, 0) + 1
        faults = sum(count for status, count in answers.items() if status.startswith("5") and status != "503")
        leaks = len(re.findall(r"PostgresException|Npgsql|syntax error at or near", traffic))
        found = "identified the following injection point" in output or "is vulnerable" in output
        whole = ended.returncode != 124
        verdict = (
            "**INJECTABLE**" if found
            else f"{faults} answers 5xx, {leaks} words of the database" if faults or leaks
            else "nothing" if "do not appear to be injectable" in output
            else f"nothing; ended after {seconds} s" if not whole
            else "**not understood**"
        )  # fmt: skip
        calls = sum(answers.values())
        spread = ", ".join(f"{count} × {status}" for status, count in sorted(answers.items(), key=lambda pair: -pair[1])[:4])
        row = f"| `{self.method} {self.path}` | {', '.join(f'`{one}`' for one in self.names)} | {level}/{risk} | {calls} | {spread} | {verdict} |"
        (folder / "row").write_text(row)
        return row


def attack_routes(only):
    home, guest = Organisation("Acme"), Organisation("Globex")
    home.fill()
    guest.fill()
    rows, done = [], []
    operations = [
        (method, path, operation)
        for path, item in DESCRIPTION["paths"].items()
        for method, operation in item.items()
        if not only or any(re.fullmatch(one, f"{method.upper()} {path}") for one in only)
    ]
    def attack(entry):
        method, path, operation = entry
        try:
            route = Route(method, path, operation, home, guest)
        except Exception as problem:  # the report says so; the others are tried
            rows.append(f"| `{method.upper()} {path}` | | | | | **not tried**: {problem} |")
            return
        if route.is_marked():
            rows.append(route.attack())
            print(f"{len(done) + 1}/{len(operations)} {rows[-1]}", flush=True)
        done.append(path)

    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(attack, [one for one in operations if not is_for_itself(one[1])]))
    # What ends sign-ins and members goes last, one after the other, each with a caller who is still there.
    for entry in operations:
        if is_for_itself(entry[1]):
            guest = Organisation("Globex")
            attack(entry)
    version = re.search(r"\d+\.\d+\.\d+", subprocess.run(["sqlmap", "--version"], capture_output=True, text=True).stdout)[0]
    # With what an earlier run on the same directory found of the others.
    tried = {row.split("|")[1] for row in rows}
    kept = [one.read_text() for one in sorted((WORK / "sqlmap").glob("*/row"))]
    rows += [row for row in kept if row.split("|")[1] not in tried]
    rows.sort(key=lambda row: row.split("`")[1].split(" ")[1])
    known = "\n".join(rows)
    empty = [
        f"`{method.upper()} {path}`"
        for path, item in DESCRIPTION["paths"].items()
        for method in item
        if f"`{method.upper()} {path}`" not in known
    ]
    faults = sum(1 for row in rows if "5xx" in row)
    holes = sum(1 for row in rows if "INJECTABLE" in row)
    calls = sum(int(row.split("|")[4].strip() or 0) for row in rows)
    text = f"""# sqlmap

What sqlmap found on every route of [the description](../openapi.json), by [`eng/attack.sh`](../../eng/attack.sh): sqlmap {version},
{datetime.date.today().isoformat()}, {len(rows)} routes with parameters, {calls} calls, on a server at localhost with an
empty data directory, as the owner of an organisation with a few documents, with their access token.

**{"Nothing is injectable" if not holes else f"{holes} routes are injectable"}; {"no call was answered by a fault of the server (5xx) or by words of the database" if not faults else f"{faults} routes answered with faults"}.**

Every parameter of path, query and JSON body is marked, filled from the examples of the description and with ids that exist. Level 3,
risk 2 (all of the tool's tests for PostgreSQL but those that change rows by `OR`), where a parameter takes free
text; level 1, risk 1, where all are ids, numbers, dates and choices, which are read as such before any statement. At most {SECONDS} seconds
for each parameter of a route ({SLOW_SECONDS} where passwords are compared, answers looked for or files stored); where they ended, the last parameters were tried in part or not at all. Answers of 503 are those of routes that
need a model, where the server had none.

| Route | Parameters | Level/risk | Calls | Answers | Found |
|---|---|---|---:|---|---|
"""
    text += "\n".join(rows) + "\n\nWithout a parameter to try: " + ", ".join(empty) + ".\n"
    REPORTS.joinpath("sqlmap.md").write_text(text)


# ---------------------------------------------------------------------------------------------------------------- wapiti

MODULES = ["backup", "blindsql", "cookieflags", "crlf", "csp", "csrf", "exec", "file", "htaccess", "http_headers", "methods",
           "permanentxss", "redirect", "shellshock", "sql", "xss", "xxe"]  # fmt: skip


# What was looked at and is nothing, by words of the finding; whatever else is found is marked to be looked at.
LOOKED_AT = {
    "X-XSS-Protection": "No. The filter that it switched is gone from browsers, and was a hole itself; the page's policy lets no script in",
    "Strict-Transport-Security": "No. It is sent over TLS, where alone browsers take it; this was http on the machine itself",
    "Secure flag is not set": "No. The cookie is `Secure`; the scanner was given it without, as it would not send it to http://localhost",
    "CSP": "No. The policy begins with `default-src 'none'`; what it does not name falls back to that",
}


def verdict_of(info):
    return next((why for words, why in LOOKED_AT.items() if words.lower() in info.lower()), "**To be looked at**")


# Version 3.0.4 cannot leave an address out on newer Pythons, as its pattern has its flags at the end.
LAUNCH = """
import fnmatch, re
from wapitiCore.net import crawler
from wapitiCore.main.wapiti import wapiti_main
crawler.wildcard_translate = lambda pattern: re.compile(fnmatch.translate(pattern))
wapiti_main()
"""


def wapiti():
    """Its own interpreter, with the mended start."""
    first = pathlib.Path(shutil.which("wapiti")).read_text().splitlines()[0]
    return [*first.removeprefix("#!").split(), "-c", LAUNCH]


def cookies_of(organisation):
    """Signs in by the form, as a browser does."""
    jar = {}

    def keep(headers):
        for cookie in headers.get_all("Set-Cookie") or []:
            name, value = cookie.split(";")[0].split("=", 1)
            jar[name] = value

    _, headers, page = call("GET", "/login", headers={"Accept": "text/html"})
    keep(headers)
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)"[^>]*? value="([^"]*)"', page))
    hidden |= {"email": organisation.email, "password": PASSWORD}
    cookie = "; ".join(f"{name}={value}" for name, value in jar.items())
    status, headers, _ = call("POST", "/login", form=hidden, headers={"Cookie": cookie, "Sec-Fetch-Site": "same-origin"})
    keep(headers)
    if status != 303 or "error" in (headers.get("Location") or ""):
        raise RuntimeError(f"Signing in on the page answered {status} {headers.get('Location')}.")
    return jar


def attack_pages():
    home = Organisation("Acme")
    home.fill()
    jar = cookies_of(home)
    document, talk, query, share = (home.one(kind) for kind in ("docs", "conversations", "queries", "shares"))
    client = home.one("oauth/clients")
    authorize = "/oauth/authorize?" + urllib.parse.urlencode({
        "response_type": "code", "client_id": client, "redirect_uri": "https://cases.example.com/callback", "state": "x",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256",
    })  # fmt: skip
    starts = [
        "/chat", f"/chat/{talk}", "/documents", "/documents?q=lease&tag=canary&sort=title", f"/documents/{document}",
        f"/documents/{document}?page=1&version=1", f"/documents/{document}/compare?from=1&to=1", f"/shared/{share}", "/queries",
        "/queries?q=canary&mode=hybrid", f"/queries/{query}", "/reference", "/settings", "/device", "/device?user_code=BCDF-GHJK",
        "/forgot", "/reset?token=x", "/invite?token=x", "/login?again=1&return_url=/documents&email=a@example.com&error=x", authorize,
        "/api/v1/docs?q=lease&sort=title&limit=5", f"/api/v1/docs/{document}/versions/1/content", f"/api/v1/conversations/{talk}/export",
    ]  # fmt: skip
    host = HOST.split(":")[0]
    entry = lambda value: {"version": 0, "value": value, "expires": None, "secure": False, "port": None}
    key = host if re.fullmatch(r"[\d.]+", host) else "." + (host if "." in host else host + ".local")
    (WORK / "cookies.json").write_text(json.dumps({key: {"/": {name: entry(value) for name, value in jar.items()}}}))
    command = [
        *wapiti(), "-u", ADDRESS + "/", "--scope", "domain", "-d", "3", "--max-links-per-page", "60", "--max-files-per-dir", "60",
        "--max-scan-time", "240", "--max-attack-time", "90", "--max-parameters", "15", "-m", ",".join(MODULES), "-t", "20",
        "-c", str(WORK / "cookies.json"), "-H", "Sec-Fetch-Site: same-origin", "-x", ADDRESS + "/logout",
        "--flush-session", "--no-bugreport", "--store-session", str(WORK / "wapiti"), "-v", "1",
        "-f", "json", "-o", str(WORK / "wapiti.json"),
    ]  # fmt: skip
    for start in starts:
        command += ["-s", ADDRESS + start]
    began = time.monotonic()
    with open(WORK / "wapiti.log", "w") as log:
        subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, timeout=3600)
    found = json.loads((WORK / "wapiti.json").read_text())
    infos = found["infos"]
    still = call("GET", "/settings", headers={"Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())})[0]
    rows = []
    for title in ("vulnerabilities", "anomalies", "additionals"):
        for category, entries in found.get(title, {}).items():
            grouped = {}
            for one in entries:
                grouped.setdefault((one["level"], one["info"], one.get("parameter") or ""), set()).add(
                    f"{one['method']} {one['path'].split('?')[0]}"
                )
            for (severity, info, parameter), where in sorted(grouped.items()):
                rows.append((category, severity, info.replace("|", "\\|").replace(ADDRESS, ""), sorted(where)))
    log = (WORK / "wapiti.log").read_text(errors="replace")
    crawled = infos.get("crawled_pages") or re.search(r"(\d+) pages?", log)
    untried = {"Weak credentials", "Server Side Request Forgery", "Potentially dangerous file"}
    clean = [name for name, entries in found["vulnerabilities"].items() if not entries and name not in untried]
    table = "\n".join(
        f"| {category} | {level} | {info} | {verdict_of(info)} | {', '.join(f'`{one}`' for one in where[:6])}{' …' if len(where) > 6 else ''} |"
        for category, level, info, where in rows
    )  # fmt: skip
    (REPORTS / "wapiti.md").write_text(f"""# wapiti

What wapiti found on the pages, signed in as an owner, by [`eng/attack.sh`](../../eng/attack.sh): wapiti {infos['version'].split()[-1]}, {datetime.date.today().isoformat()},
{round((time.monotonic() - began) / 60)} minutes, on a server at localhost with an empty data directory. It starts from {len(starts)} addresses (every page, with the parameters
that it takes), follows links three deep, and sends forms with the page's own antiforgery token and `Sec-Fetch-Site: same-origin`, as
nothing would come of them otherwise.{'' if still == 200 else ' **It was signed out on the way.**'}

Modules: {', '.join(MODULES)}. Not `ssrf`, which asks its makers' server whether anything came; not `brute_login_form`, `buster`, `nikto`, which
guess; not those for other people's programs.

| Found | Severity (wapiti's, 1 to 4) | What it says | Is it so? | Where |
|---|---:|---|---|---|
{table or '| nothing | | | | |'}

Nothing of: {', '.join(clean)}.
""")
    print(f"wapiti: {len(rows)} findings; crawled: {crawled}", flush=True)


REPORTS.mkdir(parents=True, exist_ok=True)
if "pages" in PARTS:
    attack_pages()
if "routes" in PARTS:
    attack_routes(PARTS[PARTS.index("routes") + 1 :])
log = WORK / "server.log"
if log.exists():
    faults = re.findall(r"^.*(?:PostgresException|Unhandled|unhandled).*$", log.read_text(errors="replace"), re.M)
    print(f"Faults in the server's log: {len(faults)}", *faults[:5], sep="\n")
