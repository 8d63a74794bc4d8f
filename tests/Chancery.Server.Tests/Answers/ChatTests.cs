using System.Net;
using System.Net.Http.Json;
using Chancery.Testing;
using Chancery.Testing.Models;

namespace Chancery.Server.Tests.Answers;

public sealed class ChatTests(ChatTests.Fixture chancery) : IClassFixture<ChatTests.Fixture>
{
    private const string Notice =
        "Employment may be ended by either party. The notice period is 30 days for employees in their first year. "
        + "It must be given in writing to the head of the department.";

    private const string Leave = "Every employee has 25 days of paid leave a year. Leave does not carry over.";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_a_model_the_best_sentence_is_quoted_with_its_place()
    {
        var user = await GivenAsync(Leave, Notice);

        var answer = await user.AskAsync(new { question = "How long is the notice period?", model = "extractive" });

        Assert.Equal("answered", answer.Text("outcome"));
        Assert.Equal("extractive", answer.Text("model"));
        Assert.StartsWith("From your documents:", answer.Text("answer"), StringComparison.Ordinal);
        Assert.Contains("[1]", answer.Text("answer"), StringComparison.Ordinal);
        var citation = answer.GetProperty("citations")[0];
        Assert.Equal("The notice period is 30 days for employees in their first year.", citation.Text("quote"));
        Assert.Equal(2, citation.GetProperty("page").GetInt32());
        var start = citation.GetProperty("start").GetInt32();
        Assert.Equal(100 + Notice.IndexOf("The notice", StringComparison.Ordinal), start);
        Assert.Equal(start + citation.Text("quote").Length, citation.GetProperty("end").GetInt32());
        Assert.False(answer.TryGetProperty("degraded", out _));
    }

    [Fact]
    public async Task What_the_documents_do_not_hold_is_not_answered_but_the_closest_passages_are_shown()
    {
        var user = await GivenAsync(Leave);

        var answer = await user.AskAsync(
            new { question = "Who won the football world cup in Brazil?", model = "extractive" }
        );

        Assert.Equal("unsupported", answer.Text("outcome"));
        Assert.Equal("I did not find this in your documents.", answer.Text("answer"));
        Assert.Equal(0, answer.GetProperty("citations").GetArrayLength());
        Assert.Equal(1, answer.GetProperty("retrieval").GetProperty("passages").GetArrayLength());
        Assert.Contains(answer.GetProperty("retrieval").Text("engine"), new[] { "memory", "postgres" });
    }

    [Fact]
    public async Task A_models_good_citation_stays_and_its_invented_ones_go()
    {
        var user = await GivenAsync(Notice, Leave);
        var question = $"Notice and leave? {Guid.CreateVersion7()}";
        Script(
            question,
            new ScriptedReply(
                "The notice period is 30 days in the first year [1]. Paid leave is 45 days a year [2]. "
                    + "The handbook says “nobody may ever leave the building” [1]. See also the annex [9]."
            )
        );

        var answer = await user.AskAsync(new { question });

        Assert.Equal("answered", answer.Text("outcome"));
        Assert.Equal("scripted", answer.Text("model"));
        Assert.Equal(
            "The notice period is 30 days in the first year [1]. Paid leave is 45 days a year. "
                + "The handbook says “nobody may ever leave the building”. See also the annex.",
            answer.Text("answer")
        );
        var citation = Assert.Single(answer.GetProperty("citations").EnumerateArray());
        Assert.Equal("The notice period is 30 days for employees in their first year.", citation.Text("quote"));
        Assert.Contains(
            "Paid leave is 45 days a year.",
            answer.GetProperty("unsupported_sentences").EnumerateArray().Select(sentence => sentence.GetString())
        );
        Assert.True(answer.GetProperty("usage").GetProperty("input_tokens").GetInt64() > 100);
    }

    [Fact]
    public async Task A_model_that_cites_nothing_has_not_answered()
    {
        var user = await GivenAsync(Notice);
        var question = $"Parking? {Guid.CreateVersion7()}";
        Script(question, new ScriptedReply("The passages do not say anything about parking."));

        var answer = await user.AskAsync(new { question });

        Assert.Equal("unsupported", answer.Text("outcome"));
    }

    [Fact]
    public async Task A_stream_begins_with_the_retrieval_and_ends_with_the_whole_answer()
    {
        var user = await GivenAsync(Notice);
        var question = $"Notice? {Guid.CreateVersion7()}";
        Script(question, new ScriptedReply("The notice period is 30 days in the first year [1].") { ChunkLength = 3 });

        using var response = await user.OpenStreamAsync(new { question }, Cancel);
        var events = new List<ChatEvent>();
        await foreach (var happened in response.EventsAsync())
        {
            events.Add(happened);
        }

        Assert.Equal("retrieval", events[0].Type);
        Assert.Equal("done", events[^1].Type);
        Assert.Equal("citation", Assert.Single(events, happened => happened.Type == "citation").Type);
        Assert.True(events.Count(happened => happened.Type == "text") > 5);
        var done = events[^1].Data;
        Assert.Equal(done.Text("answer"), events.TextOf());
        Assert.Equal(events[0].Data.Text("conversation_id"), done.Text("conversation_id"));
        Assert.True(done.GetProperty("timings").GetProperty("first_text_ms").GetDouble() > 0);
        Assert.Contains(
            "retrieval;dur=",
            response.Headers.GetValues("Server-Timing").Single(),
            StringComparison.Ordinal
        );
        Assert.Equal("no", response.Headers.GetValues("X-Accel-Buffering").Single());
        Assert.Equal("sk-test", chancery.Model.ChatRequests[^1].ApiKey);
    }

    [Fact]
    public async Task The_extractive_answer_streams_with_the_same_events()
    {
        var user = await GivenAsync(Notice);

        var events = await user.StreamAsync(new { question = "How long is the notice period?", model = "extractive" });

        Assert.Equal(["retrieval", "text", "citation", "done"], events.Select(happened => happened.Type));
        Assert.Equal(events[^1].Data.Text("answer"), events.TextOf());
    }

    [Fact]
    public async Task A_silent_model_is_bridged_by_pings()
    {
        var user = await GivenAsync(Notice);
        var question = $"Slow? {Guid.CreateVersion7()}";
        Script(
            question,
            new ScriptedReply("The notice period is 30 days in the first year [1].")
            {
                BeforeFirstByte = TimeSpan.FromMilliseconds(700),
            }
        );

        var events = await user.StreamAsync(new { question });

        Assert.Equal(["retrieval", "ping"], events.Take(2).Select(happened => happened.Type));
        Assert.Equal("done", events[^1].Type);
    }

    [Theory]
    [InlineData(200, "application/json")]
    [InlineData(2000, "text/event-stream")]
    public async Task Auto_sends_a_short_answer_as_json_and_a_long_one_as_events(int length, string mediaType)
    {
        var user = await GivenAsync(Notice);
        var question = $"Long or short? {Guid.CreateVersion7()}";
        Script(question, new ScriptedReply(string.Concat(Enumerable.Repeat("many words ", length / 11))));

        using var response = await user.Http.PostAsJsonAsync(
            "/api/v1/chat",
            new { question, stream = "auto" },
            ChanceryFixture.Json,
            Cancel
        );

        Assert.Equal(mediaType, response.Content.Headers.ContentType?.MediaType);
        var body = await response.Content.ReadAsStringAsync(Cancel);
        Assert.Contains("many words many words", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hundred_kilobytes_arrive_whole_and_in_order()
    {
        var user = await GivenAsync(Notice);
        var question = $"Everything? {Guid.CreateVersion7()}";
        var text = string.Join(' ', Enumerable.Range(0, 8000).Select(i => i % 12 == 0 ? $"item{i}." : $"item{i}"));
        text += " " + text[..40_000].TrimEnd();
        Assert.True(text.Length > 100_000, $"{text.Length}");
        Script(question, new ScriptedReply(text) { ChunkLength = 40 });

        var events = await user.StreamAsync(new { question, max_tokens = 16_000 });

        Assert.Equal("done", events[^1].Type);
        Assert.Equal(text, events.TextOf());
    }

    [Fact]
    public async Task A_model_that_does_not_keep_to_the_limit_of_tokens_is_cut_off_and_that_is_said()
    {
        var user = await GivenAsync(Notice);
        var question = $"Everything? {Guid.CreateVersion7()}";
        var text = string.Concat(Enumerable.Repeat("word after word ", 1000));
        Script(question, new ScriptedReply(text) { ChunkLength = 40 });

        var events = await user.StreamAsync(new { question, max_tokens = 100 });

        Assert.True(events[^1].Data.GetProperty("truncated").GetBoolean());
        Assert.InRange(events.TextOf().Length, 400, 1_000);
    }

    [Fact]
    public async Task The_model_sees_the_conversation_so_far_and_the_passages_as_data()
    {
        var user = await GivenAsync(Notice);
        var session = $"s-{Guid.CreateVersion7()}";
        var first = $"First? {Guid.CreateVersion7()}";
        Script(first, new ScriptedReply("The notice period is 30 days in the first year [1]."));
        await user.AskAsync(new { question = first, session_id = session });
        var second = $"Second? {Guid.CreateVersion7()}";
        Script(second, new ScriptedReply("In writing, to the head of the department [1]."));

        var answer = await user.AskAsync(new { question = second, session_id = session });

        var told = Assert.Single(chancery.Model.ChatRequests, request => request.LastUserMessage == second);
        Assert.Equal(["system", "user", "assistant", "user", "assistant", "user"], told.Messages.Select(m => m.Role));
        Assert.Equal(first, told.Messages[1].Content);
        Assert.Equal("The notice period is 30 days in the first year.", told.Messages[2].Content);
        Assert.Contains("given in writing", told.Messages[3].Content, StringComparison.Ordinal);
        Assert.Equal(session, answer.Text("session_id"));
    }

    [Fact]
    public async Task A_model_can_be_named_in_the_query_and_an_unknown_one_lists_what_there_is()
    {
        var user = await GivenAsync(Notice);

        using var response = await user.Http.PostAsJsonAsync(
            "/api/v1/chat?model=extractive",
            new { question = "How long is the notice period?" },
            ChanceryFixture.Json,
            Cancel
        );
        var problem = await user.AskAsync(new { question = "Hm?", model = "gpt-9" }, HttpStatusCode.BadRequest);

        Assert.Equal("extractive", (await response.ReadAsync(HttpStatusCode.OK)).Text("model"));
        Assert.Equal("invalid", problem.Text("code"));
        var why = problem.GetProperty("errors").GetProperty("model")[0].GetString();
        Assert.Contains("scripted, extractive", why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"question":""}""")]
    [InlineData("""{"question":"   "}""")]
    [InlineData("""{"question":"x","temperature":3}""")]
    [InlineData("""{"question":"x","max_tokens":0}""")]
    [InlineData("""{"question":"x","stream":"sometimes"}""")]
    [InlineData("""{"question":"x","session_id":""}""")]
    [InlineData("""{"question":""")]
    public async Task A_question_that_makes_no_sense_is_refused(string body)
    {
        var user = await GivenAsync(Notice);

        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await user.Http.PostAsync("/api/v1/chat", content, Cancel);

        var problem = await response.ReadAsync(HttpStatusCode.BadRequest);
        Assert.True(problem.TryGetProperty("traceId", out _));
    }

    [Theory]
    [InlineData("POST", "/api/v1/chat")]
    [InlineData("POST", "/chat")]
    [InlineData("GET", "/api/v1/models")]
    [InlineData("GET", "/api/v1/conversations")]
    public async Task Nobody_asks_without_a_credential(string method, string path)
    {
        using var client = chancery.Anonymous();
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (method == "POST")
        {
            request.Content = JsonContent.Create(new { question = "Anyone there?" });
        }

        using var response = await client.SendAsync(request, Cancel);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Fact]
    public async Task The_older_path_answers_the_same()
    {
        var user = await GivenAsync(Notice);

        using var response = await user.Http.PostAsJsonAsync(
            "/chat",
            new
            {
                question = "How long is the notice period?",
                session_id = "test",
                model = "extractive",
            },
            ChanceryFixture.Json,
            Cancel
        );

        Assert.Equal("answered", (await response.ReadAsync(HttpStatusCode.OK)).Text("outcome"));
    }

    [Fact]
    public async Task Filters_reach_the_search()
    {
        var user = await GivenAsync(Notice);
        var document = Guid.CreateVersion7();

        await user.AskAsync(
            new
            {
                question = "How long is the notice period?",
                model = "extractive",
                documents = new[] { document },
                tags = new[] { "hr" },
            }
        );

        Assert.Equal([document], chancery.Passages.LastQuery!.Documents!);
        Assert.Equal(["hr"], chancery.Passages.LastQuery.Tags!);
    }

    [Fact]
    public async Task Models_are_listed_with_the_default()
    {
        var user = await GivenAsync(Notice);

        var items = (await user.GetAsync("/api/v1/models")).GetProperty("items").EnumerateArray().ToList();

        Assert.Equal(["scripted", "extractive"], items.Select(item => item.Text("id")));
        Assert.Equal(["openai-compatible", "extractive"], items.Select(item => item.Text("kind")));
        Assert.Equal([true, false], items.Select(item => item.GetProperty("default").GetBoolean()));
    }

    [Fact]
    public async Task Twice_as_many_models_as_connections_talk_at_once()
    {
        var user = await GivenAsync(Notice);
        var mark = Guid.CreateVersion7();
        var reply = new ScriptedReply("The notice period is 30 days in the first year [1].")
        {
            BeforeFirstByte = TimeSpan.FromSeconds(1.5),
        };
        var most = 0;

        // The same question would be asked once.
        var asking = Enumerable
            .Range(0, 40)
            .Select(i =>
            {
                var question = $"All at once, number {i}? {mark}";
                Script(question, reply);
                return user.AskAsync(new { question });
            })
            .ToList();
        var all = Task.WhenAll(asking);
        while (!all.IsCompleted)
        {
            most = Math.Max(most, chancery.Model.Running);
            await Task.Delay(20, Cancel);
        }

        Assert.All(await all, answer => Assert.Equal("scripted", answer.Text("model")));
        Assert.True(most > 20, $"At most {most} talked at once: a connection was held while they did.");
    }

    private async Task<TestUser> GivenAsync(params string[] passages)
    {
        var user = await chancery.SignUpAsync();
        chancery.Passages.Of(user.TenantId, passages);
        return user;
    }

    private void Script(string question, ScriptedReply reply) => chancery.Scripts[question] = reply;

    /// <summary>With a model that may write a hundred kilobytes.</summary>
    public sealed class Fixture : AnswersFixture
    {
        protected override void Prepare() => Settings["MODEL_CONTEXT_WINDOW"] = "65536";
    }
}
