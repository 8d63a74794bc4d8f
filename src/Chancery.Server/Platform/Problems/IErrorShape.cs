using Microsoft.AspNetCore.Mvc;

namespace Chancery.Server.Platform.Problems;

/// <summary>
/// Metadata of a route whose clients read errors in another shape: its problems carry that, too, as <c>error</c>, so that a refusal
/// that no handler of the route wrote (no credential, too large, too many) is understood all the same.
/// </summary>
public interface IErrorShape
{
    /// <summary>What such clients expect as the document's own <c>type</c>; null where they do not look at it.</summary>
    public string? Type => null;

    /// <summary>What such clients read, from the finished problem.</summary>
    public object Of(ProblemDetails problem);
}
