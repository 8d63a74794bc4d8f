using System.Diagnostics;

namespace Chancery.Search.Tests;

public sealed class PassageTablesTests
{
    [Theory]
    [InlineData("| Code | Price |\n| --- | ---: |\n| ST-1 | 210 |", "ST-1", "Code=ST-1;Price=210")]
    [InlineData("Year\tFresh\tSalt\n2023\t160\t120", "2023", "Year=2023;Fresh=160;Salt=120")]
    [InlineData("Ducks per year\nYear\tSalt\n2023\t120", "2023", "Year=2023;Salt=120")]
    [InlineData(
        "Item\tNote\tStock\nTea\tHot. Sold by the box.\t5",
        "Tea",
        "Item=Tea;Note=Hot. Sold by the box.;Stock=5"
    )]
    [InlineData("Team\tQ1\tQ2\tQ3\nA\t1", "A\t1", "Team=A;Q1=1")]
    [InlineData("Team\tQ1\tQ2\nA\t\t2\tlate", "A\t", "Team=A;Q1=;Q2=2;=late")]
    [InlineData(
        "Kind of leave  Paid  Notice\nStudy  5 days  four weeks",
        "Study",
        "Kind of leave=Study;Paid=5 days;Notice=four weeks"
    )]
    [InlineData("2017  2016\n(in thousands)\nMembers  110,644  89,090", "Members", "=Members;2017=110,644;2016=89,090")]
    public void A_cell_has_the_name_of_its_column(string text, string row, string named) =>
        Assert.Equal(named, Named(PassageTables.Of(text).At(text.IndexOf(row, StringComparison.Ordinal))!));

    [Theory]
    [InlineData("Name\tAnn\nCity\tYork", "City")]
    [InlineData("Ann\t30\nBo\t40", "Bo")]
    [InlineData("Net sales  32,765  31,657\nCost of sales  16,682  16,055", "Cost")]
    [InlineData("Left column text  and right column text\nwhich goes on  with more words", "which")]
    [InlineData("2017  2016\n\nMembers  110,644  89,090", "Members")]
    [InlineData("Region  Sales  Costs\nNorth  5", "North")]
    public void Where_it_is_not_certain_a_cell_has_no_name(string text, string row) =>
        Assert.Null(PassageTables.Of(text).At(text.IndexOf(row, StringComparison.Ordinal))?.Heads);

    [Fact]
    public void Rows_that_were_cut_off_have_the_names_in_the_heading_and_those_of_another_table_do_not()
    {
        const string text = "Ann\tYork\t5\nBo\tLeeds\t6\n\nSome words.\n\nx\ty\tz\n1\t2\t3";
        var tables = PassageTables.Of(text, "Staff › Name | City | Years");

        Assert.Equal("Name=Ann;City=York;Years=5", Named(tables.At(0)!));
        Assert.Equal("x=1;y=2;z=3", Named(tables.At(text.IndexOf("1\t2", StringComparison.Ordinal))!));
        Assert.Null(tables.At(text.IndexOf("Some", StringComparison.Ordinal)));
        Assert.Equal("Name=Ann;City=York;=5", Named(PassageTables.Of(text, "Name | City | Ye…").At(0)!));
    }

    [Fact]
    public void The_row_of_names_is_told_apart()
    {
        var tables = PassageTables.Of("Year\tSalt\n2023\t120");

        Assert.True(tables.At(0)!.IsHead);
        Assert.False(tables.At(10)!.IsHead);
    }

    [Theory]
    [InlineData("1.\tThe rent is due. It is paid monthly.")]
    [InlineData("(iv)\tThe rent is due. It is paid monthly.")]
    [InlineData("7.1\tThe rent is due. It is paid monthly.")]
    [InlineData("•\tThe rent is due. It is paid monthly.")]
    public void A_list_item_is_no_row(string item)
    {
        Assert.Null(PassageTables.Of(item).At(0));
        Assert.Equal(2, Sentences.Split(item).Count);
    }

    [Theory]
    [InlineData("2.5\t7\n2.6\t8")]
    [InlineData("北京\t5 万\n上海\t6 万")]
    [InlineData("Ltd.\tThe firm")]
    public void A_short_first_cell_is_no_mark_of_a_list(string rows) => Assert.NotNull(PassageTables.Of(rows).At(0));

    [Fact]
    public void Any_text_is_read_and_soon()
    {
        Properties.HoldForAnyText(text =>
        {
            var tables = PassageTables.Of(text, text);
            for (var i = 0; i < text.Length; i++)
                Assert.True(tables.At(i) is not { Heads: { } heads } row || heads.Count == row.Cells.Count);
        });

        var watch = Stopwatch.StartNew();
        PassageTables.Of(string.Concat(Enumerable.Repeat("a\tb\t1\n", 100_000)));
        PassageTables.Of(string.Concat(Enumerable.Repeat("| a ", 300_000)) + "|");
        PassageTables.Of(string.Concat(Enumerable.Repeat("a  1  ", 200_000)));
        PassageTables.Of(new string(' ', 1_000_000) + "\t");
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"{watch.Elapsed}");
    }

    private static string Named(TableRow row) =>
        string.Join(';', row.Cells.Select((cell, i) => $"{row.Heads?[i]}={cell}"));
}
