using Chancery.Models;
using Chancery.Server.Platform.LocalModels;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;

namespace Chancery.Server.Tests.LocalModels;

/// <summary>The model that <c>./run</c> and <c>./test</c> install, for real.</summary>
public sealed class LocalEncoderTests
{
    private static readonly string[] Texts =
    [
        "How many days of paid leave do I have?",
        "Employees accrue 27 days of annual vacation for each full calendar year.",
        "The tenant pays the rent on the first working day of the month.",
        "",
        new string('x', 500_000),
        "汉字 \uD800 \0 mixed",
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_texts_vector_is_the_same_bits_alone_in_any_list_and_after_a_restart()
    {
        var alone = new List<float[]>();
        using (var encoder = Load())
        {
            foreach (var text in Texts)
            {
                alone.Add((await encoder.GenerateAsync([text], null, Cancel))[0].Vector.ToArray());
            }
        }

        using var restarted = Load(threads: 4);
        var together = await restarted.GenerateAsync([.. Texts.Reverse(), .. Texts], null, Cancel);

        Assert.Equal(alone, together.Skip(Texts.Length).Select(vector => vector.Vector.ToArray()));
        Assert.Equal(
            alone.AsEnumerable().Reverse(),
            together.Take(Texts.Length).Select(vector => vector.Vector.ToArray())
        );
    }

    [Fact]
    public async Task A_question_is_nearer_to_its_answer_than_to_anything_else()
    {
        using var encoder = Load();

        var vectors = await encoder.GenerateAsync(Texts[..3], null, Cancel);

        Assert.True(Cosine(vectors[0], vectors[1]) > Cosine(vectors[0], vectors[2]) + 0.05);
        Assert.Equal(384, encoder.Dimensions);
        Assert.True(encoder.IsDynamicallyQuantised);
    }

    [Fact]
    public async Task The_components_are_those_that_ONNX_Runtime_gives_to_Node()
    {
        using var encoder = Load();

        var vector = (await encoder.GenerateAsync(["The quick brown fox jumps over the lazy dog."], null, Cancel))[0];

        Assert.Equal(NodesComponents, vector.Vector[..8].ToArray(), (one, other) => Math.Abs(one - other) < 1e-4f);
    }

    [Fact]
    public void A_missing_library_is_said_with_what_to_do()
    {
        var options = Options() with { LibraryPath = "/nowhere/libonnxruntime.so.1" };

        var refused = Assert.Throws<LocalModelException>(() => new LocalEncoder(options));

        Assert.Contains("doctor", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_no_model_is_refused()
    {
        var options = Options();

        Assert.Throws<LocalModelException>(() => new LocalEncoder(options with { ModelPath = options.TokenizerPath }));
        // At once, and not after every byte of it was taken for a vocabulary.
        Assert.Throws<LocalModelException>(() => new LocalEncoder(options with { TokenizerPath = options.ModelPath }));
    }

    private static float Cosine(Embedding<float> one, Embedding<float> other)
    {
        var sum = 0f;
        for (var i = 0; i < one.Vector.Length; i++)
        {
            sum += one.Vector.Span[i] * other.Vector.Span[i];
        }

        return sum;
    }

    private static LocalEncoder Load(int threads = 1) => new(Options() with { Threads = threads });

    private static LocalEncoderOptions Options() =>
        LocalModelDirectory
            .Of(new ConfigurationBuilder().AddEnvironmentVariables().Build())
            .Find(LocalModelCatalogue.Shipped, LocalModelCatalogue.DefaultModel)
        ?? throw new InvalidOperationException("The local model is not installed: ./test installs it.");

    // Of the same file, one text, one thread, mean and length one.
    private static readonly float[] NodesComponents =
    [
        0.045607f,
        0.072205f,
        0.051181f,
        0.079925f,
        0.032331f,
        -0.034207f,
        0.001122f,
        -0.053648f,
    ];
}
