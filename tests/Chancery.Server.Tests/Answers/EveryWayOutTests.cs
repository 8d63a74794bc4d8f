using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Chancery.Server.Answers.Writing;
using Chancery.Server.Inference.Caching;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Inference.Routing;
using Chancery.Server.Tests.Contracts;
using Chancery.Server.Tests.Mcp;
using Chancery.Testing;
using Chancery.Testing.Models;

namespace Chancery.Server.Tests.Answers;

/// <summary>Each way on which the text of a model leaves, against each thing that must not leave on it.</summary>
public sealed partial class EveryWayOutTests(EveryWayOutTests.Fixture chancery)
    : IClassFixture<EveryWayOutTests.Fixture>
{
    private const string Notice = "The notice period is 30 days for employees in their first year of work.";
    private const string Good = "The notice period is 30 days in the first year [1].";

    // Of the shape of a key, and put together here.
    private static readonly string Secret = "sk-" + "abcdEFGH1234567890abcd";

    /// <summary>By what it is called in the guide to the guards: how somebody gets the text of a model there.</summary>
    private static readonly Dictionary<string, Func<Fixture, TestUser, string, Task<string>>> Ways = new()
    {
        ["chat"] = (_, user, mark) => PostAsync(user, "/api/v1/chat", new { question = mark }),
        ["chat, streamed"] = async (_, user, mark) =>
            string.Concat(
                (await user.StreamAsync(new { question = mark })).Select(happened => happened.Data.GetRawText())
            ),
        ["chat, reasoning"] = async (_, user, mark) =>
            string.Concat(
                (await user.StreamAsync(new { question = mark, reasoning = true })).Select(happened =>
                    happened.Data.GetRawText()
                )
            ),
        ["/v1/chat/completions, knowledge/"] = (_, user, mark) =>
            PostAsync(user, "/v1/chat/completions", new { model = "knowledge/all", messages = Said(mark) }),
        ["/v1/chat/completions, knowledge/, streamed"] = (_, user, mark) =>
            PostAsync(
                user,
                "/v1/chat/completions",
                new
                {
                    model = "knowledge/all",
                    messages = Said(mark),
                    stream = true,
                }
            ),
        ["/v1/responses, knowledge/"] = (_, user, mark) =>
            PostAsync(user, "/v1/responses", new { model = "knowledge/all", input = mark }),
        ["/v1/messages, knowledge/"] = (_, user, mark) =>
            PostAsync(
                user,
                "/v1/messages",
                new
                {
                    model = "knowledge/all",
                    max_tokens = 500,
                    messages = Said(mark),
                }
            ),
        ["reasoning"] = (_, user, mark) => PostAsync(user, "/api/v1/reasoning", new { question = mark }),
        ["upgrade"] = (_, user, mark) => PostAsync(user, "/api/v1/upgrade", new { user_prompt = mark }),
        ["draft"] = (_, user, mark) => PostAsync(user, "/api/v1/contracts", new { instruction = mark }),
        ["revision"] = async (_, user, mark) =>
        {
            var id = (await user.DraftAsync()).ContractId();
            return await PostAsync(user, $"/api/v1/contracts/{id}/revisions", new { instruction = mark });
        },
        ["MCP ask"] = async (fixture, user, mark) =>
        {
            using var response = await fixture.SendAsync(
                user.AccessToken,
                McpApi.Newest,
                "tools/call",
                new JsonObject
                {
                    ["name"] = "ask",
                    ["arguments"] = new JsonObject { ["question"] = mark },
                }
            );
            return await response.Content.ReadAsStringAsync(Cancel);
        },
    };

    /// <summary>What no model was told, and what is found of it if it leaves.</summary>
    private static readonly Dictionary<string, (Func<ScriptedRequest, string> Leak, string[] Traces)> Leaks = new()
    {
        ["secret"] = (_ => $"The key is {Secret}, keep it.", [Secret, Secret[^12..]]),
        ["escaped secret"] = (_ => $"The key is {Secret}, keep it.", [Secret, Secret[^12..]]),
        ["mark of the rules"] = (
            request => MarkOf(request) is { Length: > 0 } mark ? $"The rules are {mark} so." : "None.",
            []
        ),
        ["link"] = (_ => "See [this](https://evil.example/?d=salary) and https://evil.example/s.", ["evil.example"]),
        ["image"] = (_ => "See ![](https://docs.trusted.example/p.png?d=salary).", ["p.png"]),
        ["id"] = (_ => "It is 0199a1b2-c3d4-7000-8000-00000000abcd.", ["00000000abcd"]),
        ["personal data"] = (_ => "Ask ada.byron@acme-corp.example.", ["ada.byron"]),
        ["tool call"] = (_ => "<tool_call>send</tool_call>", ["<tool_call", "u003Ctool_call"]),
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> All =>
        [
            .. Ways
                .Keys.SelectMany(way => Leaks.Keys.Select(leak => (way, leak)))
                // Who asks there may want one made.
                .Where(each => each is not ("reasoning", "id")),
        ];

    public static TheoryData<string> AllWays => [.. Ways.Keys];

    [Theory]
    [MemberData(nameof(All))]
    public async Task Nothing_leaves_that_the_model_was_not_told(string way, string leak)
    {
        var user = await GivenAsync();
        var (says, traces) = Leaks[leak];
        var seen = new ConcurrentBag<string>();
        var left = await LeaveAsync(
            way,
            user,
            request =>
            {
                seen.Add(MarkOf(request));
                return says(request);
            },
            escapes: leak == "escaped secret"
        );

        Assert.NotEmpty(seen);
        foreach (var trace in traces.Concat(leak == "mark of the rules" ? seen.Where(mark => mark.Length > 0) : []))
        {
            Assert.DoesNotContain(trace, left, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Theory]
    [MemberData(nameof(AllWays))]
    public async Task An_address_leaves_whose_host_the_organisation_allows(string way)
    {
        var user = await GivenAsync();

        var left = await LeaveAsync(
            way,
            user,
            _ => "See https://docs.trusted.example/a?b=1 and https://www.wild.example/b, for more.",
            escapes: false
        );

        Assert.Contains("https://docs.trusted.example/a?b=1", left, StringComparison.Ordinal);
        Assert.Contains("https://www.wild.example/b", left, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_wrote_all_that_a_model_was_told_gets_ids_and_addresses_of_it_unless_hosts_are_named()
    {
        const string says = "It is 0199a1b2-c3d4-7000-8000-00000000abcd, see https://elsewhere.example/a.";
        var user = await chancery.SignUpAsync();
        var named = await GivenAsync();

        var left = await LeaveAsync("reasoning", user, _ => says, escapes: false);
        var less = await LeaveAsync("reasoning", named, _ => says, escapes: false);

        Assert.Contains(says, left, StringComparison.Ordinal);
        Assert.Contains("00000000abcd", less, StringComparison.Ordinal);
        Assert.DoesNotContain("elsewhere.example", less, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sk-")]
    [InlineData("https://evil.example")]
    public async Task What_is_written_as_an_escape_does_not_leave_with_the_raw_response(string what)
    {
        var user = await GivenAsync();

        var left = await LeaveAsync(
            "reasoning",
            user,
            _ =>
                what == "sk-"
                    ? $"{{\"key\": \"\\u0073k-{Secret[3..]}\"}}"
                    : "{\"at\": \"https:\\u002f\\u002fevil.example/?d=salary\"}",
            escapes: false
        );

        Assert.DoesNotContain(Secret[^12..], left, StringComparison.Ordinal);
        using var said = JsonDocument.Parse(left);
        Assert.DoesNotContain(
            "salary",
            what == "sk-" ? left : said.RootElement.Text("raw_response"),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("draft")]
    [InlineData("revision")]
    public async Task What_nobody_sees_is_taken_out_of_a_draft_that_is_kept(string way)
    {
        var user = await chancery.SignUpAsync();
        chancery.Passages.Of(user.TenantId, Notice);

        var left = await LeaveAsync(way, user, _ => "The par\u200bties ag\u00adree.", escapes: false);

        Assert.Contains("The parties agree.", left, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rules_are_read_once_before_a_model_is_asked_for_a_draft()
    {
        var user = await chancery.SignUpAsync();

        var left = await LeaveAsync(
            "draft",
            user,
            request =>
            {
                if (ContractModelFixture.IsPlan(request))
                {
                    Refuse(user);
                }

                return "Ask ada.byron@acme-corp.example.";
            },
            escapes: false
        );

        Assert.Contains("ada.byron@acme-corp.example", left, StringComparison.Ordinal);
    }

    [Fact]
    public void Whatever_asks_a_model_is_known_here_and_stands_behind_a_guard_or_says_why_not()
    {
        // A new one belongs into the ways above and into the table of docs/guards.md.
        string[] known =
        [
            // Behind the guard: the ways above.
            "Chancery.Server.Answers.Chat.ChatService",
            "Chancery.Server.Answers.Reasoning.ReasoningService",
            "Chancery.Server.Answers.Writing.ModelWriter",
            "Chancery.Server.Answers.Memory.ConversationSummaries",
            // Its readers are the ways above.
            "Chancery.Server.Contracts.Drafting.ContractDrafting",
            "Chancery.Server.Contracts.Revising.ContractRevising",
            "Chancery.Server.Upgrade.Pipeline.HistorySummary",
            "Chancery.Server.Upgrade.Pipeline.UpgradePipeline",
            // Nobody reads what is said: it goes into the cache, whose answers pass the guard.
            "Chancery.Server.Answers.WarmUp.CacheWarmUp",
            // What is measured, for those who evaluate.
            "Chancery.Server.Evaluation.Judging.Judges",
            "Chancery.Server.Evaluation.Running.PromptAsker",
            // Passed on to whoever wrote all of what the model was told.
            "Chancery.Server.Gateway.ChatCompletions.ChatCompletionsEndpoint",
            "Chancery.Server.Gateway.ChatCompletions.ChatRelay",
            "Chancery.Server.Gateway.Translation.ModelAnswers",
            "Chancery.Server.Inference.Routing.ModelCalls",
        ];
        Type[] voices = [typeof(ModelCalls), typeof(CachedCalls), typeof(ChatClients), typeof(ModelWriter)];

        var asking = typeof(ModelCalls)
            .Assembly.GetTypes()
            .Where(type =>
                type.GetConstructors(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
                    .Cast<MethodBase>()
                    .Concat(
                        type.GetMethods(
                            BindingFlags.Static
                                | BindingFlags.Public
                                | BindingFlags.NonPublic
                                | BindingFlags.DeclaredOnly
                        )
                    )
                    .Any(method => method.GetParameters().Any(parameter => voices.Contains(parameter.ParameterType)))
            )
            .Where(type => !type.Name.StartsWith('<'))
            .Select(type => type.FullName)
            .Order(StringComparer.Ordinal);

        Assert.Equal(known.Order(StringComparer.Ordinal), asking);
    }

    private async Task<TestUser> GivenAsync()
    {
        var user = await chancery.SignUpAsync();
        chancery.Passages.Of(user.TenantId, Notice);
        using var changed = await user.Http.PatchAsJsonAsync(
            "/api/v1/organization",
            new
            {
                personal_data_in_answers = "redact",
                answer_link_hosts = new[] { "docs.trusted.example", "*.wild.example" },
            },
            Cancel
        );
        await changed.ReadAsync(HttpStatusCode.OK);
        return user;
    }

    /// <summary>In the midst of a call of the model, which waits for it.</summary>
    private static void Refuse(TestUser user)
    {
        using var changed = Task.Run(() =>
                user.Http.PatchAsJsonAsync("/api/v1/organization", new { personal_data_in_answers = "refuse" }, Cancel)
            )
            .GetAwaiter()
            .GetResult();
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
    }

    private async Task<string> LeaveAsync(string way, TestUser user, Func<ScriptedRequest, string> says, bool escapes)
    {
        // A word of letters: digits might be taken for somebody's.
        var mark =
            $"How long is the notice period {string.Concat(Guid.CreateVersion7().ToString("n").Select(c => (char)(c + (c < 'a' ? 56 : 16))))}";
        chancery.ByWords[mark] = request =>
        {
            var text = $"{Good} {says(request)}";
            var form = FormOf(way, request, text);
            // What is JSON is read as JSON.
            var written =
                escapes && form.StartsWith('{')
                    ? form.Replace("sk-", "\\u0073\\u006b-", StringComparison.Ordinal)
                    : form;
            return new ScriptedReply(written) { ChunkLength = 3 };
        };
        return await Ways[way](chancery, user, mark);
    }

    private static string FormOf(string way, ScriptedRequest request, string text) =>
        way switch
        {
            "upgrade" => JsonSerializer.Serialize(
                new
                {
                    prompt = $"{request.LastUserMessage.Length} letters. {text}",
                    changes = new[] { new { what = text, why = "So." } },
                },
                Plain
            ),
            "draft" when ContractModelFixture.IsPlan(request) => ContractModelFixture.Plan("Notice"),
            "draft" => JsonSerializer.Serialize(
                new
                {
                    heading = "Notice",
                    text,
                    children = Array.Empty<object>(),
                    sources = Array.Empty<int>(),
                },
                Plain
            ),
            "revision" => JsonSerializer.Serialize(
                new
                {
                    edits = new[]
                    {
                        new
                        {
                            op = "replace_text",
                            clause = "c1",
                            text,
                        },
                    },
                    note = "So.",
                    sources = Array.Empty<int>(),
                },
                Plain
            ),
            "chat, reasoning" => $"Thought: {text}\nFinal Answer: {text}",
            _ => text,
        };

    private static JsonSerializerOptions Plain { get; } =
        new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static object[] Said(string text) => [new { role = "user", content = text }];

    private static async Task<string> PostAsync(TestUser user, string path, object body)
    {
        using var response = await user.Http.PostAsJsonAsync(path, body, ChanceryFixture.Json, Cancel);
        return await response.Content.ReadAsStringAsync(Cancel);
    }

    private static string MarkOf(ScriptedRequest request) => Mark().Match(request.Messages[0].Content).Value;

    [GeneratedRegex("(?<![0-9a-f])[0-9a-f]{24}(?![0-9a-f])")]
    private static partial Regex Mark();

    /// <summary>A server whose model says what a test says, by words of the question, wherever they stand.</summary>
    public sealed class Fixture : AnswersFixture
    {
        internal ConcurrentDictionary<string, Func<ScriptedRequest, ScriptedReply>> ByWords { get; } = new();

        protected override void Prepare() =>
            Model.Behaves(request =>
                ByWords.FirstOrDefault(script => request.Prompt.Contains(script.Key, StringComparison.Ordinal)).Value
                    is { } script
                    ? script(request)
                    : new ScriptedReply("I do not know.")
            );
    }
}
