using Chancery.Server.Answers.Writing;
using Microsoft.AspNetCore.Mvc;

namespace Chancery.Server.Upgrade.Pipeline;

/// <summary>What a version of the instructions made of a prompt.</summary>
/// <param name="Prompt">With personal data in it again; null where no model wrote one that may be used.</param>
/// <param name="Problem">Why there is none; null where there is.</param>
/// <param name="Work">What models did for it, also where nothing came of it.</param>
internal sealed record TriedUpgrade(string? Prompt, ProblemDetails? Problem, ModelWork Work)
{
    /// <summary>What was changed, and why, as the model says.</summary>
    public IReadOnlyList<string> Changes { get; init; } = [];

    /// <summary>Which guards acted, of <see cref="Answers.Guarding.GuardHit"/>.</summary>
    public IReadOnlyList<string> Guards { get; init; } = [];
}
