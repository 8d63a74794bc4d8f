using System.Collections.Frozen;
using Chancery.Guards.PersonalData;

namespace Chancery.Guards.Output;

/// <summary>What must not pass, and what becomes of it. A rule that is null is not looked for. Immutable.</summary>
public sealed record OutputFilterOptions
{
    /// <summary>Marks in our own instructions: at least 12 letters or digits each, and nothing else but hyphens and underscores.</summary>
    public IReadOnlyCollection<string> Canaries { get; init; } = [];

    public OutputAction OnCanary { get; init; } = OutputAction.Stop;

    public OutputAction? OnSecret { get; init; } = OutputAction.Stop;

    public OutputAction? OnLink { get; init; } = OutputAction.Remove;

    /// <summary>Hosts that links may lead to: <c>example.org</c>, and with <c>*.example.org</c> those under it. Relative links always may.</summary>
    public IReadOnlyCollection<string> AllowedHosts { get; init; } = [];

    /// <summary>Whether images may be fetched from <see cref="AllowedHosts"/>, which happens without anybody's doing.</summary>
    public bool AllowsImages { get; init; } = true;

    /// <summary>
    /// Addresses that may stand in the text and be linked to, exactly as <see cref="AddressesIn"/> tells them: with anything added they are others.
    /// Images from there still may not be shown.
    /// </summary>
    public IReadOnlySet<string> AllowedAddresses { get; init; } = FrozenSet<string>.Empty;

    /// <summary>Whether links in sight of the reader, which nothing follows by itself, may lead anywhere; images still may not.</summary>
    public bool AllowsAnyLink { get; init; }

    /// <summary>Whether an id (a UUID, or a word with digits in it of 8 to 64 letters, digits, hyphens and underscores) is somebody else's; null for never.</summary>
    public Func<string, bool>? IsForeignId { get; init; }

    public OutputAction OnForeignId { get; init; } = OutputAction.Replace;

    /// <summary>
    /// Which personal data is looked for; null for none. With it, text passes by lines, since what makes a number somebody's stands in the words
    /// around it.
    /// </summary>
    public PersonalDataOptions? PersonalData { get; init; }

    /// <summary>Whether personal data, as it is written, is known to the reader already and may stand; null for never.</summary>
    public Func<string, bool>? IsKnownPersonalData { get; init; }

    public OutputAction OnPersonalData { get; init; } = OutputAction.Replace;

    /// <summary>
    /// Marks of chat templates that begin or end a call of a tool, such as <c>&lt;tool_call&gt;</c>; what stands between them stays, as text. Null where
    /// such calls are wanted.
    /// </summary>
    public OutputAction? OnToolCall { get; init; }

    public OutputAction? OnInvisibleText { get; init; } = OutputAction.Remove;

    /// <summary>The addresses that stand in a text, with or without a link's brackets.</summary>
    public static IEnumerable<string> AddressesIn(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return LinkRules.AddressesIn(text);
    }
}
