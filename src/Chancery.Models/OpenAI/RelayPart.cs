using Microsoft.Extensions.AI;

namespace Chancery.Models;

/// <summary>A part of an answer as it came over the wire, and what a router has to know of it.</summary>
/// <param name="Json">
/// One event of a stream, or a whole answer: an object of OpenAI's chat completions. The memory is the receiver's to keep.
/// </param>
public sealed record RelayPart(ReadOnlyMemory<byte> Json)
{
    /// <summary>Whether it holds text, reasoning, a refusal or a piece of a tool call.</summary>
    public bool IsContent { get; init; }

    /// <summary>Whether it is there for its usage only: no choice in it.</summary>
    public bool IsUsageOnly { get; init; }

    /// <summary>Bytes of its text as JSON has them.</summary>
    public int ContentBytes { get; init; }

    /// <summary>Not null where the answer ends with it.</summary>
    public string? FinishReason { get; init; }

    public UsageDetails? Usage { get; init; }

    public string? Model { get; init; }

    public string? Id { get; init; }
}
