using Chancery.Testing;
using Chancery.Testing.Models;

namespace Chancery.Server.Tests.Answers;

/// <summary>Questions in other words, where the operator lets them be given one's own earlier answer.</summary>
public sealed class SemanticCacheTests(SemanticCacheTests.Fixture chancery) : IClassFixture<SemanticCacheTests.Fixture>
{
    public sealed class Fixture : AnswersFixture
    {
        private ScriptedModelServer _meaning = null!;

        public Fixture() => Settings["SEMANTIC_CACHE"] = "true";

        public override async ValueTask InitializeAsync()
        {
            // Its vectors are of the words, so that the same words in another order mean the same.
            _meaning = await ScriptedModelServer.StartAsync();
            Settings["EMBEDDING_URL"] = _meaning.BaseAddress.ToString();
            Settings["EMBEDDING_MODEL"] = "scripted";
            await base.InitializeAsync();
        }

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            await _meaning.DisposeAsync();
            GC.SuppressFinalize(this);
        }
    }

    private const string Notice = "The notice period is 30 days for employees in their first year.";
    private const string Answer = "The notice period is 30 days in the first year [1].";

    [Fact]
    public async Task The_same_words_in_another_order_are_given_the_answer_with_how_near_they_are()
    {
        var user = await GivenAsync();

        var first = await user.AskAsync(new { question = "how long is the notice period" });
        var second = await user.AskAsync(new { question = "the notice period is how long" });

        Assert.False(first.TryGetProperty("cached", out _));
        Assert.True(second.GetProperty("cached").GetBoolean());
        Assert.InRange(second.GetProperty("similarity").GetDouble(), 0.95, 1.0001);
        Assert.Equal(first.Text("answer"), second.Text("answer"));
        // Word for word it is no matter of nearness.
        var third = await user.AskAsync(new { question = "how long is the notice period" });
        Assert.True(third.GetProperty("cached").GetBoolean());
        Assert.False(third.TryGetProperty("similarity", out _));
    }

    [Fact]
    public async Task Another_number_another_person_another_passage_or_a_conversation_is_asked_anew()
    {
        var user = await GivenAsync();
        await user.AskAsync(new { question = "how long is the notice period in year 1", session_id = "one" });

        Assert.False(IsCached(await user.AskAsync(new { question = "in year 2 how long is the notice period" })));
        Assert.False(
            IsCached(
                await user.AskAsync(new { question = "in year 1 how long is the notice period", session_id = "one" })
            )
        );
        var other = await chancery.InviteAsync(user, "viewer");
        Assert.False(IsCached(await other.AskAsync(new { question = "in year 1 how long is the notice period" })));
        chancery.Passages.Of(user.TenantId, Notice + " It is in writing.");
        Assert.False(IsCached(await user.AskAsync(new { question = "in year 1 the notice period is how long" })));
    }

    private static bool IsCached(System.Text.Json.JsonElement answer) => answer.TryGetProperty("cached", out _);

    private async Task<TestUser> GivenAsync()
    {
        var user = await chancery.SignUpAsync();
        chancery.Passages.Of(user.TenantId, Notice);
        chancery.Model.Behaves(_ => new ScriptedReply(Answer));
        return user;
    }
}
