using System.Net;
using System.Net.Http.Json;
using Chancery.Testing.Models;

namespace Chancery.Server.Tests.Gateway;

/// <summary>A server that is told to stop while programs read answers.</summary>
public sealed class StoppingTests(StoppingTests.Fixture chancery) : IClassFixture<StoppingTests.Fixture>
{
    public sealed class Fixture : GatewayFixture
    {
        public Fixture()
        {
            Settings["LLM_TIMEOUT"] = "60";
            Settings["LLM_DEADLINE"] = "120";
            Settings["SHUTDOWN_GRACE"] = "2";
        }
    }

    private static readonly ScriptedReply Endless = new("many words ")
    {
        Ending = StreamEnding.Endless,
        BetweenChunks = TimeSpan.FromMilliseconds(50),
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_runs_gets_its_grace_and_what_does_not_end_in_it_ends_with_an_error_and_is_settled()
    {
        var user = await chancery.SignUpAsync();
        var stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var mark = Guid.CreateVersion7().ToString();
        // Each is a question of its own: nobody waits for another's answer.
        foreach (var question in new[] { "one", "two", "three" })
        {
            chancery.Scripts[$"{question} {mark}"] = _ => Endless;
        }

        chancery.Scripts[$"silent {mark}"] = chancery.Scripts[$"silent too {mark}"] = _ => new ScriptedReply
        {
            BeforeFirstByte = TimeSpan.FromMinutes(5),
        };
        chancery.Scripts[$"short {mark}"] = _ => new ScriptedReply("In time.") { EndingHeld = stopping.Task };

        var streams = new[]
        {
            ReadAsync(user.Http, "/v1/chat/completions", Chat($"one {mark}", stream: true)),
            ReadAsync(user.Http, "/v1/responses", Response($"two {mark}")),
            ReadAsync(user.Http, "/v1/messages", Message($"three {mark}")),
        };
        var inTime = ReadAsync(user.Http, "/v1/chat/completions", Chat($"short {mark}", stream: true));
        var whole = ReadAsync(user.Http, "/v1/chat/completions", Chat($"silent {mark}", stream: false));
        var unbegun = ReadAsync(user.Http, "/v1/responses", Response($"silent too {mark}"));
        for (var tries = 0; chancery.Alpha.Running < 6; tries++)
        {
            Assert.True(tries < 1200, "They did not begin.");
            await Task.Delay(25, Cancel);
        }

        var stopped = chancery.App.StopAsync(Cancel);
        stopping.SetResult();

        foreach (var read in await Task.WhenAll(streams))
        {
            Assert.Equal(HttpStatusCode.OK, read.Status);
            Assert.Contains("many words", read.Text, StringComparison.Ordinal);
            Assert.Contains("shutting_down", read.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("[DONE]", read.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("message_stop", read.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("response.completed", read.Text, StringComparison.Ordinal);
        }

        Assert.Contains("In time.", (await inTime).Text, StringComparison.Ordinal);
        Assert.EndsWith("data: [DONE]\n\n", (await inTime).Text, StringComparison.Ordinal);
        foreach (var read in new[] { await whole, await unbegun })
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, read.Status);
            Assert.Contains("shutting_down", read.Text, StringComparison.Ordinal);
        }

        await stopped;
        foreach (var read in streams)
        {
            Assert.Equal("cancelled", await chancery.LedgerRowsAsync((await read).Call, Cancel));
        }

        Assert.Equal("answered", await chancery.LedgerRowsAsync((await inTime).Call, Cancel));
        Assert.Equal(0, chancery.Alpha.Running);
    }

    private sealed record Read(HttpStatusCode Status, string Text, string Call);

    private static async Task<Read> ReadAsync(HttpClient client, string path, object body)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative))
        {
            Content = JsonContent.Create(body),
        };
        using var response = await client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, Cancel);
        return new Read(
            response.StatusCode,
            await response.Content.ReadAsStringAsync(Cancel),
            response.Headers.TryGetValues("X-Chancery-Call", out var call) ? call.Single() : ""
        );
    }

    private static object Chat(string question, bool stream) =>
        new
        {
            model = "alpha/m",
            stream,
            messages = new[] { new { role = "user", content = question } },
        };

    private static object Response(string question) =>
        new
        {
            model = "alpha/m",
            stream = true,
            input = question,
        };

    private static object Message(string question) =>
        new
        {
            model = "alpha/m",
            stream = true,
            max_tokens = 500,
            messages = new[] { new { role = "user", content = question } },
        };
}
