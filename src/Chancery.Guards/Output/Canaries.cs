using System.Text;

namespace Chancery.Guards.Output;

/// <summary>
/// Marks of our own instructions, as they are and as a model may be told to disguise them: in other case, backwards, in hexadecimal, in base64,
/// turned by thirteen letters, or with signs and invisible characters between.
/// </summary>
internal sealed class Canaries
{
    private const int Shortest = 12;

    private readonly string[] _disguises;

    /// <exception cref="ArgumentException">A mark is short, or holds what is neither letter, digit, hyphen nor underscore.</exception>
    public Canaries(IReadOnlyCollection<string> marks)
    {
        var disguises = new HashSet<string>(StringComparer.Ordinal);
        foreach (var mark in marks)
        {
            var folded = Fold(mark, null);
            if (folded.Length < Shortest || mark.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_')))
            {
                throw new ArgumentException(
                    $"A canary needs {Shortest} letters or digits, and nothing else but hyphens and underscores.",
                    nameof(marks)
                );
            }

            disguises.Add(folded);
            disguises.Add(string.Concat(folded.Reverse()));
            disguises.Add(string.Concat(folded.Select(Turn)));
            foreach (var written in new[] { mark, mark.ToUpperInvariant(), mark.ToLowerInvariant() })
            {
                disguises.Add(Convert.ToHexStringLower(Encoding.ASCII.GetBytes(written)));
                for (var before = 0; before < 3; before++)
                {
                    disguises.Add(InnerBase64(written, before));
                }
            }
        }

        _disguises = [.. disguises];
        Longest = _disguises.Length == 0 ? 0 : _disguises.Max(disguise => disguise.Length);
    }

    /// <summary>Of what is looked for, in letters and digits.</summary>
    public int Longest { get; }

    public void Find(string text, List<(int Start, int Length)> found)
    {
        if (_disguises.Length == 0)
        {
            return;
        }

        var places = new List<int>(text.Length);
        var folded = Fold(text, places);
        foreach (var disguise in _disguises)
        {
            for (var at = 0; (at = folded.IndexOf(disguise, at, StringComparison.Ordinal)) >= 0; at += disguise.Length)
            {
                var start = places[at];
                found.Add((start, places[at + disguise.Length - 1] + 1 - start));
            }
        }
    }

    /// <summary>Letters and digits only, in lower case. Base64 loses by that what tells its letters apart, which is enough to know it.</summary>
    private static string Fold(string text, List<int>? places)
    {
        var folded = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsAsciiLetterOrDigit(text[i]))
            {
                folded.Append(char.ToLowerInvariant(text[i]));
                places?.Add(i);
            }
        }

        return folded.ToString();
    }

    private static char Turn(char c) => char.IsAsciiLetter(c) ? (char)('a' + ((c - 'a' + 13) % 26)) : c;

    /// <summary>The part of base64 that does not depend on what stands before and behind.</summary>
    private static string InnerBase64(string mark, int before)
    {
        var encoded = Convert.ToBase64String(Encoding.ASCII.GetBytes(new string('\0', before) + mark)).TrimEnd('=');
        var first = ((before * 8) + 5) / 6;
        return Fold(encoded[first..^1], null);
    }
}
