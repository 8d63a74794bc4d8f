namespace Chancery.Search.Tests;

public sealed class IdentifierTests
{
    private const string Rows = "Item\tWeight in kg\tCost\n5-70\t31\t900\n5-7\t12\t400\n99-0\t8\t9573\n99-9\t7\t120";
    private const string Prose =
        "Item 5-70 weighs 31 kg. Item 5-7 weighs 12 kg. Item 99-0 costs 9573 euros. Item 99-9 costs 120 euros.";

    [Theory]
    [InlineData(Rows, "What is the weight of item 5-7?", "5-7\t12\t400")]
    [InlineData(Prose, "What does Item 5-7 weigh?", "Item 5-7 weighs 12 kg.")]
    [InlineData(Prose, "How much does item 99-0 cost?", "Item 99-0 costs 9573 euros.")]
    [InlineData(
        "We are certified. The audit for ISO 27001 is in May.",
        "When is the audit for ISO-27001?",
        "ISO 27001"
    )]
    [InlineData("The audit for iso-27001 is in May. It is long.", "When is the audit for ISO27001?", "iso-27001")]
    [InlineData(
        "Clause 3.40 is void. Clause 3.4 caps the fee at 9 euros.",
        "What fee does clause 3.4 cap?",
        "Clause 3.4 caps"
    )]
    [InlineData(
        "Case 2024-170 is open. Case 2024-17 was closed by Ms. Roe.",
        "Who closed case 2024-17?",
        "Case 2024-17 was"
    )]
    public void What_is_asked_of_one_identifier_is_answered_of_it(string text, string question, string quoted)
    {
        var answer = ExtractiveAnswerer.Answer(question, [new AnswerPassage("p", text, 1)], threshold: 0);

        Assert.All(
            answer.Quotes,
            quote => Assert.Contains(quoted, quote.Span.In(text).ToString(), StringComparison.Ordinal)
        );
        Assert.NotEmpty(answer.Quotes);
    }

    [Theory]
    [InlineData(Rows, "How much does item 99-99 cost?")]
    [InlineData(Prose, "How much does item 99-99 cost?")]
    [InlineData(Prose, "What does Item 5-701 weigh?")]
    [InlineData("The audit for ISO 27001 is in May.", "When is the audit for ISO-27002?")]
    [InlineData("Clause 3.4.1 caps the fee at 9 euros.", "What fee does clause 3.4 cap?")]
    [InlineData("Version 13.4 caps the fee at 9 euros.", "What fee does version 3.4 cap?")]
    public void What_only_looks_like_the_identifier_is_no_answer(string text, string question)
    {
        var answer = ExtractiveAnswerer.Answer(question, [new AnswerPassage("p", text, 1)], threshold: 0);

        Assert.Empty(answer.Quotes);
    }

    [Theory]
    [InlineData("It weighs 12 kg when packed.", "Item 5-7", null)]
    [InlineData("It weighs 12 kg when packed.", null, "data_sheet_item_5-7_final.pdf")]
    [InlineData("This is item 5-7. It weighs 12 kg when packed.", null, null)]
    [InlineData("Item 5-7\n\nIt weighs 12 kg when packed.", null, null)]
    [InlineData("Of item 5-7:\n\n- it weighs 12 kg\n- it weighs 13 kg when packed", null, null)]
    public void The_identifier_may_stand_above_or_beside(string text, string? heading, string? fileName)
    {
        var answer = ExtractiveAnswerer.Answer(
            "What does item 5-7 weigh when packed?",
            [new AnswerPassage("p", text, 1, heading, FileName: fileName)],
            threshold: 0
        );

        Assert.Contains(
            answer.Quotes,
            quote => quote.Span.In(text).ToString().Contains("when packed", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("What is the 30-day notice?", "The notice of 30 days is free of charge.")]
    [InlineData("What did the 20kg dog do?", "The dog of 20 kg barked.")]
    [InlineData("Who paid the $3.40 fee?", "Jane Roe paid the fee of 3,40 dollars.")]
    [InlineData("What was the profit in 2022-23?", "The profit in 2022/2023 was 5.")]
    [InlineData("What was said of profit on 2024-01-15?", "On 15 January 2024 something was said of profit.")]
    [InlineData("What does the 2nd clause of the 10-K say?", "The second clause is said to say little.")]
    [InlineData("What was the profit in 2022?", "The profit was 5.")]
    public void Amounts_and_dates_are_no_identifiers(string question, string text)
    {
        var answer = ExtractiveAnswerer.Answer(question, [new AnswerPassage("p", text, 1)], threshold: 0);

        Assert.NotEmpty(answer.Quotes);
    }
}
