using Chancery.Models;
using Chancery.Search;

namespace Chancery.Server.Knowledge.Search.Reranking;

/// <summary>How tokens are compared. The table of the <c>ranking</c> benchmark tells how the figures were chosen.</summary>
public static class LateInteraction
{
    /// <summary>A query's first so many tokens count.</summary>
    public const int MostQueryTokens = 64;

    /// <summary>A passage's first so many tokens count: their number is what the time goes by.</summary>
    public const int MostPassageTokens = 128;

    /// <summary>The table of the <c>ranking</c> benchmark tells how they were chosen, and why nothing is ranked again by default.</summary>
    public static RerankSettings Settings { get; } = new(Candidates: 20, Weight: 0.2);

    /// <summary>Of a model that nobody here has measured: it and the former order count alike.</summary>
    public static RerankSettings CrossSettings { get; } = new(Candidates: 20, Weight: 0.5);

    /// <summary>A passage as its vector is made of it.</summary>
    public static string TextOf(RerankPassage passage)
    {
        ArgumentNullException.ThrowIfNull(passage);
        return string.IsNullOrEmpty(passage.Heading) ? passage.Text : $"{passage.Heading}\n{passage.Text}";
    }

    public static QueryTokens QueryOf(TokenStates states)
    {
        ArgumentNullException.ThrowIfNull(states);
        return QueryTokens.Of(states.Vectors, states.Width);
    }

    public static PassageTokens PassageOf(TokenStates states)
    {
        ArgumentNullException.ThrowIfNull(states);
        return PassageTokens.Of(states.Vectors, states.Width);
    }
}
