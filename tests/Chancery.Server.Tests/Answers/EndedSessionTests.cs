using Chancery.Server.Tests.Access;
using Chancery.Testing.Models;

namespace Chancery.Server.Tests.Answers;

/// <summary>An answer on its way to somebody who is no longer signed in.</summary>
public sealed class EndedSessionTests(AnswersFixture chancery) : IClassFixture<AnswersFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stream_closes_when_the_session_ends_and_goes_on_for_others()
    {
        var olga = await chancery.SignUpAsync();
        var colleague = await chancery.InviteAsync(olga, "viewer");
        chancery.Passages.Of(olga.TenantId, "The notice period is 30 days for employees in their first year of work.");
        var question = $"Everything? {Guid.CreateVersion7()}";
        chancery.Scripts[question] = new ScriptedReply(string.Concat(Enumerable.Repeat("many words ", 2000)))
        {
            BetweenChunks = TimeSpan.FromMilliseconds(50),
        };
        using var ended = await olga.OpenStreamAsync(new { question }, Cancel);
        using var goesOn = await colleague.OpenStreamAsync(new { question }, Cancel);
        await using var other = goesOn.EventsAsync().GetAsyncEnumerator(Cancel);
        Assert.True(await other.MoveNextAsync());

        var last = "";
        var isSignedOut = false;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(TimeSpan.FromSeconds(40));
        try
        {
            await foreach (var happened in ended.EventsAsync().WithCancellation(patience.Token))
            {
                last = happened.Type;
                if (last == "text" && !isSignedOut)
                {
                    isSignedOut = true;
                    (await olga.Http.PostAsync("/api/v1/auth/logout", new { })).EnsureSuccessStatusCode();
                }

                patience.Token.ThrowIfCancellationRequested();
            }
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException)
        {
            // It is closed in the middle: nothing more is said to whoever it may be.
        }

        Assert.True(isSignedOut);
        Assert.NotEqual("done", last);
        for (var i = 0; i < 20; i++)
        {
            Assert.True(await other.MoveNextAsync());
        }
    }
}
