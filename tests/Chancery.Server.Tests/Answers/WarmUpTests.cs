using Chancery.Server.Answers.WarmUp;
using Chancery.Server.Platform.Database;
using Chancery.Testing;
using Chancery.Testing.Models;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Chancery.Server.Tests.Answers;

/// <summary>Popular questions, answered ahead of time.</summary>
public sealed class WarmUpTests(WarmUpTests.Fixture chancery) : IClassFixture<WarmUpTests.Fixture>
{
    public sealed class Fixture : AnswersFixture
    {
        public Fixture() => Settings["ANSWER_CACHE_WARM_UP"] = "2";
    }

    private const string Answer = "The notice period is 30 days in the first year [1].";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_several_people_searched_for_is_answered_before_the_next_one_asks()
    {
        var user = await chancery.SignUpAsync();
        chancery.Passages.Of(user.TenantId, "The notice period is 30 days for employees in their first year.");
        var mark = Guid.CreateVersion7();
        var (popular, private_, rare, third) = (
            $"How long is the notice period? {mark}",
            $"Only I ask this, and often? {mark}",
            $"Asked by two, less often? {mark}",
            $"Asked by two, but one too many? {mark}"
        );
        foreach (var question in (string[])[popular, private_, rare, third])
        {
            chancery.Scripts[question] = new ScriptedReply(Answer);
        }

        var people = Enumerable.Range(0, 3).Select(_ => Guid.CreateVersion7()).ToArray();
        await SearchedAsync(user, popular, people);
        await SearchedAsync(user, private_, [people[0], people[0], people[0], people[0], people[0]]);
        await SearchedAsync(user, rare, [people[0], people[1], people[1]]);
        await SearchedAsync(user, third, people[..2]);
        var job = chancery.Services.GetRequiredService<CacheWarmUp>();

        await job.RunAsync(new TenantId(user.TenantId), Cancel);

        // As everybody in the organisation reads.
        Assert.Equal(Reader.Nobody, chancery.Passages.LastQuery!.Reader);
        Assert.Equal([1, 0, 1, 0], Asked());
        var answer = await user.AskAsync(new { question = popular });
        Assert.True(answer.GetProperty("cached").GetBoolean());
        Assert.Single(answer.GetProperty("citations").EnumerateArray());

        // What is answered already is not answered again.
        await job.RunAsync(new TenantId(user.TenantId), Cancel);
        Assert.Equal([1, 0, 1, 0], Asked());

        int[] Asked() =>
            [
                .. new[] { popular, private_, rare, third }.Select(question =>
                    chancery.Model.ChatRequests.Count(request => request.LastUserMessage == question)
                ),
            ];
    }

    /// <summary>As the log of searches has it.</summary>
    private async Task SearchedAsync(TestUser user, string query, Guid[] people)
    {
        foreach (var person in people)
        {
            await using var command = chancery.Owner.CreateCommand(
                """
                INSERT INTO search_queries (tenant_id, query_id, principal_id, user_id, source, query, wish, mode, engine, results,
                                            stages, total_ms, created_at)
                VALUES ($1, $2, $3, $3, 'search', $4, '{"limit": 5}', 'lexical', 'memory', '[{"page": 1}]', '{}', 1, now())
                """
            );
            command.Parameters.Add(new NpgsqlParameter { Value = user.TenantId });
            command.Parameters.Add(new NpgsqlParameter { Value = Guid.CreateVersion7() });
            command.Parameters.Add(new NpgsqlParameter { Value = person });
            command.Parameters.Add(new NpgsqlParameter { Value = query });
            await command.ExecuteNonQueryAsync(Cancel);
        }
    }
}
