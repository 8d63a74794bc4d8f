using System.Text.Json;
using Chancery.Server.Tests.Access;
using Chancery.Testing;
using Chancery.Testing.Models;

namespace Chancery.Server.Tests.Knowledge;

/// <summary>Words find a document at once; meaning finds it when the model has answered.</summary>
public sealed class VectorTests(EmbeddingFixture chancery) : IClassFixture<EmbeddingFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(503)]
    [InlineData(401)]
    public async Task A_model_that_is_down_keeps_no_document_from_being_found_and_adds_its_vectors_when_it_is_back(
        int status
    )
    {
        var user = await chancery.SignUpAsync();
        chancery.Model.EmbeddingsBehave(_ => ScriptedReply.Failing(status));

        var ready = await user.ReadyTextAsync("# Down\n\nThe bluethroat sings by night.");
        var byWords = await user.SearchAsync("bluethroat");
        chancery.Model.EmbeddingsBehave(_ => new ScriptedReply());
        var whole = await CompleteAsync(user, ready.Id());
        var byBoth = await user.SearchAsync("bluethroat");

        Assert.Equal(1, ready.GetProperty("vectors_missing").GetInt32());
        Assert.Contains("1 passages wait", ready.Text("note"), StringComparison.Ordinal);
        Assert.Equal("lexical", byWords.Text("mode"));
        Assert.Single(byWords.Results());
        Assert.Equal("ready", whole.Text("state"));
        Assert.Equal("hybrid", byBoth.Text("mode"));
        Assert.False(byBoth.TryGetProperty("note", out _));
        Assert.NotEqual(
            JsonValueKind.Undefined,
            byBoth.Results()[0].GetProperty("explain").TryGetProperty("dense", out var dense)
                ? dense.ValueKind
                : default
        );
    }

    [Fact]
    public async Task A_passage_that_the_model_does_not_take_costs_the_others_nothing()
    {
        var user = await chancery.SignUpAsync();
        chancery.Model.EmbeddingsBehave(request =>
            request.Inputs.Any(text => text.Contains("poison", StringComparison.Ordinal))
                ? ScriptedReply.Failing(400)
                : new ScriptedReply()
        );
        var paragraphs = Enumerable
            .Range(1, 6)
            .Select(i => $"# Part {i}\n\n{(i == 3 ? "The poison of" : "The honey of")} part {i} is here.");

        var id = (await user.ReadyTextAsync(string.Join("\n\n", paragraphs))).Id();
        await AccessApi.EventuallyAsync(
            async () =>
                (await user.GetAsync($"/api/v1/docs/{id}")).TryGetProperty("vectors_missing", out var missing)
                && missing.GetInt32() == 1,
            Patience
        );
        var found = await user.SearchAsync("honey part");
        chancery.Model.EmbeddingsBehave(_ => new ScriptedReply());

        Assert.Equal("hybrid", found.Text("mode"));
        Assert.StartsWith("1 passages have no vector", found.Text("note"), StringComparison.Ordinal);
    }

    internal static async Task<JsonElement> CompleteAsync(TestUser user, Guid id)
    {
        JsonElement document = default;
        await AccessApi.EventuallyAsync(
            async () =>
                !(document = await user.GetAsync($"/api/v1/docs/{id}")).TryGetProperty("vectors_missing", out _),
            Patience
        );
        return document;
    }
}

/// <summary>An installation that gets its embedding model later.</summary>
public sealed class LaterModelTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Documents_that_were_read_before_there_was_a_model_get_their_vectors_by_themselves()
    {
        var user = await chancery.SignUpAsync();
        var early = (await user.ReadyTextAsync("# Early\n\nThe wryneck turns its head.")).Id();
        var deleted = (await user.ReadyTextAsync("# Deleted\n\nNobody asks for this.")).Id();
        await user.Http.DeleteAsync($"/api/v1/docs/{deleted}", Cancel);
        await using var model = await ScriptedModelServer.StartAsync(cancellationToken: Cancel);

        chancery.Settings["EMBEDDING_URL"] = model.BaseAddress.ToString();
        chancery.Settings["EMBEDDING_MODEL"] = "scripted";
        var replica = await chancery.StartReplicaAsync();
        await AccessApi.EventuallyAsync(
            () => Task.FromResult(model.EmbeddingRequests.Count > 0),
            TimeSpan.FromSeconds(30)
        );
        await VectorTests.CompleteAsync(user, early);

        Assert.NotNull(replica);
        Assert.Single(model.EmbeddingRequests.SelectMany(request => request.Inputs));
    }
}
