using System.Collections.Concurrent;
using Chancery.Testing;
using Chancery.Testing.Models;

namespace Chancery.Server.Tests.Evaluation;

/// <summary>A server whose model answers and judges as a test scripts it, by words of the question.</summary>
public class EvaluationFixture : ChanceryFixture
{
    public EvaluationFixture()
    {
        Settings["LLM_TIMEOUT"] = "20";
        Settings["LLM_BREAKER_FAILURES"] = "1000";
        Settings["LLM_RETRIES"] = "0";
        // A dollar for a thousand tokens, so that a question costs something to see.
        Settings["MODEL_PRICES"] = "1000,1000";
    }

    public ScriptedModelServer Model { get; private set; } = null!;

    /// <summary>What is said where these words stand in a question.</summary>
    internal ConcurrentDictionary<string, Func<ScriptedRequest, ScriptedReply>> Scripts { get; } = new();

    /// <summary>What a judge says where these words stand in what it is shown.</summary>
    internal ConcurrentDictionary<string, Func<ScriptedRequest, ScriptedReply>> Verdicts { get; } = new();

    public override async ValueTask InitializeAsync()
    {
        Model = await ScriptedModelServer.StartAsync();
        Model.Behaves(request => Script(ScriptedJudge.IsAsked(request) ? Verdicts : Scripts, request));
        Settings["MODEL_URL"] = Model.BaseAddress.ToString();
        Settings["MODEL_NAME"] = "scripted";
        Settings["MODEL_API_KEY"] = "sk-test";
        Set();
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await Model.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Further settings, once the model's address is known.</summary>
    protected virtual void Set() { }

    /// <summary>How often a question was asked, judges left out.</summary>
    internal int CountOf(string words) =>
        Model.ChatRequests.Count(request =>
            !ScriptedJudge.IsAsked(request) && request.LastUserMessage.Contains(words, StringComparison.Ordinal)
        );

    private static ScriptedReply Script(
        ConcurrentDictionary<string, Func<ScriptedRequest, ScriptedReply>> scripts,
        ScriptedRequest request
    ) =>
        scripts.FirstOrDefault(script => request.LastUserMessage.Contains(script.Key, StringComparison.Ordinal)).Value
            is { } script
            ? script(request)
            : new ScriptedReply("I do not know.");
}
