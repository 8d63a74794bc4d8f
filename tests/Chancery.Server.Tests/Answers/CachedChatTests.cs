using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Server.Inference.Caching;
using Chancery.Server.Platform.Database;
using Chancery.Testing;
using Chancery.Testing.Models;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Answers;

/// <summary>Questions to documents that were answered before.</summary>
public sealed class CachedChatTests(AnswersFixture chancery) : IClassFixture<AnswersFixture>
{
    private const string Notice = "The notice period is 30 days for employees in their first year.";
    private const string Answer = "The notice period is 30 days in the first year [1].";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_same_question_from_the_same_passages_is_answered_without_the_model_and_says_so()
    {
        var (user, question) = await GivenAsync();

        var first = await user.AskAsync(new { question });
        var second = await user.AskAsync(new { question });
        var events = await user.StreamAsync(new { question });

        Assert.Equal(1, Asked(question));
        Assert.False(first.TryGetProperty("cached", out _));
        Assert.True(second.GetProperty("cached").GetBoolean());
        Assert.Equal((first.Text("answer"), first.Text("model")), (second.Text("answer"), second.Text("model")));
        Assert.Equal(Quotes(first), Quotes(second));
        Assert.Equal(0, second.GetProperty("usage").GetProperty("output_tokens").GetInt32());
        var done = events.Single(happened => happened.Type == "done").Data;
        Assert.True(done.GetProperty("cached").GetBoolean());
        Assert.Equal(first.Text("answer"), events.TextOf());
        Assert.Equal(Quotes(first), Quotes(done));
        // Each is a message of its own, in a conversation of its own.
        Assert.NotEqual(first.Text("message_id"), second.Text("message_id"));
        Assert.NotEqual(first.Text("conversation_id"), second.Text("conversation_id"));
    }

    [Fact]
    public async Task A_passage_that_changed_or_is_gone_makes_the_old_answer_unreachable_at_once_on_every_server()
    {
        var (user, question) = await GivenAsync();
        using var other = ChanceryFixture.Client(await chancery.StartReplicaAsync());
        other.DefaultRequestHeaders.Authorization = user.Http.DefaultRequestHeaders.Authorization;
        var there = user with { Http = other };
        await user.AskAsync(new { question });
        Assert.True(
            (await Eventually(() => there.AskAsync(new { question }), IsCached)).GetProperty("cached").GetBoolean()
        );

        chancery.Passages.Of(user.TenantId, "The notice period is 90 days for employees in their first year.");
        chancery.Scripts[question] = new ScriptedReply("The notice period is 90 days in the first year [1].");

        foreach (var server in (TestUser[])[user, there])
        {
            Assert.Contains(
                "90 days",
                (await server.AskAsync(new { question })).Text("answer"),
                StringComparison.Ordinal
            );
        }

        chancery.Passages.Of(user.TenantId, Array.Empty<string>());
        foreach (var server in (TestUser[])[user, there])
        {
            Assert.DoesNotContain(
                "days",
                (await server.AskAsync(new { question })).Text("answer"),
                StringComparison.Ordinal
            );
        }
    }

    [Fact]
    public async Task Deleting_a_document_takes_its_answers_out_of_redis_and_of_every_servers_memory()
    {
        var (user, question) = await GivenAsync();
        var tenant = new TenantId(user.TenantId);
        var replica = await chancery.StartReplicaAsync();
        using var other = ChanceryFixture.Client(replica);
        other.DefaultRequestHeaders.Authorization = user.Http.DefaultRequestHeaders.Authorization;
        await user.AskAsync(new { question });
        await Eventually(() => (user with { Http = other }).AskAsync(new { question }), IsCached);
        var document = (await user.AskAsync(new { question }))
            .GetProperty("citations")[0]
            .GetProperty("document_id")
            .GetGuid();
        Assert.NotEmpty(await KeysOf(tenant));

        await Cache.ForgetDocumentsAsync(tenant, [document]);

        Assert.Empty(await KeysOf(tenant));
        // What was on its way when it was deleted is not kept either.
        await user.AskAsync(new { question });
        await Task.Delay(300, Cancel);
        Assert.Empty(await KeysOf(tenant));
        Assert.Equal(2, Asked(question));
    }

    [Fact]
    public async Task Two_who_may_read_different_documents_are_never_given_each_others_answers()
    {
        var (user, question) = await GivenAsync();
        var secret = GivenPassages.Passage("The notice period of the board is 365 days.");
        var open = GivenPassages.Passage(Notice);
        chancery.Passages.Of(user.TenantId, [secret, open]);
        chancery.Scripts[question] = new ScriptedReply("The notice period of the board is 365 days [1].");
        var owner = await user.AskAsync(new { question });
        Assert.Contains("365", owner.Text("answer"), StringComparison.Ordinal);

        // What somebody without the right is found.
        var viewer = await chancery.InviteAsync(user, "viewer");
        chancery.Passages.Of(user.TenantId, [open]);
        chancery.Scripts[question] = new ScriptedReply(Answer);

        var theirs = await viewer.AskAsync(new { question });
        Assert.False(theirs.TryGetProperty("cached", out _));
        Assert.DoesNotContain("365", theirs.Text("answer"), StringComparison.Ordinal);
        // With the same passages they share.
        Assert.True((await user.AskAsync(new { question })).GetProperty("cached").GetBoolean());
    }

    [Fact]
    public async Task Asking_again_at_the_same_place_or_without_the_cache_asks_the_model()
    {
        var (user, question) = await GivenAsync();
        var session = $"s-{Guid.CreateVersion7()}";
        var first = await user.AskAsync(new { question, session_id = session });

        var again = await user.AskAsync(
            new
            {
                question,
                session_id = session,
                revises = first.GetProperty("retrieval").Text("question_id"),
            }
        );
        using var message = new HttpRequestMessage(HttpMethod.Post, "/api/v1/chat");
        message.Headers.Add("Cache-Control", "no-cache");
        message.Content = JsonContent.Create(new { question }, options: ChanceryFixture.Json);
        using var response = await user.Http.SendAsync(message, Cancel);

        Assert.False(again.TryGetProperty("cached", out _));
        Assert.Equal("bypass", response.Headers.GetValues("X-Chancery-Cache").Single());
        Assert.Equal(3, Asked(question));
        await user.AskAsync(new { question, temperature = 1.5 });
        await user.AskAsync(new { question, temperature = 1.5 });
        Assert.Equal(5, Asked(question));
    }

    [Fact]
    public async Task What_a_conversation_holds_already_makes_another_question()
    {
        var (user, question) = await GivenAsync();
        var session = $"s-{Guid.CreateVersion7()}";

        await user.AskAsync(new { question, session_id = session });
        var second = await user.AskAsync(new { question, session_id = session });

        Assert.False(second.TryGetProperty("cached", out _));
        Assert.Equal(2, Asked(question));
    }

    [Fact]
    public async Task Torn_and_foreign_values_in_redis_are_no_answers()
    {
        var (user, question) = await GivenAsync();
        await user.AskAsync(new { question });
        var tenant = new TenantId(user.TenantId);
        await Eventually(() => KeysOf(tenant), keys => keys.Length == 1);
        var key = (await KeysOf(tenant)).Single();
        var redis = chancery.Services.GetRequiredService<Platform.Redis.RedisGateway>();

        await redis.SetAsync(key, "{\"answer\":\"Ninety days.\"}", TimeSpan.FromMinutes(1));
        var replica = await chancery.StartReplicaAsync();
        using var other = ChanceryFixture.Client(replica);
        other.DefaultRequestHeaders.Authorization = user.Http.DefaultRequestHeaders.Authorization;
        var answer = await (user with { Http = other }).AskAsync(new { question });

        Assert.StartsWith("The notice period is 30 days", answer.Text("answer"), StringComparison.Ordinal);
        Assert.False(answer.TryGetProperty("cached", out _));
    }

    [Fact]
    public async Task Many_answers_are_stored_in_one_pipeline_and_found_by_every_server()
    {
        var user = await chancery.SignUpAsync();
        var tenant = new TenantId(user.TenantId);
        var now = TimeProvider.System.GetUtcNow();
        var answers = Enumerable
            .Range(0, 50)
            .Select(i =>
                (
                    new AnswerCacheKey(new CacheSpace(tenant, CacheNamespace.Chat, null), $"{i:x64}"),
                    new CachedAnswer(
                        $"Answer {i}.",
                        null,
                        "m",
                        "p",
                        null,
                        default,
                        default,
                        default,
                        now,
                        now.AddMinutes(1),
                        []
                    )
                )
            )
            .ToList();

        Assert.True(await Cache.StoreAllAsync(tenant, answers, Cancel));

        await chancery.StartReplicaAsync();
        Assert.Equal("Answer 49.", (await Cache.FindAsync(answers[49].Item1, Cancel))!.Text);
        Assert.Equal(50, (await KeysOf(tenant)).Length);
        Assert.Equal(50, await Cache.InvalidateAsync(tenant, CacheNamespace.Chat, null, Cancel));
        Assert.Null(await Cache.FindAsync(answers[49].Item1, Cancel));
    }

    [Fact]
    public async Task Giving_answers_up_never_reaches_another_tenant_or_another_person()
    {
        var now = TimeProvider.System.GetUtcNow();
        var one = new TenantId((await chancery.SignUpAsync()).TenantId);
        var two = new TenantId((await chancery.SignUpAsync()).TenantId);
        var person = Guid.Parse("11111111-0000-0000-0000-000000000000");
        var alike = Guid.Parse("11111111-0000-0000-0000-000000000001");
        AnswerCacheKey Of(TenantId tenant, string kind, Guid? user) =>
            new(new CacheSpace(tenant, kind, user), new string('a', 64));
        AnswerCacheKey[] keys =
        [
            Of(one, CacheNamespace.Gateway, person),
            Of(one, CacheNamespace.Gateway, alike),
            Of(one, CacheNamespace.Gateway, null),
            Of(one, CacheNamespace.Chat, null),
            Of(two, CacheNamespace.Gateway, person),
            Of(two, CacheNamespace.Chat, null),
        ];
        foreach (var key in keys)
        {
            Assert.True(
                await Cache.StoreAsync(
                    key,
                    new CachedAnswer("A.", null, "m", "p", null, default, default, default, now, now.AddMinutes(1), []),
                    Cancel
                )
            );
        }

        Assert.Equal(1, await Cache.InvalidateAsync(one, null, person, Cancel));
        Assert.Equal([false, true, true, true, true, true], await FoundAsync());
        Assert.Equal(2, await Cache.InvalidateAsync(one, CacheNamespace.Gateway, null, Cancel));
        Assert.Equal([false, false, false, true, true, true], await FoundAsync());
        Assert.Equal(1, await Cache.InvalidateAsync(one, null, null, Cancel));
        Assert.Equal([false, false, false, false, true, true], await FoundAsync());

        async Task<List<bool>> FoundAsync()
        {
            var found = new List<bool>();
            foreach (var key in keys)
            {
                found.Add(await Cache.FindAsync(key, Cancel) is not null);
            }

            return found;
        }
    }

    private AnswerCache Cache => chancery.Services.GetRequiredService<AnswerCache>();

    private async Task<(TestUser User, string Question)> GivenAsync()
    {
        var user = await chancery.SignUpAsync();
        chancery.Passages.Of(user.TenantId, Notice);
        var question = $"How long is the notice period? {Guid.CreateVersion7()}";
        chancery.Scripts[question] = new ScriptedReply(Answer);
        return (user, question);
    }

    private int Asked(string question) =>
        chancery.Model.ChatRequests.Count(request => request.LastUserMessage == question);

    private static List<string> Quotes(JsonElement answer) =>
        [.. answer.GetProperty("citations").EnumerateArray().Select(citation => citation.Text("quote"))];

    private static bool IsCached(JsonElement answer) => answer.TryGetProperty("cached", out _);

    /// <summary>Names of the answers that Redis has of a tenant.</summary>
    private async Task<string[]> KeysOf(TenantId tenant) =>
        await chancery
            .Services.GetRequiredService<Platform.Redis.RedisGateway>()
            .RunAsync("return redis.call('KEYS', ARGV[1])", [], [$"{CacheSpace.PrefixOf(tenant)}*:*:*:*"])
        ?? throw new InvalidOperationException("Redis is gone.");

    private static async Task<T> Eventually<T>(Func<Task<T>> ask, Func<T, bool> holds)
    {
        for (var tries = 0; ; tries++)
        {
            var told = await ask();
            if (holds(told))
            {
                return told;
            }

            Assert.True(tries < 100, "It never came about.");
            await Task.Delay(50, Cancel);
        }
    }
}
