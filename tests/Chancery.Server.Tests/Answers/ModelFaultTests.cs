using System.Collections;
using System.Net;
using System.Text.Json;
using Chancery.Server.Knowledge.Search;
using Chancery.Testing;
using Chancery.Testing.Models;

namespace Chancery.Server.Tests.Answers;

public sealed class ModelFaultTests(AnswersFixture chancery) : IClassFixture<AnswersFixture>
{
    private const string Notice = "The notice period is 30 days for employees in their first year of work.";

    private const string Good = "The notice period is 30 days in the first year [1]. ";

    private static int s_questions;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> FaultsBeforeTheFirstToken =>
        ["500", "429", "401", "400", "nothing said", "reset at once", "error object at once", "too slow", "not json"];

    public static TheoryData<string> FaultsAfterTheFirstToken =>
        ["reset", "no finish reason", "error object", "malformed", "falls silent"];

    [Theory]
    [MemberData(nameof(FaultsBeforeTheFirstToken))]
    public async Task A_model_that_fails_before_it_speaks_is_replaced_by_quotes(string fault)
    {
        var (user, question) = await GivenAsync(Before(fault));

        var events = await user.StreamAsync(new { question });
        var json = await user.AskAsync(new { question });

        foreach (var answer in new[] { events[^1].Data, json })
        {
            Assert.Equal("answered", answer.Text("outcome"));
            Assert.True(answer.GetProperty("degraded").GetBoolean());
            Assert.Equal("extractive", answer.Text("model"));
            Assert.Equal(1, answer.GetProperty("citations").GetArrayLength());
        }

        Assert.DoesNotContain(events, happened => happened.Type == "error");
        var stored = await StoredAsync(user, json);
        Assert.Equal("answered", stored.Text("outcome"));
        Assert.True(stored.GetProperty("degraded").GetBoolean());
    }

    [Theory]
    [MemberData(nameof(FaultsAfterTheFirstToken))]
    public async Task A_model_that_breaks_off_ends_the_stream_with_an_error_and_a_partial_answer(string fault)
    {
        var (user, question) = await GivenAsync(After(fault));

        var events = await user.StreamAsync(new { question });

        Assert.Equal("error", events[^1].Type);
        Assert.DoesNotContain(events, happened => happened.Type == "done");
        Assert.Equal("model-failed", events[^1].Data.Text("code"));
        Assert.False(string.IsNullOrEmpty(events[^1].Data.Text("traceId")));
        Assert.Equal(502, events[^1].Data.GetProperty("status").GetInt32());
        var stored = await StoredAsync(user, events[0].Data);
        Assert.Equal("partial", stored.Text("outcome"));
        Assert.Equal(events.TextOf(), stored.Text("content"));
        Assert.StartsWith("The notice period", stored.Text("content"), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(FaultsAfterTheFirstToken))]
    public async Task What_nobody_saw_yet_is_replaced_even_when_the_model_breaks_off_late(string fault)
    {
        var (user, question) = await GivenAsync(After(fault));

        var answer = await user.AskAsync(new { question });

        Assert.Equal("answered", answer.Text("outcome"));
        Assert.True(answer.GetProperty("degraded").GetBoolean());
        Assert.StartsWith("From your documents:", answer.Text("answer"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_cut_by_the_limit_of_tokens_says_so()
    {
        var (user, question) = await GivenAsync(new ScriptedReply(Good) { FinishReason = "length" });

        var answer = await user.AskAsync(new { question });

        Assert.True(answer.GetProperty("truncated").GetBoolean());
    }

    [Fact]
    public async Task A_client_that_leaves_ends_the_models_work_and_keeps_what_there_was()
    {
        var (user, question) = await GivenAsync(
            new ScriptedReply(string.Concat(Enumerable.Repeat(Good, 400)))
            {
                BetweenChunks = TimeSpan.FromMilliseconds(20),
            }
        );
        var conversation = "";

        using (var response = await user.OpenStreamAsync(new { question }, Cancel))
        {
            var texts = 0;
            await foreach (var happened in response.EventsAsync())
            {
                conversation = happened.Type == "retrieval" ? happened.Data.Text("conversation_id") : conversation;
                texts += happened.Type == "text" ? 1 : 0;
                if (texts == 5)
                {
                    break;
                }
            }
        }

        var stored = await EventuallyAsync(user, conversation);
        Assert.Equal("partial", stored.Text("outcome"));
        Assert.StartsWith("The notice period", stored.Text("content"), StringComparison.Ordinal);
        for (var i = 0; i < 100 && chancery.Model.Running > 0; i++)
        {
            await Task.Delay(50, Cancel);
        }

        Assert.Equal(0, chancery.Model.Running);
    }

    [Fact]
    public async Task When_even_quoting_fails_an_apology_with_a_trace_goes_out()
    {
        var user = await chancery.SignUpAsync();
        chancery.Passages.Of(user.TenantId, new Unreadable(GivenPassages.Passage(Notice)));

        var answer = await user.AskAsync(new { question = "How long is the notice period?", model = "extractive" });

        Assert.Equal("failed", answer.Text("outcome"));
        Assert.StartsWith("I am sorry", answer.Text("answer"), StringComparison.Ordinal);
        Assert.False(string.IsNullOrEmpty(answer.Text("trace_id")));
        Assert.Equal("failed", (await StoredAsync(user, answer)).Text("outcome"));
    }

    private static ScriptedReply Before(string fault) =>
        fault switch
        {
            "nothing said" => new ScriptedReply(""),
            "reset at once" => new ScriptedReply(Good) { Ending = StreamEnding.Reset, ChunksBeforeEnding = 0 },
            "error object at once" => new ScriptedReply(Good)
            {
                Ending = StreamEnding.ErrorObject,
                ChunksBeforeEnding = 0,
            },
            "too slow" => new ScriptedReply(Good) { BeforeFirstByte = TimeSpan.FromSeconds(20) },
            "not json" => new ScriptedReply(Good) { RawBody = "<html>gateway</html>" },
            _ => ScriptedReply.Failing(int.Parse(fault, null)),
        };

    private static ScriptedReply After(string fault)
    {
        var reply = new ScriptedReply(Good + Good)
        {
            ChunksBeforeEnding = 3,
            BetweenChunks = TimeSpan.FromMilliseconds(30),
        };
        return fault switch
        {
            "reset" => reply with { Ending = StreamEnding.Reset },
            "no finish reason" => reply with { Ending = StreamEnding.WithoutFinish },
            "error object" => reply with { Ending = StreamEnding.ErrorObject },
            "malformed" => reply with { Ending = StreamEnding.MalformedJson },
            _ => reply with { BetweenChunks = TimeSpan.FromSeconds(20), ChunkLength = 30 },
        };
    }

    private async Task<(TestUser User, string Question)> GivenAsync(ScriptedReply reply)
    {
        var user = await chancery.SignUpAsync();
        chancery.Passages.Of(user.TenantId, Notice);
        // Scripts go by the question; what makes it different must not be part of what is asked.
        var question = "How long is the notice period" + new string('?', Interlocked.Increment(ref s_questions));
        chancery.Scripts[question] = reply;
        return (user, question);
    }

    private static async Task<JsonElement> StoredAsync(TestUser user, JsonElement answer)
    {
        var conversation = await user.GetAsync($"/api/v1/conversations/{answer.Text("conversation_id")}");
        return conversation.GetProperty("messages").EnumerateArray().Last();
    }

    private static async Task<JsonElement> EventuallyAsync(TestUser user, string conversation)
    {
        for (var i = 0; ; i++)
        {
            using var response = await user.Http.GetAsync($"/api/v1/conversations/{conversation}", Cancel);
            if (response.StatusCode == HttpStatusCode.OK || i == 100)
            {
                return (await response.ReadAsync(HttpStatusCode.OK)).GetProperty("messages").EnumerateArray().Last();
            }

            await Task.Delay(50, Cancel);
        }
    }

    /// <summary>Can be listed, and fails whoever takes a passage out to read it.</summary>
    private sealed class Unreadable(Passage passage) : IReadOnlyList<Passage>
    {
        public int Count => 1;

        public Passage this[int index] => throw new InvalidDataException("This passage cannot be read.");

        public IEnumerator<Passage> GetEnumerator() => Enumerable.Repeat(passage, 1).GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
