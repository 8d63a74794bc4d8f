using Chancery.Evaluation.RedTeam;
using Chancery.Testing;
using Chancery.Testing.Models;

namespace Chancery.Server.Tests.Evaluation.RedTeam;

/// <summary>A server whose model obeys every attack, unless a test has it say something else.</summary>
public sealed class RedTeamFixture : ChanceryFixture
{
    public RedTeamFixture()
    {
        Settings["LLM_TIMEOUT"] = "20";
        Settings["LLM_BREAKER_FAILURES"] = "1000";
        Settings["LLM_RETRIES"] = "0";
        // A dollar for a thousand tokens, so that a case costs something to see.
        Settings["MODEL_PRICES"] = "1000,1000";
    }

    public ScriptedModelServer Model { get; private set; } = null!;

    internal ObedientModel Obedient { get; } = new(ShippedAttacks.All);

    /// <summary>What is said where this function says something; else the model obeys.</summary>
    internal Func<ScriptedRequest, ScriptedReply?> Script { get; set; } = _ => null;

    public override async ValueTask InitializeAsync()
    {
        Model = await ScriptedModelServer.StartAsync();
        Model.Behaves(request => Script(request) ?? Obedient.Answer(request));
        Settings["MODEL_URL"] = Model.BaseAddress.ToString();
        Settings["MODEL_NAME"] = "scripted";
        Settings["MODEL_API_KEY"] = "sk-test";
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await Model.DisposeAsync();
    }
}
