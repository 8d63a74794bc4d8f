using System.Globalization;
using System.Text.RegularExpressions;

namespace Chancery.Contracts.Analysis.Quantities;

/// <summary>Numbers in words, English and German: "twenty-five", "one hundred and fifty thousand", "einundzwanzig".</summary>
internal static partial class NumberWords
{
    /// <summary>A pattern of one number in words. Ignore case.</summary>
    public const string Pattern =
        $@"(?:(?:an?\s+)?(?:{English})(?:(?:[\s-]+|\s+and\s+|\s*-\s*)(?:{English}))*|{German})";

    private const string English =
        "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
        + "|twenty|thirty|forty|fourty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|billion";

    private const string German =
        "(?:und|ein|eine|einer|einem|einen|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf|sech|sieb|zwan|drei|zig|ßig"
        + "|hundert|tausend)+";

    private static readonly Dictionary<string, int> _english = new(StringComparer.OrdinalIgnoreCase)
    {
        ["one"] = 1,
        ["two"] = 2,
        ["three"] = 3,
        ["four"] = 4,
        ["five"] = 5,
        ["six"] = 6,
        ["seven"] = 7,
        ["eight"] = 8,
        ["nine"] = 9,
        ["ten"] = 10,
        ["eleven"] = 11,
        ["twelve"] = 12,
        ["thirteen"] = 13,
        ["fourteen"] = 14,
        ["fifteen"] = 15,
        ["sixteen"] = 16,
        ["seventeen"] = 17,
        ["eighteen"] = 18,
        ["nineteen"] = 19,
        ["twenty"] = 20,
        ["thirty"] = 30,
        ["forty"] = 40,
        ["fourty"] = 40,
        ["fifty"] = 50,
        ["sixty"] = 60,
        ["seventy"] = 70,
        ["eighty"] = 80,
        ["ninety"] = 90,
    };

    private static readonly Dictionary<string, int> _german = MakeGerman();

    /// <summary>A number in words or in figures; null: it is none.</summary>
    public static long? Read(string number)
    {
        if (long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var figures))
        {
            return figures;
        }

        return ReadEnglish(number) ?? ReadGerman(number.ToLowerInvariant());
    }

    private static long? ReadEnglish(string words)
    {
        long total = 0;
        long group = 0;
        var any = false;
        foreach (var word in Separators().Split(words))
        {
            if (word.Length == 0 || word.Equals("and", StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            if (word is "a" or "an" or "A" or "An")
            {
                continue;
            }

            any = true;
            if (_english.TryGetValue(word, out var value))
            {
                // "thirty thirty" is two numbers.
                if (group % 10 != 0 || (value >= 10 && group % 100 != 0))
                {
                    return null;
                }

                group += value;
                continue;
            }

            var scale = word.ToLowerInvariant() switch
            {
                "hundred" => 100L,
                "thousand" => 1_000,
                "million" => 1_000_000,
                "billion" => 1_000_000_000,
                _ => 0,
            };
            switch (scale)
            {
                case 0:
                    return null;
                case 100:
                    group = Math.Max(group, 1) * 100;
                    break;
                default:
                    total += Math.Max(group, 1) * scale;
                    group = 0;
                    break;
            }
        }

        return any ? total + group : null;
    }

    /// <summary>"zweitausendfünfhundert": thousands, then hundreds, then what is left.</summary>
    private static long? ReadGerman(string word)
    {
        if (word.Length > 60)
        {
            return null;
        }

        if (word.IndexOf("tausend", StringComparison.Ordinal) is >= 0 and var thousands)
        {
            return Sum(word[..thousands], word[(thousands + "tausend".Length)..], 1000);
        }

        if (word.IndexOf("hundert", StringComparison.Ordinal) is >= 0 and var hundreds)
        {
            return Sum(word[..hundreds], word[(hundreds + "hundert".Length)..], 100);
        }

        return _german.TryGetValue(word, out var value) ? value : null;
    }

    private static long? Sum(string times, string rest, long scale)
    {
        var factor = times.Length == 0 ? 1 : ReadGerman(times);
        var below =
            rest.Length == 0 ? 0 : ReadGerman(rest.StartsWith("und", StringComparison.Ordinal) ? rest[3..] : rest);
        return factor * scale + below;
    }

    private static Dictionary<string, int> MakeGerman()
    {
        string[] ones = ["ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"];
        string[] tens = ["zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig"];
        var words = new Dictionary<string, int>
        {
            ["eine"] = 1,
            ["eins"] = 1,
            ["einer"] = 1,
            ["einem"] = 1,
            ["einen"] = 1,
            ["zehn"] = 10,
            ["elf"] = 11,
            ["zwölf"] = 12,
            ["sechzehn"] = 16,
            ["siebzehn"] = 17,
        };
        for (var one = 1; one <= 9; one++)
        {
            words.Add(ones[one - 1], one);
            words.TryAdd(ones[one - 1] + "zehn", one + 10);
            for (var ten = 2; ten <= 9; ten++)
            {
                words.TryAdd(tens[ten - 2], ten * 10);
                words.Add($"{ones[one - 1]}und{tens[ten - 2]}", (ten * 10) + one);
            }
        }

        return words;
    }

    [GeneratedRegex(@"[\s-]+")]
    private static partial Regex Separators();
}
