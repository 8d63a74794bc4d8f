namespace Chancery.Search.Languages;

/// <summary>The language that each field of a passage is analysed in. Follows from the passage alone, so that every index agrees.</summary>
public readonly record struct PassageLanguages(Language Title, Language Heading, Language Body)
{
    public LanguageSet Set => LanguageSet.Of(Title).With(Heading).With(Body);

    /// <summary>
    /// Each field by its own words. Where those tell nothing, a heading goes with its passage, and a title with both; a passage
    /// that tells nothing is taken for English.
    /// </summary>
    public static PassageLanguages Of(string? title, string? heading, string body)
    {
        var ofHeading = LanguageDetector.Detect(heading);
        var ofBody = LanguageDetector.Detect(body) ?? ofHeading ?? Language.English;
        return new PassageLanguages(LanguageDetector.Detect(title) ?? ofBody, ofHeading ?? ofBody, ofBody);
    }
}
