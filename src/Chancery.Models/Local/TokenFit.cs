namespace Chancery.Models;

/// <summary>How a tokenizer got on with a text's words; numbers and signs are not counted.</summary>
/// <param name="Words">Of the text; an ideograph is one.</param>
/// <param name="Whole">Those that are one piece of the vocabulary.</param>
/// <param name="Unknown">Those that the vocabulary cannot spell.</param>
/// <param name="Pieces">Of all words.</param>
public readonly record struct TokenFit(int Words, int Whole, int Unknown, int Pieces)
{
    /// <summary>The share of the words that the vocabulary has whole, from 0 to 1; null without a word.</summary>
    public double? Familiarity => Words == 0 ? null : (double)Whole / Words;

    internal TokenFit With(int pieces, bool isKnown) =>
        new(Words + 1, Whole + (isKnown && pieces == 1 ? 1 : 0), Unknown + (isKnown ? 0 : 1), Pieces + pieces);

    public static TokenFit operator +(TokenFit one, TokenFit other) => one.Add(other);

    public TokenFit Add(TokenFit other) =>
        new(Words + other.Words, Whole + other.Whole, Unknown + other.Unknown, Pieces + other.Pieces);
}
