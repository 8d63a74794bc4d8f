using System.ComponentModel.DataAnnotations;
using System.Net;
using Chancery.Server.Knowledge;
using Chancery.Testing;

namespace Chancery.Server.Tests.Knowledge;

/// <summary>Servers that have their texts encoded by another one.</summary>
public sealed class RagServiceTests(LocalModelFixture chancery) : IClassFixture<LocalModelFixture>
{
    private const string Text = "Notice ends a contract.";
    private const string Nobody = "http://127.0.0.1:1";

    [Fact]
    public async Task Another_server_encodes_and_the_model_in_this_one_takes_over_where_it_fails()
    {
        var user = await chancery.SignUpAsync();
        var key = (
            await user.PostAsync("/api/v1/keys", new { name = "encoder", role = "viewer" }, HttpStatusCode.Created)
        ).Text("key");
        var nothing = Directory.CreateTempSubdirectory("chancery-models-").FullName;
        var own = await VectorAsync(user, chancery.Address);

        var lent = await StartAsync(chancery.Address.ToString(), key, nothing);
        var takenOver = await StartAsync(Nobody, key, null);
        var refused = await StartAsync(chancery.Address.ToString(), "ck_wrong", null);
        var without = await StartAsync(Nobody, key, nothing);

        Assert.Equal(own, await VectorAsync(user, lent));
        Assert.Equal(own, await VectorAsync(user, takenOver));
        Assert.Equal(own, await VectorAsync(user, refused));
        var failed = await At(user, without)
            .PostAsync("/api/v1/embeddings", new { input = Text }, HttpStatusCode.BadGateway);
        Assert.Contains("RAG service error: no answer", failed.Text("detail"), StringComparison.Ordinal);
        // A server that is asked by another asks no third, and this one has nothing of its own.
        await At(user, lent)
            .PostAsync("/api/v1/embeddings", new { input = Text, in_process = true }, HttpStatusCode.BadGateway);
        Directory.Delete(nothing);
    }

    [Fact]
    public async Task What_an_organisation_had_encoded_is_counted_and_has_an_end_where_the_operator_says_so()
    {
        var user = await chancery.SignUpAsync();
        var other = await chancery.SignUpAsync();
        chancery.Settings["EMBEDDING_TOKENS_PER_MONTH"] = "10";
        var limited = await chancery.StartReplicaAsync();
        chancery.Settings.Remove("EMBEDDING_TOKENS_PER_MONTH");

        await VectorAsync(user, limited);
        await At(user, limited).PostAsync("/api/embeddings/generate", new { text = Text });
        var used = await At(user, limited).GetAsync("/api/v1/embeddings/usage");
        var refused = await At(user, limited)
            .PostAsync("/api/v1/embeddings", new { input = Text }, HttpStatusCode.TooManyRequests);
        var ofOther = await other.GetAsync("/api/v1/embeddings/usage");

        Assert.Equal(2, used.GetProperty("calls").GetInt32());
        Assert.Equal(2, used.GetProperty("texts").GetInt32());
        Assert.Equal(14, used.GetProperty("tokens").GetInt32());
        Assert.Equal(10, used.GetProperty("limit").GetInt32());
        Assert.Contains("its 10 embedding tokens", refused.Text("detail"), StringComparison.Ordinal);
        Assert.Equal(0, ofOther.GetProperty("tokens").GetInt32());
        Assert.False(ofOther.TryGetProperty("limit", out _));
    }

    [Theory]
    [InlineData("http://other:8000", "http://model/v1", "all-MiniLM-L6-v2", "name two models")]
    [InlineData("http://other:8000", null, "off", "needs EMBEDDING_LOCAL")]
    [InlineData("other:8000", null, "all-MiniLM-L6-v2", "begins with http")]
    public void Settings_that_cannot_be_used_together_stop_the_start(
        string service,
        string? url,
        string local,
        string why
    )
    {
        var options = new KnowledgeOptions
        {
            RagServiceUrl = service,
            EmbeddingUrl = url,
            EmbeddingModel = "m",
            EmbeddingLocal = local,
        };

        var wrong = options.Validate(new ValidationContext(options)).Select(result => result.ErrorMessage);

        Assert.Contains(wrong, text => text!.Contains(why, StringComparison.Ordinal));
    }

    private async Task<Uri> StartAsync(string service, string key, string? models)
    {
        chancery.Settings["RAG_SERVICE_URL"] = service;
        chancery.Settings["RAG_SERVICE_KEY"] = key;
        chancery.Settings["MODELS_DIR"] = models;
        try
        {
            return await chancery.StartReplicaAsync();
        }
        finally
        {
            chancery.Settings.Remove("RAG_SERVICE_URL");
            chancery.Settings.Remove("RAG_SERVICE_KEY");
            chancery.Settings.Remove("MODELS_DIR");
        }
    }

    private static TestUser At(TestUser user, Uri server)
    {
        var client = ChanceryFixture.Client(server);
        client.DefaultRequestHeaders.Authorization = user.Http.DefaultRequestHeaders.Authorization;
        return user with { Http = client };
    }

    private static async Task<string> VectorAsync(TestUser user, Uri server) =>
        (await At(user, server).PostAsync("/api/v1/embeddings", new { input = Text }))
            .GetProperty("data")[0]
            .GetProperty("embedding")
            .GetRawText();
}
