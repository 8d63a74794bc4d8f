using Microsoft.AspNetCore.Mvc;

namespace Chancery.Server.Platform.Problems;

/// <summary>Ends a piece of work with what whoever wanted it is told.</summary>
internal sealed class ProblemException(ProblemDetails problem) : Exception(problem.Title)
{
    public ProblemDetails Problem { get; } = problem;
}
