using Chancery.Models;
using Chancery.Server.Platform.LocalModels;
using Chancery.Testing;
using Microsoft.Extensions.Configuration;

namespace Chancery.Server.Tests.LocalModels;

/// <summary>Through ONNX Runtime, with a model that the test writes: see <see cref="TinyCrossEncoder"/>.</summary>
public sealed class LocalCrossEncoderTests : IDisposable
{
    // What the query's closing token finds: the passage's.
    private const int Closing = 1;

    private readonly string _directory = Directory.CreateTempSubdirectory("chancery-cross-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Query_and_passage_are_read_together_and_told_apart()
    {
        using var encoder = Load();

        var scores = await encoder.ScoreAsync(
            "red kite",
            ["The red kite and the other kite.", "a red house", "the house", "", "kite RED Kite, red: kite"],
            Cancel
        );

        Assert.Equal([3 + Closing, 1 + Closing, Closing, Closing, 5 + Closing], scores);
    }

    [Fact]
    public async Task A_score_is_the_same_alone_and_in_any_list()
    {
        using var encoder = Load(threads: 4);
        string[] passages = ["red", new string('x', 200_000), "kite \uD800 \0 汉字", "kite kite [SEP] red"];

        var together = await encoder.ScoreAsync("red kite", passages, Cancel);
        var alone = new List<double>();
        foreach (var passage in passages)
        {
            alone.AddRange(await encoder.ScoreAsync("red kite", [passage], Cancel));
        }

        Assert.Equal(alone, together);
        // What a passage writes is text: it cannot end itself and go on as something else.
        Assert.Equal(3 + Closing, together[3]);
    }

    [Fact]
    public async Task A_long_passage_is_cut_off_before_the_query_is()
    {
        using var encoder = Load(maxTokens: 16);

        var scores = await encoder.ScoreAsync(
            "red kite",
            [
                string.Join(' ', Enumerable.Repeat("kite", 100)),
                string.Join(' ', Enumerable.Repeat("house", 100)) + " red",
            ],
            Cancel
        );

        // Of 16 three are special and two the query's.
        Assert.Equal([11 + Closing, Closing], scores);
    }

    [Fact]
    public void A_model_that_answers_something_else_than_one_number_is_refused_when_it_is_loaded()
    {
        TinyCrossEncoder.Write(_directory, [], isWhole: false);

        var refused = Assert.Throws<LocalModelException>(() => new LocalCrossEncoder(Options()));

        Assert.Contains("a cross-encoder answers one", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_that_are_missing_or_something_else_are_refused()
    {
        TinyCrossEncoder.Write(_directory, []);
        var options = Options();

        Assert.Throws<LocalModelException>(() => new LocalCrossEncoder(options with { ModelPath = "/nowhere.onnx" }));
        Assert.Throws<LocalModelException>(() =>
            new LocalCrossEncoder(options with { ModelPath = options.TokenizerPath })
        );
        Assert.Throws<LocalModelException>(() =>
            new LocalCrossEncoder(options with { TokenizerPath = options.ModelPath })
        );
    }

    [Fact]
    public async Task Who_leaves_gets_nothing()
    {
        using var encoder = Load();
        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            encoder.ScoreAsync("red", ["red", "red"], gone.Token)
        );
    }

    private LocalCrossEncoder Load(int threads = 1, int maxTokens = 512)
    {
        TinyCrossEncoder.Write(_directory, ["red", "kite"]);
        return new LocalCrossEncoder(Options() with { Threads = threads, MaxTokens = maxTokens });
    }

    private LocalCrossEncoderOptions Options() =>
        new()
        {
            LibraryPath =
                LocalModelDirectory
                    .Of(new ConfigurationBuilder().AddEnvironmentVariables().Build())
                    .FindRuntime(LocalModelCatalogue.Shipped)
                ?? throw new InvalidOperationException("ONNX Runtime is not installed: ./test installs it."),
            ModelPath = Path.Combine(_directory, "model.onnx"),
            TokenizerPath = Path.Combine(_directory, "vocab.txt"),
        };
}
