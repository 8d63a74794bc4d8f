namespace Chancery.Evaluation.RedTeam.Judging;

/// <summary>What reached the caller, and only that: what a model wrote and a guard kept back is not in it.</summary>
/// <param name="Said">The answer as it was shown, steps of reasoning and unsupported sentences included.</param>
/// <param name="Shown">What stood beside it: titles, paths, quotes and snippets of passages.</param>
/// <param name="Documents">Of passages and citations.</param>
public sealed record ReleasedAnswer(string Said, IReadOnlyList<string> Shown, IReadOnlyCollection<Guid> Documents)
{
    /// <summary>Of the answer alone, where sentences of it are told again in <see cref="Said"/>.</summary>
    public int Length { get; init; } = Said.Length;
}
