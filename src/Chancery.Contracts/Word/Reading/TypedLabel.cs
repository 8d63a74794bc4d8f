using System.Globalization;
using System.Text.RegularExpressions;

namespace Chancery.Contracts.Word.Reading;

/// <summary>A number that somebody typed before a paragraph: "Section 4.2", "(a)", "IV.".</summary>
/// <param name="Scope">What it counts among: numbers of one kind follow each other.</param>
/// <param name="Level">From 0; above 0 only for "4.2", whose parts name its parents.</param>
/// <param name="Parent">What it says of the number above: 4 of "4.2".</param>
/// <param name="Length">How many characters of the paragraph it takes, with what parts it from the words.</param>
/// <param name="Before">What stands before the number, and <paramref name="After"/> after it.</param>
internal sealed partial record TypedLabel(
    string Scope,
    int Level,
    int Value,
    int Parent,
    NumberFormat Format,
    int Length,
    string Before,
    string After
)
{
    /// <summary>Whether it says itself that it is a number and not the first word of a sentence.</summary>
    public bool HasWord => Before.Length > 1;

    public string Shown { get; private init; } = "";

    /// <summary>What may be meant: "(i)" is the first of the Roman numbers, and the ninth letter.</summary>
    public static IReadOnlyList<TypedLabel> Read(string text)
    {
        var match = Word().Match(text);
        if (!match.Success)
        {
            match = Decimals().Match(text);
        }

        if (!match.Success)
        {
            match = Mark().Match(text);
        }

        if (!match.Success)
        {
            return [];
        }

        var number = match.Groups["number"].Value;
        var before = match.Groups["before"].Value;
        var after = match.Groups["after"].Value;
        var shown = match.Groups["label"].Value;
        return [.. Meanings(number).Select(meaning => Make(meaning, match.Length, before, after, shown))];
    }

    private static TypedLabel Make(
        (NumberFormat Format, int Level, int Value, int Parent) meaning,
        int length,
        string before,
        string after,
        string shown
    )
    {
        // "4." and "4.2" are one sequence, whatever stands around them; "(a)" and "a)" are two.
        var scope =
            meaning.Format == NumberFormat.Arabic && !before.StartsWith('(') && after != ")"
                ? "typed:1"
                : $"typed:{before.Trim().ToUpperInvariant()}{meaning.Format}{(after == ")" ? ")" : "")}";
        return new TypedLabel(
            scope,
            meaning.Level,
            meaning.Value,
            meaning.Parent,
            meaning.Format,
            length,
            before,
            after
        )
        {
            Shown = shown,
        };
    }

    private static IEnumerable<(NumberFormat Format, int Level, int Value, int Parent)> Meanings(string number)
    {
        if (char.IsAsciiDigit(number[0]))
        {
            int[] parts = [.. number.Split('.').Select(part => int.Parse(part, CultureInfo.InvariantCulture))];
            yield return (NumberFormat.Arabic, parts.Length - 1, parts[^1], parts.Length > 1 ? parts[^2] : 0);
            yield break;
        }

        var isUpper = char.IsAsciiLetterUpper(number[0]);
        var roman = Roman(number);
        if (roman > 0)
        {
            yield return (isUpper ? NumberFormat.UpperRoman : NumberFormat.LowerRoman, 0, roman, 0);
        }

        var letters = number.All(letter => letter == number[0])
            ? (char.ToLowerInvariant(number[0]) - 'a' + 1) + ((number.Length - 1) * 26)
            : 0;
        if (letters > 0)
        {
            yield return (isUpper ? NumberFormat.UpperLetter : NumberFormat.LowerLetter, 0, letters, 0);
        }
    }

    /// <summary>0 for what is no Roman number as it is written.</summary>
    private static int Roman(string letters)
    {
        var upper = letters.ToUpperInvariant();
        var value = 0;
        for (var i = 0; i < upper.Length; i++)
        {
            var own = Worth(upper[i]);
            if (own == 0)
            {
                return 0;
            }

            value += i + 1 < upper.Length && Worth(upper[i + 1]) > own ? -own : own;
        }

        return value > 0 && ClauseNumbers.Write(value, NumberFormat.UpperRoman) == upper ? value : 0;
    }

    private static int Worth(char letter) =>
        letter switch
        {
            'I' => 1,
            'V' => 5,
            'X' => 10,
            'L' => 50,
            'C' => 100,
            _ => 0,
        };

    [GeneratedRegex(
        @"^(?<label>(?<before>(?:ARTICLE|Article|SECTION|Section|CLAUSE|Clause)\s+|§\s?)(?<number>\d{1,3}(?:\.\d{1,3}){0,5}|[IVXLC]{1,7}|[A-Z])(?<after>[.:]?))(?:\s+[-–—]\s*|\s+|$)"
    )]
    private static partial Regex Word();

    [GeneratedRegex(
        @"^(?<label>(?<before>)(?:(?<number>\d{1,3}(?:\.\d{1,3}){1,5})(?<after>\.?)|(?<number>\d{1,3})(?<after>[.)])))(?:\s+|$)"
    )]
    private static partial Regex Decimals();

    [GeneratedRegex(
        @"^(?<label>(?:(?<before>\()(?<number>[a-z]{1,5}|[A-Z]{1,5}|\d{1,3})(?<after>\))|(?<before>)(?<number>[a-z]|[ivx]{1,5})(?<after>\))|(?<before>)(?<number>[IVXLC]{1,7}|[A-Z])(?<after>\.)))(?:\s+|$)"
    )]
    private static partial Regex Mark();
}
