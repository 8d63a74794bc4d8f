#!/usr/bin/env bash
# Takes the walls between tenants, people and readers away, one at a time, and runs the isolation suite on what is left: either it
# sees the hole, or another wall holds. Prints a table, and writes it to artifacts/mutations.md. Works on a copy.
#
#   eng/mutations.sh [name…]      all of them take about half an hour on two cores
set -euo pipefail

ROOT=$(cd "$(dirname "$0")/.." && pwd)
REPORT=$ROOT/artifacts/mutations.md
COPY=$(mktemp -d)
trap 'rm -rf "$COPY"' EXIT

# name | what is taken away | file | Perl substitution
MUTATIONS=(
  'none|nothing||'
  'predicates|every `tenant_id = @tenant` of a statement|src/Chancery.Server/Platform/Database/TenantSession.cs|s/return new CommandDefinition\(\s*sql,/return new CommandDefinition(\n            System.Text.RegularExpressions.Regex.Replace(sql, "([a-z]+[.])?tenant_id = \@tenant(?!s)", "true"),/'
  'policies|the policies of every table of tenants|src/Chancery.Server/Platform/Migrations/0001_platform.sql|s/USING \(tenant_id = current_tenant\(\)\) WITH CHECK \(tenant_id = current_tenant\(\)\)/USING (true) WITH CHECK (true)/'
  'predicates and policies|both: the predicates and the policies of tenants|src/Chancery.Server/Platform/Database/TenantSession.cs src/Chancery.Server/Platform/Migrations/0001_platform.sql|s/return new CommandDefinition\(\s*sql,/return new CommandDefinition(\n            System.Text.RegularExpressions.Regex.Replace(sql, "([a-z]+[.])?tenant_id = \@tenant(?!s)", "true"),/; s/USING \(tenant_id = current_tenant\(\)\) WITH CHECK \(tenant_id = current_tenant\(\)\)/USING (true) WITH CHECK (true)/'
  'binding|that a session is bound to its own tenant: it takes the one before|src/Chancery.Server/Platform/Database/TenantDatabase.cs|s/new Binding\(tenant, /new Binding(Last = Last == default ? tenant : Last, /; s/(    public Task<TenantSession> OpenAsync\(TenantId tenant, CancellationToken)/    private static TenantId Last;\n\n$1/'
  'claimed tenant|that the tenant comes from the credential: an address may name one|src/Chancery.Server/Access/Principal.cs|s/ValueTask\.FromResult\(context\.Features\.Get<Principal>\(\)\)/ValueTask.FromResult(context.Features.Get<Principal>() is { } found \&\& Guid.TryParse(context.Request.Query["tenant_id"], out var named) ? found with { Tenant = new TenantId(named) } : context.Features.Get<Principal>())/'
  'index key|the tenant in the key of the indexes in memory|src/Chancery.Server/Knowledge/Search/Indexes/TenantIndexes.cs|s/_indexes\.TryGetValue\(tenant, out var known\)/_indexes.FirstOrDefault().Value is { } known/'
  'statistics key|the tenant in the key of counted words and titles|src/Chancery.Server/Knowledge/Search/StatisticsCache.cs|s/_entries\.TryGetValue\(tenant, out var known\)/_entries.TryGetValue(default, out var known)/; s/_entries\[tenant\]/_entries[default]/'
  'statistics revision|tenant and revision in the key of counted words and titles|src/Chancery.Server/Knowledge/Search/StatisticsCache.cs|s/_entries\.TryGetValue\(tenant, out var known\) && known\.Revision == revision && known\.Token == token/_entries.TryGetValue(default, out var known)/; s/_entries\[tenant\]/_entries[default]/'
  'blob directory|the tenant in the path of stored files|src/Chancery.Server/Platform/Blobs/BlobStore.cs|s/Path\.Combine\(_root, tenant\.ToString\(\), name\[\.\.2\], name\)/Path.Combine(_root, "all", name[..2], name)/; s/MakeDirectory\(tenant, Path/Directory.CreateDirectory(Path.GetDirectoryName(path)!); MakeDirectory(tenant, Path/'
  'principal of conversations|the policy that binds conversations to a person|src/Chancery.Server/Answers/Migrations/0005_answers.sql|s/ AND principal_id = current_principal\(\)//g'
  'predicate of conversations|`principal_id = @principal` of their statements|src/Chancery.Server/Answers/Conversations/ConversationStore.cs|s/(c\.|m\.|\b)principal_id = \@principal/true/g'
  'both of conversations|both: the policy and the predicates that bind conversations to a person|src/Chancery.Server/Answers/Migrations/0005_answers.sql src/Chancery.Server/Answers/Conversations/ConversationStore.cs|s/ AND principal_id = current_principal\(\)//g; s/(c\.|m\.|\b)principal_id = \@principal/true/g'
  'reader|that a viewer or editor reads as themselves|src/Chancery.Server/Access/Principal.cs|s/\? Reader\.Everything : Reader\.As\(UserId, Id\)/? Reader.Everything : Reader.Everything/'
  'permission|that a route asks for its permission|src/Chancery.Server/Access/Authentication/PermissionPolicies.cs|s/\?\.May\(requirement\.Permission\) == true/ is not null/'
  'revocation|that an ended sign-in, a removed member and a suspended organisation are forgotten|src/Chancery.Server/Access/Sessions/SessionDirectory.cs|s/_cache\.Drop\(sessionId\);//; s/var drops = condition\(state\)/var drops = false \&\& condition(state)/'
)

git -C "$ROOT" ls-files -z --cached --others --exclude-standard | (cd "$ROOT" && tar --null -T - -cf -) | tar -xf - -C "$COPY"
ln -s "$(cd "$ROOT/../shared" && pwd)" "$(dirname "$COPY")/shared" 2>/dev/null || true
export CHANCERY_TEST_DATA=${CHANCERY_TEST_DATA:-$(cd "$ROOT/../shared/data" && pwd)}
mkdir -p "$ROOT/artifacts"
cd "$COPY"
git init -q . && git add -A && git -c user.name=m -c user.email=m@example.com commit -qm start

rows=()
for mutation in "${MUTATIONS[@]}"; do
  IFS='|' read -r name what files change <<<"$mutation"
  if [ $# -gt 0 ] && ! printf '%s\n' "$@" | grep -qxF "$name"; then continue; fi
  for file in $files; do
    perl -0pi -e "$change" "$file"
    git diff --quiet -- "$file" && { echo "$name: $file has changed since, the mutation finds nothing in it" >&2; exit 1; }
  done
  if ! dotnet build tests/Chancery.Isolation.Tests -nologo -v quiet -p:TreatWarningsAsErrors=false -p:RunAnalyzers=false >build.txt 2>&1; then
    cat build.txt >&2
    exit 1
  fi
  dotnet test tests/Chancery.Isolation.Tests --no-build --nologo -v quiet --logger 'console;verbosity=normal' >run.txt 2>&1 || true
  seen=$(sed -n 's/^ *\(Failed\|\[xUnit.*\]\) \+Chancery\.Isolation\.Tests\.\([A-Za-z.]*_[A-Za-z_]*\).*/\2/p' run.txt | sort -u | tr '_' ' ' | paste -sd';' | sed 's/;/; /g')
  grep -qE '(Passed|Failed)!|Total tests' run.txt || seen="the suite did not end"
  rows+=("| $what | ${seen:-nobody: another wall holds} |")
  echo "$name: ${seen:-nobody}"
  cp run.txt "$ROOT/artifacts/mutation-${name// /-}.txt"
  git checkout -q -- .
  {
    echo '# Walls, one at a time'
    echo
    echo '| Taken away | Seen by |'
    echo '|---|---|'
    printf '%s\n' "${rows[@]}"
  } >"$REPORT"
done
