using System.Globalization;
using Chancery.Search.Languages;

namespace Chancery.Search.Engine.Lexical;

/// <summary>Words that must stand one after the other, in one field.</summary>
/// <param name="Places">In order; each has the terms that may stand there.</param>
/// <param name="Field">Any field when <see langword="null"/>.</param>
internal sealed record Sequence(IReadOnlyList<SequencePlace> Places, Field? Field)
{
    private const int MostPlaces = 64;

    /// <summary><see langword="null"/> for a clause without a word.</summary>
    /// <param name="languages">Of the passages: a word may stand there as any of them has it.</param>
    public static Sequence? Of(QueryClause clause, LanguageSet languages)
    {
        var tokens = new List<Token>();
        foreach (var language in languages)
            TextAnalyzer.Analyze(clause.Text, tokens, language);
        var places = new List<SequencePlace>();
        foreach (var group in tokens.GroupBy(token => token.Position))
        {
            // A whole and its first part share a position: either may stand in the text.
            if (places.Count < MostPlaces)
                places.Add(new SequencePlace(group.Key, [.. group.Select(token => token.Term).Distinct()]));
        }

        Field? field = clause.Field is null ? null : Enum.Parse<Field>(clause.Field, ignoreCase: true);
        return places.Count == 0 ? null : new Sequence(places, field);
    }

    public override string ToString()
    {
        var words = string.Join(' ', Places.Select(place => string.Join('|', place.Terms)));
        return Field is { } field
            ? string.Create(CultureInfo.InvariantCulture, $"{field}:\"{words}\"").ToLowerInvariant()
            : $"\"{words}\"";
    }
}

/// <param name="Offset">In words from where the analysis of the sequence began.</param>
internal readonly record struct SequencePlace(int Offset, IReadOnlyList<string> Terms);
