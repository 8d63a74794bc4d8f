using Chancery.Search.Languages;

namespace Chancery.Server.Contracts.Drafting;

/// <summary>In which language somebody asks.</summary>
internal static class InstructionLanguage
{
    /// <summary>As a BCP 47 tag; null where it cannot be told.</summary>
    public static string? Of(string instruction) =>
        LanguageDetector.Detect(instruction) switch
        {
            Language.English => "en",
            Language.German => "de",
            Language.French => "fr",
            Language.Spanish => "es",
            Language.Italian => "it",
            Language.Portuguese => "pt",
            Language.Dutch => "nl",
            _ => null,
        };
}
