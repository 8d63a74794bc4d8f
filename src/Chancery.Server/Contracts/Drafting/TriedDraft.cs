using Chancery.Server.Answers.Writing;
using Microsoft.AspNetCore.Mvc;

namespace Chancery.Server.Contracts.Drafting;

/// <summary>What a version of the instructions drafted.</summary>
/// <param name="Text">Title and clauses, with their numbers; null where no model wrote one that could be kept.</param>
/// <param name="Problem">Why there is none; null where there is.</param>
/// <param name="Work">What models did for it, also where nothing came of it.</param>
internal sealed record TriedDraft(string? Text, ProblemDetails? Problem, ModelWork Work);
