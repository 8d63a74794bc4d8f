namespace Chancery.Contracts.Tests;

public sealed class ClauseNumbersTests
{
    [Fact]
    public void Clauses_are_numbered_as_their_scheme_says_and_named_so_that_the_name_is_whole()
    {
        var deepest = New("Deepest");
        var letter = New("Letter") with { Children = [deepest] };
        var second = New("Second") with
        {
            Children = [New("First below"), New("Second below") with { Children = [letter] }],
        };
        var contract = new ContractText
        {
            Title = "T",
            Clauses = [New("Recital") with { IsNumbered = false }, New("First"), second],
        };

        var decimals = ClauseNumbers.Of(contract);
        var articles = ClauseNumbers.Of(contract with { Numbering = NumberingScheme.Articles });

        Assert.Equal(
            ["", "1.", "2.", "2.1", "2.2", "(a)", "(i)"],
            contract.Walk().Select(c => decimals.LabelOf(c.Clause.Id))
        );
        Assert.Equal(
            ["“Recital”", "1", "2", "2.1", "2.2", "2.2(a)", "2.2(a)(i)"],
            contract.Walk().Select(c => decimals.ReferenceOf(c.Clause.Id))
        );
        Assert.Equal(
            ["", "ARTICLE I", "ARTICLE II", "Section 2.1", "Section 2.2", "(a)", "(i)"],
            contract.Walk().Select(c => articles.LabelOf(c.Clause.Id))
        );
        Assert.Equal("2.2(a)(i)", articles.ReferenceOf(deepest.Id));
    }

    [Fact]
    public void A_reference_follows_its_clause_and_says_when_it_is_gone()
    {
        var target = New("Target");
        var naming = New("Naming") with { Text = $"subject to Section {ClauseReference.To(target.Id)}." };
        var before = new ContractText { Title = "T", Clauses = [naming, target] };
        var after = before with { Clauses = [naming, New("New"), target] };
        var gone = before with { Clauses = [naming] };

        Assert.Equal("subject to Section 2.", ClauseNumbers.Of(before).Write(naming.Text));
        Assert.Equal("subject to Section 3.", ClauseNumbers.Of(after).Write(naming.Text));
        Assert.Equal("subject to Section [removed].", ClauseNumbers.Of(gone).Write(naming.Text));
        Assert.Equal([target.Id], ClauseReference.In(naming.Text));
    }

    [Theory]
    [InlineData(1, "a", "i")]
    [InlineData(27, "aa", "xxvii")]
    [InlineData(49, "ww", "xlix")]
    public void Letters_and_Roman_numbers_are_as_Word_counts_them(int number, string letters, string roman)
    {
        Assert.Equal(letters, ClauseNumbers.Write(number, NumberFormat.LowerLetter));
        Assert.Equal(roman, ClauseNumbers.Write(number, NumberFormat.LowerRoman));
    }

    private static Clause New(string heading) => new(Guid.CreateVersion7()) { Heading = heading };
}
