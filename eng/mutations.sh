#!/usr/bin/env bash
# Takes what protects away, one piece at a time, and runs the tests on what is left: either they see the hole, or something else holds.
# Prints a table, and writes it to artifacts/mutations-SUITE.md. Works on a copy.
#
#   eng/mutations.sh [isolation] [name…]   walls between tenants, people and readers; all take about half an hour on two cores
#   eng/mutations.sh guards [name…]        what keeps injections, secrets, links and personal data in; some minutes
#   eng/mutations.sh limits [name…]        what counts requests and refuses them; about twenty minutes
set -euo pipefail

ROOT=$(cd "$(dirname "$0")/.." && pwd)
SUITE=isolation
case ${1:-} in isolation | guards | limits) SUITE=$1 && shift ;; esac
REPORT=$ROOT/artifacts/mutations-$SUITE.md
COPY=$(mktemp -d)
trap 'rm -rf "$COPY"' EXIT

# name | what is taken away | file | Perl substitution
ISOLATION=(
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
  'reader|that a viewer or editor reads as themselves|src/Chancery.Server/Access/Principal.cs|s/: Reader\.As\(UserId, Id\)/: Reader.Everything/'
  'permission|that a route asks for its permission|src/Chancery.Server/Access/Authentication/PermissionPolicies.cs|s/\?\.May\(requirement\.Permission\) == true/ is not null/'
  'revocation|that an ended sign-in, a removed member and a suspended organisation are forgotten|src/Chancery.Server/Access/Sessions/SessionDirectory.cs|s/_cache\.Drop\(sessionId\);//; s/var drops = condition\(state\)/var drops = false \&\& condition(state)/'
)

GUARDS=(
  'none|nothing||'
  'tags|that tags of Unicode, which spell text unseen, are found|src/Chancery.Guards/Injection/InvisibleText.cs|s/            >= 0xE0000 and <= 0xE007F => InvisibleKind\.Tags,\n//'
  'direction|that signs which turn the direction of text are found|src/Chancery.Guards/Injection/InvisibleText.cs|s/\(>= 0x202A and <= 0x202E\) or \(>= 0x2066 and <= 0x206F\) => InvisibleKind\.Direction/(>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x206F) => null/'
  'worst part|that a long text is judged by its worst part: the last one counts|src/Chancery.Guards/Injection/InjectionGuard.cs|s/worst = Math\.Max\(\s*worst,/worst = Math.Max(\n                0,/'
  'full width|that letters of full width are read as plain ones|src/Chancery.Guards/Injection/InjectionGuard.cs|s/text\[i\] is >= .\\uFF01. and <= .\\uFF5E. \? \(char\)\(text\[i\] - 0xFEE0\) : text\[i\]/text[i]/'
  'held text|that what is open in an answer is held back until it closes|src/Chancery.Guards/Output/OutputFilter.cs|s/if \(mayPass && !_held\.IsOpen\)/if (mayPass)/'
  'second look|that what is left when something goes is looked at again|src/Chancery.Guards/Output/OutputFilter.cs|s/pass < MostPasses &&/pass < 1 \&\&/'
  'stop|that nothing passes after what stops an answer|src/Chancery.Guards/Output/OutputFilter.cs|s/IsStopped \|= edit\.Action == OutputAction\.Stop;//'
  'disguised canary|that a canary is known when it is written backwards, turned, in hexadecimal or in base64|src/Chancery.Guards/Output/Canaries.cs|s/_disguises = \[\.\. disguises\]/_disguises = [.. disguises.Take(1)]/'
  'user in an address|that a name before the host is no allowed host|src/Chancery.Guards/Output/LinkRules.cs|s/return user < 0\s*&& host\.All/return host.All/'
  'other dots|that a host is written with letters, digits, hyphens and dots, and with nothing that is read as one|src/Chancery.Guards/Output/LinkRules.cs|s/&& host\.All\(c => .*\)\n//'
  'embedded|that an image is fetched from allowed hosts only|src/Chancery.Guards/Output/LinkRules.cs|s/isImage \? !MayEmbed\(place\) : !MayLink\(place\)/!isImage \&\& !MayLink(place)/'
  'entities|that entities in an address are read as browsers do|src/Chancery.Guards/Output/LinkRules.cs|s/place\.Contains\(.&.\) \? WebUtility\.HtmlDecode\(place\) : place/place/'
  'handlers|that a tag may not carry a handler|src/Chancery.Guards/Output/LinkRules.cs|s/name\.StartsWith\("on", StringComparison\.OrdinalIgnoreCase\)/name.StartsWith("never", StringComparison.Ordinal)/'
  'tool calls|that marks by which programs read the call of a tool do not pass|src/Chancery.Guards/Output/OutputEdits.cs|s/_options\.OnToolCall is not \{ \} action/_options.OnToolCall is not { } action || action != OutputAction.Stop/'
  'sterner|that of rules which overlap the sterner one counts|src/Chancery.Guards/Output/OutputEdits.cs|s/clipped\.Action > last\.Action \? clipped : last/clipped.Action > last.Action ? last : clipped/'
  'card numbers|the check digit of card numbers|src/Chancery.Guards/PersonalData/Checksums.cs|s/return sum % 10 == 0;/return true;/'
  'account numbers|the check digits of account numbers|src/Chancery.Guards/PersonalData/Checksums.cs|s/return rest == 1;/return true;/'
  'literal|that what looks like a placeholder in a text is put away itself|src/Chancery.Guards/Pseudonyms/Redaction.cs|s/text\[at\] is .\[. or .\\\\. \?/text[at] is (char)1 ?/'
  'cut placeholder|that a placeholder which arrives in pieces is waited for|src/Chancery.Guards/Pseudonyms/RestoringStream.cs|s/if \(end < 0 && !isLast\)/if (end < -1 \&\& !isLast)/'
)

LIMITS=(
  'none|nothing||'
  'last one|that the last request of a window is the last one: one more passes|src/Chancery.Server/Limits/Windows/RateWindows.cs|s/if count - back >= most and/if count - back > most and/'
  'all or none|that a request which one limit refuses is counted by none|src/Chancery.Server/Limits/Windows/RateWindows.cs|s/if refused == 0 and ARGV\[2\] == .1. then/if ARGV[2] == "1" then/'
  'giving back|that a request which came to nothing is given back|src/Chancery.Server/Limits/Windows/RateWindows.cs|s/field \.\. .:returned., 1\)/field .. ":returned", 0)/'
  'counting alone|that a server counts for itself while Redis is gone|src/Chancery.Server/Limits/Windows/LocalWindows.cs|s/Taken = counts\[i\]\.Taken \+ 1/Taken = counts[i].Taken/'
  'changed limits|that a limit which was changed is read again|src/Chancery.Server/Limits/LimitBook.cs|s/entry\.IsOutdated = true;/entry.IsOutdated = false;/g'
)

case $SUITE in
  isolation) MUTATIONS=("${ISOLATION[@]}") PROJECT=Chancery.Isolation.Tests FILTER=() NOBODY='nobody: another wall holds' ;;
  guards) MUTATIONS=("${GUARDS[@]}") PROJECT=Chancery.Guards.Tests FILTER=() NOBODY=nobody ;;
  limits) MUTATIONS=("${LIMITS[@]}") PROJECT=Chancery.Server.Tests FILTER=(--filter FullyQualifiedName~Server.Tests.Limits) NOBODY=nobody ;;
esac

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
  if ! dotnet build "tests/$PROJECT" -nologo -v quiet -p:TreatWarningsAsErrors=false -p:RunAnalyzers=false >build.txt 2>&1; then
    cat build.txt >&2
    exit 1
  fi
  dotnet test "tests/$PROJECT" --no-build --nologo "${FILTER[@]}" -v quiet --logger 'console;verbosity=normal' >run.txt 2>&1 || true
  seen=$(sed -n 's/^ *\(Failed\|\[xUnit.*\]\) \+Chancery\.[A-Za-z]*\.Tests\.\([A-Za-z.]*_[A-Za-z_]*\).*/\2/p' run.txt | sort -u | tr '_' ' ' | paste -sd';' | sed 's/;/; /g')
  grep -qE '(Passed|Failed)!|Total tests' run.txt || seen="the suite did not end"
  rows+=("| $what | ${seen:-$NOBODY} |")
  echo "$name: ${seen:-$NOBODY}"
  cp run.txt "$ROOT/artifacts/mutation-$SUITE-${name// /-}.txt"
  git checkout -q -- .
  {
    echo "# What protects, one piece at a time: $SUITE"
    echo
    echo '| Taken away | Seen by |'
    echo '|---|---|'
    printf '%s\n' "${rows[@]}"
  } >"$REPORT"
done
