using Chancery.Testing.Models;
using Microsoft.Extensions.AI;

namespace Chancery.Models.Tests;

public sealed class EmbeddingTests : ModelTest
{
    [Fact]
    public async Task Vectors_come_in_the_order_of_the_texts_whatever_order_the_endpoint_sends()
    {
        string[] texts = ["rent is due monthly", "the court of appeal", "a recipe for bread"];

        var embeddings = await Generator().GenerateAsync(texts, cancellationToken: Cancel);

        for (var i = 0; i < texts.Length; i++)
            Assert.Equal(1, Cosine(embeddings[i], HashedWords.Embed(texts[i], 64)), 1e-5);
    }

    [Fact]
    public async Task Vectors_have_length_one()
    {
        Model.EmbeddingsBehave(_ => Rows("[3,4,0,0,0,0,0,0,0]"));

        var vector = (await Generator().GenerateAsync(["x"], cancellationToken: Cancel))[0].Vector.ToArray();

        Assert.Equal([0.6f, 0.8f, 0, 0, 0, 0, 0, 0, 0], vector);
    }

    [Fact]
    public async Task Texts_go_in_batches_by_count()
    {
        var texts = Enumerable.Range(0, 7).Select(i => $"text {i}");

        var embeddings = await Generator(maxBatchTexts: 3).GenerateAsync(texts, cancellationToken: Cancel);

        Assert.Equal(7, embeddings.Count);
        Assert.Equal([3, 3, 1], Model.EmbeddingRequests.Select(request => request.Inputs.Count));
        Assert.Equal(1, Model.HighestConcurrency);
    }

    [Fact]
    public async Task Texts_go_in_batches_by_bytes_and_a_long_one_goes_alone()
    {
        string[] texts = [new('a', 10), new('ä', 10), new('b', 100), "c"];

        await Generator(maxBatchBytes: 30).GenerateAsync(texts, cancellationToken: Cancel);

        Assert.Equal([2, 1, 1], Model.EmbeddingRequests.Select(request => request.Inputs.Count));
    }

    [Fact]
    public async Task No_texts_make_no_request()
    {
        Assert.Empty(await Generator().GenerateAsync([], cancellationToken: Cancel));
        Assert.Empty(Model.Requests);
    }

    [Fact]
    public async Task Usage_is_the_sum_over_the_batches()
    {
        var embeddings = await Generator(maxBatchTexts: 1)
            .GenerateAsync(["abcd", "abcdefgh"], cancellationToken: Cancel);

        Assert.Equal(2 + 3, embeddings.Usage!.InputTokenCount);
    }

    [Fact]
    public async Task Vectors_of_another_length_than_expected_are_refused()
    {
        var failure = await Assert.ThrowsAsync<ModelException>(() =>
            Generator(dimensions: 384).GenerateAsync(["x"], cancellationToken: Cancel)
        );

        Assert.Equal(ModelFailure.Client, failure.Kind);
    }

    [Theory]
    [InlineData("[0,0]", ModelFailure.Client)]
    [InlineData("[1e39,1]", ModelFailure.Client)]
    [InlineData("[]", ModelFailure.Transient)]
    [InlineData("null", ModelFailure.Transient)]
    [InlineData("[1,", ModelFailure.Transient)]
    public async Task A_vector_without_a_direction_is_refused(string vector, ModelFailure kind)
    {
        Model.EmbeddingsBehave(_ => Rows(vector));

        var failure = await Assert.ThrowsAsync<ModelException>(() =>
            Generator().GenerateAsync(["x"], cancellationToken: Cancel)
        );

        Assert.Equal(kind, failure.Kind);
    }

    [Fact]
    public async Task An_answer_that_leaves_a_text_out_is_a_failure()
    {
        Model.EmbeddingsBehave(_ => Rows("[1,0]"));

        var failure = await Assert.ThrowsAsync<ModelException>(() =>
            Generator().GenerateAsync(["x", "y"], cancellationToken: Cancel)
        );

        Assert.Equal(ModelFailure.Transient, failure.Kind);
    }

    [Fact]
    public async Task A_refusal_is_told_like_that_of_a_chat()
    {
        Model.EmbeddingsBehave(_ => ScriptedReply.Failing(429, TimeSpan.FromSeconds(3)));

        var failure = await Assert.ThrowsAsync<ModelException>(() =>
            Generator().GenerateAsync(["x"], cancellationToken: Cancel)
        );

        Assert.Equal((ModelFailure.Rate, TimeSpan.FromSeconds(3)), (failure.Kind, failure.RetryAfter!.Value));
    }

    [Fact]
    public void Scripted_vectors_of_like_texts_are_close()
    {
        var question = HashedWords.Embed("How long is the notice period for tenants?", 64);

        var near = Cosine(
            new Embedding<float>(question),
            HashedWords.Embed("Tenants have a notice period of 14 days.", 64)
        );
        var far = Cosine(new Embedding<float>(question), HashedWords.Embed("Bake bread at high heat until brown.", 64));

        Assert.True(near > far + 0.2, $"near {near}, far {far}");
    }

    private static ScriptedReply Rows(string vector) =>
        new() { RawBody = $$"""{"data":[{"index":0,"embedding":{{vector}}}]}""" };

    private static double Cosine(Embedding<float> embedding, float[] other) =>
        embedding.Vector.ToArray().Zip(other, (a, b) => (double)a * b).Sum();

    private OpenAICompatibleEmbeddingGenerator Generator(
        int? dimensions = null,
        int maxBatchTexts = 2048,
        int maxBatchBytes = 512 * 1024
    ) => new(Http, Endpoint, dimensions, maxBatchTexts, maxBatchBytes);
}
