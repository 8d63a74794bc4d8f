using System.Buffers;
using Chancery.Guards.PersonalData;

namespace Chancery.Guards.Pseudonyms;

/// <summary>
/// Values that a vault holds already, wherever they stand again: a name that was introduced once stands alone later, and an address may hang
/// on what hides it from its pattern.
/// </summary>
internal sealed class KnownValues
{
    /// <summary>A shorter number is a part of others too easily, and a shorter name a word.</summary>
    private const int ShortestNumber = 8;
    private const int ShortestName = 4;

    private readonly Dictionary<string, (string Name, bool IsWord)> _values = new(StringComparer.Ordinal);
    private readonly SearchValues<string>? _search;
    private readonly int[] _lengths = [];

    public KnownValues(PersonalDataVault vault)
    {
        foreach (var (name, value) in vault.Values)
        {
            if (name is "PERSON" or "ORGANISATION" && value.Length >= ShortestName && char.IsUpper(value[0]))
            {
                _values.TryAdd(value, (name, true));
            }
            else if (
                value.Length >= ShortestNumber
                && (value.Contains('@') || value.Count(char.IsAsciiDigit) >= ShortestNumber - 2)
                && name is not ("ADDRESS" or "DATE")
            )
            {
                _values.TryAdd(value, (name, false));
            }
        }

        if (_values.Count > 0)
        {
            _search = SearchValues.Create([.. _values.Keys], StringComparison.Ordinal);
            _lengths = [.. _values.Keys.Select(value => value.Length).Distinct().OrderDescending()];
        }
    }

    /// <summary>With those that were found, in the text's order; none over another.</summary>
    public IReadOnlyList<PersonalDataSpan> AddTo(IReadOnlyList<PersonalDataSpan> found, string text)
    {
        if (_search is null)
        {
            return found;
        }

        var all = new List<PersonalDataSpan>();
        var at = 0;
        foreach (var span in found)
        {
            FindBetween(text, at, span.Start, all);
            all.Add(span);
            at = span.End;
        }

        FindBetween(text, at, text.Length, all);
        return all;
    }

    private void FindBetween(string text, int from, int to, List<PersonalDataSpan> found)
    {
        while (from < to && text.AsSpan(from, to - from).IndexOfAny(_search!) is var next and >= 0)
        {
            from += next;
            var length = LongestAt(text, from, to, out var name);
            if (length > 0)
            {
                found.Add(new(PersonalDataVault.KindOf(name), from, length, 1));
            }

            from += Math.Max(1, length);
        }
    }

    private int LongestAt(string text, int start, int to, out string name)
    {
        foreach (var length in _lengths)
        {
            if (
                start + length <= to
                && _values
                    .GetAlternateLookup<ReadOnlySpan<char>>()
                    .TryGetValue(text.AsSpan(start, length), out var value)
                && (!value.IsWord || IsWord(text, start, start + length))
            )
            {
                name = value.Name;
                return length;
            }
        }

        name = "";
        return 0;
    }

    private static bool IsWord(string text, int start, int end) =>
        (start == 0 || !char.IsLetterOrDigit(text[start - 1]))
        && (end == text.Length || !char.IsLetterOrDigit(text[end]));
}
