using Chancery.Search.Languages;

namespace Chancery.Search.Tests.Languages;

public sealed class LanguageDetectorTests
{
    [Theory]
    [InlineData("The tenant pays the rent on the first working day of each month.", Language.English)]
    [InlineData("Der Mieter zahlt die Miete am ersten Werktag eines jeden Monats.", Language.German)]
    [InlineData("Le locataire paie le loyer le premier jour ouvrable de chaque mois.", Language.French)]
    [InlineData("El inquilino paga el alquiler el primer día hábil de cada mes.", Language.Spanish)]
    [InlineData("Il conduttore paga il canone il primo giorno lavorativo di ogni mese.", Language.Italian)]
    [InlineData(
        "O inquilino não paga a renda ao senhorio, mas a quem este indicar, até ao primeiro dia do mês.",
        Language.Portuguese
    )]
    [InlineData("De huurder betaalt de huur op de eerste werkdag van elke maand.", Language.Dutch)]
    [InlineData("Hyresgästen betalar hyran den första vardagen i månaden och det är inte för sent.", Language.Other)]
    [InlineData("Najemca płaci czynsz w pierwszy dzień roboczy miesiąca i nie później niż do piątku.", Language.Other)]
    [InlineData("Kündigung und Fristen", Language.German)]
    [InlineData("Información sobre la organización", Language.Spanish)]
    public void A_text_tells_its_language(string text, Language language)
    {
        Assert.Equal(language, LanguageDetector.Detect(text));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Siemens 2024")]
    [InlineData("Rio de Janeiro")]
    [InlineData("Die Hard")]
    [InlineData("12.5 33.1 1,204 (17.3) EBITDA 4.4 CAPEX 9.1 ROI 1.2 DSO WACC EPS 4.5 IRR")]
    [InlineData("東京の天気")]
    public void What_tells_too_little_is_not_guessed(string text)
    {
        Assert.Null(LanguageDetector.Detect(text));
    }

    [Fact]
    public void Fields_that_tell_nothing_go_with_the_passage_and_a_passage_that_tells_nothing_is_English()
    {
        const string german = "Der Mieter zahlt die Miete am ersten Werktag eines jeden Monats.";

        Assert.Equal(
            new PassageLanguages(Language.German, Language.German, Language.German),
            PassageLanguages.Of("Mietvertrag", "Miete", german)
        );
        Assert.Equal(
            new PassageLanguages(Language.English, Language.German, Language.German),
            PassageLanguages.Of("The lease and its terms of payment", "", german)
        );
        Assert.Equal(
            new PassageLanguages(Language.English, Language.English, Language.English),
            PassageLanguages.Of("Siemens", null, "4711 0815")
        );
    }

    [Fact]
    public void Any_text_is_read_and_always_alike()
    {
        Properties.HoldForAnyText(text => Assert.Equal(LanguageDetector.Detect(text), LanguageDetector.Detect(text)));
    }
}
