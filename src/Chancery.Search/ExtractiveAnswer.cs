namespace Chancery.Search;

/// <summary>A retrieved passage, from which an answer may be quoted.</summary>
/// <param name="Id">The caller's id, given back with each quote.</param>
/// <param name="Text">The text that quotes are cut from.</param>
/// <param name="Score">The retrieval's score, higher is better; only compared within one call.</param>
/// <param name="Heading">The headings above it, if any.</param>
/// <param name="Title">The document's title, if any.</param>
/// <param name="FileName">The document's, if any: it often says whose a report is where the title does not.</param>
/// <param name="Page">The same for passages of one page, which are read together; null where there are no pages.</param>
public sealed record AnswerPassage(
    string Id,
    string Text,
    double Score,
    string? Heading = null,
    string? Title = null,
    string? Page = null,
    string? FileName = null
);

/// <summary>A piece of a passage that helps to answer.</summary>
/// <param name="PassageId">From <see cref="AnswerPassage.Id"/>.</param>
/// <param name="Span">In the passage's text, whole sentences or table rows.</param>
/// <param name="Score">How well it supports an answer, 0 to 1.</param>
public sealed record Quote(string PassageId, TextSpan Span, double Score);

/// <summary>What the passages say to a question, in their own words.</summary>
/// <param name="Quotes">Best first; empty when nothing supports an answer.</param>
/// <param name="Confidence">How well the best evidence supports an answer, 0 to 1, also when it was not enough.</param>
public sealed record ExtractiveAnswer(IReadOnlyList<Quote> Quotes, double Confidence)
{
    /// <summary>False means: say that the documents do not answer this.</summary>
    public bool IsSupported => Quotes.Count > 0;
}
