namespace Chancery.Models;

/// <summary>Which model reads a query and a passage together, and how.</summary>
public sealed record LocalCrossEncoderOptions
{
    /// <summary>ONNX Runtime's library.</summary>
    public required string LibraryPath { get; init; }

    /// <summary>A classifier of pairs as ONNX, with one number as its answer.</summary>
    public required string ModelPath { get; init; }

    /// <summary><c>tokenizer.json</c> or <c>vocab.txt</c>, of BERT's WordPiece.</summary>
    public required string TokenizerPath { get; init; }

    /// <summary>Longest pair in tokens, the three special ones counted; the longer text is cut off. 8 to 8192.</summary>
    public int MaxTokens { get; init; } = 512;

    /// <summary>Pairs that are read at once, each on one thread; 1 to 256.</summary>
    public int Threads { get; init; } = Math.Max(1, Environment.ProcessorCount);
}
