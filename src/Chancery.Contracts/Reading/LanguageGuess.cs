using System.Collections.Frozen;

namespace Chancery.Contracts.Reading;

/// <summary>Tells a text's language from its commonest words.</summary>
internal static class LanguageGuess
{
    private const int Words = 2000;

    private static readonly FrozenDictionary<string, string> Common = new Dictionary<string, string[]>
    {
        ["en"] = ["the", "of", "and", "to", "shall", "this", "by", "any", "or", "with"],
        ["de"] = ["der", "die", "und", "des", "das", "von", "den", "zu", "dem", "ist", "nicht", "oder"],
        ["fr"] = ["le", "la", "les", "des", "et", "du", "une", "que", "dans", "est", "ou"],
        ["es"] = ["el", "los", "las", "del", "y", "una", "que", "por", "se", "o"],
        ["it"] = ["il", "gli", "della", "di", "che", "per", "sono", "del", "alla", "è"],
        ["nl"] = ["het", "een", "van", "en", "voor", "niet", "zijn", "op", "deze"],
    }
        .SelectMany(language => language.Value.Select(word => (word, language.Key)))
        .DistinctBy(pair => pair.word)
        .ToFrozenDictionary(pair => pair.word, pair => pair.Key, StringComparer.OrdinalIgnoreCase);

    /// <summary>A BCP 47 tag; English where nothing speaks for another.</summary>
    public static string Of(IEnumerable<TextSegment> segments) =>
        segments
            .SelectMany(segment => segment.Text.Split(' '))
            .Take(Words)
            .Select(word => Common.GetValueOrDefault(word.Trim('.', ',', ';', '"')))
            .OfType<string>()
            .CountBy(language => language)
            .OrderByDescending(count => count.Value)
            .ThenBy(count => count.Key, StringComparer.Ordinal)
            .Select(count => count.Key)
            .FirstOrDefault("en");
}
