namespace Chancery.Contracts.Word;

/// <summary>A sheet upright, in twentieths of a point.</summary>
internal sealed record PageShape(int Width, int Height)
{
    /// <summary>An inch on every side.</summary>
    public const int Margin = 1440;

    // Where office paper is Letter, by CLDR's table of paper sizes.
    private static readonly HashSet<string> LetterRegions = new(
        ["BZ", "CA", "CL", "CO", "CR", "GT", "MX", "NI", "PA", "PH", "PR", "SV", "US", "VE"],
        StringComparer.OrdinalIgnoreCase
    );

    public int TextWidth => Width - (2 * Margin);

    public static PageShape Of(PaperSize paper) =>
        paper == PaperSize.Letter ? new PageShape(12240, 15840) : new PageShape(11906, 16838);

    /// <summary>"en-US" → Letter; "en", "de-DE" → A4.</summary>
    public static PaperSize PaperOf(string language) =>
        language.Split('-', '_').Skip(1).Any(LetterRegions.Contains) ? PaperSize.Letter : PaperSize.A4;

    /// <summary>Word checks spelling by language and region; for a bare language, the region that it is named after.</summary>
    public static string RegionalTag(string language) =>
        language.ToLowerInvariant() switch
        {
            "" => "en-GB",
            "en" => "en-GB",
            "de" => "de-DE",
            "fr" => "fr-FR",
            "es" => "es-ES",
            "it" => "it-IT",
            "nl" => "nl-NL",
            "pt" => "pt-PT",
            "pl" => "pl-PL",
            _ => Xml.Clean(language),
        };
}
