using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using Chancery.Server.Knowledge.Progress;
using Chancery.Server.Tests.Access;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Knowledge;

/// <summary>Nobody works here, so that a document stays queued for as long as it is watched.</summary>
public sealed class WatchingTests(IdleFixture chancery) : IClassFixture<IdleFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nobody_watches_more_than_twenty_documents_at_once_and_closing_one_makes_room()
    {
        var user = await chancery.SignUpAsync();
        var id = (await user.UploadTextAsync("# Queued")).Id();
        var streams = new List<HttpResponseMessage>();
        for (var i = 0; i < StreamSeats.Most; i++)
        {
            streams.Add(await OpenAsync(user.Http, id));
        }

        using var refused = await OpenAsync(user.Http, id);
        var problem = await KnowledgeApi.BodyAsync(refused, HttpStatusCode.TooManyRequests);
        streams[0].Dispose();

        Assert.All(streams.Skip(1), stream => Assert.Equal(HttpStatusCode.OK, stream.StatusCode));
        Assert.Equal("too-many-requests", problem.Text("code"));
        Assert.NotNull(refused.Headers.RetryAfter);
        await AccessApi.EventuallyAsync(
            async () =>
            {
                using var again = await OpenAsync(user.Http, id);
                return again.StatusCode == HttpStatusCode.OK;
            },
            TimeSpan.FromSeconds(10)
        );
        streams.ForEach(stream => stream.Dispose());
    }

    [Fact]
    public async Task Those_who_watch_one_document_share_what_is_read_of_it()
    {
        var user = await chancery.SignUpAsync();
        var id = (await user.UploadTextAsync("# Queued")).Id();
        var board = chancery.Services.GetRequiredService<ProgressBoard>();
        var before = board.Reads;
        var clock = Stopwatch.StartNew();
        var streams = new List<HttpResponseMessage>();
        for (var i = 0; i < 15; i++)
        {
            streams.Add(await OpenAsync(user.Http, id));
        }

        await Task.Delay(TimeSpan.FromSeconds(2), Cancel);

        // The other tests of this class run after this one or before it.
        Assert.InRange(board.Reads - before, 1, (long)clock.Elapsed.TotalSeconds + 3);
        streams.ForEach(stream => stream.Dispose());
    }

    [Fact]
    public async Task A_stream_ends_when_its_session_or_key_does()
    {
        var olga = await chancery.SignUpAsync();
        var id = (await olga.UploadTextAsync("# Queued")).Id();
        var signedOut = await chancery.InviteAsync(olga, "viewer");
        var removed = await chancery.InviteAsync(olga, "viewer");
        var (key, keyId) = await olga.CreateKeyAsync();
        using var withKey = chancery.Anonymous();
        withKey.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var ofSession = await OpenAsync(signedOut.Http, id);
        using var ofMember = await OpenAsync(removed.Http, id);
        using var ofKey = await OpenAsync(withKey, id);
        using var ofOlga = await OpenAsync(olga.Http, id);

        await (await signedOut.Http.PostAsync("/api/v1/auth/logout", new { })).ReadAsync(HttpStatusCode.NoContent);
        (await olga.Http.DeleteAsync($"/api/v1/members/{removed.UserId}", Cancel)).EnsureSuccessStatusCode();
        (await olga.Http.DeleteAsync($"/api/v1/keys/{keyId}", Cancel)).EnsureSuccessStatusCode();

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(TimeSpan.FromSeconds(10));
        foreach (var ended in new[] { ofSession, ofMember, ofKey })
        {
            var text = await ended.Content.ReadAsStringAsync(patience.Token);
            Assert.DoesNotContain("event: done", text, StringComparison.Ordinal);
        }

        var goesOn = ofOlga.Content.ReadAsStringAsync(patience.Token);
        Assert.NotSame(goesOn, await Task.WhenAny(goesOn, Task.Delay(TimeSpan.FromSeconds(2), Cancel)));
    }

    [Fact]
    public async Task Who_comes_back_is_told_only_what_changed_since()
    {
        var user = await chancery.SignUpAsync();
        var id = (await user.UploadTextAsync("# Queued")).Id();
        using var first = await OpenAsync(user.Http, id);
        var seen = (await NextAsync(first)).EventId!;

        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/docs/{id}/events");
        request.Headers.Add("Last-Event-ID", seen);
        using var back = await user.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
        // Long enough for what was seen to be told again, if it were.
        await Task.Delay(TimeSpan.FromSeconds(1), Cancel);
        (await user.Http.DeleteAsync($"/api/v1/docs/{id}/process", Cancel)).EnsureSuccessStatusCode();
        var next = await NextAsync(back);

        Assert.Contains("\"stored\"", next.Data, StringComparison.Ordinal);
        Assert.NotEqual(seen, next.EventId);
    }

    [Fact]
    public async Task Processing_that_is_stopped_ends_its_streams_and_can_be_started_again()
    {
        var user = await chancery.SignUpAsync();
        var id = (await user.UploadTextAsync("# Queued")).Id();
        using var watching = await OpenAsync(user.Http, id);

        var stopped = await KnowledgeApi.BodyAsync(
            await user.Http.DeleteAsync($"/api/v1/docs/{id}/process", Cancel),
            HttpStatusCode.OK
        );
        var told = await watching.Content.ReadAsStringAsync(Cancel);
        var again = await KnowledgeApi.BodyAsync(
            await user.Http.DeleteAsync($"/api/v1/docs/{id}/process", Cancel),
            HttpStatusCode.OK
        );
        var started = await user.PostAsync($"/api/v1/docs/{id}/process", expected: HttpStatusCode.Accepted);

        Assert.Equal("stored", stopped.Text("state"));
        Assert.Contains("\"state\":\"stored\"", told, StringComparison.Ordinal);
        Assert.Contains("event: done", told, StringComparison.Ordinal);
        Assert.Equal("stored", again.Text("state"));
        Assert.Equal("queued", started.Text("state"));
    }

    private static async Task<SseItem<string>> NextAsync(HttpResponseMessage response)
    {
        await using var body = await response.Content.ReadAsStreamAsync(Cancel);
        await foreach (var item in SseParser.Create(body).EnumerateAsync(Cancel))
        {
            if (item.EventType != "ping")
            {
                return item;
            }
        }

        throw new InvalidDataException("The stream ended.");
    }

    private static Task<HttpResponseMessage> OpenAsync(HttpClient http, Guid id) =>
        http.GetAsync($"/api/v1/docs/{id}/events", HttpCompletionOption.ResponseHeadersRead, Cancel);
}
