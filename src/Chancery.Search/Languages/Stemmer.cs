namespace Chancery.Search.Languages;

/// <summary>Takes words to their stems, with the algorithms of the Snowball project (Porter 1980, 2001).</summary>
internal static class Stemmer
{
    /// <summary>What is longer is no word.</summary>
    private const int Longest = 64;

    /// <param name="word">Lower case, composed, with its accents.</param>
    public static string Stem(string word, Language language)
    {
        if (language is Language.English)
            return EnglishStemmer.Stem(word);
        if (language is Language.Other || word.Length > Longest)
            return word;

        // Prefaces put in a letter for one, at most.
        Span<char> letters = stackalloc char[(2 * word.Length) + 1];
        word.CopyTo(letters);
        var length = language switch
        {
            Language.German => GermanStemmer.Stem(letters, word.Length),
            Language.French => FrenchStemmer.Stem(letters, word.Length),
            Language.Spanish => SpanishStemmer.Stem(letters, word.Length),
            Language.Italian => ItalianStemmer.Stem(letters, word.Length),
            Language.Portuguese => PortugueseStemmer.Stem(letters, word.Length),
            _ => DutchStemmer.Stem(letters, word.Length),
        };
        var stem = letters[..length];
        return stem.SequenceEqual(word) ? word : stem.ToString();
    }
}
