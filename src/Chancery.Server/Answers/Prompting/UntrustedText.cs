using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Chancery.Guards.Injection;
using Chancery.Guards.Output;
using Chancery.Server.Answers.Citing;

namespace Chancery.Server.Answers.Prompting;

/// <summary>Takes from a text what a model, or its chat template, could read as anything else than text.</summary>
internal static partial class UntrustedText
{
    private const int MaxLabelLength = 200;

    /// <summary>Of most texts all letters: what everybody can see.</summary>
    private static readonly SearchValues<char> Plain = SearchValues.Create([
        '\n',
        '\t',
        // Printable ASCII, and of Latin-1 all but controls, the soft hyphen (a format) and what lies before it.
        .. Enumerable.Range(' ', '~' - ' ' + 1).Select(unit => (char)unit),
        .. Enumerable.Range('®', 'ÿ' - '®' + 1).Select(unit => (char)unit),
        .. "–—‘’“”„…•€",
    ]);

    /// <summary>
    /// Keeps the words. Tags (<c>&lt;|im_start|&gt;</c>, <c>&lt;/passage&gt;</c>, our own fences) lose their brackets,
    /// citation markers become <c>(1)</c>, role names at a line's start are quoted, what nobody can see is dropped, and a note stands for
    /// what has the shape of a secret: a model may be somebody else's, and would not be let say it.
    /// </summary>
    public static string Neutralise(string text, string boundary)
    {
        ArgumentNullException.ThrowIfNull(text);
        var visible = SecretText.Remove(Visible(text)).Replace(boundary, "", StringComparison.OrdinalIgnoreCase);
        visible = Tag().Replace(visible, "‹");
        visible = TagEnd().Replace(visible, "$1›");
        visible = CitationMarkers.Bracketed(visible);
        visible = Instruction().Replace(visible, "($1)");
        return Role().Replace(visible, "$1“$2”$3");
    }

    /// <summary>The same, on one line and not long: for titles and file names.</summary>
    public static string Label(string text, string boundary)
    {
        var line = string.Join(
            ' ',
            Neutralise(text, boundary).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
        );
        return line.Length <= MaxLabelLength ? line : line[..MaxLabelLength] + "…";
    }

    /// <summary>Without controls, what spells text unseen, other formats that scripts do not need, and lone surrogates.</summary>
    public static string Visible(string text)
    {
        if (!text.AsSpan().ContainsAnyExcept(Plain))
        {
            return text;
        }

        var visible = new StringBuilder(text.Length);
        Span<char> units = stackalloc char[2];
        foreach (var rune in InvisibleText.Remove(text).EnumerateRunes())
        {
            var category = Rune.GetUnicodeCategory(rune);
            if (
                // Joiners and marks of direction that are left stand where Persian, Hindi, Hebrew or an emoji needs them.
                rune.Value
                    is '\n'
                        or '\t'
                        or (>= 0x200C and <= 0x200F)
                        or 0x061C
                || category
                    is not (
                        UnicodeCategory.Control
                        or UnicodeCategory.Format
                        or UnicodeCategory.Surrogate
                        or UnicodeCategory.PrivateUse
                    )
            )
            {
                visible.Append(units[..rune.EncodeToUtf16(units)]);
            }
        }

        return visible.ToString();
    }

    // A "<" in front of a letter or a mark opens a tag; in "a < 5" it is a sign of arithmetic.
    [GeneratedRegex(@"[<＜](?=[\p{L}|/!?_<＜=])")]
    private static partial Regex Tag();

    [GeneratedRegex(@"([|/\p{L}\d""'_>-])[>＞]")]
    private static partial Regex TagEnd();

    // [INST], [/INST], [SYSTEM_PROMPT], [AVAILABLE_TOOLS] of some templates.
    [GeneratedRegex(@"\[(/?[A-Z][A-Z_]{2,30})\]")]
    private static partial Regex Instruction();

    [GeneratedRegex(
        @"^([ \t>#*_-]*)(system|assistant|user|human|developer|tool|ai|instructions?)([*_]*[ \t]*[:：])",
        RegexOptions.IgnoreCase | RegexOptions.Multiline | RegexOptions.CultureInvariant
    )]
    private static partial Regex Role();
}
