using Chancery.Testing.Models;

namespace Chancery.Server.Tests.Answers;

public sealed class ShutdownTests(AnswersFixture chancery) : IClassFixture<AnswersFixture>
{
    private const string Notice = "The notice period is 30 days for employees in their first year of work.";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_that_stops_gives_a_running_answer_its_grace_and_then_an_error()
    {
        var user = await chancery.SignUpAsync();
        chancery.Passages.Of(user.TenantId, Notice);
        var question = $"Everything? {Guid.CreateVersion7()}";
        chancery.Scripts[question] = new ScriptedReply(string.Concat(Enumerable.Repeat("many words ", 1000)))
        {
            BetweenChunks = TimeSpan.FromMilliseconds(50),
        };
        using var response = await user.OpenStreamAsync(new { question }, Cancel);

        Task? stopping = null;
        var clock = new System.Diagnostics.Stopwatch();
        var last = "";
        await foreach (var happened in response.EventsAsync())
        {
            last = happened.Type == "error" ? happened.Data.GetProperty("code").GetString()! : happened.Type;
            if (happened.Type == "text" && stopping is null)
            {
                clock.Start();
                stopping = chancery.App.StopAsync(Cancel);
            }
        }

        Assert.Equal("shutting-down", last);
        Assert.True(clock.Elapsed > TimeSpan.FromMilliseconds(900), $"The grace was {clock.Elapsed}.");
        await stopping!;
    }
}
