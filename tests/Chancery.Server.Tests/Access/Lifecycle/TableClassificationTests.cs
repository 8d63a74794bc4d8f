using Chancery.Server.Access.Lifecycle.Archiving;
using Chancery.Testing;
using Dapper;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Access.Lifecycle;

/// <summary>Nothing of an organisation stays behind, or goes along, because nobody thought of it.</summary>
public sealed class TableClassificationTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private sealed record Column(string Table, string Name, string Type, bool IsPrivate);

    [Fact]
    public async Task Every_table_with_rows_of_tenants_is_carried_or_left_for_a_reason()
    {
        var tables = (await ColumnsAsync()).Select(column => column.Table).Distinct().Order(StringComparer.Ordinal);

        Assert.Equal(tables, ArchiveTables.All.Select(rule => rule.Name).Order(StringComparer.Ordinal));
        Assert.All(ArchiveTables.All.Where(rule => !rule.IsCarried), rule => Assert.NotEmpty(rule.LeftBecause!));
    }

    [Fact]
    public async Task Every_column_of_an_id_bytes_or_json_is_decided_about_and_no_other_is_named()
    {
        var columns = (await ColumnsAsync())
            .Where(column => column.Name != ArchiveSchema.TenantColumn)
            .ToLookup(c => c.Table);
        var wrong = new List<string>();
        foreach (var rule in ArchiveTables.Carried)
        {
            string[] kinds =
            [
                rule.Ids,
                rule.People,
                rule.PeopleWithin,
                rule.Json,
                rule.Bytes,
                rule.Files,
                rule.Sealed,
                rule.Replaced,
                rule.Dropped,
            ];
            var named = kinds.SelectMany(ArchivedTableRule.Names).ToList();
            wrong.AddRange(
                named
                    .GroupBy(name => name)
                    .Where(same => same.Count() > 1)
                    .Select(same => $"{rule.Name}.{same.Key} twice")
            );
            wrong.AddRange(
                named
                    .Except(columns[rule.Name].Select(column => column.Name))
                    .Select(name => $"{rule.Name}.{name} is not there")
            );
            wrong.AddRange(
                columns[rule.Name]
                    .Where(column =>
                        column.Type is "uuid" or "uuid[]" or "bytea" or "jsonb" && !named.Contains(column.Name)
                    )
                    .Select(column => $"{column.Table}.{column.Name} is not decided about")
            );
            if (rule.IsOfPrincipals != columns[rule.Name].Any(column => column.IsPrivate))
            {
                wrong.Add($"{rule.Name}: whether it is of principals");
            }
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void Every_sealed_column_has_somebody_who_opens_it()
    {
        var known = chancery.Services.GetServices<SealedColumn>().Select(column => $"{column.Table}.{column.Column}");

        Assert.Equal(
            ArchiveTables
                .Carried.SelectMany(rule => ArchivedTableRule.Names(rule.Sealed).Select(name => $"{rule.Name}.{name}"))
                .Order(StringComparer.Ordinal),
            known.Order(StringComparer.Ordinal)
        );
    }

    private async Task<IReadOnlyList<Column>> ColumnsAsync()
    {
        await using var connection = await chancery.Owner.OpenConnectionAsync(TestContext.Current.CancellationToken);
        return
        [
            .. await connection.QueryAsync<Column>(
                """
                SELECT c.relname::text AS table, a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS type,
                       EXISTS (SELECT 1 FROM pg_policy AS p WHERE p.polrelid = c.oid AND p.polname = 'principal_only') AS is_private
                FROM pg_class AS c
                JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
                  AND EXISTS (SELECT 1 FROM pg_attribute AS t
                              WHERE t.attrelid = c.oid AND t.attname = 'tenant_id' AND NOT t.attisdropped)
                ORDER BY 1, a.attnum
                """
            ),
        ];
    }
}
