using System.Text;
using System.Text.Json;
using Chancery.Server.Access.Lifecycle.Archiving;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Platform.Blobs;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Secrets;
using Npgsql;

namespace Chancery.Server.Access.Federation;

/// <summary>The SQL of organisations' own issuers. Safe for concurrent use.</summary>
internal sealed class IssuerStore(TenantDatabase database, Doors doors, IDataKeys keys)
{
    /// <summary>The client's secret, for an archive of the organisation.</summary>
    public static SealedColumn Sealed { get; } =
        new(
            "identity_issuers",
            "client_secret",
            "issuer_id",
            (kept, dataKey, _, id) => new MasterKey(dataKey).Unwrap(kept, PurposeOf(Guid.Parse(id))),
            (secret, dataKey, _, id) => new MasterKey(dataKey).Wrap(secret, PurposeOf(Guid.Parse(id)))
        );

    private const int MostNamed = 200;

    private const string TenantSql = "SELECT * FROM door_identity_issuer(@id)";

    private const string NamedSql = "SELECT * FROM door_issuers_named(@address, @most)";

    private const string ColumnsSql = """
        SELECT issuer_id, label, issuer, client_id, client_secret, algorithm, scopes, rules::text AS rules, created_by, created_at,
               updated_at
        FROM identity_issuers
        WHERE tenant_id = @tenant

        """;

    private const string FindSql = ColumnsSql + "AND issuer_id = @id";

    private const string ListSql =
        ColumnsSql + "AND (@after::uuid IS NULL OR issuer_id > @after) ORDER BY issuer_id LIMIT @most";

    private const string InsertSql = """
        INSERT INTO identity_issuers
          (tenant_id, issuer_id, label, issuer, client_id, client_secret, algorithm, scopes, rules, created_by, created_at,
           updated_at)
        VALUES (@tenant, @id, @label, @address, @clientId, @secret, @algorithm, @scopes, @rules::jsonb, @by, @now, @now)
        """;

    // A secret that is not given again stays.
    private const string UpdateSql = """
        UPDATE identity_issuers
        SET label = @label, client_id = @clientId, client_secret = coalesce(@secret, client_secret), algorithm = @algorithm,
            scopes = @scopes, rules = @rules::jsonb, updated_at = @now
        WHERE tenant_id = @tenant AND issuer_id = @id
        """;

    // What its subjects were linked to goes along.
    private const string DeleteSql = """
        DELETE FROM federated_identities WHERE tenant_id = @tenant AND issuer_key = @key;
        DELETE FROM identity_issuers WHERE tenant_id = @tenant AND issuer_id = @id
        """;

    private const string CountSql = """
        SELECT count(*)::int FROM identity_issuers WHERE tenant_id = @tenant
        """;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    /// <summary>The most that an organisation has.</summary>
    public const int Most = 20;

    internal sealed record Row
    {
        public required Guid IssuerId { get; init; }
        public required string Label { get; init; }
        public required string Issuer { get; init; }
        public required string ClientId { get; init; }
        public byte[]? ClientSecret { get; init; }
        public required string Algorithm { get; init; }
        public required string Scopes { get; init; }
        public required string Rules { get; init; }
        public required Guid CreatedBy { get; init; }
        public required DateTimeOffset CreatedAt { get; init; }
        public required DateTimeOffset UpdatedAt { get; init; }

        public IssuerRules ReadRules() => JsonSerializer.Deserialize<IssuerRules>(Rules, Json)!;
    }

    /// <param name="Secret">In clear; null for none, or for the one that is kept.</param>
    internal sealed record Content(
        string Label,
        string Address,
        string ClientId,
        string? Secret,
        string Algorithm,
        string Scopes,
        IssuerRules Rules
    );

    internal enum Change
    {
        Done,
        NotFound,
        Taken,
        TooMany,
    }

    private sealed record TenantRow(Guid TenantId);

    private sealed record NamedRow(Guid TenantId, Guid IssuerId);

    /// <summary>Whosever it is; <c>null</c> when nobody has it, or its organisation is suspended.</summary>
    public async Task<ExternalIssuer?> FindAsync(Guid id, CancellationToken cancellationToken) =>
        await doors.FindAsync<TenantRow>(TenantSql, new { id }, cancellationToken) is { } found
            ? await OpenAsync(new TenantId(found.TenantId), id, cancellationToken)
            : null;

    /// <summary>Those of an address, the oldest first.</summary>
    public async Task<IReadOnlyList<ExternalIssuer>> NamedAsync(string address, CancellationToken cancellationToken)
    {
        var found = await doors.QueryAsync<NamedRow>(NamedSql, new { address, most = MostNamed }, cancellationToken);
        var issuers = new List<ExternalIssuer>();
        foreach (var row in found)
        {
            if (await OpenAsync(new TenantId(row.TenantId), row.IssuerId, cancellationToken) is { } issuer)
            {
                issuers.Add(issuer);
            }
        }

        return issuers;
    }

    public async Task<ExternalIssuer?> OpenAsync(TenantId tenant, Guid id, CancellationToken cancellationToken)
    {
        if (await RowAsync(tenant, id, cancellationToken) is not { } row)
        {
            return null;
        }

        var secret = row.ClientSecret is { } wrapped
            ? Encoding.UTF8.GetString(
                new MasterKey(await keys.GetAsync(tenant, cancellationToken)).Unwrap(wrapped, PurposeOf(id))
            )
            : null;
        return new ExternalIssuer(
            id.ToString(),
            tenant,
            id.ToString(),
            row.Label,
            row.Issuer,
            row.ClientId,
            secret,
            row.Algorithm,
            row.Scopes,
            row.ReadRules()
        );
    }

    public async Task<Row?> RowAsync(TenantId tenant, Guid id, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.FindAsync<Row>(FindSql, new { tenant = tenant.Value, id }, cancellationToken);
    }

    public async Task<IReadOnlyList<Row>> ListAsync(
        TenantId tenant,
        Guid? after,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.QueryAsync<Row>(
            ListSql,
            new
            {
                tenant = tenant.Value,
                after,
                most,
            },
            cancellationToken
        );
    }

    public async Task<Change> InsertAsync(
        Principal by,
        Guid id,
        Content content,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var arguments = await ArgumentsAsync(by, id, content, now, cancellationToken);
        await using var session = await database.OpenAsync(by.Tenant, cancellationToken);
        if (await session.FindAsync<int>(CountSql, new { tenant = by.Tenant.Value }, cancellationToken) >= Most)
        {
            return Change.TooMany;
        }

        return await WriteAsync(session, InsertSql, arguments, cancellationToken);
    }

    /// <summary>Everything but its address, which what it linked belongs to.</summary>
    public async Task<Change> UpdateAsync(
        Principal by,
        Guid id,
        Content content,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var arguments = await ArgumentsAsync(by, id, content, now, cancellationToken);
        await using var session = await database.OpenAsync(by.Tenant, cancellationToken);
        return await WriteAsync(session, UpdateSql, arguments, cancellationToken);
    }

    /// <summary>
    /// With the sign-ins that came by it, which are answered; <c>null</c> when this tenant has no such issuer.
    /// </summary>
    public async Task<IReadOnlyList<Guid>?> DeleteAsync(
        TenantId tenant,
        Guid id,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        var arguments = new
        {
            tenant = tenant.Value,
            id,
            key = id.ToString(),
        };
        if (await session.FindAsync<Row>(FindSql, arguments, cancellationToken) is null)
        {
            return null;
        }

        await session.ExecuteAsync(DeleteSql, arguments, cancellationToken);
        var ended = await SessionStore.RevokeOfIssuerAsync(session, arguments.key, now, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return ended;
    }

    private static async Task<Change> WriteAsync(
        TenantSession session,
        string sql,
        object arguments,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var count = await session.ExecuteAsync(sql, arguments, cancellationToken);
            await session.CommitAsync(cancellationToken);
            return count == 1 ? Change.Done : Change.NotFound;
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return Change.Taken;
        }
    }

    private async Task<object> ArgumentsAsync(
        Principal by,
        Guid id,
        Content content,
        DateTimeOffset now,
        CancellationToken cancellationToken
    ) =>
        new
        {
            tenant = by.Tenant.Value,
            id,
            label = content.Label,
            address = content.Address,
            clientId = content.ClientId,
            secret = content.Secret is { } secret
                ? new MasterKey(await keys.GetAsync(by.Tenant, cancellationToken)).Wrap(
                    Encoding.UTF8.GetBytes(secret),
                    PurposeOf(id)
                )
                : null,
            algorithm = content.Algorithm,
            scopes = content.Scopes,
            rules = JsonSerializer.Serialize(content.Rules, Json),
            by = by.UserId,
            now,
        };

    internal static string PurposeOf(Guid id) => $"identity-issuer/{id}";
}
