using Chancery.Models;
using Chancery.Server.Inference.Telemetry;
using Chancery.Server.Knowledge;
using Chancery.Server.Platform.Http;
using Chancery.Server.Platform.LocalModels;
using Chancery.Server.Platform.Work;
using Chancery.Testing;
using Chancery.Testing.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Tests.Knowledge;

/// <summary>An embedding endpoint that takes calls and does not answer costs one search its patience, not each.</summary>
public sealed class SilentModelTests(SilentModelTests.Fixture chancery) : IClassFixture<SilentModelTests.Fixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task After_a_call_that_came_to_nothing_search_goes_by_words_at_once_and_says_so()
    {
        var user = await chancery.SignUpAsync();
        await user.ReadyAsync("The whimbrel whistles seven times."u8.ToArray(), "w.txt");
        chancery.Model.EmbeddingsBehave(_ => new ScriptedReply { BeforeFirstByte = TimeSpan.FromMinutes(5) });

        var waited = await user.SearchAsync("whimbrel");
        var asked = chancery.Model.EmbeddingRequests.Count;
        var atOnce = await user.SearchAsync("whimbrel");

        Assert.StartsWith("The embedding model did not answer:", waited.Text("note"), StringComparison.Ordinal);
        Assert.Contains("left alone for a while", atOnce.Text("note"), StringComparison.Ordinal);
        Assert.Equal("lexical", atOnce.Text("mode"));
        Assert.Single(atOnce.Results());
        Assert.Equal(asked, chancery.Model.EmbeddingRequests.Count);
    }

    [Fact]
    public async Task When_it_may_be_back_one_caller_tries_for_all()
    {
        await using var model = await ScriptedModelServer.StartAsync(cancellationToken: Cancel);
        var clock = new MovedClock();
        using var http = new OperatorHttp();
        using var embeddings = new Embeddings(
            http,
            Options.Create(
                new KnowledgeOptions { EmbeddingUrl = model.BaseAddress.ToString(), EmbeddingModel = "scripted" }
            ),
            Options.Create(new WorkOptions { RetryMilliseconds = 3_600_000 }),
            new LocalModelDirectory("/nowhere"),
            chancery.Services.GetRequiredService<ModelCallTelemetry>(),
            clock,
            Microsoft.Extensions.Logging.Abstractions.NullLogger<Embeddings>.Instance
        );
        model.EmbeddingsBehave(_ => ScriptedReply.Failing(503));
        await Assert.ThrowsAsync<ModelException>(() => embeddings.GenerateAsync(["a"], Cancel));

        var whileDown = embeddings.TryTurn();
        clock.Ahead = TimeSpan.FromHours(4);
        var first = embeddings.TryTurn();
        var second = embeddings.TryTurn();
        model.EmbeddingsBehave(_ => new ScriptedReply());
        await embeddings.GenerateAsync(["a"], Cancel);

        Assert.Equal((false, true, false), (whileDown, first, second));
        Assert.True(embeddings.TryTurn());
        Assert.True(embeddings.TryTurn());
    }

    public sealed class Fixture : ChanceryFixture
    {
        public ScriptedModelServer Model { get; private set; } = null!;

        public override async ValueTask InitializeAsync()
        {
            Model = await ScriptedModelServer.StartAsync();
            Settings["EMBEDDING_URL"] = Model.BaseAddress.ToString();
            Settings["EMBEDDING_MODEL"] = "scripted";
            Settings["EMBEDDING_TIMEOUT_SECONDS"] = "1";
            Settings["WORK_RETRY_MILLISECONDS"] = "3600000";
            Settings["LOG_LEVEL"] = "Critical";
            await base.InitializeAsync();
        }

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            await Model.DisposeAsync();
        }
    }
}
