namespace Chancery.Contracts.Analysis;

/// <summary>A law that contracts choose.</summary>
internal sealed record Law(string English, string German, IReadOnlyList<string> Others)
{
    public string NameIn(string language) =>
        language.StartsWith("de", StringComparison.OrdinalIgnoreCase) ? German : English;

    public IEnumerable<string> Names => [English, German, .. Others];
}

/// <summary>The laws that are known by name, and the texts that name them. Others are compared by their words.</summary>
internal static class Laws
{
    private static readonly Lazy<IReadOnlyList<Law>> _all = new(() =>
        [
            .. Resources
                .Lines("Laws.txt")
                .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
                .Select(ReadLine),
        ]
    );

    public static IReadOnlyList<Law> All => _all.Value;

    /// <summary>The law that is called so: "German", "the State of New York"; null: it is not known.</summary>
    public static Law? Called(string name) =>
        All.FirstOrDefault(law =>
            law.Names.Any(other => Bare(other).Equals(Bare(name), StringComparison.OrdinalIgnoreCase))
        );

    /// <summary>Whether a text names a law, under whichever of its names.</summary>
    public static bool Names(string text, string law) =>
        (Called(law)?.Names ?? [law]).Append(law).Any(name => Contains(text, Bare(name)));

    /// <summary>Whether two names are of one law: "German law" and "Germany".</summary>
    public static bool AreSame(string one, string other) =>
        Bare(one).Equals(Bare(other), StringComparison.OrdinalIgnoreCase)
        || (Called(one) is { } law && law == Called(other));

    /// <summary>The text has the words, not just as a part of others.</summary>
    internal static bool Contains(string text, string words) => IndexOf(text, words) >= 0;

    internal static int IndexOf(string text, string words)
    {
        if (words.Length == 0)
        {
            return -1;
        }

        for (var at = 0; (at = text.IndexOf(words, at, StringComparison.OrdinalIgnoreCase)) >= 0; at++)
        {
            var end = at + words.Length;
            if (
                (at == 0 || !char.IsLetterOrDigit(text[at - 1]))
                && (end == text.Length || !char.IsLetterOrDigit(text[end]))
            )
            {
                return at;
            }
        }

        return -1;
    }

    /// <summary>"the laws of the State of New York" → "State of New York".</summary>
    private static string Bare(string name)
    {
        var bare = name.Trim().TrimEnd('.');
        string[] openings =
        [
            "the laws of ",
            "laws of ",
            "law of ",
            "the law of ",
            "the ",
            "die ",
            "das recht der ",
            "das recht von ",
        ];
        foreach (var opening in openings)
        {
            if (bare.StartsWith(opening, StringComparison.OrdinalIgnoreCase))
            {
                bare = bare[opening.Length..];
            }
        }

        return bare;
    }

    private static Law ReadLine(string[] parts) =>
        parts is [var english, var german, var others]
            ? new Law(
                english,
                german,
                others.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            )
            : throw new FormatException("Laws.txt: a line is “English | German | others”.");
}
