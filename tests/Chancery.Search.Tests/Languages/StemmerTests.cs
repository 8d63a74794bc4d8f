using Chancery.Search.Languages;

namespace Chancery.Search.Tests.Languages;

public sealed class StemmerTests
{
    [Fact]
    public void Stems_are_those_of_Snowball()
    {
        // Made by eng/stems.mjs.
        using var stream = typeof(StemmerTests).Assembly.GetManifestResourceStream("stems.tsv")!;
        using var reader = new StreamReader(stream);
        var words = new List<string[]>();
        while (reader.ReadLine() is { } line)
            words.Add(line.Split('\t'));

        Assert.True(words.Count > 5000);
        Assert.All(
            words,
            cells =>
                Assert.Equal((cells[1], cells[2]), (cells[1], Stemmer.Stem(cells[1], Enum.Parse<Language>(cells[0]))))
        );
    }

    [Theory]
    [InlineData(Language.German, "Kündigungsfristen Kündigungsfrist", "kundigungsfrist kundigungsfrist")]
    [InlineData(Language.German, "Häuser Haus HÄUSERN Ha\u0308user", "haus haus haus haus")]
    [InlineData(Language.German, "die Straßen Müller’s", "die strass mull")]
    [InlineData(Language.French, "l’accès aux données d'origine", "acces aux don origin")]
    [InlineData(Language.French, "qu'il JUSQU'À", "il a")]
    [InlineData(Language.Spanish, "organización organizacion organizaciones", "organiz organiz organiz")]
    [InlineData(Language.Italian, "dell'università delle città", "univers delle citt")]
    [InlineData(Language.Portuguese, "informações informacoes informação", "inform inform inform")]
    [InlineData(Language.Dutch, "auto's contracten contract", "auto contract contract")]
    [InlineData(Language.Other, "Avtalen løper", "avtalen loper")]
    public void Words_of_a_language_become_its_terms(Language language, string text, string terms)
    {
        Assert.Equal(terms, string.Join(' ', TextAnalyzer.Analyze(text, language).Select(token => token.Term)));
    }

    [Fact]
    public void Any_word_has_a_stem_in_every_language_and_the_same_tokens()
    {
        Properties.HoldForAnyText(text =>
        {
            var english = TextAnalyzer.Analyze(text);
            foreach (var language in LanguageSet.All)
            {
                var tokens = TextAnalyzer.Analyze(text, language);

                // What a query's words are matched by: they stand in the same places whatever they are read as.
                Assert.Equal(
                    english.Select(token => (token.Start, token.Length, token.Position, token.Kind)),
                    tokens.Select(token => (token.Start, token.Length, token.Position, token.Kind))
                );
                Assert.All(tokens, token => Assert.NotEqual("", token.Term));
            }
        });
    }

    [Theory]
    [InlineData("a", 10_000_000)]
    [InlineData("ß", 200_000)]
    [InlineData("ë", 200_000)]
    [InlineData("ão", 200_000)]
    [InlineData("l'", 200_000)]
    [InlineData("e\u0301", 200_000)]
    [InlineData("auy", 200_000)]
    public void A_word_of_megabytes_is_no_harder_than_its_length(string piece, int length)
    {
        var text = string.Concat(Enumerable.Repeat(piece, length / piece.Length));

        foreach (var language in (Language[])[Language.English, Language.German, Language.French, Language.Portuguese])
            Assert.NotEmpty(TextAnalyzer.Analyze(text, language));
        LanguageDetector.Detect(text);
        Assert.NotEmpty(QueryWords.Parse(text, LanguageSet.English.With(Language.Dutch)).Words);
    }
}
