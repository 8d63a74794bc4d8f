using System.Net.Http.Json;
using System.Text.Json;
using Dapper;

namespace Chancery.Isolation.Tests;

/// <summary>Two organisations that have something of every kind; one is erased, and the other does not lose a row or a file.</summary>
public sealed class ErasedOrganisationTests(IsolationTests.Fixture chancery) : IClassFixture<IsolationTests.Fixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_organisation_with_something_of_every_kind_is_gone_and_its_neighbour_loses_nothing()
    {
        var gone = await Organisation.CreateAsync(chancery);
        var stays = await Organisation.CreateAsync(chancery);
        await gone.FillAsync();
        await stays.FillAsync();
        await QuietAsync();
        var before = await RowsAsync(stays.Owner.TenantId);
        var tables = (await RowsAsync(gone.Owner.TenantId)).Select(row => row.Split(' ')[0]).Distinct().Count();
        Assert.True(tables > 45, $"Only {tables} tables have rows of it.");

        using var http = new HttpClient { BaseAddress = chancery.Address };
        using (await http.PostAsync($"/operator/tenants/{gone.Owner.TenantId}/suspend", null, Cancel)) { }
        using var ordered = await http.PostAsJsonAsync(
            $"/operator/tenants/{gone.Owner.TenantId}/erase",
            new { name = gone.Canary },
            Cancel
        );
        var order = (await ordered.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("id").GetGuid();
        var state = "";
        for (var waited = 0; waited < 120 && state != "done"; waited++)
        {
            await Task.Delay(1000, Cancel);
            state = (await http.GetFromJsonAsync<JsonElement>($"/operator/erasures/{order}", Cancel))
                .GetProperty("state")
                .GetString()!;
        }

        Assert.Equal("done", state);
        Assert.Empty(await RowsAsync(gone.Owner.TenantId));
        Assert.Equal(Kept(before), Kept(await RowsAsync(stays.Owner.TenantId)));
        Assert.False(Directory.Exists(FilesOf(gone)));
        Assert.NotEmpty(Directory.GetFiles(FilesOf(stays), "*", SearchOption.AllDirectories));
        Assert.Empty(await HoldingAsync(gone.Canary));
    }

    /// <summary>Without what comes and goes by the clock.</summary>
    private static IEnumerable<string> Kept(IReadOnlyList<string> rows) =>
        rows.Where(row => row is not ("audit_chains" or "audit_heads" or "work_items" or "work_turns"));

    private string FilesOf(Organisation organisation) =>
        Path.Combine(chancery.Storage.DataDirectory, "blobs", $"{organisation.Owner.TenantId}");

    /// <summary>Until the work that was asked for is done, and what was recorded is linked.</summary>
    private async Task QuietAsync()
    {
        await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);
        for (var waited = 0; waited < 600; waited++)
        {
            if (
                !await connection.ExecuteScalarAsync<bool>(
                    """
                    SELECT EXISTS (SELECT 1 FROM work_items WHERE state IN ('queued', 'running'))
                        OR EXISTS (SELECT 1 FROM audit_inbox)
                    """
                )
            )
            {
                return;
            }

            await Task.Delay(100, Cancel);
        }
    }

    /// <summary>All rows of an organisation, but for what goes by the clock.</summary>
    private async Task<IReadOnlyList<string>> RowsAsync(Guid tenant)
    {
        await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);
        var rows = new List<string>();
        foreach (var table in await TablesAsync(connection, "column_name = 'tenant_id'"))
        {
            if (table is "audit_chains" or "audit_heads" or "work_items" or "work_turns")
            {
                var count = await connection.ExecuteScalarAsync<long>(
                    $"SELECT count(*) FROM {table} WHERE tenant_id = @tenant",
                    new { tenant }
                );
                if (count > 0)
                {
                    rows.Add(table);
                }

                continue;
            }

            rows.AddRange(
                (
                    await connection.QueryAsync<string>(
                        $"SELECT t::text FROM {table} AS t WHERE tenant_id = @tenant ORDER BY 1",
                        new { tenant }
                    )
                ).Select(row => $"{table} {row}")
            );
        }

        return rows;
    }

    /// <summary>Tables of the whole database that have a row with the word in it.</summary>
    private async Task<IReadOnlyList<string>> HoldingAsync(string word)
    {
        await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);
        var found = new List<string>();
        foreach (var table in await TablesAsync(connection, "true"))
        {
            var rows = await connection.QueryAsync<string>(
                $"SELECT t::text FROM {table} AS t WHERE position(lower(@word) IN lower(t::text)) > 0 LIMIT 3",
                new { word }
            );
            found.AddRange(rows.Select(row => $"{table} {row}"));
        }

        return found;
    }

    private static async Task<IReadOnlyList<string>> TablesAsync(
        Npgsql.NpgsqlConnection connection,
        string condition
    ) =>
        (
            await connection.QueryAsync<string>(
                $"""
                SELECT DISTINCT c.table_name::text FROM information_schema.columns AS c
                JOIN information_schema.tables AS t USING (table_schema, table_name)
                WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND {condition}
                ORDER BY 1
                """
            )
        ).AsList();
}
