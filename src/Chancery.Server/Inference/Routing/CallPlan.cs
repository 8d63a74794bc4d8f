using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Inference.Routing;

/// <summary>One call: who pays, whom to ask in which order, and how to ask and read each.</summary>
/// <typeparam name="T">A part of an answer, as the caller wants to have it.</typeparam>
/// <param name="Targets">In the order in which they are asked; none of them extractive.</param>
/// <param name="InputTokens">Of the request, estimated on the high side.</param>
/// <param name="MostOutputTokens">What the request allows; null for what each model writes at most.</param>
/// <param name="Ask">
/// The request, adapted to one target and made anew for each attempt. A fault is a <see cref="Chancery.Models.ModelException"/>; an
/// enumeration that ends without a finish reason is one, too.
/// </param>
/// <param name="Read">What the router has to know of a part.</param>
public sealed record CallPlan<T>(
    Payer Payer,
    UsagePurpose Purpose,
    IReadOnlyList<ChatModel> Targets,
    long InputTokens,
    long? MostOutputTokens,
    Func<ChatModel, CancellationToken, IAsyncEnumerable<T>> Ask,
    Func<T, PartFacts> Read
)
{
    /// <summary>Of the reservation, the ledger and the traces.</summary>
    public Guid Id { get; init; } = Guid.CreateVersion7();

    public bool IsStreamed { get; init; } = true;

    /// <summary>How many answers are asked for: each may be as long as the limit allows, and each is paid for.</summary>
    public int Choices { get; init; } = 1;

    /// <summary>Models that are known to lack one of these are passed over, as long as another is left.</summary>
    public ModelNeeds Needs { get; init; }

    /// <summary>The request is made to fit each target's window: a small one is not passed over.</summary>
    public bool IsAdapted { get; init; }

    /// <summary>Shorter than the installation's, where the caller wants it so; null for those.</summary>
    public TimeSpan? Timeout { get; init; }

    public float? Temperature { get; init; }
}

/// <summary>What a request takes for granted of a model.</summary>
[Flags]
public enum ModelNeeds
{
    None = 0,
    Tools = 1,
    Images = 2,
}

/// <summary>What the router has to know of a part of an answer.</summary>
/// <param name="Kind">How far it brings the answer.</param>
/// <param name="Tokens">Of its text, estimated; for when the provider reports no usage.</param>
/// <param name="Bytes">What it takes to hold it back.</param>
/// <param name="FinishReason">Not null in the part that ends the answer.</param>
/// <param name="Usage">As far as the provider told; a later one replaces an earlier one.</param>
/// <param name="Model">What answered, as the provider calls it.</param>
public readonly record struct PartFacts(
    PartKind Kind,
    int Tokens = 0,
    int Bytes = 0,
    string? FinishReason = null,
    UsageDetails? Usage = null,
    string? Model = null,
    string? ResponseId = null
);

public enum PartKind
{
    /// <summary>Role, id, usage, an empty piece: held back until something can be shown.</summary>
    Metadata,

    /// <summary>The model is at work, but this is not shown: another model may still take over.</summary>
    Hidden,

    /// <summary>Text or a piece of a tool call. From the first on no other model takes over.</summary>
    Content,
}
