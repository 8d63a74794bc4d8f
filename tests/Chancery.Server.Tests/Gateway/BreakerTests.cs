using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Testing;
using Chancery.Testing.Models;

namespace Chancery.Server.Tests.Gateway;

/// <summary>Targets that fail are left alone for a while, and nobody is left alone for what somebody else did.</summary>
public sealed class BreakerTests(BreakerTests.Fixture chancery) : IClassFixture<BreakerTests.Fixture>
{
    public sealed class Fixture : GatewayFixture
    {
        public Fixture()
        {
            Settings["LLM_BREAKER_FAILURES"] = "5";
            Settings["LLM_COOLDOWN"] = "1.5";
            Settings["LLM_RETRIES"] = "0";
            Settings["LLM_TIMEOUT"] = "20";
            Settings["LLM_DEADLINE"] = "40";
            Settings["OPERATOR_TOKEN"] = "an operator's token of some length";
        }
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_model_that_fails_is_left_alone_and_then_tried_by_one_call_only()
    {
        await chancery.ForgetFailuresAsync();
        var user = await chancery.SignUpAsync();
        var gate = new TaskCompletionSource();
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(
                "2",
                (await AskAsync(user, "fails", _ => ScriptedReply.Failing(500))).Header("X-Chancery-Attempts")
            );
        }

        var alone = await AskAsync(user, "left alone", _ => new ScriptedReply("Alpha answers."));

        Assert.Equal(("1", "beta/m"), (alone.Header("X-Chancery-Attempts"), alone.Header("X-Chancery-Model")));
        Assert.Equal("open", await StateAsync("alpha/m"));
        await Task.Delay(TimeSpan.FromSeconds(1.7), Cancel);
        var before = chancery.Alpha.ChatRequests.Count;
        var probe = AskAsync(user, "probe", _ => new ScriptedReply("Alpha answers.") { Held = gate.Task });
        await UntilAsync(() => chancery.Alpha.ChatRequests.Count > before);
        var others = await Task.WhenAll(
            Enumerable.Range(0, 6).Select(i => AskAsync(user, $"beside {i}", _ => new ScriptedReply("Alpha answers.")))
        );
        Assert.All(others, other => Assert.Equal("beta/m", other.Header("X-Chancery-Model")));
        Assert.Equal(before + 1, chancery.Alpha.ChatRequests.Count);
        gate.SetResult();
        Assert.Equal("alpha/m", (await probe).Header("X-Chancery-Model"));
        Assert.Equal("closed", await StateAsync("alpha/m"));
        Assert.Equal(
            "alpha/m",
            (await AskAsync(user, "after", _ => new ScriptedReply("Yes."))).Header("X-Chancery-Model")
        );
    }

    [Fact]
    public async Task A_probe_that_its_caller_gives_up_says_nothing_of_the_model()
    {
        await chancery.ForgetFailuresAsync();
        var user = await chancery.SignUpAsync();
        for (var i = 0; i < 5; i++)
        {
            await AskAsync(user, "fails", _ => ScriptedReply.Failing(500));
        }

        await Task.Delay(TimeSpan.FromSeconds(1.7), Cancel);
        using (var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancel))
        {
            var before = chancery.Alpha.ChatRequests.Count;
            var probe = AskAsync(
                user,
                "given up",
                _ => new ScriptedReply("?") { BeforeFirstByte = TimeSpan.FromMinutes(1) },
                leaving.Token
            );
            await UntilAsync(() => chancery.Alpha.ChatRequests.Count > before);
            await leaving.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => probe);
        }

        await UntilAsync(() => chancery.Alpha.Running == 0);
        await UntilAsync(async () =>
            (await AskAsync(user, "next", _ => new ScriptedReply("Alpha answers."))).Header("X-Chancery-Model")
            == "alpha/m"
        );
    }

    [Fact]
    public async Task A_refused_key_is_not_shown_again_and_opens_no_breaker_and_the_operator_may_have_it_tried()
    {
        await chancery.ForgetFailuresAsync();
        var user = await chancery.SignUpAsync();
        await AskAsync(user, "refused", _ => ScriptedReply.Failing(401));
        var before = chancery.Alpha.ChatRequests.Count;

        var next = await AskAsync(user, "refused again", _ => new ScriptedReply("Alpha answers."));

        Assert.Equal("beta/m", next.Header("X-Chancery-Model"));
        Assert.Equal(before, chancery.Alpha.ChatRequests.Count);
        Assert.Equal("refused", await StateAsync("alpha/m"));
        var seen = await TargetAsync("alpha/m");
        Assert.True(seen.GetProperty("failures").GetInt64() >= 1);
        Assert.True(seen.GetProperty("open_for_seconds").GetDouble() > 0);
        Assert.Equal("credential", seen.GetProperty("last_failure").GetProperty("kind").GetString());
        Assert.Equal(401, seen.GetProperty("last_failure").GetProperty("status").GetInt32());
        var other = await TargetAsync("beta/m");
        Assert.True(other.GetProperty("calls").GetInt64() >= 2);
        Assert.True(other.GetProperty("latency_ms").GetDouble() >= other.GetProperty("first_part_ms").GetDouble());
        Assert.DoesNotContain("sk-alpha", seen.GetRawText(), StringComparison.Ordinal);
        using var operators = Operator();
        using var reset = await operators.PostAsync(
            new Uri("/operator/models/reset?model=alpha/m", UriKind.Relative),
            null,
            Cancel
        );
        Assert.Equal(HttpStatusCode.OK, reset.StatusCode);
        Assert.Equal("closed", await StateAsync("alpha/m"));
        Assert.Equal(
            "alpha/m",
            (await AskAsync(user, "mended", _ => new ScriptedReply("Yes."))).Header("X-Chancery-Model")
        );
    }

    [Fact]
    public async Task Who_is_no_operator_neither_sees_nor_resets()
    {
        var user = await chancery.SignUpAsync();

        foreach (var client in new[] { user.Http, chancery.Anonymous() })
        {
            client.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.7");
            using var seen = await client.GetAsync(new Uri("/operator/models", UriKind.Relative), Cancel);
            using var reset = await client.PostAsync(new Uri("/operator/models/reset", UriKind.Relative), null, Cancel);
            Assert.Equal(
                (HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized),
                (seen.StatusCode, reset.StatusCode)
            );
        }
    }

    private async Task<Completion> AskAsync(
        TestUser user,
        string question,
        Func<ScriptedRequest, ScriptedReply> reply,
        CancellationToken? cancel = null
    )
    {
        var asked = $"{question} {Guid.CreateVersion7()}";
        chancery.Scripts[asked] = reply;
        return await Completion.AskAsync(
            user.Http,
            new { model = "both", messages = new[] { new { role = "user", content = asked } } },
            cancel ?? Cancel
        );
    }

    private async Task<string?> StateAsync(string model) => (await TargetAsync(model)).GetProperty("state").GetString();

    private async Task<JsonElement> TargetAsync(string model)
    {
        using var operators = Operator();
        var told = await operators.GetFromJsonAsync<JsonElement>(new Uri("/operator/models", UriKind.Relative), Cancel);
        return told.GetProperty("items")
            .EnumerateArray()
            .Single(target => target.GetProperty("model").GetString() == model);
    }

    private HttpClient Operator()
    {
        var client = chancery.Anonymous();
        client.DefaultRequestHeaders.Authorization = new("Bearer", chancery.Settings["OPERATOR_TOKEN"]);
        return client;
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
}
