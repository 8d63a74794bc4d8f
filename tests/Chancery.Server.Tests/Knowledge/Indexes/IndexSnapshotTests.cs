using Chancery.Server.Knowledge;
using Chancery.Server.Knowledge.Search;
using Chancery.Server.Knowledge.Search.Indexes;
using Chancery.Server.Platform.Database;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Knowledge.Indexes;

/// <summary>An index on disk is used when it is whole, the tenant's own and of the tenant's history; else it is made anew.</summary>
public sealed class IndexSnapshotTests(IndexFixture chancery) : IClassFixture<IndexFixture>
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_that_stops_leaves_indexes_which_the_next_one_opens_and_brings_up_to_date()
    {
        var user = await chancery.SignUpAsync();
        await user.ReadyTextAsync("# Bird\n\nThe corncrake rasps.");
        var (search, stopped) = chancery.NewServer();
        await search.SearchAsync(new TenantId(user.TenantId), new PassageQuery("corncrake"), Cancel);
        Assert.False(File.Exists(chancery.SnapshotOf(user)));
        await stopped.StopAsync(Cancel);
        await user.ReadyTextAsync("# New\n\nThe corncrake migrates by night.");

        var (found, numbers) = await AskNewServerAsync(user, "corncrake");

        Assert.Equal(2, found.Length);
        Assert.Equal((1, 0), (numbers.FromSnapshots, numbers.Rebuilds));
        var file = chancery.SnapshotOf(user);
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(file));
        Assert.Equal(OwnerOnly | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(file)!));
    }

    [Fact]
    public async Task A_torn_file_is_thrown_away()
    {
        var user = await SavedAsync("The nightjar churrs.");
        await using (var file = File.OpenWrite(chancery.SnapshotOf(user)))
        {
            file.SetLength(file.Length / 2);
        }

        var (found, numbers) = await AskNewServerAsync(user, "nightjar");

        Assert.Single(found);
        Assert.Equal((0, 1), (numbers.FromSnapshots, numbers.Rebuilds));
    }

    [Fact]
    public async Task Another_tenants_file_is_thrown_away()
    {
        var user = await SavedAsync("The hoopoe is ours.");
        var other = await SavedAsync("The secret hoopoe is theirs.");
        File.Copy(chancery.SnapshotOf(other), chancery.SnapshotOf(user), overwrite: true);

        var (found, numbers) = await AskNewServerAsync(user, "hoopoe");

        Assert.DoesNotContain("secret", Assert.Single(found), StringComparison.Ordinal);
        Assert.Equal((0, 1), (numbers.FromSnapshots, numbers.Rebuilds));
    }

    [Fact]
    public async Task After_a_restored_backup_neither_the_file_nor_the_index_in_memory_is_used()
    {
        var user = await SavedAsync("The brambling winters here.");
        // The same number of changes, with another content: as if the database had gone another way since the backup.
        await using (var restore = chancery.Owner.CreateCommand(KnowledgeBackup.Part.RestoredSql!))
        {
            await restore.ExecuteNonQueryAsync(Cancel);
        }

        await chancery.ExecuteAsync(
            "UPDATE chunks SET text = replace(text, 'winters', 'summers') WHERE tenant_id = $1",
            user.TenantId
        );
        var (found, numbers) = await AskNewServerAsync(user, "brambling");
        var running = await user.SearchAsync("brambling");
        var again = await user.SearchAsync("\"brambling summers\"");

        Assert.Contains("summers", Assert.Single(found), StringComparison.Ordinal);
        Assert.Equal((0, 1), (numbers.FromSnapshots, numbers.Rebuilds));
        Assert.Single(running.Results());
        Assert.Equal("memory", again.Text("engine"));
        Assert.Single(again.Results());
    }

    [Fact]
    public async Task Where_the_log_does_not_reach_back_to_the_file_it_is_not_used()
    {
        var user = await SavedAsync("The twite nests on moors.");
        await user.ReadyTextAsync("# New\n\nThe twite feeds on seeds.");
        await user.ReadyTextAsync("# Newer\n\nThe twite twitters.");
        await chancery.ExecuteAsync(
            """
            DELETE FROM knowledge_changes AS c USING knowledge_revisions AS r
            WHERE r.tenant_id = $1 AND c.tenant_id = r.tenant_id AND c.revision < r.revision
            """,
            user.TenantId
        );

        var (found, numbers) = await AskNewServerAsync(user, "twite");

        Assert.Equal(3, found.Length);
        Assert.Equal((0, 1), (numbers.FromSnapshots, numbers.Rebuilds));
    }

    [Fact]
    public async Task A_tenant_that_ends_leaves_no_file_and_neither_does_a_server_that_died_writing()
    {
        var user = await SavedAsync("The serin sings.");
        var gone = await SavedAsync("The siskin hangs.");
        var directory = Path.GetDirectoryName(chancery.SnapshotOf(user))!;
        var stranger = Path.Combine(directory, $"{Guid.CreateVersion7()}.index");
        var unfinished = chancery.SnapshotOf(user) + $".{Guid.CreateVersion7():n}.new";
        var beingWritten = chancery.SnapshotOf(user) + $".{Guid.CreateVersion7():n}.new";
        foreach (var file in new[] { stranger, unfinished, beingWritten })
        {
            await File.WriteAllTextAsync(file, "x", Cancel);
        }

        File.SetLastWriteTimeUtc(unfinished, TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(-1));
        chancery.Indexes.ForgetTenant(new TenantId(gone.TenantId));
        await chancery.StartReplicaAsync();
        await Access.AccessApi.EventuallyAsync(() => Task.FromResult(!File.Exists(stranger)), TimeSpan.FromSeconds(20));

        Assert.False(File.Exists(unfinished));
        Assert.True(File.Exists(beingWritten));
        Assert.False(File.Exists(chancery.SnapshotOf(gone)));
        Assert.True(File.Exists(chancery.SnapshotOf(user)));
    }

    /// <summary>Somebody with one document, whose index a server that has stopped left on disk.</summary>
    private async Task<TestUser> SavedAsync(string text)
    {
        var user = await chancery.SignUpAsync();
        await user.ReadyTextAsync($"# Bird\n\n{text}");
        await user.SearchAsync("bird");
        var entry = await chancery.Indexes.FindAsync(new TenantId(user.TenantId), "scripted", Cancel);
        Assert.True(
            chancery
                .Services.GetRequiredService<IndexSnapshots>()
                .Save(new TenantId(user.TenantId), entry!.Index, Cancel)
        );
        return user;
    }

    private async Task<(string[] Texts, Chancery.Server.Platform.Health.SearchIndexes Numbers)> AskNewServerAsync(
        TestUser user,
        string query
    )
    {
        var (search, indexes) = chancery.NewServer();
        var found = await search.SearchAsync(new TenantId(user.TenantId), new PassageQuery(query), Cancel);
        Assert.Equal(SearchEngines.Memory, found.Engine);
        return ([.. found.Passages.Select(passage => passage.Text)], indexes.Tell());
    }
}
