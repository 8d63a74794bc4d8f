namespace Chancery.Server.Inference.Ledger;

/// <summary>What a call was for, as usage is broken down by it.</summary>
/// <param name="Component">One of <see cref="UsageComponent"/>.</param>
/// <param name="Operation">What was asked of the model: <c>chat</c>, <c>embeddings</c>, …</param>
public sealed record UsagePurpose(string Component, string Operation)
{
    /// <summary>The prompt that the request was made from, for traces; null where none is.</summary>
    public UsedPrompt? Prompt { get; init; }
}

/// <summary>A prompt and its version.</summary>
public sealed record UsedPrompt(string Name, int Version);

/// <summary>The parts of the product that call models.</summary>
public static class UsageComponent
{
    /// <summary>Questions to the documents.</summary>
    public const string Chat = "chat";

    /// <summary>Programs of the tenant that speak OpenAI's or Anthropic's protocol to us.</summary>
    public const string Gateway = "gateway";
    public const string Embeddings = "embeddings";
    public const string Reranking = "reranking";

    /// <summary>Improving of prompts.</summary>
    public const string Upgrade = "upgrade";

    /// <summary>Shortening of long conversations.</summary>
    public const string Memory = "memory";
    public const string Contracts = "contracts";

    /// <summary>Models that judge other models' answers.</summary>
    public const string Judge = "judge";
    public const string Evaluation = "evaluation";
    public const string RedTeam = "red_team";

    /// <summary>Popular questions answered ahead of time.</summary>
    public const string WarmUp = "warm_up";

    public static IReadOnlyList<string> All { get; } =
    [Chat, Gateway, Embeddings, Reranking, Upgrade, Memory, Contracts, Judge, Evaluation, RedTeam, WarmUp];
}
