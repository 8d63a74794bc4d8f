using System.Globalization;
using System.Text.Json;

namespace Chancery.Contracts.Analysis;

/// <summary>A type that a clause shows, and how much.</summary>
internal readonly record struct WeighedType(ClauseType Type, double Weight);

/// <summary>
/// What shows that a clause is of a type: phrases of headings and of texts with weights, from the embedded <c>ClauseTypes.txt</c>, which
/// says how it is written. Immutable, safe for concurrent use.
/// </summary>
internal sealed class ClauseEvidence
{
    /// <summary>What a clause must show of a type to be of it; the weights in the file are relative to it.</summary>
    private const double Enough = 4;

    private const double HeadingWeight = 6;
    private const double ParentWeight = 2;

    /// <summary>Characters of a text that say what it is about more than the rest does.</summary>
    private const int OpeningLength = 400;

    private const double OpeningFactor = 1.1;

    private readonly Dictionary<ClauseType, TypeWords> _types;
    private readonly PhraseIndex _phrases;
    private readonly List<Phrase> _meanings;

    private ClauseEvidence(Dictionary<ClauseType, TypeWords> types, List<string> phrases, List<Phrase> meanings)
    {
        _types = types;
        _phrases = new PhraseIndex(phrases);
        _meanings = meanings;
    }

    public static ClauseEvidence Shipped { get; } = Load();

    /// <summary>The types that are shown enough, the strongest first.</summary>
    public IReadOnlyList<WeighedType> Weigh(string heading, string text, string? parentHeading)
    {
        var weights = new Dictionary<ClauseType, double>();
        AddHeading(weights, heading, HeadingWeight);
        var isHeadedTermination = weights.ContainsKey(ClauseType.Termination);
        // What has a heading of its own says itself what it is about.
        if (heading.Length == 0 && parentHeading is { Length: > 0 })
        {
            AddHeading(weights, parentHeading, ParentWeight);
        }

        foreach (var hit in _phrases.FirstOfEach(new Words(text)))
        {
            var meaning = _meanings[hit.Phrase];
            if (meaning.TextWeight != 0)
            {
                var factor = hit.Start < OpeningLength && meaning.TextWeight > 0 ? OpeningFactor : 1;
                Add(weights, meaning.Type, meaning.TextWeight * factor);
            }
        }

        var enough = weights.Where(weight => weight.Value >= Enough).ToDictionary();
        if (!isHeadedTermination)
        {
            PutBehindItsKinds(enough);
        }

        return
        [
            .. enough
                .Select(weight => new WeighedType(weight.Key, weight.Value))
                .OrderByDescending(weighed => weighed.Weight)
                .ThenBy(weighed => weighed.Type),
        ];
    }

    public ClauseType? Called(string phrase)
    {
        var words = new Words(phrase);
        // The longest phrase says most: "termination for convenience" before "termination".
        return _phrases
            .FirstOfEach(words)
            .Where(hit => _meanings[hit.Phrase].IsName)
            .OrderByDescending(hit => hit.End - hit.Start)
            .ThenBy(hit => hit.Start)
            .Select(hit => (ClauseType?)_meanings[hit.Phrase].Type)
            .FirstOrDefault();
    }

    public string NameOf(ClauseType type, string language) =>
        language.StartsWith("de", StringComparison.OrdinalIgnoreCase) ? _types[type].German : _types[type].English;

    private void AddHeading(Dictionary<ClauseType, double> weights, string heading, double weight)
    {
        var words = new Words(heading);
        var longest = new Dictionary<ClauseType, double>();
        foreach (var hit in _phrases.FirstOfEach(words))
        {
            var meaning = _meanings[hit.Phrase];
            if (meaning.IsHeading)
            {
                // Of two types in one heading, that which takes more of it comes first.
                var share = (double)(hit.End - hit.Start) / heading.Length;
                longest[meaning.Type] = Math.Max(longest.GetValueOrDefault(meaning.Type), share);
            }
        }

        foreach (var (type, share) in longest)
        {
            Add(weights, type, weight * (1 + share / 2));
        }
    }

    /// <summary>"May terminate without cause" is a termination, too, but first of all one for convenience.</summary>
    private static void PutBehindItsKinds(Dictionary<ClauseType, double> weights)
    {
        if (
            weights.TryGetValue(ClauseType.Termination, out var general)
            && (
                weights.ContainsKey(ClauseType.TerminationForConvenience)
                || weights.ContainsKey(ClauseType.TerminationForCause)
            )
        )
        {
            weights[ClauseType.Termination] = Math.Min(general, Enough) / 2;
        }
    }

    private static void Add(Dictionary<ClauseType, double> weights, ClauseType type, double weight) =>
        weights[type] = weights.GetValueOrDefault(type) + weight;

    private static ClauseEvidence Load()
    {
        var types = new Dictionary<ClauseType, TypeWords>();
        var phrases = new List<string>();
        var meanings = new List<Phrase>();
        ClauseType? current = null;
        foreach (var line in Resources.Lines("ClauseTypes.txt"))
        {
            if (!char.IsWhiteSpace(line[0]))
            {
                var (type, names) = Cut(line, ':');
                current = JsonSerializer.Deserialize<ClauseType>($"\"{type}\"");
                var (english, german) = Cut(names, '|');
                types.Add(current.Value, new TypeWords(english, german));
                continue;
            }

            var (kind, list) = Cut(line, ':');
            foreach (
                var phrase in list.Split('|', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            )
            {
                phrases.Add(WithEveryModal(phrase));
                meanings.Add(
                    kind switch
                    {
                        "head" => new Phrase(current!.Value, IsHeading: true, IsName: true, 0),
                        "name" => new Phrase(current!.Value, IsHeading: false, IsName: true, 0),
                        _ => new Phrase(current!.Value, false, false, double.Parse(kind, CultureInfo.InvariantCulture)),
                    }
                );
            }
        }

        return new ClauseEvidence(types, phrases, meanings);
    }

    private static string WithEveryModal(string phrase) =>
        string.Join(' ', phrase.Split(' ').Select(word => word is "shall" or "will" ? "shall/will/must" : word));

    private static (string Before, string After) Cut(string line, char at)
    {
        var index = line.IndexOf(at, StringComparison.Ordinal);
        return index < 0
            ? throw new FormatException($"ClauseTypes.txt: no “{at}” in “{line}”.")
            : (line[..index].Trim(), line[(index + 1)..].Trim());
    }

    private sealed record TypeWords(string English, string German);

    /// <param name="IsName">Whether people call the type so when they ask for it.</param>
    private readonly record struct Phrase(ClauseType Type, bool IsHeading, bool IsName, double TextWeight);
}
