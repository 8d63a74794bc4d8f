using System.Net;
using Chancery.Testing;
using Chancery.Testing.Models;
using Dapper;

namespace Chancery.Server.Tests.Knowledge;

/// <summary>Ingestion that dies anywhere ends in the rows of one that was left in peace.</summary>
public sealed class KilledIngestionTests(EmbeddingFixture chancery) : IClassFixture<EmbeddingFixture>
{
    // PostgreSQL ends the worker's connection in the middle of the chosen statement: what a crash leaves behind there
    // is decided by PostgreSQL alone, whatever ended the process. Sequences count on through rolled-back transactions.
    private const string SwitchSql = """
        CREATE SEQUENCE kill_count;
        CREATE TABLE kill_switch (at bigint NOT NULL);
        INSERT INTO kill_switch VALUES (0);
        CREATE FUNCTION kill_at_statement() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
        BEGIN
          IF nextval('kill_count') = (SELECT at FROM kill_switch) THEN
            PERFORM pg_terminate_backend(pg_backend_pid());
          END IF;
          RETURN NULL;
        END
        $$;
        DO $$
        DECLARE target text;
        BEGIN
          FOREACH target IN ARRAY ARRAY['document_versions', 'documents', 'pages', 'chunks', 'chunk_places',
                                        'chunk_vectors', 'knowledge_revisions', 'knowledge_changes'] LOOP
            EXECUTE format('CREATE TRIGGER kill AFTER INSERT OR UPDATE ON %I
                            FOR EACH STATEMENT EXECUTE FUNCTION kill_at_statement()', target);
          END LOOP;
        END
        $$;
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Killed_in_each_statement_of_each_stage_it_ends_in_the_same_rows()
    {
        var user = await chancery.SignUpAsync();
        var pdf = await File.ReadAllBytesAsync(
            TestData.File("qa", "financebench", "pdfs", "ULTABEAUTY_2023Q4_EARNINGS.pdf"),
            Cancel
        );
        await ExecuteAsync(SwitchSql);

        var undisturbed = await IngestAsync(user, pdf, killAt: -1);
        var statements = await ScalarAsync<long>("SELECT last_value FROM kill_count");
        for (var at = 2; at <= statements; at++)
        {
            var disturbed = await IngestAsync(user, pdf, at);
            Assert.True(undisturbed.SequenceEqual(disturbed), Difference(undisturbed, disturbed, at));
        }

        Assert.True(statements >= 15, $"Only {statements} statements were counted.");
        Assert.Contains(undisturbed, row => row.StartsWith("vector ", StringComparison.Ordinal));
        await ExecuteAsync("UPDATE kill_switch SET at = 0");
    }

    [Fact]
    public async Task A_worker_that_lost_its_lease_writes_nothing_more()
    {
        var user = await chancery.SignUpAsync();
        var held = new TaskCompletionSource();
        chancery.Model.EmbeddingsBehave(_ => new ScriptedReply { Held = held.Task });

        var id = (await user.UploadTextAsync("# Lease\n\nThe dotterel changes hands.")).Id();
        await WaitForAsync(async () => (await user.GetAsync($"/api/v1/docs/{id}")).Text("state") == "embedding");
        await WaitForAsync(() => Task.FromResult(chancery.Model.Running > 0));
        await ExecuteAsync(
            "UPDATE work_items SET lease_owner = 'another', lease_until = now() + interval '3 s' WHERE state = 'running'"
        );
        held.SetResult();
        await WaitForAsync(() => Task.FromResult(chancery.Model.Running == 0));
        await Task.Delay(500, Cancel);
        var meanwhile = await Snapshot.OfAsync(chancery.Owner, id);
        chancery.Model.EmbeddingsBehave(_ => new ScriptedReply());

        Assert.DoesNotContain(meanwhile, row => row.StartsWith("vector ", StringComparison.Ordinal));
        Assert.Contains(meanwhile, row => row.Contains("|embedding|", StringComparison.Ordinal));
        await user.SettledAsync(id);
    }

    [Fact]
    public async Task A_fault_that_stays_is_given_up_and_said()
    {
        var user = await chancery.SignUpAsync();
        var stored = (await user.UploadAsync("# Gone\n\nText."u8.ToArray(), "g.md", ("process", "false"))).Id();
        var directory = Path.Combine(chancery.Storage.DataDirectory, "blobs", $"{user.TenantId}");
        Directory.Delete(directory, recursive: true);

        await user.PostAsync($"/api/v1/docs/{stored}/process", expected: HttpStatusCode.Accepted);
        var failed = await user.SettledAsync(stored, "failed");

        Assert.Equal("internal", failed.GetProperty("failure").Text("code"));
    }

    private async Task<string[]> IngestAsync(TestUser user, byte[] pdf, int killAt)
    {
        var id = (await user.UploadAsync(pdf, "filing.pdf", ("process", "false"))).Id();
        await ExecuteAsync($"UPDATE kill_switch SET at = {killAt}; ALTER SEQUENCE kill_count RESTART");
        // The request's own statement is the first.
        await user.PostAsync($"/api/v1/docs/{id}/process", expected: HttpStatusCode.Accepted);
        await user.SettledAsync(id);
        return await Snapshot.OfAsync(chancery.Owner, id);
    }

    private static string Difference(string[] expected, string[] actual, int at) =>
        $"Killed in statement {at}. Missing: {string.Join("; ", expected.Except(actual).Take(3).Select(Short))}. "
        + $"Too much: {string.Join("; ", actual.Except(expected).Take(3).Select(Short))}.";

    private static string Short(string row) => row.Length <= 200 ? row : row[..200];

    private static async Task WaitForAsync(Func<Task<bool>> condition)
    {
        var deadline = TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(20);
        while (!await condition())
        {
            Assert.True(TimeProvider.System.GetUtcNow() < deadline, "It did not come to that.");
            await Task.Delay(20, Cancel);
        }
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = chancery.Owner.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancel);
    }

    private async Task<T> ScalarAsync<T>(string sql)
    {
        await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);
        return (await connection.ExecuteScalarAsync<T>(sql))!;
    }
}
