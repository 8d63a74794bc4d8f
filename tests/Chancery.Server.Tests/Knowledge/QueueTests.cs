using System.Net.Http.Json;
using Chancery.Testing;
using Dapper;

namespace Chancery.Server.Tests.Knowledge;

/// <summary>A server that takes uploads and leaves the work to others.</summary>
public sealed class IdleFixture : ChanceryFixture
{
    public IdleFixture() => Settings["WORKERS"] = "0";
}

public sealed class QueueTests(IdleFixture chancery) : IClassFixture<IdleFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Eight_tenants_take_turns_however_much_one_of_them_uploads()
    {
        const string orderSql = """
            SELECT tenant_id FROM document_versions WHERE tenant_id = ANY (@tenants) ORDER BY started_at
            """;
        var users = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => chancery.SignUpAsync()));
        foreach (var i in Enumerable.Range(0, 10))
        {
            await users[0].UploadTextAsync($"# {i}\n\nThe first tenant's number {i}.");
        }

        await Task.WhenAll(
            users
                .Skip(1)
                .SelectMany(user => new[] { user.UploadTextAsync("# A\n\nA."), user.UploadTextAsync("# B\n\nB.") })
        );

        chancery.Settings["WORKERS"] = "1";
        await chancery.StartReplicaAsync();
        chancery.Settings["WORKERS"] = "0";
        var tenants = users.Select(user => user.TenantId).ToArray();
        Guid[] order = [];
        while (order.Length < 24)
        {
            await Task.Delay(100, Cancel);
            await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);
            order =
            [
                .. await connection.QueryAsync<Guid>(
                    orderSql.Replace("ORDER", "AND started_at IS NOT NULL ORDER", StringComparison.Ordinal),
                    new { tenants }
                ),
            ];
        }

        Assert.Equal(8, order[..8].Distinct().Count());
        Assert.Equal(8, order[8..16].Distinct().Count());
        Assert.All(order[16..], tenant => Assert.Equal(users[0].TenantId, tenant));
    }
}

public sealed class RevisionTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private const string StateSql = """
        SELECT r.revision, r.token, (SELECT count(*) FROM knowledge_changes AS c WHERE c.tenant_id = r.tenant_id) AS changes,
               coalesce((SELECT max(c.revision) FROM knowledge_changes AS c WHERE c.tenant_id = r.tenant_id), 0) AS newest,
               (SELECT c.token FROM knowledge_changes AS c WHERE c.tenant_id = r.tenant_id
                ORDER BY c.revision DESC LIMIT 1) AS newest_token
        FROM knowledge_revisions AS r WHERE r.tenant_id = @tenant
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whoever_reads_while_twenty_commit_sees_every_change_up_to_the_revision()
    {
        var user = await chancery.SignUpAsync();
        var documents = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(i => user.UploadAsync("Text."u8.ToArray(), $"{i}.txt", ("tags", "old")))
        );

        var writing = Task.WhenAll(
            documents.Select(
                async (document, i) =>
                {
                    await user.SettledAsync(document.Id());
                    await user.Http.PatchAsJsonAsync(
                        $"/api/v1/docs/{document.Id()}",
                        new { tags = new[] { "old", $"{i}" } },
                        Cancel
                    );
                    await user.Http.DeleteAsync($"/api/v1/docs/{document.Id()}", Cancel);
                    await user.PostAsync($"/api/v1/docs/{document.Id()}/restore");
                }
            )
        );
        while (!writing.IsCompleted)
        {
            Check(await StateAsync(user.TenantId));
            await Task.Delay(5, Cancel);
        }

        await writing;
        await user.PostAsync("/api/v1/tags/rename", new { from = "old", to = "new" });
        var state = await StateAsync(user.TenantId);
        Check(state);
        Assert.Equal(20 * 5, state.Revision);

        static void Check(StateRow state)
        {
            Assert.Equal(state.Revision, state.Changes);
            Assert.Equal(state.Revision, state.Newest);
            Assert.True(state.Revision == 0 || state.Token == state.NewestToken);
        }
    }

    private async Task<StateRow> StateAsync(Guid tenant)
    {
        await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);
        return await connection.QuerySingleAsync<StateRow>(StateSql, new { tenant });
    }

    private sealed record StateRow
    {
        public long Revision { get; init; }
        public Guid Token { get; init; }
        public long Changes { get; init; }
        public long Newest { get; init; }
        public Guid? NewestToken { get; init; }
    }
}
