using Chancery.Server.Knowledge;
using Chancery.Server.Knowledge.Ingestion;
using Chancery.Server.Tests.Architecture;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Knowledge;

/// <summary>The demo's documents come with their vectors.</summary>
public sealed class DemoVectorTests(LocalModelFixture chancery) : IClassFixture<LocalModelFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>With CHANCERY_WRITE_DEMO_VECTORS=1 it writes them instead: after a change of the documents, of chunking or of the model.</summary>
    [Fact]
    public async Task Those_that_are_shipped_are_what_the_model_makes_of_the_passages_of_the_documents()
    {
        var user = await chancery.SignUpAsync();
        foreach (
            var file in Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Demo", "Documents")).Order()
        )
        {
            await user.ReadyAsync(await File.ReadAllBytesAsync(file, Cancel), Path.GetFileName(file));
        }

        var texts = await TextsAsync(user);
        var embeddings = chancery.Services.GetRequiredService<Embeddings>();
        var made = await embeddings.EncodeAsync(texts, areQueries: false, null, inProcess: true, null, Cancel);
        var passages = texts.Zip(made, (text, vector) => (Text: text, Vector: vector.Vector.ToArray())).ToArray();
        if (Environment.GetEnvironmentVariable("CHANCERY_WRITE_DEMO_VECTORS") == "1")
        {
            await File.WriteAllBytesAsync(
                Path.Combine(SourceTree.Root, "src", "Chancery.Server", "Demo", "vectors.bin"),
                DemoVectors.Write(embeddings.Model!, passages),
                Cancel
            );
            return;
        }

        Assert.Equal(embeddings.Model, DemoVectors.Shipped.Model);
        Assert.Equal(passages.Length, DemoVectors.Shipped.Count);
        Assert.All(
            passages,
            // Of the bits a few depend on the processor.
            passage =>
                Assert.InRange(
                    DemoVectors
                        .Shipped.Find(embeddings.Model, passage.Text)!
                        .Zip(passage.Vector, (a, b) => a * b)
                        .Sum(),
                    0.99f,
                    1.01f
                )
        );
    }

    [Fact]
    public void Another_model_or_another_text_has_none()
    {
        var vectors = DemoVectors.Read(DemoVectors.Write("model@1", [("Rent is due.", [0.6f, 0.8f]), ("", [1f, 0f])]));

        Assert.Equal([0.6f, 0.8f], vectors.Find("model@1", "Rent is due.")!);
        Assert.Equal([1f, 0f], vectors.Find("model@1", "")!);
        Assert.Null(vectors.Find("model@1", "Rent is due"));
        Assert.Null(vectors.Find("model@2", "Rent is due."));
        Assert.Null(vectors.Find(null, "Rent is due."));
    }

    private async Task<string[]> TextsAsync(TestUser user)
    {
        await using var command = chancery.Owner.CreateCommand(
            "SELECT heading, text FROM chunks WHERE tenant_id = $1 AND current ORDER BY chunk_id"
        );
        command.Parameters.Add(new Npgsql.NpgsqlParameter { Value = user.TenantId });
        await using var reader = await command.ExecuteReaderAsync(Cancel);
        var texts = new List<string>();
        while (await reader.ReadAsync(Cancel))
        {
            texts.Add(new UnembeddedChunk(Guid.Empty, reader.GetString(0), reader.GetString(1)).TextToEmbed);
        }

        return [.. texts.Distinct()];
    }
}
