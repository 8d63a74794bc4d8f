using Chancery.Server.Platform.LocalModels;
using Chancery.Testing;

namespace Chancery.Server.Tests.Knowledge;

/// <summary>An installation that was without vectors, and gets the model that <c>./run</c> installs.</summary>
public sealed class LocalEmbeddingTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_read_before_is_found_by_meaning_once_there_is_a_model_and_foreign_vectors_are_not_compared()
    {
        var user = await chancery.SignUpAsync();
        var curlew = await user.ReadyTextAsync("# Birds\n\nThe curlew probes the mud for worms.");
        var rent = await user.ReadyTextAsync("# Rent\n\nThe tenant pays on the first working day of the month.");
        const string question = "which animal looks for food in wet soil";
        var before = await user.SearchAsync(question);
        await GiveVectorsOfAnotherModelAsync(user);

        await StartWithLocalModelAsync();
        await VectorTests.CompleteAsync(user, curlew.Id());
        await VectorTests.CompleteAsync(user, rent.Id());
        using var replica = ChanceryFixture.Client(_replica);
        replica.DefaultRequestHeaders.Authorization = user.Http.DefaultRequestHeaders.Authorization;
        var after = await (user with { Http = replica }).SearchAsync(question);
        var nonsense = await (user with { Http = replica }).SearchAsync("asdfghjkl");

        Assert.Equal("lexical", before.Text("mode"));
        Assert.Empty(before.Results());
        Assert.Equal("hybrid", after.Text("mode"));
        Assert.False(after.TryGetProperty("note", out _));
        Assert.Contains("curlew", after.Results()[0].Text("text"), StringComparison.Ordinal);
        Assert.Empty(nonsense.Results());
        Assert.Equivalent(new[] { "another", Model.Identity }, await ModelsOfAsync(user), strict: true);
    }

    [Fact]
    public void Whatever_makes_another_vector_makes_another_identity()
    {
        LocalModelPackage[] variants =
        [
            Model,
            Model with
            {
                MaxTokens = 128,
            },
            Model with
            {
                Pooling = Models.Pooling.Cls,
            },
            Model with
            {
                QueryPrefix = "query: ",
            },
            Model with
            {
                PassagePrefix = "query: ",
            },
            Model with
            {
                Files = [.. Model.Files.Select(file => file with { Sha256 = new string('0', 64) })],
            },
        ];

        Assert.Equal(variants.Length, variants.Select(variant => variant.Identity).Distinct().Count());
        Assert.All(
            variants,
            variant => Assert.StartsWith("all-MiniLM-L6-v2@", variant.Identity, StringComparison.Ordinal)
        );
        Assert.Equal(Model.Identity, (Model with { Version = "9.9.9", Licence = "other" }).Identity);
    }

    private static LocalModelPackage Model => LocalModelCatalogue.Shipped.Find(LocalModelCatalogue.DefaultModel)!;

    private Uri _replica = null!;

    private async Task StartWithLocalModelAsync()
    {
        chancery.Settings["EMBEDDING_LOCAL"] = LocalModelCatalogue.DefaultModel;
        _replica = await chancery.StartReplicaAsync();
    }

    private async Task GiveVectorsOfAnotherModelAsync(TestUser user)
    {
        await using var give = chancery.Owner.CreateCommand(
            "INSERT INTO chunk_vectors SELECT tenant_id, 'another', chunk_id, '[1,0,0]' FROM chunks WHERE tenant_id = $1"
        );
        give.Parameters.Add(new Npgsql.NpgsqlParameter { Value = user.TenantId });
        await give.ExecuteNonQueryAsync(Cancel);
    }

    private async Task<List<string>> ModelsOfAsync(TestUser user)
    {
        await using var command = chancery.Owner.CreateCommand(
            "SELECT DISTINCT model FROM chunk_vectors WHERE tenant_id = $1"
        );
        command.Parameters.Add(new Npgsql.NpgsqlParameter { Value = user.TenantId });
        var models = new List<string>();
        await using var reader = await command.ExecuteReaderAsync(Cancel);
        while (await reader.ReadAsync(Cancel))
        {
            models.Add(reader.GetString(0));
        }

        return models;
    }
}
