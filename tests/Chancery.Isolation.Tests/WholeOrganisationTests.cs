using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Server.Access;
using Chancery.Server.Access.Lifecycle.Archiving;
using Chancery.Server.Platform.Blobs;
using Chancery.Server.Platform.Database;
using Chancery.Testing;
using Dapper;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Isolation.Tests;

/// <summary>An organisation with something of every kind in it, out of one installation and into another: equal, field by field.</summary>
public sealed class WholeOrganisationTests(IsolationTests.Fixture chancery) : IClassFixture<IsolationTests.Fixture>
{
    // What goes on being written while it is looked at: compared as what must be among the rest.
    private static readonly string[] Growing =
    [
        "audit_inbox",
        "audit_people",
        "audit_entries",
        "audit_heads",
        "work_items",
        "audit_chains",
    ];

    // What PostgreSQL does not tell of columns.
    private static readonly Dictionary<string, string> Known = new()
    {
        // What the operator set stays with the operator.
        ["budgets.set_by"] = "'tenant'",
        ["limit_overrides.set_by"] = "'tenant'",
        ["budgets.level"] = "'user'",
        ["limit_overrides.level"] = "'user'",
        ["federated_identities.issuer_key"] =
            "(SELECT issuer_id::text FROM identity_issuers WHERE tenant_id = @tenant LIMIT 1)",
        ["plan_usage.month"] = "date_trunc('month', now())::date",
    };

    private const string Passphrase = "correct horse battery";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Everything_of_an_organisation_is_the_same_in_another_installation()
    {
        var acme = await Organisation.CreateAsync(chancery);
        await acme.FillAsync();
        foreach (
            var kind in new[]
            {
                "revised_contract",
                "proposed_contract",
                "share",
                "rolling_prompt",
                "used_prompt",
                "staffed_group",
                "deleted",
                "deferred",
            }
        )
        {
            await acme.MakeAsync(kind);
        }

        await acme.ColleagueAsync();
        using var webhook = await acme.Owner.Http.PutAsJsonAsync(
            "/api/v1/alerts/webhook",
            new { url = "https://example.com/alerts" },
            Cancel
        );
        webhook.EnsureSuccessStatusCode();
        var tenant = new TenantId(acme.Owner.TenantId);
        var engines = await EngineHost.GetAsync();
        await using var other = new ChanceryFixture
        {
            RedisConfiguration = string.Create(CultureInfo.InvariantCulture, $"{engines.Redis},defaultDatabase=8"),
        };
        await other.InitializeAsync();
        await SettledAsync(tenant);
        await using (var connection = await chancery.Owner.OpenConnectionAsync(Cancel))
        {
            Assert.Empty(await MadeUpRows.FillAsync(connection, tenant.Value, acme.Owner.UserId, Known));
        }

        var before = await RowsAsync(chancery, tenant);

        using var exported = await acme.Owner.Http.PostAsJsonAsync(
            "/api/v1/organization/export",
            new { passphrase = Passphrase },
            Cancel
        );
        exported.EnsureSuccessStatusCode();
        using var machine = other.Anonymous();
        using var form = new MultipartFormDataContent
        {
            { new StringContent(Passphrase), "passphrase" },
            { new ByteArrayContent(await exported.Content.ReadAsByteArrayAsync(Cancel)), "file", "acme.chancery" },
        };
        using var imported = await machine.PostAsync("/operator/tenants/import", form, Cancel);
        Assert.True(imported.StatusCode == HttpStatusCode.Created, await imported.Content.ReadAsStringAsync(Cancel));

        var after = await RowsAsync(other, tenant);
        Assert.Equal(before.Keys.Order(StringComparer.Ordinal), after.Keys.Order(StringComparer.Ordinal));
        var different = new List<string>();
        foreach (var (table, rows) in before)
        {
            var missing = rows.Except(after[table]).ToList();
            var more = Growing.Contains(table) ? [] : after[table].Except(rows).ToList();
            if (table is "audit_chains" or "audit_inbox" or "work_items")
            {
                continue;
            }

            different.AddRange(
                missing.Select(row => $"{table} lost {row}").Concat(more.Select(row => $"{table} has {row}")).Take(3)
            );
        }

        Assert.Empty(different);
        // A comparison of nothing would be equal, too.
        Assert.Empty(before.Where(table => table.Value.Count == 0).Select(table => table.Key).Except(["work_items"]));
        await FilesAreEqualAsync(other, tenant);
    }

    /// <summary>Nothing is worked on any more that would change rows between two looks.</summary>
    private async Task SettledAsync(TenantId tenant)
    {
        await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);
        for (var tries = 0; tries < 300; tries++)
        {
            var open = await connection.QuerySingleAsync<long>(
                "SELECT count(*) FROM work_items WHERE tenant_id = @tenant AND state IN ('queued', 'running')",
                new { tenant = tenant.Value }
            );
            if (open == 0)
            {
                return;
            }

            await Task.Delay(200, Cancel);
        }
    }

    /// <summary>All carried rows as text, with their secrets opened and without what is made anew.</summary>
    private static async Task<Dictionary<string, HashSet<string>>> RowsAsync(
        ChanceryFixture installation,
        TenantId tenant
    )
    {
        var sealedColumns = installation.Services.GetServices<SealedColumn>().ToLookup(column => column.Table);
        var dataKey = await installation.Services.GetRequiredService<TenantKeys>().GetAsync(tenant, Cancel);
        await using var connection = await installation.Owner.OpenConnectionAsync(Cancel);
        await connection.ExecuteAsync("SET timezone = 'UTC'");
        var all = new Dictionary<string, HashSet<string>>();
        foreach (var rule in ArchiveTables.Carried)
        {
            // What is written over a row that comes in is another here.
            var written = (rule.Afterwards ?? "").Split(", ").Select(one => one.Split(" = ")[0]);
            var without = ArchivedTableRule.Names($"{rule.Replaced} {rule.Dropped}").Concat(written);
            var names = (
                await connection.QueryAsync<string>(
                    "SELECT attname::text FROM pg_attribute WHERE attrelid = @name::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
                    new { name = rule.Name }
                )
            )
                .Except(without)
                .ToList();
            var rows = await connection.QueryAsync<string>(
                $"SELECT json_build_array({string.Join(", ", names.Select(name => $"t.\"{name}\"::text"))})::text FROM {rule.Name} AS t WHERE t.tenant_id = @tenant AND ({rule.Only ?? "true"})",
                new { tenant = tenant.Value }
            );
            all[rule.Name] =
            [
                .. rows.Select(row =>
                {
                    var values = JsonSerializer.Deserialize<string?[]>(row)!;
                    foreach (var column in sealedColumns[rule.Name])
                    {
                        var at = names.IndexOf(column.Column);
                        if (values[at] is { } kept)
                        {
                            var id = column.IdColumn is null ? "" : values[names.IndexOf(column.IdColumn)]!;
                            values[at] = BytesText.Of(column.Open(BytesText.Parse(kept), dataKey, tenant, id));
                        }
                    }

                    return JsonSerializer.Serialize(values);
                }),
            ];
        }

        all["people"] =
        [
            .. await connection.QueryAsync<string>(
                "SELECT json_build_array(u.user_id, u.email, u.name)::text FROM users AS u JOIN memberships AS m USING (user_id) WHERE m.tenant_id = @tenant",
                new { tenant = tenant.Value }
            ),
        ];
        return all;
    }

    private async Task FilesAreEqualAsync(ChanceryFixture other, TenantId tenant)
    {
        await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);
        var files = (
            await connection.QueryAsync<byte[]>(
                "SELECT DISTINCT blob_sha256 FROM document_versions WHERE tenant_id = @tenant AND blob_sha256 IS NOT NULL",
                new { tenant = tenant.Value }
            )
        ).ToList();
        Assert.NotEmpty(files);
        foreach (var sha256 in files)
        {
            Assert.Equal(await BytesAsync(chancery, tenant, sha256), await BytesAsync(other, tenant, sha256));
        }
    }

    private static async Task<byte[]> BytesAsync(ChanceryFixture installation, TenantId tenant, byte[] sha256)
    {
        await using var file = await installation
            .Services.GetRequiredService<BlobStore>()
            .OpenAsync(tenant, sha256, Cancel);
        using var copy = new MemoryStream();
        await file.CopyToAsync(copy, Cancel);
        return copy.ToArray();
    }
}
