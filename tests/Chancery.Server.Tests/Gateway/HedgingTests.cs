using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using Chancery.Server.Inference.Routing;
using Chancery.Testing;
using Chancery.Testing.Models;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Chancery.Server.Tests.Gateway;

/// <summary>Where one model shows nothing for long, the next one is asked beside it: the first that says something answers.</summary>
public sealed class HedgingTests(HedgingTests.Fixture chancery) : IClassFixture<HedgingTests.Fixture>
{
    public sealed class Fixture : GatewayFixture
    {
        public Fixture()
        {
            Settings["LLM_HEDGE_AFTER"] = "0.1";
            Settings["LLM_TIMEOUT"] = "30";
            Settings["LLM_DEADLINE"] = "60";
            Settings["LLM_RETRIES"] = "0";
            Settings["LLM_RETRY_BUDGET"] = "0.5";
            Settings["LLM_BREAKER_FAILURES"] = "2";
        }

        /// <summary>What beta does, by the last message of the user.</summary>
        public ConcurrentDictionary<string, Func<ScriptedRequest, ScriptedReply>> OfBeta { get; } = new();

        public override async ValueTask InitializeAsync()
        {
            await base.InitializeAsync();
            Beta.Behaves(request =>
                OfBeta.TryGetValue(request.LastUserMessage, out var script)
                    ? script(request)
                    : new ScriptedReply(BetaSays)
            );
        }
    }

    private static readonly ScriptedReply Silent = new("Too late.") { BeforeFirstByte = TimeSpan.FromMinutes(5) };

    private readonly string _question = $"hedged {Guid.CreateVersion7()}";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_next_model_answers_where_the_first_shows_nothing_and_the_first_is_told_to_stop(bool stream)
    {
        var user = await chancery.SignUpAsync();
        using var spans = new Heard();

        var completion = await AskAsync(user, stream, Silent, new ScriptedReply(GatewayFixture.BetaSays));

        Assert.Equal(
            (HttpStatusCode.OK, GatewayFixture.BetaSays, "stop", true),
            (completion.Status, completion.Text, completion.FinishReason, completion.IsDone)
        );
        Assert.Equal(
            ("beta/m", "2"),
            (completion.Header("X-Chancery-Model"), completion.Header("X-Chancery-Attempts"))
        );
        Assert.Equal("cancelled answered", await RowsAsync(completion));
        await UntilAsync(() => chancery.Alpha.Running == 0);
        // Nobody knows what the first one used: what was sent to it counts, and is marked.
        var rows = await BookedAsync(user.TenantId);
        Assert.Equal(["alpha/m hedged estimated", "beta/m  told"], rows.Select(row => row.Row));
        Assert.All(rows, row => Assert.True(row is { Billed: true, Cost: > 0 }));
        Assert.Equal(rows[0].Output * 2_000_000 + rows[0].Input * 1_000_000, rows[0].Cost);
        Assert.True(rows.Sum(row => row.Cost) <= await ReservedAsync(user.TenantId));
        var beside = Assert.Single(spans.Of(user), span => span.GetTagItem("chancery.hedge") is true);
        Assert.Equal(("beta/m", 2), (beside.GetTagItem("gen_ai.request.model"), beside.GetTagItem("chancery.attempt")));
        Assert.Equal(
            "hedged",
            spans.Of(user).Single(span => span.GetTagItem("chancery.hedge") is null).GetTagItem("error.type")
        );
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_first_answers_where_it_is_faster_after_all(bool stream)
    {
        var user = await chancery.SignUpAsync();
        var asked = new TaskCompletionSource();

        var completion = await AskAsync(
            user,
            stream,
            new ScriptedReply("Alpha after all.") { Held = asked.Task },
            () =>
            {
                asked.SetResult();
                return Silent;
            }
        );

        Assert.Equal(("Alpha after all.", true), (completion.Text, completion.IsDone));
        Assert.Equal(
            ("alpha/m", "2"),
            (completion.Header("X-Chancery-Model"), completion.Header("X-Chancery-Attempts"))
        );
        Assert.Equal("answered cancelled", await RowsAsync(completion));
        await UntilAsync(() => chancery.Beta.Running == 0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Where_both_fail_the_caller_is_told_and_nobody_is_billed(bool stream)
    {
        await chancery.ForgetFailuresAsync();
        var user = await chancery.SignUpAsync();
        var asked = new TaskCompletionSource();

        var completion = await AskAsync(
            user,
            stream,
            ScriptedReply.Failing(500) with
            {
                Held = asked.Task,
            },
            () =>
            {
                asked.SetResult();
                return ScriptedReply.Failing(503) with { BeforeFirstByte = TimeSpan.FromMilliseconds(100) };
            }
        );

        Assert.Equal(HttpStatusCode.BadGateway, completion.Status);
        Assert.Equal("2", completion.Header("X-Chancery-Attempts"));
        Assert.Equal("failed failed", await RowsAsync(completion));
        Assert.All(await BookedAsync(user.TenantId), row => Assert.False(row.Billed));
        await chancery.ForgetFailuresAsync();
    }

    [Fact]
    public async Task Where_the_first_fails_meanwhile_the_one_beside_it_takes_over()
    {
        await chancery.ForgetFailuresAsync();
        var user = await chancery.SignUpAsync();
        var asked = new TaskCompletionSource();

        var completion = await AskAsync(
            user,
            stream: true,
            ScriptedReply.Failing(500) with
            {
                Held = asked.Task,
            },
            () =>
            {
                asked.SetResult();
                return new ScriptedReply("Beta in peace.") { BeforeFirstByte = TimeSpan.FromMilliseconds(200) };
            }
        );

        Assert.Equal("Beta in peace.", completion.Text);
        Assert.Equal("failed answered", await RowsAsync(completion));
        await chancery.ForgetFailuresAsync();
    }

    [Theory]
    [InlineData(500)]
    [InlineData(404)]
    public async Task What_goes_wrong_beside_the_first_is_nothing_to_the_caller(int status)
    {
        await chancery.ForgetFailuresAsync();
        var user = await chancery.SignUpAsync();
        var asked = new TaskCompletionSource();

        var completion = await AskAsync(
            user,
            stream: true,
            new ScriptedReply("Alpha in peace.") { Held = asked.Task, BeforeFirstByte = TimeSpan.FromMilliseconds(50) },
            () =>
            {
                _ = Task.Delay(400, Cancel).ContinueWith(_ => asked.SetResult(), TaskScheduler.Default);
                return ScriptedReply.Failing(status);
            }
        );

        Assert.Equal("Alpha in peace.", completion.Text);
        Assert.Equal("answered failed", await RowsAsync(completion));
        await chancery.ForgetFailuresAsync();
    }

    [Fact]
    public async Task A_caller_who_leaves_ends_both_and_pays_for_both()
    {
        var user = await chancery.SignUpAsync();
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var asked = new TaskCompletionSource();

        var asking = AskAsync(
            user,
            stream: true,
            Silent,
            () =>
            {
                asked.SetResult();
                return Silent;
            },
            cancel: leaving.Token
        );
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);

        await UntilAsync(() => chancery.Alpha.Running + chancery.Beta.Running == 0);
        await UntilAsync(async () => (await BookedAsync(user.TenantId)).Count == 2);
        Assert.Equal(
            ["alpha/m  estimated", "beta/m  estimated"],
            (await BookedAsync(user.TenantId)).Select(row => row.Row)
        );
    }

    [Fact]
    public async Task Nobody_is_asked_beside_a_model_that_has_begun_or_was_asked_alone()
    {
        var user = await chancery.SignUpAsync();
        var before = chancery.Beta.ChatRequests.Count;
        var slow = new ScriptedReply("One word and then another.")
        {
            BetweenChunks = TimeSpan.FromMilliseconds(700),
            ChunkLength = 9,
        };

        var begun = await AskAsync(user, stream: true, slow, Silent, model: "later");
        var alone = await AskAsync(
            user,
            stream: true,
            slow with
            {
                BeforeFirstByte = TimeSpan.FromMilliseconds(300),
            },
            Silent,
            model: "alpha/m"
        );
        var never = await AskAsync(
            user,
            stream: true,
            slow with
            {
                BeforeFirstByte = TimeSpan.FromMilliseconds(300),
            },
            Silent,
            model: "patient"
        );

        Assert.All([begun, alone, never], completion => Assert.Equal("One word and then another.", completion.Text));
        Assert.Equal("answered", await RowsAsync(never));
        Assert.Equal(before, chancery.Beta.ChatRequests.Count);
    }

    [Fact]
    public async Task To_lose_is_no_failure_that_a_breaker_counts()
    {
        await chancery.ForgetFailuresAsync();
        var user = await chancery.SignUpAsync();
        for (var i = 0; i < 4; i++)
        {
            await AskAsync(user, stream: false, Silent, new ScriptedReply("Beta."));
        }

        var next = await AskAsync(user, stream: false, new ScriptedReply("Alpha at once."), Silent);

        Assert.Equal("alpha/m", next.Header("X-Chancery-Model"));
    }

    [Fact]
    public async Task Without_money_for_two_one_is_asked()
    {
        var user = await chancery.SignUpAsync();
        // One answer of 500 tokens is a dollar and what is asked, two are two.
        using var set = await user.Http.PutAsJsonAsync(
            new Uri("/api/v1/budgets/organization/month", UriKind.Relative),
            new { cap_usd = 1.5m },
            Cancel
        );
        Assert.True(set.IsSuccessStatusCode, await set.Content.ReadAsStringAsync(Cancel));

        var completion = await AskAsync(
            user,
            stream: false,
            new ScriptedReply("Alpha, slowly.") { BeforeFirstByte = TimeSpan.FromMilliseconds(400) },
            Silent
        );

        Assert.Equal("Alpha, slowly.", completion.Text);
        Assert.Equal("answered", await RowsAsync(completion));
    }

    [Fact]
    public async Task When_the_retries_are_used_up_nobody_is_asked_beside_another()
    {
        var user = await chancery.SignUpAsync();
        var budget = chancery.Services.GetRequiredService<RetryBudget>();
        while (budget.TrySpend()) { }

        // What is left may be just less than a retry, which the call's own share would fill: it is brought to nearly nothing.
        do
        {
            budget.Earn();
        } while (!budget.TrySpend());

        var completion = await AskAsync(
            user,
            stream: false,
            new ScriptedReply("Alpha, slowly.") { BeforeFirstByte = TimeSpan.FromMilliseconds(400) },
            Silent
        );

        Assert.Equal("Alpha, slowly.", completion.Text);
        Assert.Equal("answered", await RowsAsync(completion));
        for (var i = 0; i < 20; i++)
        {
            budget.Earn();
        }
    }

    private Task<Completion> AskAsync(
        TestUser user,
        bool stream,
        ScriptedReply alpha,
        ScriptedReply beta,
        string model = "both"
    ) => AskAsync(user, stream, alpha, () => beta, model);

    private Task<Completion> AskAsync(
        TestUser user,
        bool stream,
        ScriptedReply alpha,
        Func<ScriptedReply> beta,
        string model = "both",
        CancellationToken? cancel = null
    )
    {
        chancery.Scripts[_question] = _ => alpha;
        chancery.OfBeta[_question] = _ => beta();
        return SendAsync(user, stream, model, cancel ?? Cancel);
    }

    private Task<Completion> SendAsync(TestUser user, bool stream, string model, CancellationToken cancel) =>
        Completion.AskAsync(
            user.Http,
            new
            {
                model,
                stream,
                messages = new[] { new { role = "user", content = _question } },
            },
            cancel
        );

    private Task<string> RowsAsync(Completion completion) =>
        chancery.LedgerRowsAsync(completion.Header("X-Chancery-Call"), Cancel);

    private sealed record Booked(string Row, bool Billed, long Input, long Output, long Cost);

    private async Task<List<Booked>> BookedAsync(Guid tenant)
    {
        await using var command = chancery.Owner.CreateCommand(
            """
            SELECT concat(model, ' ', error_type, ' ', CASE WHEN estimated THEN 'estimated' ELSE 'told' END), billed,
                   input + cache_read + cache_write + cache_write_hour, output, cost_nano
            FROM usage_entries WHERE tenant_id = $1 AND event = 'settled' ORDER BY attempt
            """
        );
        command.Parameters.Add(new NpgsqlParameter { Value = tenant });
        await using var reader = await command.ExecuteReaderAsync(Cancel);
        var rows = new List<Booked>();
        while (await reader.ReadAsync(Cancel))
        {
            rows.Add(
                new Booked(
                    reader.GetString(0),
                    reader.GetBoolean(1),
                    reader.GetInt64(2),
                    reader.GetInt64(3),
                    reader.GetInt64(4)
                )
            );
        }

        return rows;
    }

    private async Task<long> ReservedAsync(Guid tenant)
    {
        await using var command = chancery.Owner.CreateCommand(
            "SELECT sum(cost_nano)::bigint FROM usage_entries WHERE tenant_id = $1 AND event = 'reserved'"
        );
        command.Parameters.Add(new NpgsqlParameter { Value = tenant });
        var reserved = (long)(await command.ExecuteScalarAsync(Cancel))!;
        // Two answers of 500 tokens at two dollars a thousand, and what is asked.
        Assert.True(reserved > 2_000_000_000, $"{reserved} is too little for two.");
        return reserved;
    }

    private static Task UntilAsync(Func<bool> condition) => UntilAsync(() => Task.FromResult(condition()));

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        for (var tries = 0; !await condition(); tries++)
        {
            Assert.True(tries < 400, "It did not happen.");
            await Task.Delay(25, Cancel);
        }
    }

    /// <summary>Hears the spans of calls to models.</summary>
    private sealed class Heard : IDisposable
    {
        private readonly ConcurrentQueue<Activity> _spans = new();
        private readonly ActivityListener _listener;

        public Heard()
        {
            _listener = new ActivityListener
            {
                ShouldListenTo = source => source.Name == "Chancery.Inference",
                Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
                ActivityStopped = _spans.Enqueue,
            };
            ActivitySource.AddActivityListener(_listener);
        }

        public IEnumerable<Activity> Of(TestUser user) =>
            _spans.Where(span => (string?)span.GetTagItem("chancery.tenant.id") == user.TenantId.ToString());

        public void Dispose() => _listener.Dispose();
    }
}
