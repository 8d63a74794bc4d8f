namespace Chancery.Testing.Models;

/// <summary>Tokens of one answer.</summary>
/// <param name="Input">All of the input, from or for a cache too.</param>
/// <param name="Output">All of the output, reasoning too.</param>
/// <param name="CacheRead">Of the input.</param>
/// <param name="CacheWrite">Of the input, kept for minutes.</param>
/// <param name="CacheWriteHour">Of the input, kept for an hour.</param>
/// <param name="Reasoning">Of the output.</param>
public sealed record ScriptedUsage(
    long Input,
    long Output,
    long CacheRead = 0,
    long CacheWrite = 0,
    long CacheWriteHour = 0,
    long Reasoning = 0
)
{
    /// <summary>Four letters to a token, and one token more.</summary>
    internal static ScriptedUsage Of(ScriptedRequest request, int answerLength, int reasoningLength = 0) =>
        new(
            1 + (request.Prompt.Length / 4),
            ((answerLength + 3) / 4) + ((reasoningLength + 3) / 4),
            Reasoning: (reasoningLength + 3) / 4
        );
}

/// <summary>The scripted provider's own record of one request, to hold a ledger against. Safe to read at any time.</summary>
public sealed class ScriptedBill
{
    private volatile ScriptedUsage? _used;
    private volatile ScriptedUsage? _reported;
    private volatile bool _isSentToEnd;
    private volatile bool _isComplete;

    /// <summary>What was really used, counted from what was written; null where nothing was answered.</summary>
    public ScriptedUsage? Used
    {
        get => _used;
        internal set => _used = value;
    }

    /// <summary>What the client was last told; null where it was told nothing.</summary>
    public ScriptedUsage? Reported
    {
        get => _reported;
        internal set => _reported = value;
    }

    /// <summary>Whether all of the answer was written, whether or not it was one that ends well.</summary>
    public bool IsSentToEnd
    {
        get => _isSentToEnd;
        internal set => _isSentToEnd = value;
    }

    /// <summary>Whether that was an answer that ends well.</summary>
    public bool IsComplete
    {
        get => _isComplete;
        internal set => _isSentToEnd = _isComplete = value;
    }

    /// <summary>What the provider charges: of a complete answer what it told; else what was used, which it need not tell.</summary>
    public ScriptedUsage? Billed => IsComplete ? Reported ?? Used : Used;
}
