using Chancery.Contracts.Analysis;

namespace Chancery.Contracts.Tests.Analysis;

public sealed class ClauseTypesTests
{
    [Theory]
    [InlineData(
        "Miscellaneous",
        "Either party may terminate this Agreement for any reason upon 30 days' prior written notice.",
        ClauseType.TerminationForConvenience
    )]
    [InlineData(
        "",
        "Each party shall keep the other party's information in strict confidence.",
        ClauseType.Confidentiality
    )]
    [InlineData(
        "Haftung",
        "Der Auftragnehmer haftet nur für Vorsatz und grobe Fahrlässigkeit.",
        ClauseType.LiabilityCap
    )]
    [InlineData(
        "",
        "Es gilt das Recht der Bundesrepublik Deutschland unter Ausschluss des UN-Kaufrechts.",
        ClauseType.GoverningLaw
    )]
    [InlineData("Kündigung", "Das Recht zur Kündigung aus wichtigem Grund bleibt unberührt.", ClauseType.Termination)]
    [InlineData("LAW", "This Agreement is governed by the laws of the State of Delaware.", ClauseType.GoverningLaw)]
    public void A_clause_is_recognised_by_its_heading_or_by_its_words(string heading, string text, ClauseType expected)
    {
        Assert.Equal(
            expected,
            ClauseTypes.Recognise(new Clause(Guid.CreateVersion7()) { Heading = heading, Text = text })
        );
    }

    [Fact]
    public void Termination_is_found_under_a_heading_that_does_not_say_so()
    {
        var clause = new Clause(Guid.CreateVersion7())
        {
            Heading = "Life of this arrangement",
            Text = "Either side may terminate this arrangement at the end of any month.",
        };

        Assert.Contains(ClauseType.Termination, ClauseTypes.RecogniseAll(clause));
    }

    [Theory]
    [InlineData("the non-compete clause", ClauseType.NonCompete)]
    [InlineData("limitation of liability", ClauseType.LiabilityCap)]
    [InlineData("termination for convenience", ClauseType.TerminationForConvenience)]
    [InlineData("Haftungsbeschränkung", ClauseType.LiabilityCap)]
    [InlineData("weather", null)]
    public void A_type_is_known_by_what_people_call_it(string phrase, ClauseType? expected)
    {
        Assert.Equal(expected, ClauseTypes.Called(phrase));
    }

    [Fact]
    public void Every_type_has_a_name_in_both_languages()
    {
        Assert.All(
            Enum.GetValues<ClauseType>(),
            type => Assert.True(ClauseTypes.NameOf(type).Length > 0 && ClauseTypes.NameOf(type, "de-AT").Length > 0)
        );
    }
}
