namespace Chancery.Search.Tests;

public sealed class QuestionFocusTests
{
    [Theory]
    [InlineData(
        "What was the quick ratio for FY2022? If it is not relevant, state that.",
        "What was the quick ratio for 2022?"
    )]
    [InlineData("Did sales fall in Q2 of FY2024?", "Did sales fall in second quarter 2024?")]
    [InlineData("Is it true as of Q2'2023?", "Is it true as of second quarter 2023?")]
    [InlineData("Revenue FY21 and FY 2020", "Revenue 2021 and 2020")]
    [InlineData("Notice period. Rent.", "Notice period. Rent.")]
    [InlineData("", "")]
    public void What_a_question_looks_for_is_said_in_the_words_of_reports(string question, string focus) =>
        Assert.Equal(focus, QuestionFocus.Of(question));
}
