using System.Buffers;

namespace Chancery.Search.Languages;

/// <summary>
/// A word whose endings are being taken off, and the places from which on an ending may go: after the first vowel and consonant
/// (<see cref="R1"/>), after the second (<see cref="R2"/>), and, in Romance languages, from where a verb's endings begin
/// (<see cref="Rv"/>).
/// </summary>
internal ref struct StemmedWord
{
    private readonly Span<char> _letters;

    /// <param name="letters">With room for what prefaces put in.</param>
    public StemmedWord(Span<char> letters, int length)
    {
        _letters = letters;
        Length = Rv = R1 = R2 = length;
    }

    public int Length { get; private set; }
    public int Rv { get; set; }
    public int R1 { get; set; }
    public int R2 { get; set; }

    public readonly ReadOnlySpan<char> Letters => _letters[..Length];

    public readonly char this[int place] => _letters[place];

    /// <summary>The last letter, or NUL of an empty word.</summary>
    public readonly char Last => Length > 0 ? _letters[Length - 1] : '\0';

    public readonly bool EndsWith(string suffix) => Letters.EndsWith(suffix);

    public readonly bool EndsWith(string suffix, int region) => Length - suffix.Length >= region && EndsWith(suffix);

    public readonly TRule Find<TRule>(SuffixTable<TRule> table, out int start, int from = 0)
        where TRule : struct, Enum => table.Find(Letters, from, out start);

    public void Cut(int length) => Length = length;

    /// <summary>Takes the ending off where it lies in the region.</summary>
    public bool Drop(string suffix, int region)
    {
        if (!EndsWith(suffix, region))
            return false;
        Length -= suffix.Length;
        return true;
    }

    /// <summary>Puts <paramref name="by"/> in the place of all that follows <paramref name="start"/>.</summary>
    public void Replace(int start, string by)
    {
        by.CopyTo(_letters[start..]);
        Length = start + by.Length;
    }

    public void Set(int place, char letter) => _letters[place] = letter;

    /// <summary>The place after the first vowel and then consonant from <paramref name="from"/> on; the end where there is none.</summary>
    public readonly int AfterVowelAndConsonant(int from, SearchValues<char> vowels)
    {
        var place = Past(from, vowels, isVowel: true);
        return place < 0 ? Length
            : Past(place, vowels, isVowel: false) is var end and >= 0 ? end
            : Length;
    }

    /// <summary>Marks R1 and R2.</summary>
    /// <param name="least">Of R1, where it is not the end.</param>
    public void MarkRegions(SearchValues<char> vowels, int least = 0)
    {
        R1 = AfterVowelAndConsonant(0, vowels);
        R2 = AfterVowelAndConsonant(R1, vowels);
        R1 = Math.Max(R1, Math.Min(least, Length));
    }

    /// <summary>Marks RV as Spanish, Italian and Portuguese have it.</summary>
    public void MarkVerbRegion(SearchValues<char> vowels)
    {
        Rv = Length;
        if (Length < 2)
            return;
        var place = (vowels.Contains(_letters[0]), vowels.Contains(_letters[1])) switch
        {
            (_, false) => Past(2, vowels, isVowel: true),
            (true, true) => Past(2, vowels, isVowel: false),
            (false, true) => Length > 2 ? 3 : -1,
        };
        Rv = place < 0 ? Length : place;
    }

    /// <summary>The place after the first letter of the kind; -1 where there is none.</summary>
    public readonly int Past(int from, SearchValues<char> vowels, bool isVowel)
    {
        if (from > Length)
            return -1;
        var rest = Letters[from..];
        var found = isVowel ? rest.IndexOfAny(vowels) : rest.IndexOfAnyExcept(vowels);
        return found < 0 ? -1 : from + found + 1;
    }
}
