using Chancery.Server.Inference.Caching;

namespace Chancery.Server.Tests.Inference.Caching;

/// <summary>Questions that vectors hold for the same, and that are not.</summary>
public sealed class SameSenseTests
{
    [Theory]
    [InlineData("What was revenue in 2022?", "What was revenue in 2023?")]
    [InlineData("Is a deposit required?", "Is no deposit required?")]
    [InlineData("May employees work from home?", "Mayn't employees work from home?")]
    [InlineData("What did Acme pay?", "What did Globex pay?")]
    [InlineData("How long is the notice with a contract?", "How long is the notice without a contract?")]
    [InlineData("What is due before delivery?", "What is due after delivery?")]
    [InlineData("What is the minimum term?", "What is the maximum term?")]
    [InlineData("Who pays after thirty days?", "Who pays after sixty days?")]
    [InlineData("What does clause 4.2 say?", "What does clause 4.3 say?")]
    [InlineData("What costs 1,000 €?", "What costs 1,000 $?")]
    [InlineData("Did Acme sue Globex?", "Did Globex sue Acme?")]
    [InlineData("What does \"net price\" mean?", "What does \"gross price\" mean?")]
    [InlineData("How many days do I get?", "How many days do they get?")]
    [InlineData("Is the notice period fourteen days?", "Is the notice period fifteen days?")]
    [InlineData("Acme pays within how many days?", "Globex pays within how many days?")]
    [InlineData("Sind es zwanzig Tage?", "Sind es vierzig Tage?")]
    [InlineData("Muss ich kündigen?", "Muss ich nicht kündigen?")]
    public void They_differ_in_a_number_a_name_or_a_word_that_turns_them_round(string one, string other)
    {
        Assert.False(SameSense.Holds(one, other));
        Assert.True(SameSense.Holds(one, one));
    }

    [Theory]
    [InlineData("What is the notice period?", "How long is the notice period?")]
    [InlineData("What was revenue in 2022?", "How much revenue was there in 2022?")]
    [InlineData("Which law governs the agreement with Acme?", "The agreement with Acme is governed by which law?")]
    public void They_say_the_same_in_other_words(string one, string other) => Assert.True(SameSense.Holds(one, other));

    [Theory]
    [InlineData("What does olga@example.com earn?", true)]
    [InlineData("Whose number is +49 170 1234567?", true)]
    [InlineData("Who owns DE89 3704 0044 0532 0130 00?", true)]
    [InlineData("What was revenue in 2022?", false)]
    [InlineData("What does clause 12.3 say?", false)]
    public void Who_is_named_by_an_address_or_a_number_is_asked_about_anew(string question, bool isPersonal) =>
        Assert.Equal(isPersonal, SameSense.IsPersonal(question));
}
