namespace Chancery.Models;

/// <summary>How an encoder makes one vector of its tokens' states.</summary>
public enum Pooling
{
    /// <summary>The mean of all tokens' states: MiniLM, mpnet, e5, gte.</summary>
    Mean,

    /// <summary>The state of the first token: bge, arctic.</summary>
    Cls,
}

/// <summary>Which encoder to load, and how it is meant to be used.</summary>
public sealed record LocalEncoderOptions
{
    /// <summary>The id under which its vectors are kept, such as <c>all-MiniLM-L6-v2@0a1b2c3d4e5f</c>.</summary>
    public required string Model { get; init; }

    /// <summary>ONNX Runtime's library.</summary>
    public required string LibraryPath { get; init; }

    /// <summary>The model as ONNX.</summary>
    public required string ModelPath { get; init; }

    /// <summary><c>tokenizer.json</c> or <c>vocab.txt</c>.</summary>
    public required string TokenizerPath { get; init; }

    public Pooling Pooling { get; init; } = Pooling.Mean;

    /// <summary>Longest text in tokens, the two special ones counted; what goes on is cut off. 8 to 8192.</summary>
    public int MaxTokens { get; init; } = 256;

    /// <summary>What the model was trained to see before a question, such as <c>"query: "</c>.</summary>
    public string QueryPrefix { get; init; } = "";

    /// <summary>What the model was trained to see before a passage, such as <c>"passage: "</c>.</summary>
    public string PassagePrefix { get; init; } = "";

    /// <summary>
    /// The cosine below which a passage has nothing to do with a question, from -1 to 1. Without such a bound a search for anything
    /// finds everything.
    /// </summary>
    public double Unrelated { get; init; } = -1;

    /// <summary>Texts that are encoded at once, each on one thread; 1 to 256.</summary>
    public int Threads { get; init; } = Math.Max(1, Environment.ProcessorCount);
}
