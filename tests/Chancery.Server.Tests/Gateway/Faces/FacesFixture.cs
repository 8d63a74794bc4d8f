using System.Net;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;
using Chancery.Testing.Models;

namespace Chancery.Server.Tests.Gateway.Faces;

/// <summary>
/// The gateway with two OpenAI-compatible providers (<c>alpha</c>, <c>beta</c>), a model of Anthropic's protocol (<c>claude</c>)
/// and an embedding endpoint; somebody with a document and a key.
/// </summary>
public class FacesFixture : GatewayFixture
{
    public const string Question = "What is the notice period?";
    public const string Proof = "proof-of-claude";

    public FacesFixture()
    {
        // Nothing here is about clocks, and the machine may be busy.
        Settings["LLM_TIMEOUT"] = "30";
        Settings["LLM_DEADLINE"] = "60";
        Settings["LLM_RETRIES"] = "0";
        Settings["LLM_BREAKER_FAILURES"] = "1000";
    }

    public ScriptedModelServer Claude { get; private set; } = null!;

    public TestUser Olga { get; private set; } = null!;

    /// <summary>Of a key that may ask.</summary>
    public string Key { get; private set; } = "";

    public override async ValueTask InitializeAsync()
    {
        Claude = await ScriptedModelServer.StartAsync();
        Claude.Behaves(ClaudeDoes);
        Settings["MODEL_URL"] = Claude.BaseAddress.ToString();
        Settings["MODEL_NAME"] = "claude";
        Settings["MODEL_PROTOCOL"] = "anthropic";
        Settings["EMBEDDING_URL"] = Claude.BaseAddress.ToString();
        Settings["EMBEDDING_MODEL"] = "scripted";
        await base.InitializeAsync();
        Scripts["What is the weather in Paris?"] = Weather;
        Scripts["A person, please"] = request => new ScriptedReply(
            request.Body.GetProperty("response_format").Text("type") == "json_schema" ? """{"name":"Ada"}""" : "?"
        );
        Scripts["Too many"] = _ => ScriptedFault.RateLimitedForSeconds(3600);
        Scripts["Break off"] = _ => ScriptedFault.Truncation;
        Scripts["What is this?"] = request => new ScriptedReply(
            request.Body.GetRawText().Contains("data:image/png;base64,iVBORw0KGgo=", StringComparison.Ordinal)
                ? "A picture."
                : "Nothing."
        );
        Olga = await SignUpAsync();
        await Olga.ReadyTextAsync("# Terms\n\nThe notice period is thirty days.");
        Key = (
            await Olga.PostAsync("/api/v1/keys", new { name = "program", role = "editor" }, HttpStatusCode.Created)
        ).Text("key");
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await Claude.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private static ScriptedReply Weather(ScriptedRequest request) =>
        request.Body.GetRawText().Contains("18 degrees", StringComparison.Ordinal) ? new("It is 18 degrees.")
        : request.Body.TryGetProperty("tools", out _)
            ? new()
            {
                ToolCalls = [new ScriptedToolCall("call_1", "weather", """{"place":"Paris"}""")],
                FinishReason = "tool_calls",
            }
        : new("No tools came.");

    private static ScriptedReply ClaudeDoes(ScriptedRequest request)
    {
        var body = request.Body.GetRawText();
        return request.LastUserMessage == Question ? new("The notice period is thirty days [1].")
            : body.Contains("weather in Paris", StringComparison.Ordinal) ? Weather(request)
            : body.Contains("And now?", StringComparison.Ordinal)
                ? new(body.Contains(Proof, StringComparison.Ordinal) ? "The proof came back." : "It was lost.")
            : request.LastUserMessage == "Think"
                ? new("Claude answers.") { Reasoning = "It is simple.", Signature = Proof }
            : new ScriptedReply("Claude answers.");
    }
}
