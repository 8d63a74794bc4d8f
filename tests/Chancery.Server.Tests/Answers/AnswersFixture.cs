using System.Collections.Concurrent;
using Chancery.Server.Knowledge.Search;
using Chancery.Testing;
using Chancery.Testing.Models;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Answers;

/// <summary>The product with a scripted model beside it and passages that a test gives.</summary>
public class AnswersFixture : ChanceryFixture
{
    public AnswersFixture()
    {
        Settings["LLM_TIMEOUT"] = "4";
        // Each test has one fault of its own: they must not add up to a breaker.
        Settings["LLM_BREAKER_FAILURES"] = "1000";
        Settings["LLM_RETRIES"] = "0";
        Settings["PING_INTERVAL"] = "0.2";
        Settings["SHUTDOWN_GRACE"] = "1";
        // The last registration of a service is the one that is used.
        ConfigureServices = services => services.AddSingleton<IPassageSearch>(Passages);
    }

    internal GivenPassages Passages { get; } = new();

    public ScriptedModelServer Model { get; private set; } = null!;

    /// <summary>By question: tests of one class run beside each other on one model.</summary>
    internal ConcurrentDictionary<string, ScriptedReply> Scripts { get; } = new();

    /// <summary>The same for replies that are made from what the model was told.</summary>
    internal ConcurrentDictionary<string, Func<ScriptedRequest, ScriptedReply>> Echoes { get; } = new();

    public override async ValueTask InitializeAsync()
    {
        Model = await ScriptedModelServer.StartAsync();
        Model.Behaves(request =>
            Echoes.TryGetValue(request.LastUserMessage, out var echo)
                ? echo(request)
                : Scripts.GetValueOrDefault(request.LastUserMessage, new ScriptedReply("I do not know."))
        );
        Settings["MODEL_URL"] = Model.BaseAddress.ToString();
        Settings["MODEL_NAME"] = "scripted";
        Settings["MODEL_API_KEY"] = "sk-test";
        // Nobody has a key for it, unless they bring one.
        Settings["OPENAI_BASE_URL"] = Model.BaseAddress.ToString();
        Prepare();
        await base.InitializeAsync();
    }

    /// <summary>What else has to be set before the server starts; the model listens already.</summary>
    protected virtual void Prepare() { }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await Model.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
