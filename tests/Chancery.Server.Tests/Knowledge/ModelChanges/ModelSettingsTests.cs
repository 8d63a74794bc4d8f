using System.Text.Json;
using Chancery.Server.Tests.Access;
using Chancery.Server.Tests.Knowledge.Indexes;
using Chancery.Testing.Models;

namespace Chancery.Server.Tests.Knowledge.ModelChanges;

/// <summary>The operator names another model for all, and starts the server again.</summary>
public sealed class ModelSettingsTests(EmbeddingFixture chancery) : IClassFixture<EmbeddingFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Organisations_are_searched_with_the_former_model_until_theirs_of_the_other_are_made_whichever_server_makes_them()
    {
        var user = await chancery.SignUpAsync();
        await user.ShelveAsync("nightjar", 9);
        await using var next = await ScriptedModelServer.StartAsync(dimensions: 48, cancellationToken: Cancel);
        next.EmbeddingsBehave(_ => ScriptedReply.Failing(503));
        using var settings = Settings(next, withFormer: true);

        var one = IndexFixture.At(await chancery.StartReplicaAsync(), user);
        var two = IndexFixture.At(await chancery.StartReplicaAsync(), user);
        await one.RunningAsync(change => change.Waiting() is not null);
        var during = await one.SearchAsync("nightjar");
        next.EmbeddingsBehave(_ => new ScriptedReply());
        next.Forget();
        var standing = await one.ServedByAsync("next");
        var found = await one.SearchAsync("nightjar");
        // The other server hears of it a moment later.
        JsonElement elsewhere = default;
        await AccessApi.EventuallyAsync(
            async () => (elsewhere = await two.SearchAsync("nightjar")).Text("model") == "next",
            TimeSpan.FromSeconds(30)
        );
        var made = next
            .EmbeddingRequests.SelectMany(request => request.Inputs)
            .Where(text => text.StartsWith("Part", StringComparison.Ordinal))
            .ToArray();

        Assert.Equal(("hybrid", "scripted"), (during.Text("mode"), during.Text("model")));
        Assert.False(during.TryGetProperty("note", out _));
        Assert.False(standing.Ended().TryGetProperty("started_by", out _));
        Assert.Equal(("hybrid", "next"), (found.Text("mode"), found.Text("model")));
        Assert.Equal(("hybrid", "next"), (elsewhere.Text("mode"), elsewhere.Text("model")));
        Assert.Equal(9, made.Distinct().Count());
        Assert.Equal(9, made.Length);
    }

    [Fact]
    public async Task Where_the_former_model_cannot_be_had_any_more_the_other_serves_at_once_and_says_what_it_lacks()
    {
        var user = await chancery.SignUpAsync();
        await user.ShelveAsync("osprey", 5);
        await using var next = await ScriptedModelServer.StartAsync(dimensions: 48, cancellationToken: Cancel);
        next.EmbeddingsBehave(request =>
            request.Inputs.Any(text => text.StartsWith("Part", StringComparison.Ordinal))
                ? ScriptedReply.Failing(429)
                : new ScriptedReply()
        );
        using var settings = Settings(next, withFormer: false);

        var there = IndexFixture.At(await chancery.StartReplicaAsync(), user);
        await AccessApi.EventuallyAsync(
            async () => (await there.ModelAsync()).Text("serving") == "next",
            TimeSpan.FromSeconds(30)
        );
        var during = await there.SearchAsync("osprey");
        next.EmbeddingsBehave(_ => new ScriptedReply());
        await AccessApi.EventuallyAsync(
            async () => !(await there.SearchAsync("osprey")).TryGetProperty("note", out _),
            TimeSpan.FromSeconds(30)
        );
        var standing = await there.ModelAsync();
        var whole = await there.SearchAsync("osprey");

        Assert.Equal("forced", standing.Ended().Text("state"));
        Assert.Equal(5, during.Results().Length);
        Assert.Contains("5 passages have no vector", during.Text("note"), StringComparison.Ordinal);
        Assert.Equal(("hybrid", "next"), (whole.Text("mode"), whole.Text("model")));
    }

    /// <summary>Until it is disposed servers start with the other model.</summary>
    private Restored Settings(ScriptedModelServer next, bool withFormer)
    {
        var before = new Dictionary<string, string?>(chancery.Settings);
        chancery.Settings["EMBEDDING_URL"] = next.BaseAddress.ToString();
        chancery.Settings["EMBEDDING_MODEL"] = "next";
        if (withFormer)
        {
            chancery.Settings["OTHER_EMBEDDING_URL"] = chancery.Model.BaseAddress.ToString();
            chancery.Settings["OTHER_EMBEDDING_MODELS"] = "scripted";
        }

        return new Restored(() =>
        {
            chancery.Settings.Clear();
            foreach (var (name, value) in before)
            {
                chancery.Settings[name] = value;
            }
        });
    }

    private sealed class Restored(Action restore) : IDisposable
    {
        public void Dispose() => restore();
    }
}
