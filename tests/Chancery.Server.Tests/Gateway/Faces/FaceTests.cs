using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;
using Chancery.Testing.Models;
using Npgsql;

namespace Chancery.Server.Tests.Gateway.Faces;

/// <summary>What the official packages do not show of the gateway's routes: figures, refusals, and what reaches the provider.</summary>
public sealed class FaceTests(FacesFixture chancery) : IClassFixture<FacesFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Tokens_of_a_providers_cache_are_counted_once_in_each_protocols_way()
    {
        const string Question = "How much was cached?";
        chancery.Claude.Behaves(_ => new ScriptedReply("Much.") { Usage = new ScriptedUsage(100, 7, 40, 20, 10) });

        var (message, _) = await AskAsync("/v1/messages", Message("claude", Question));
        var (response, _) = await AskAsync("/v1/responses", new { model = "claude", input = Question });

        var usage = message.GetProperty("usage");
        Assert.Equal(30, usage.GetProperty("input_tokens").GetInt64());
        Assert.Equal(40, usage.GetProperty("cache_read_input_tokens").GetInt64());
        Assert.Equal(30, usage.GetProperty("cache_creation_input_tokens").GetInt64());
        Assert.Equal(10, usage.GetProperty("cache_creation").GetProperty("ephemeral_1h_input_tokens").GetInt64());
        Assert.Equal(7, usage.GetProperty("output_tokens").GetInt64());
        usage = response.GetProperty("usage");
        Assert.Equal(100, usage.GetProperty("input_tokens").GetInt64());
        Assert.Equal(40, usage.GetProperty("input_tokens_details").GetProperty("cached_tokens").GetInt64());
        Assert.Equal(107, usage.GetProperty("total_tokens").GetInt64());
    }

    [Fact]
    public async Task Figures_that_no_provider_gave_are_marked()
    {
        chancery.Scripts["Say no usage"] = _ => ScriptedFault.NoUsage;

        var (message, _) = await AskAsync("/v1/messages", Message("alpha/m", "Say no usage"));
        var (response, _) = await AskAsync("/v1/responses", new { model = "alpha/m", input = "Say no usage" });

        Assert.True(message.GetProperty("usage").GetProperty("estimated").GetBoolean());
        Assert.True(message.GetProperty("usage").GetProperty("output_tokens").GetInt64() > 0);
        Assert.True(response.GetProperty("usage").GetProperty("estimated").GetBoolean());
    }

    [Theory]
    [InlineData("/v1/messages", "message_stop")]
    [InlineData("/v1/responses", "response.completed")]
    public async Task A_stream_that_breaks_off_ends_in_one_error_and_is_booked_as_cut(string route, string end)
    {
        var (events, headers) = await StreamAsync(route, Ask(route, "alpha/m", "Break off"));

        Assert.Equal("error", events[^1].EventType);
        Assert.Single(events, one => one.EventType == "error");
        Assert.DoesNotContain(events, one => one.EventType == end);
        Assert.Equal("provider_broke_off", Json(events[^1].Data).GetProperty("error").Text("code"));
        Assert.Equal("truncated", await chancery.LedgerRowsAsync(headers["X-Chancery-Call"], Cancel));
    }

    [Theory]
    [InlineData("/v1/messages")]
    [InlineData("/v1/responses")]
    public async Task An_answer_that_is_taken_whole_comes_from_the_next_model_when_the_first_breaks_off(string route)
    {
        await chancery.ForgetFailuresAsync();

        var (answer, headers) = await AskAsync(route, Ask(route, "both", "Break off", stream: false));

        Assert.Contains(GatewayFixture.BetaSays, answer.GetRawText(), StringComparison.Ordinal);
        Assert.Equal("beta/m", answer.Text("model"));
        Assert.Equal("2", headers["X-Chancery-Attempts"]);
        Assert.Equal("failed answered", await chancery.LedgerRowsAsync(headers["X-Chancery-Call"], Cancel));
    }

    [Theory]
    [InlineData("/v1/messages", "", "malformed")]
    [InlineData("/v1/messages", "[]", "malformed")]
    [InlineData("/v1/messages", """{"model":"alpha/m","messages":[]}""", "max_tokens")]
    [InlineData("/v1/messages", """{"model":"alpha/m","max_tokens":0,"messages":[]}""", "max_tokens")]
    [InlineData("/v1/messages", """{"model":"alpha/m","max_tokens":5,"messages":[]}""", "messages")]
    [InlineData("/v1/messages", """{"model":"alpha/m","max_tokens":5,"messages":"hi"}""", "messages")]
    [InlineData(
        "/v1/messages",
        """{"model":"alpha/m","max_tokens":5,"messages":[{"role":"user","content":[{"type":"text"}]}]}""",
        "messages[0].content[0].text"
    )]
    [InlineData(
        "/v1/messages",
        """{"model":"alpha/m","max_tokens":5,"messages":[{"role":"user","content":"\ud800"}]}""",
        "Unicode"
    )]
    [InlineData(
        "/v1/messages",
        """{"model":"alpha/m","max_tokens":5,"tools":[{"type":"web_search_20250305","name":"web_search"}],"messages":[{"role":"user","content":"x"}]}""",
        "tools[0].type"
    )]
    [InlineData(
        "/v1/messages",
        """{"model":"alpha/m","max_tokens":5,"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"%%"}}]}]}""",
        "source.data"
    )]
    [InlineData("/v1/messages/count_tokens", """{"model":"alpha/m"}""", "messages")]
    [InlineData("/v1/responses", "{", "malformed")]
    [InlineData("/v1/responses", """{"model":"alpha/m"}""", "input")]
    [InlineData("/v1/responses", """{"model":"alpha/m","input":[]}""", "input")]
    [InlineData(
        "/v1/responses",
        """{"model":"alpha/m","input":"x","tools":[{"type":"web_search"}]}""",
        "tools[0].type"
    )]
    [InlineData("/v1/responses", """{"model":"alpha/m","input":"x","temperature":"warm"}""", "temperature")]
    [InlineData(
        "/v1/responses",
        """{"model":"alpha/m","input":[{"type":"item_reference","id":"x"}]}""",
        "input[0].type"
    )]
    [InlineData(
        "/v1/responses",
        """{"model":"alpha/m","input":[{"type":"function_call","call_id":"1","name":"x","arguments":"{"}]}""",
        "input[0].arguments"
    )]
    [InlineData("/v1/responses", """{"model":"alpha/m","input":"x","conversation":"conv_1"}""", "conversation")]
    [InlineData("/v1/responses", """{"model":"alpha/m","input":"x","truncation":"auto"}""", "truncation")]
    [InlineData("/v1/embeddings", """{"model":"scripted"}""", "input")]
    [InlineData("/v1/embeddings", """{"model":"scripted","input":[]}""", "input")]
    [InlineData("/v1/embeddings", """{"model":"scripted","input":[1,2]}""", "input[0]")]
    [InlineData("/v1/embeddings", """{"model":"scripted","input":"\ud800"}""", "Unicode")]
    [InlineData("/v1/embeddings", """{"model":"scripted","input":"x","encoding_format":"hex"}""", "encoding_format")]
    public async Task A_request_that_is_wrong_is_told_where(string route, string body, string where)
    {
        using var response = await PostAsync(route, body);
        var text = await response.Content.ReadAsStringAsync(Cancel);

        Assert.True(response.StatusCode is HttpStatusCode.BadRequest, $"{response.StatusCode} {text}");
        Assert.Contains(where, text, StringComparison.Ordinal);
        var error = Json(text).GetProperty("error");
        Assert.NotEmpty(error.Text("message"));
        if (route.StartsWith("/v1/messages", StringComparison.Ordinal))
        {
            Assert.Equal("error", Json(text).Text("type"));
            Assert.Equal("invalid_request_error", error.Text("type"));
        }
    }

    [Theory]
    [InlineData("/v1/messages")]
    [InlineData("/v1/messages/count_tokens")]
    public async Task Without_a_credential_Anthropics_clients_read_an_error_of_theirs(string route)
    {
        using var anonymous = chancery.Anonymous();
        using var content = new StringContent("{}", Encoding.UTF8, "application/json");
        using var response = await anonymous.PostAsync(new Uri(route, UriKind.Relative), content, Cancel);
        var problem = Json(await response.Content.ReadAsStringAsync(Cancel));

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("error", problem.Text("type"));
        Assert.Equal("authentication_error", problem.GetProperty("error").Text("type"));
        Assert.Equal("unauthenticated", problem.Text("code"));
    }

    [Fact]
    public async Task What_only_Anthropics_models_understand_reaches_them_and_no_others()
    {
        object Wish(string model) =>
            new
            {
                model,
                max_tokens = 3000,
                top_k = 5,
                thinking = new { type = "enabled", budget_tokens = 1024 },
                metadata = new { user_id = "u-1" },
                system = new[]
                {
                    new
                    {
                        type = "text",
                        text = "Be kind.",
                        cache_control = new { type = "ephemeral" },
                    },
                },
                messages = new[] { new { role = "user", content = "To whom does this go?" } },
                stop_sequences = new[] { "END" },
            };

        await AskAsync("/v1/messages", Wish("claude"));
        await AskAsync("/v1/messages", Wish("alpha/m"));

        var claude = chancery.Claude.ChatRequests.Last(Asks).Body;
        Assert.Equal(1024, claude.GetProperty("thinking").GetProperty("budget_tokens").GetInt32());
        Assert.Equal("u-1", claude.GetProperty("metadata").Text("user_id"));
        Assert.Equal("ephemeral", claude.GetProperty("system")[0].GetProperty("cache_control").Text("type"));
        Assert.Equal(5, claude.GetProperty("top_k").GetInt32());
        var alpha = chancery.Alpha.ChatRequests.Last(Asks).Body;
        Assert.Equal(["END"], alpha.GetProperty("stop").EnumerateArray().Select(stop => stop.GetString()));
        Assert.DoesNotContain(
            alpha.EnumerateObject(),
            member => member.Name is "thinking" or "top_k" or "cache_control" or "metadata"
        );

        static bool Asks(ScriptedRequest request) => request.LastUserMessage == "To whom does this go?";
    }

    [Fact]
    public async Task A_failed_tools_picture_reaches_a_model_that_knows_no_pictures_in_results()
    {
        var (_, _) = await AskAsync(
            "/v1/messages",
            new
            {
                model = "alpha/m",
                max_tokens = 50,
                messages = new object[]
                {
                    new { role = "user", content = "Look at the screen" },
                    new
                    {
                        role = "assistant",
                        content = new[]
                        {
                            new
                            {
                                type = "tool_use",
                                id = "t1",
                                name = "screen",
                                input = new { },
                            },
                        },
                    },
                    new
                    {
                        role = "user",
                        content = new object[]
                        {
                            new
                            {
                                type = "tool_result",
                                tool_use_id = "t1",
                                is_error = true,
                                content = new object[]
                                {
                                    new { type = "text", text = "It flickers." },
                                    new
                                    {
                                        type = "image",
                                        source = new
                                        {
                                            type = "base64",
                                            media_type = "image/png",
                                            data = "iVBORw0KGgo=",
                                        },
                                    },
                                },
                            },
                        },
                    },
                },
            }
        );

        var messages = chancery
            .Alpha.ChatRequests.Last(request => request.Prompt.Contains("Look at the screen", StringComparison.Ordinal))
            .Body.GetProperty("messages");
        Assert.Equal("tool", messages[2].Text("role"));
        Assert.Equal("It flickers.", messages[2].Text("content"));
        Assert.Equal("image_url", messages[3].GetProperty("content")[0].Text("type"));
    }

    [Fact]
    public async Task Models_are_ones_own_and_those_that_one_may_see()
    {
        var stranger = await chancery.SignUpAsync("Globex");
        await chancery.Olga.PostAsync(
            "/api/v1/collections",
            new { name = "Acme / secret plans" },
            HttpStatusCode.Created
        );

        var mine = await NamesAsync(chancery.Olga);
        var theirs = await NamesAsync(stranger);

        Assert.Contains("knowledge/Acme / secret plans", mine);
        Assert.DoesNotContain("knowledge/Acme / secret plans", theirs);
        Assert.Contains("knowledge/all", theirs);
        var path = $"/v1/models/{Uri.EscapeDataString("knowledge/Acme / secret plans")}";
        using var found = await chancery.Olga.Http.GetAsync(path, Cancel);
        using var hidden = await stranger.Http.GetAsync(path, Cancel);
        Assert.Equal(HttpStatusCode.OK, found.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, hidden.StatusCode);
    }

    [Fact]
    public async Task Embeddings_are_booked_as_embeddings()
    {
        var somebody = await chancery.SignUpAsync();
        using var content = new StringContent(
            """{"input":["one two three","four"],"dimensions":64}""",
            Encoding.UTF8,
            "application/json"
        );
        using var response = await somebody.Http.PostAsync(
            new Uri("/v1/embeddings", UriKind.Relative),
            content,
            Cancel
        );
        var answer = Json(await response.Content.ReadAsStringAsync(Cancel));

        Assert.Equal("scripted", answer.Text("model"));
        var rows = "";
        for (var tries = 0; rows.Length == 0 && tries < 100; tries++)
        {
            await Task.Delay(50, Cancel);
            await using var command = chancery.Owner.CreateCommand(
                "SELECT coalesce(string_agg(component || ' ' || outcome || ' ' || input, ','), '') FROM usage_entries WHERE tenant_id = $1 AND event = 'settled'"
            );
            command.Parameters.Add(new NpgsqlParameter { Value = somebody.TenantId });
            rows = (string)(await command.ExecuteScalarAsync(Cancel))!;
        }

        var tokens = answer.GetProperty("usage").GetProperty("prompt_tokens").GetInt64();
        Assert.Equal($"embeddings answered {tokens}", rows);
    }

    private static async Task<List<string>> NamesAsync(TestUser user)
    {
        using var response = await user.Http.GetAsync(new Uri("/v1/models", UriKind.Relative), Cancel);
        var list = Json(await response.Content.ReadAsStringAsync(Cancel));
        return [.. list.GetProperty("data").EnumerateArray().Select(model => model.Text("id"))];
    }

    private static object Message(string model, string question) =>
        new
        {
            model,
            max_tokens = 100,
            messages = new[] { new { role = "user", content = question } },
        };

    private static object Ask(string route, string model, string question, bool stream = true) =>
        route == "/v1/messages"
            ? new
            {
                model,
                stream,
                max_tokens = 100,
                messages = new[] { new { role = "user", content = question } },
            }
            : new
            {
                model,
                stream,
                input = question,
            };

    private async Task<HttpResponseMessage> PostAsync(string route, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(route, UriKind.Relative));
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", chancery.Key);
        using var client = chancery.Anonymous();
        return await client.SendAsync(request, HttpCompletionOption.ResponseContentRead, Cancel);
    }

    private async Task<(JsonElement Answer, Dictionary<string, string> Headers)> AskAsync(string route, object request)
    {
        using var response = await PostAsync(route, JsonSerializer.Serialize(request));
        var text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(response.IsSuccessStatusCode, text);
        return (Json(text), HeadersOf(response));
    }

    private async Task<(List<SseItem<string>> Events, Dictionary<string, string> Headers)> StreamAsync(
        string route,
        object request
    )
    {
        using var response = await PostAsync(route, JsonSerializer.Serialize(request));
        await using var body = await response.Content.ReadAsStreamAsync(Cancel);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        var events = new List<SseItem<string>>();
        await foreach (var item in SseParser.Create(body).EnumerateAsync(Cancel))
        {
            events.Add(item);
        }

        return (events, HeadersOf(response));
    }

    private static Dictionary<string, string> HeadersOf(HttpResponseMessage response) =>
        response.Headers.ToDictionary(
            header => header.Key,
            header => string.Join(", ", header.Value),
            StringComparer.OrdinalIgnoreCase
        );

    private static JsonElement Json(string text) => JsonSerializer.Deserialize<JsonElement>(text);
}
