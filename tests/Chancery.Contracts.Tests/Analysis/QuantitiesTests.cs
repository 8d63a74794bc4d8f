using Chancery.Contracts.Analysis.Quantities;

namespace Chancery.Contracts.Tests.Analysis;

public sealed class QuantitiesTests
{
    [Theory]
    [InlineData("thirty", 30)]
    [InlineData("twenty-five", 25)]
    [InlineData("one hundred and fifty thousand", 150_000)]
    [InlineData("two million five hundred thousand", 2_500_000)]
    [InlineData("einundzwanzig", 21)]
    [InlineData("zweitausendfünfhundert", 2500)]
    [InlineData("hundertzwanzig", 120)]
    [InlineData("thirty thirty", null)]
    [InlineData("und", null)]
    public void Numbers_are_read_in_words(string words, int? expected)
    {
        Assert.Equal(expected, (int?)NumberWords.Read(words));
    }

    [Theory]
    [InlineData("within thirty (30) days", "30 days")]
    [InlineData("upon 90 calendar days' notice", "90 days")]
    [InlineData("a 24-month period", "24 months")]
    [InlineData("five (5) business days", "5 working days")]
    [InlineData("one year", "1 year")]
    [InlineData("mit einer Frist von drei Monaten", "3 months")]
    [InlineData("innerhalb von 14 Werktagen", "14 working days")]
    [InlineData("forty-five days", "45 days")]
    public void Periods_are_read(string text, string expected)
    {
        Assert.Equal(expected, Assert.Single(Periods.In(text)).Value.ToString());
    }

    [Theory]
    [InlineData("a fee of $1,500.50", 1500.50, "USD")]
    [InlineData("EUR 10.000,00 monatlich", 10000, "EUR")]
    [InlineData("10.000 € im Jahr", 10000, "EUR")]
    [InlineData("£2.5 million", 2500000, "GBP")]
    [InlineData("CHF 12'000", 12000, "CHF")]
    [InlineData("50,000 euros", 50000, "EUR")]
    public void Amounts_are_read(string text, double expected, string currency)
    {
        var amount = Assert.Single(Amounts.In(text));

        Assert.Equal(((decimal)expected, currency), (amount.Value, amount.Currency));
    }

    [Theory]
    [InlineData("on 1 March 2026", "2026-03-01")]
    [InlineData("as of March 1st, 2026", "2026-03-01")]
    [InlineData("this 8th day of May 2014", "2014-05-08")]
    [InlineData("am 1. März 2026", "2026-03-01")]
    [InlineData("ab 01.03.2026", "2026-03-01")]
    [InlineData("2026-03-01", "2026-03-01")]
    [InlineData("by 12/31/2026", "2026-12-31")]
    public void Dates_are_read(string text, string expected)
    {
        Assert.Equal(expected, Assert.Single(Dates.In(text)).Value?.ToString("yyyy-MM-dd"));
    }

    [Fact]
    public void A_date_that_could_be_two_is_left_out()
    {
        Assert.Empty(Dates.In("on 03/04/2026"));
    }
}
