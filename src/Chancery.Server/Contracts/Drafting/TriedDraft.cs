using Chancery.Server.Answers.Writing;
using Microsoft.AspNetCore.Mvc;

namespace Chancery.Server.Contracts.Drafting;

/// <summary>What a version of the instructions drafted.</summary>
/// <param name="Text">Title and clauses, with their numbers; null where no model wrote one that could be kept.</param>
/// <param name="Problem">Why there is none; null where there is.</param>
/// <param name="Work">What models did for it, also where nothing came of it.</param>
internal sealed record TriedDraft(string? Text, ProblemDetails? Problem, ModelWork Work)
{
    /// <summary>
    /// All that whoever asks for a draft sees while it is written and when it is there, piece by piece, also of one that nothing came of: title,
    /// headings, clauses, and then parties, law, language and notes. Empty where it came to nothing before that.
    /// </summary>
    public IReadOnlyList<string> Shown { get; init; } = [];

    /// <summary>Which guards acted, of <see cref="Answers.Guarding.GuardHit"/>.</summary>
    public IReadOnlyList<string> Guards { get; init; } = [];
}
