using System.Net;
using Chancery.Server.Knowledge.Progress;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Work;
using Dapper;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Knowledge;

/// <summary>Nobody works here but the test itself.</summary>
public sealed class OpenWorkTests(IdleFixture chancery) : IClassFixture<IdleFixture>
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private WorkStore Store => chancery.Services.GetRequiredService<WorkStore>();

    [Fact]
    public async Task Work_that_waits_is_there_once_however_often_it_is_asked_for()
    {
        var tenant = new TenantId((await chancery.SignUpAsync()).TenantId);
        var kind = NewKind();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => EnqueueAsync(tenant, kind)));

        var first = await ClaimAsync(kind);
        var second = await ClaimAsync(kind);
        await Store.DoneAsync(first!, Cancel);

        Assert.NotNull(first);
        Assert.Null(second);
        Assert.Null(await ClaimAsync(kind));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Work_that_is_asked_for_while_it_runs_runs_once_more_whatever_its_end(bool fails)
    {
        var tenant = new TenantId((await chancery.SignUpAsync()).TenantId);
        var kind = NewKind();
        await EnqueueAsync(tenant, kind);
        var running = await ClaimAsync(kind);
        await EnqueueAsync(tenant, kind);

        var beside = await ClaimAsync(kind);
        await (fails ? Store.FailedAsync(running!, "Fault", Cancel) : Store.DoneAsync(running!, Cancel));
        var again = await ClaimAsync(kind);
        await Store.DoneAsync(again!, Cancel);

        Assert.Null(beside);
        Assert.Equal(running!.Id, again!.Id);
        Assert.Equal(1, again.Attempts);
        Assert.Null(await ClaimAsync(kind));
    }

    [Fact]
    public async Task Work_that_is_put_off_loses_no_try_and_comes_back()
    {
        var tenant = new TenantId((await chancery.SignUpAsync()).TenantId);
        var kind = NewKind();
        await EnqueueAsync(tenant, kind);
        for (var i = 0; i < 10; i++)
        {
            var item = await ClaimAsync(kind);
            Assert.Equal(1, item!.Attempts);
            await Store.PostponeAsync(item, TimeSpan.Zero, Cancel);
        }

        await Store.PostponeAsync((await ClaimAsync(kind))!, TimeSpan.FromHours(1), Cancel);
        Assert.Null(await ClaimAsync(kind));
    }

    [Fact]
    public async Task Trying_again_after_a_kill_between_failing_and_ending_leaves_one_piece_of_work()
    {
        var user = await chancery.SignUpAsync();
        var id = (await user.UploadTextAsync("# Killed\n\nThe text of it.")).Id();
        await using (var connection = await chancery.Owner.OpenConnectionAsync(Cancel))
        {
            // As a worker leaves it that died after it had said that the version failed.
            await connection.ExecuteAsync(
                """
                UPDATE document_versions SET state = 'failed', failure_code = 'internal' WHERE document_id = @id;
                UPDATE work_items SET state = 'running', attempts = 5, lease_owner = 'dead',
                                      lease_until = now() + interval '1 second'
                WHERE tenant_id = @tenant
                """,
                new { id, tenant = user.TenantId }
            );
        }

        await user.PostAsync($"/api/v1/docs/{id}/process", expected: HttpStatusCode.Accepted);
        chancery.Settings["WORKERS"] = "2";
        await chancery.StartReplicaAsync();
        chancery.Settings["WORKERS"] = "0";
        await user.SettledAsync(id);

        await using var looking = await chancery.Owner.OpenConnectionAsync(Cancel);
        var items = await looking.ExecuteScalarAsync<long>(
            "SELECT count(*) FROM work_items WHERE tenant_id = @tenant",
            new { tenant = user.TenantId }
        );
        Assert.Equal(1, items);
    }

    [Fact]
    public void The_time_that_is_left_is_told_by_this_run_of_reading_alone()
    {
        var now = TimeProvider.System.GetUtcNow();
        var row = new ProgressRow
        {
            Version = 1,
            State = "reading",
            PageCount = 100,
            PagesDone = 60,
            ReadSince = now - TimeSpan.FromSeconds(10),
            ReadFrom = 50,
        };

        Assert.Equal(40, row.At(now).EtaSeconds);
        Assert.Null((row with { ReadFrom = 60 }).At(now).EtaSeconds);
    }

    private static string NewKind() => $"test-{Guid.CreateVersion7():n}";

    private Task<WorkItem?> ClaimAsync(string kind) => Store.ClaimAsync("a test", [kind], Lease, Cancel);

    private async Task EnqueueAsync(TenantId tenant, string kind)
    {
        var database = chancery.Services.GetRequiredService<TenantDatabase>();
        await using var session = await database.OpenAsync(tenant, Cancel);
        await chancery.Services.GetRequiredService<WorkQueue>().EnqueueAsync(session, kind, new { a = 1 }, Cancel);
        await session.CommitAsync(Cancel);
    }
}
