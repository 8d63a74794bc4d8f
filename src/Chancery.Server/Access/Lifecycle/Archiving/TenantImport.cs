using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Chancery.Server.Access.Tokens;
using Chancery.Server.Audit.Verifying;
using Chancery.Server.Platform.Blobs;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Work;
using Dapper;
using Npgsql;

namespace Chancery.Server.Access.Lifecycle.Archiving;

/// <summary>What whoever imports an organisation says beside its archive.</summary>
/// <param name="LinkAccounts">
/// That accounts here with the addresses of members are those of the same people. Nothing proves it: without it they are refused.
/// </param>
/// <param name="Plan">The plan that it is to be on here; null for the one that it was on.</param>
internal sealed record ImportWishes(bool LinkAccounts = false, string? Plan = null);

/// <summary>What an import came to.</summary>
/// <param name="Accounts">Accounts that were made; each needs a password first.</param>
/// <param name="LinkedAccounts">Accounts that were here.</param>
/// <param name="MissingFiles">Files that were missing already where the archive was made.</param>
/// <param name="WorkLeft">Background work in the archive that does not go on here.</param>
internal sealed record ImportedOrganization(
    TenantId Tenant,
    string Name,
    string Plan,
    long Rows,
    long Files,
    long FileBytes,
    int Accounts,
    int LinkedAccounts,
    IReadOnlyList<string> MissingFiles,
    int WorkLeft
);

/// <summary>Plans that an organisation can be on.</summary>
internal interface IKnownPlans
{
    public Task<bool> IsKnownAsync(string plan, CancellationToken cancellationToken);
}

/// <summary>
/// Takes in an organisation from its archive: all of it, in one transaction, or nothing. Ids are kept; people's become those of the
/// accounts that they have here. Safe for concurrent use.
/// </summary>
internal sealed partial class TenantImport(
    TenantDatabase database,
    BlobStore blobs,
    TenantKeys keys,
    ImportedPeople people,
    ImportMarks marks,
    IEnumerable<SealedColumn> sealedColumns,
    IEnumerable<IImportCheck> checks,
    IEnumerable<TakenWork> work,
    IKnownPlans? plans,
    ArchiveSeats seats,
    TimeProvider time
)
{
    private const int RowsAtOnce = 500;
    private const long CharactersAtOnce = 8 * 1024 * 1024;
    private const int SecretBytes = 32;

    // Keys, groups and people of before; each costs two statements.
    private const int MostStrangers = 100_000;

    private const string ExistsSql = "SELECT true FROM tenants WHERE tenant_id = @tenant";

    private const string IsBeingErasedSql =
        "SELECT state IN ('erasing', 'settling') FROM door_erasures(NULL, @tenant, NULL, 1)";

    // Whoever acts sees their own account, and nobody else's of no member.
    private const string AccountSql = "SELECT true FROM users WHERE user_id = @id";

    private const string UtcSql = "SET LOCAL timezone = 'UTC'";

    private readonly TenantKeys _keys = keys;
    private readonly IEnumerable<IImportCheck> _checks = checks;
    private readonly TakenWork[] _work = [.. work];
    private readonly ImportedPeople _people = people;
    private readonly IKnownPlans? _plans = plans;
    private readonly TimeProvider _time = time;
    private readonly ILookup<string, SealedColumn> _sealed = sealedColumns.ToLookup(column => column.Table);

    /// <param name="archive">Sealed, seekable, at its beginning; read more than once.</param>
    /// <exception cref="ArchiveException">It is not taken in, and nothing of it is left; says why.</exception>
    public async Task<ImportedOrganization> RunAsync(
        Stream archive,
        string passphrase,
        ImportWishes wishes,
        CancellationToken cancellationToken
    )
    {
        using var seat = seats.Take();
        using var seal = await OpenAsync(archive, passphrase, cancellationToken);
        var reader = new ArchiveReader(archive, seal);
        var (header, manifest) = await reader.VerifyAsync(cancellationToken);
        var tenant = new TenantId(header.TenantId);
        await RefuseAsync(header, tenant, wishes, cancellationToken);
        await using var mark = await marks.TakeAsync(tenant, cancellationToken);
        try
        {
            var done = await TakeInAsync(reader, header, manifest, wishes, cancellationToken);
            mark.Keep();
            return done;
        }
        catch (PostgresException refused) when (refused.ConstraintName == "tenants_not_being_erased")
        {
            throw BeingErased(refused);
        }
        catch (PostgresException refused)
            when (refused.SqlState.StartsWith("22", StringComparison.Ordinal)
                || refused.SqlState.StartsWith("23", StringComparison.Ordinal)
                || refused.SqlState is PostgresErrorCodes.InsufficientPrivilege
            )
        {
            throw new ArchiveException(
                ArchiveFault.DoesNotFit,
                $"The archive does not fit: a row of {refused.TableName ?? "it"} contradicts others, or something that is here ({refused.ConstraintName ?? refused.SqlState}).",
                refused
            );
        }
    }

    private static async Task<ArchiveSeal> OpenAsync(
        Stream archive,
        string passphrase,
        CancellationToken cancellationToken
    )
    {
        var start = new byte[ArchiveSeal.HeaderBytes];
        archive.Position = 0;
        var read = await archive.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, cancellationToken);
        return await Task.Run(() => ArchiveSeal.Open(start.AsSpan(0, read), passphrase), cancellationToken);
    }

    private async Task RefuseAsync(
        ArchiveHeader header,
        TenantId tenant,
        ImportWishes wishes,
        CancellationToken cancellationToken
    )
    {
        if (wishes.Plan is { } plan && _plans is not null && !await _plans.IsKnownAsync(plan, cancellationToken))
        {
            throw UnknownPlan(plan);
        }

        await using var session = await database.OpenAsync(tenant, cancellationToken);
        var ours = await ArchiveSchema.MigrationsAsync(session, cancellationToken);
        if (header.Migrations.Except(ours).FirstOrDefault() is { } newer)
        {
            throw new ArchiveException(
                ArchiveFault.TooNew,
                $"A newer version made the archive ({newer} is not known here): update this installation first."
            );
        }

        await RefuseExistingAsync(session, cancellationToken);
    }

    private static async Task RefuseExistingAsync(TenantSession session, CancellationToken cancellationToken)
    {
        // The organisation itself goes last: until then it is here, and after that what is late is looked for.
        if (await session.FindAsync<bool>(IsBeingErasedSql, new { tenant = session.Tenant.Value }, cancellationToken))
        {
            throw BeingErased(null);
        }

        if (await session.FindAsync<bool>(ExistsSql, new { tenant = session.Tenant.Value }, cancellationToken))
        {
            throw new ArchiveException(
                ArchiveFault.OrganizationExists,
                "The organisation is on this installation already: nothing was imported over it."
            );
        }
    }

    private static ArchiveException BeingErased(Exception? inner) =>
        new(
            ArchiveFault.BeingErased,
            "The organisation is being erased from this installation, and nothing of it comes in until that is done: wait for the receipt, and import it then.",
            inner
        );

    private static ArchiveException UnknownPlan(string plan) =>
        new(ArchiveFault.UnknownPlan, $"There is no plan {plan} here: say which one the organisation is to be on.");

    private async Task<ImportedOrganization> TakeInAsync(
        ArchiveReader reader,
        ArchiveHeader header,
        ArchiveManifest manifest,
        ImportWishes wishes,
        CancellationToken cancellationToken
    )
    {
        var tenant = new TenantId(header.TenantId);
        var dataKey = RandomNumberGenerator.GetBytes(TenantKeys.SizeBytes);
        TenantSession? session = null;
        try
        {
            var run = (Run?)null;
            await foreach (var (name, content) in reader.MembersAsync(cancellationToken))
            {
                if (name.StartsWith(ArchiveFormat.Files, StringComparison.Ordinal))
                {
                    await StoreAsync(tenant, dataKey, name[ArchiveFormat.Files.Length..], content, cancellationToken);
                }
                else if (ArchiveReader.TableOf(name) is { } table)
                {
                    // Not before: no session is open while files are written.
                    session ??= await BeginAsync(tenant, cancellationToken);
                    run ??= await BeginAsync(session, header, wishes, dataKey, cancellationToken);
                    await run.AddAsync(
                        table,
                        await ArchiveReader.RowsAsync(
                            content,
                            header.Tables.First(one => one.Name == table).Columns.Count,
                            cancellationToken
                        ),
                        cancellationToken
                    );
                }
            }

            if (run is null || session is null)
            {
                throw ArchiveReader.Damaged("there is no organisation in it");
            }

            await run.FinishAsync(cancellationToken);
            await session.CommitAsync(cancellationToken);
            return new ImportedOrganization(
                tenant,
                header.Name,
                run.Plan,
                manifest.Tables.Sum(one => one.Rows),
                manifest.Files,
                manifest.FileBytes,
                run.Accounts,
                run.LinkedAccounts,
                manifest.MissingFiles,
                run.WorkLeft
            );
        }
        finally
        {
            CryptographicOperations.ZeroMemory(dataKey);
            if (session is not null)
            {
                await session.DisposeAsync();
            }
        }
    }

    private async Task<TenantSession> BeginAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        var session = await database.OpenAsync(tenant, cancellationToken);
        try
        {
            await session.AllowLongStatementsAsync(cancellationToken);
            await session.ExecuteAsync(UtcSql, null, cancellationToken);
            await RefuseExistingAsync(session, cancellationToken);
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    private async Task<Run> BeginAsync(
        TenantSession session,
        ArchiveHeader header,
        ImportWishes wishes,
        byte[] dataKey,
        CancellationToken cancellationToken
    )
    {
        var shapes = await ArchiveSchema.ReadAsync(session, cancellationToken);
        return new Run(this, session, header, wishes, dataKey, shapes.ToDictionary(shape => shape.Name));
    }

    private async Task StoreAsync(
        TenantId tenant,
        byte[] dataKey,
        string sha256,
        Stream content,
        CancellationToken cancellationToken
    )
    {
        switch (
            await blobs.WriteAsync(
                tenant,
                dataKey,
                ReadOnlyMemory<byte>.Empty,
                content,
                long.MaxValue - 1,
                cancellationToken
            )
        )
        {
            case BlobOutcome.Stored stored when Convert.ToHexStringLower(stored.Sha256) == sha256:
                return;
            case BlobOutcome.NoSpace:
                throw new ArchiveException(
                    ArchiveFault.NoSpace,
                    "The disk is full: nothing was imported. Make room first."
                );
            default:
                throw ArchiveReader.Damaged("a file in it is not the one that it is called");
        }
    }

    private static ArchiveException DoesNotFit(string why) =>
        new(ArchiveFault.DoesNotFit, $"The archive does not fit: {why}.");

    [GeneratedRegex("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")]
    private static partial Regex Ids();

    // PostgreSQL never writes a letter so: an id could hide behind it.
    [GeneratedRegex(@"\\u00[2-7]")]
    private static partial Regex HiddenLetters();

    [GeneratedRegex("^[A-Z][A-Z0-9_-]{0,31}$")]
    internal static partial Regex PlanNames();

    /// <summary>The rows of one archive on their way into one transaction. Not safe for concurrent use.</summary>
    private sealed class Run(
        TenantImport import,
        TenantSession session,
        ArchiveHeader header,
        ImportWishes wishes,
        byte[] dataKey,
        Dictionary<string, ArchivedTableShape> shapes
    )
    {
        private readonly Dictionary<Guid, Guid> _persons = [];

        // Ids where a person's may stand that are none of the archive's people: those seen to be nobody's account, and those to see.
        private readonly HashSet<Guid> _nobodies = [];
        private readonly HashSet<Guid> _strangers = [];
        private Guid? _principal;
        private bool _hasTenant;

        public string Plan { get; private set; } = "";

        public int Accounts { get; private set; }

        public int LinkedAccounts { get; private set; }

        public int WorkLeft { get; private set; }

        public async Task AddAsync(
            string table,
            IReadOnlyList<(ReadOnlyMemory<byte> Line, string?[] Values)> rows,
            CancellationToken cancellationToken
        )
        {
            if (table == ArchiveFormat.People)
            {
                var come = await import._people.TakeInAsync(
                    session,
                    rows.Select(row => row.Values),
                    wishes.LinkAccounts,
                    cancellationToken
                );
                Accounts += come.Made;
                LinkedAccounts += come.Linked;
                foreach (var (there, here) in come.Ids)
                {
                    _persons[there] = here;
                }

                await ActForAsync(null, cancellationToken);
                return;
            }

            var columns = header.Tables.First(one => one.Name == table).Columns;
            if (
                !shapes.TryGetValue(table, out var shape)
                || columns.Distinct().Count() != columns.Count
                || columns.Any(column => shape.IndexOf(column) < 0)
            )
            {
                throw ArchiveReader.Damaged($"its table {table} is not one that is taken in");
            }

            var batch = new List<string?[]>();
            var characters = 0L;
            var principal = _principal;
            var principalAt = shape.Rule.IsOfPrincipals ? IndexOf(columns, "principal_id") : -1;
            foreach (var (_, values) in rows)
            {
                Change(shape, columns, values);
                var whose = principalAt >= 0 && Guid.TryParse(values[principalAt], out var id) ? id : (Guid?)null;
                if (
                    batch.Count == RowsAtOnce
                    || characters > CharactersAtOnce
                    || (batch.Count > 0 && whose != principal)
                )
                {
                    await InsertAsync(shape, columns, batch, principal, cancellationToken);
                    batch.Clear();
                    characters = 0;
                }

                principal = whose;
                characters += values.Sum(value => value?.Length ?? 0);
                batch.Add(values);
            }

            await InsertAsync(shape, columns, batch, principal, cancellationToken);
        }

        /// <summary>What the rows must be that came in, and what stands beside them.</summary>
        public async Task FinishAsync(CancellationToken cancellationToken)
        {
            if (!_hasTenant)
            {
                throw ArchiveReader.Damaged("there is no organisation in it");
            }

            await AddKeysAsync(cancellationToken);
            foreach (var shape in shapes.Values)
            {
                if (shape.Rule.Afterwards is { } set)
                {
                    await session.ExecuteAsync(
                        $"UPDATE {TenantExport.Quoted(shape.Name)} SET {set} WHERE tenant_id = current_tenant()",
                        null,
                        cancellationToken
                    );
                }

                if (
                    shape.Rule.Only is { } only
                    && await session.FindAsync<bool>(
                        $"SELECT EXISTS (SELECT 1 FROM {TenantExport.Quoted(shape.Name)} AS t WHERE t.tenant_id = current_tenant() AND NOT ({only}))",
                        null,
                        cancellationToken
                    )
                )
                {
                    throw ArchiveReader.Damaged($"it holds rows of {shape.Name} that no export takes along");
                }
            }

            WorkLeft = await TakenWork.SiftAsync(session, import._work, cancellationToken);
            foreach (var check in import._checks)
            {
                if (!await check.FitsAsync(session, cancellationToken))
                {
                    throw DoesNotFit($"a row of {check.Table} cannot be read");
                }
            }
        }

        private async Task AddKeysAsync(CancellationToken cancellationToken)
        {
            foreach (var signed in header.SigningKeys)
            {
                using var key = ECDsa.Create();
                try
                {
                    key.ImportSubjectPublicKeyInfo(signed.PublicKey, out _);
                }
                catch (CryptographicException broken)
                {
                    throw ArchiveReader.Damaged("a signing key in it is none", broken);
                }

                // A key's id is the hash of the key.
                if (SigningKeys.JwkOf(key).Kid != signed.KeyId)
                {
                    throw ArchiveReader.Damaged("a signing key in it is not the one that it is called");
                }

                await ImportedKeys.AddAsync(
                    session,
                    signed.KeyId,
                    signed.PublicKey,
                    import._time.GetUtcNow(),
                    cancellationToken
                );
            }
        }

        /// <summary>A row as it is to be here: people's ids, secrets, and what means nothing under other keys.</summary>
        private void Change(ArchivedTableShape shape, IReadOnlyList<string> columns, string?[] values)
        {
            var rule = shape.Rule;
            foreach (var name in ArchivedTableRule.Names($"{rule.People} {rule.PeopleWithin}"))
            {
                var at = IndexOf(columns, name);
                if (at >= 0 && values[at] is { } text)
                {
                    values[at] = PersonsHere(shape, name, text);
                }
            }

            foreach (var name in ArchivedTableRule.Names(rule.Replaced))
            {
                var at = IndexOf(columns, name);
                if (at >= 0 && values[at] is not null)
                {
                    values[at] = BytesText.Of(
                        shape.Name == "tenants"
                            ? import._keys.Wrap(dataKey, session.Tenant)
                            : RandomNumberGenerator.GetBytes(SecretBytes)
                    );
                }
            }

            foreach (var column in import._sealed[shape.Name])
            {
                var at = IndexOf(columns, column.Column);
                if (at >= 0 && values[at] is { } plain)
                {
                    var id = column.IdColumn is null ? "" : values[IndexOf(columns, column.IdColumn)] ?? "";
                    values[at] = BytesText.Of(column.Seal(BytesText.Parse(plain), dataKey, session.Tenant, id));
                }
            }

            if (shape.Name == "tenants")
            {
                BeTenant(columns, values);
            }
        }

        /// <summary>The ids as they are here, and nothing that PostgreSQL would read as an id and this does not.</summary>
        private string PersonsHere(ArchivedTableShape shape, string column, string text)
        {
            switch (shape.Types[shape.IndexOf(column)])
            {
                case "uuid":
                    return PersonHere(shape, text);
                case "uuid[]":
                    return text is ['{', .. var list, '}']
                        ? $"{{{string.Join(',', list.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(id => PersonHere(shape, id)))}}}"
                        : throw DoesNotFit($"{shape.Name} names somebody by what is no id");
                default:
                    return HiddenLetters().IsMatch(text)
                        ? throw DoesNotFit($"{shape.Name} names somebody by what is no id")
                        : Ids().Replace(text, found => PersonHere(shape, found.Value));
            }
        }

        private string PersonHere(ArchivedTableShape shape, string text)
        {
            if (!Guid.TryParseExact(text, "D", out var id))
            {
                throw DoesNotFit($"{shape.Name} names somebody by what is no id");
            }

            if (_persons.TryGetValue(id, out var here))
            {
                return here.ToString();
            }

            if (shape.Rule.IsOfMembers)
            {
                throw DoesNotFit($"{shape.Name} names somebody who is not among its people");
            }

            if (!_nobodies.Contains(id))
            {
                _strangers.Add(id);
            }

            return id.ToString();
        }

        /// <summary>A key, a group or somebody of before is nobody here; an account that the archive does not bring is not its to name.</summary>
        private async Task RefuseStrangersAsync(CancellationToken cancellationToken)
        {
            if (_nobodies.Count + _strangers.Count > MostStrangers)
            {
                throw DoesNotFit("it names too many who are not among its people");
            }

            foreach (var id in _strangers)
            {
                await ActForAsync(id, cancellationToken);
                if (await session.FindAsync<bool>(AccountSql, new { id }, cancellationToken))
                {
                    throw DoesNotFit("it names people who are here and not among its own");
                }

                _nobodies.Add(id);
            }

            _strangers.Clear();
        }

        private void BeTenant(IReadOnlyList<string> columns, string?[] values)
        {
            var (plan, wrapped) = (IndexOf(columns, "plan"), IndexOf(columns, "wrapped_key"));
            if (_hasTenant || plan < 0 || wrapped < 0 || values[wrapped] is null)
            {
                throw ArchiveReader.Damaged("it holds another organisation than its own");
            }

            var status = IndexOf(columns, "status");
            if (status >= 0 && values[status] is not ("active" or "suspended"))
            {
                throw DoesNotFit("its organisation was neither active nor suspended");
            }

            _hasTenant = true;
            values[plan] = wishes.Plan ?? values[plan];
            Plan = values[plan] ?? "";
        }

        private async Task InsertAsync(
            ArchivedTableShape shape,
            IReadOnlyList<string> columns,
            List<string?[]> rows,
            Guid? principal,
            CancellationToken cancellationToken
        )
        {
            if (rows.Count == 0)
            {
                return;
            }

            if (
                shape.Name == "tenants"
                && import._plans is { } known
                && !await known.IsKnownAsync(Plan, cancellationToken)
            )
            {
                throw UnknownPlan(Plan);
            }

            await RefuseStrangersAsync(cancellationToken);
            await ActForAsync(principal, cancellationToken);
            var arguments = new DynamicParameters();
            for (var index = 0; index < columns.Count; index++)
            {
                arguments.Add(ParameterOf(index), rows.Select(row => row[index]).ToArray());
            }

            await session.ExecuteAsync(InsertSql(shape, columns), arguments, cancellationToken);
        }

        private async Task ActForAsync(Guid? principal, CancellationToken cancellationToken)
        {
            if (principal != _principal)
            {
                await session.ActForAsync(principal, cancellationToken);
                _principal = principal;
            }
        }

        private static string InsertSql(ArchivedTableShape shape, IReadOnlyList<string> columns)
        {
            var numbers = Enumerable.Range(0, columns.Count).ToList();
            return $"""
                INSERT INTO {TenantExport.Quoted(shape.Name)} (tenant_id{string.Concat(
                    columns.Select(column => ", " + TenantExport.Quoted(column))
                )})
                SELECT current_tenant(){string.Concat(
                    numbers.Select(number =>
                        $", r.{ParameterOf(number)}::{shape.Types[shape.IndexOf(columns[number])]}"
                    )
                )}
                FROM unnest({string.Join(
                    ", ",
                    numbers.Select(number => $"@{ParameterOf(number)}::text[]")
                )}) AS r ({string.Join(", ", numbers.Select(ParameterOf))})
                """;
        }

        private static string ParameterOf(int number) => string.Create(CultureInfo.InvariantCulture, $"c{number}");

        private static int IndexOf(IReadOnlyList<string> columns, string name)
        {
            for (var index = 0; index < columns.Count; index++)
            {
                if (columns[index] == name)
                {
                    return index;
                }
            }

            return -1;
        }
    }
}
