using Microsoft.Extensions.AI;

namespace Chancery.Models;

/// <summary>
/// A piece of a tool call while the model still writes it. It is there so that a reader of the stream knows that an answer has
/// begun and can relay it; the whole call follows as one <see cref="FunctionCallContent"/>. Sent back to a model it is left
/// out.
/// </summary>
/// <param name="index">Which of the answer's calls, from 0 in the order they began.</param>
/// <param name="callId">The call's id, the same in each piece and in the whole call.</param>
/// <param name="name">The tool's name, in the first piece only.</param>
/// <param name="argumentsPiece">What this piece adds to the JSON text of the arguments; may be empty.</param>
public sealed class ToolCallDelta(int index, string callId, string? name, string argumentsPiece) : AIContent
{
    public int Index { get; } = index;

    public string CallId { get; } = callId;

    public string? Name { get; } = name;

    public string ArgumentsPiece { get; } = argumentsPiece;
}
