namespace Chancery.Search;

/// <summary>What sort of thing a token is.</summary>
public enum TokenKind
{
    Word,

    /// <summary>Digits with their inner marks: <c>3.5</c>, <c>1,000</c> (as <c>1000</c>), <c>12.3.1</c>.</summary>
    Number,

    /// <summary>Letters and digits or an underscore in one name, kept whole: <c>iso-27001</c>, <c>foo_bar</c>.</summary>
    Identifier,

    /// <summary>A reference to a part of a document, kept whole and without its sign: <c>12.3(b)</c>.</summary>
    Section,

    /// <summary>Two neighbouring characters of a script that puts no space between words.</summary>
    Bigram,
}

/// <summary>One term of a text and where it stands there.</summary>
/// <param name="Term">Folded (NFKC, case, accents) and stemmed: equal terms match.</param>
/// <param name="Start">In UTF-16 units of the original text.</param>
/// <param name="Length">In UTF-16 units of the original text.</param>
/// <param name="Position">
/// Counts words from 0. A whole and the first of its parts share a position, so that phrases match either way.
/// </param>
/// <param name="IsStopWord">Carries grammar, not content.</param>
public readonly record struct Token(string Term, int Start, int Length, int Position, TokenKind Kind, bool IsStopWord)
{
    public int End => Start + Length;
}
