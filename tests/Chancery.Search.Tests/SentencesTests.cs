using System.Diagnostics;

namespace Chancery.Search.Tests;

public sealed class SentencesTests
{
    [Theory]
    [InlineData("One. Two! Three? Four", "One.|Two!|Three?|Four")]
    [InlineData(
        "Fees, e.g. of experts, rise by 3.5 percent. They end.",
        "Fees, e.g. of experts, rise by 3.5 percent.|They end."
    )]
    [InlineData("See No. 5 and Fig. 3. No. That is wrong.", "See No. 5 and Fig. 3.|No.|That is wrong.")]
    [InlineData(
        "The U.S. Government won. He left the U.S. The end.",
        "The U.S. Government won.|He left the U.S.|The end."
    )]
    [InlineData(
        "Acme Inc. shall pay. It is Acme Inc. The buyer pays.",
        "Acme Inc. shall pay.|It is Acme Inc.|The buyer pays."
    )]
    [InlineData("Mr. J. Smith signed. Dr. Who did not.", "Mr. J. Smith signed.|Dr. Who did not.")]
    [InlineData("\"Stop!\" He went (far.) Then he came.", "\"Stop!\"|He went (far.)|Then he came.")]
    [InlineData("これは本です。「行く！」彼は言った。", "これは本です。|「行く！」|彼は言った。")]
    [InlineData("Title\n\nThe text goes on.", "Title|The text goes on.")]
    [InlineData(
        "The rent is due on\nthe first day of each\nmonth. It is paid.",
        "The rent is due on\nthe first day of each\nmonth.|It is paid."
    )]
    [InlineData("It covers:\n- the roof\n- the walls\n(a) the door", "It covers:|- the roof|- the walls|(a) the door")]
    [InlineData("1. Payment is due. 2. It is late.", "1. Payment is due.|2. It is late.")]
    [InlineData("| Year | Sales |\n| 2018 | 32.7 |", "| Year | Sales ||| 2018 | 32.7 |")]
    [InlineData(
        "Net sales   32,765   31,657\nCost of sales   16,682   16,055",
        "Net sales   32,765   31,657|Cost of sales   16,682   16,055"
    )]
    [InlineData("Wait... what? Yes", "Wait... what?|Yes")]
    [InlineData("Version 2.0.1 of foo.bar works.", "Version 2.0.1 of foo.bar works.")]
    [InlineData(
        "Der Liefervertrag endet am 1. Januar 2027 und verlängert sich. Er ist kündbar.",
        "Der Liefervertrag endet am 1. Januar 2027 und verlängert sich.|Er ist kündbar."
    )]
    [InlineData("Resturlaub verfällt am 31. März des Folgejahres.", "Resturlaub verfällt am 31. März des Folgejahres.")]
    [InlineData(
        "Die Rechnung ist bis zum 15.\nFebruar zu bezahlen.",
        "Die Rechnung ist bis zum 15.\nFebruar zu bezahlen."
    )]
    [InlineData("Der 2. Vorsitzende ist Prof. Dr. Klein. Er geht.", "Der 2. Vorsitzende ist Prof. Dr. Klein.|Er geht.")]
    [InlineData(
        "Es gilt ab dem 1. 1. 2027 und vom 2.3. 2028 an. Ende.",
        "Es gilt ab dem 1. 1. 2027 und vom 2.3. 2028 an.|Ende."
    )]
    [InlineData("Der Preis ist 5. Die Ware ist gut.", "Der Preis ist 5.|Die Ware ist gut.")]
    [InlineData("Das war 2020. Mieter zahlten es.", "Das war 2020.|Mieter zahlten es.")]
    [InlineData(
        "Nach Art. 5 Abs. 2 Satz 1 gilt es ggf. Kraft Gesetzes.",
        "Nach Art. 5 Abs. 2 Satz 1 gilt es ggf. Kraft Gesetzes."
    )]
    [InlineData("Es kostet 5 Mio. Euro inkl. Mehrwertsteuer.", "Es kostet 5 Mio. Euro inkl. Mehrwertsteuer.")]
    [InlineData("Fin le 3. Juillet 2025. Vence el 4. Enero.", "Fin le 3. Juillet 2025.|Vence el 4. Enero.")]
    [InlineData(
        "The price is 5. It was 7. Tenants of the house pay.",
        "The price is 5.|It was 7.|Tenants of the house pay."
    )]
    [InlineData("  \n ", "")]
    public void Text_is_cut_where_a_reader_would(string text, string sentences)
    {
        var cut = Sentences.Split(text).Select(span => span.In(text).ToString());

        Assert.Equal(sentences, string.Join('|', cut));
    }

    [Fact]
    public void Nothing_is_lost_and_nothing_is_twice()
    {
        Properties.HoldForAnyText(text =>
        {
            var end = 0;
            foreach (var span in Sentences.Split(text))
            {
                Assert.InRange(span.Start, end, text.Length);
                Assert.InRange(span.Length, 1, text.Length - span.Start);
                Assert.True(text.AsSpan(end, span.Start - end).IsWhiteSpace());
                end = span.End;
            }

            Assert.True(text.AsSpan(end).IsWhiteSpace());
        });
    }

    [Theory]
    [InlineData(".")]
    [InlineData("a.")]
    [InlineData("a. ")]
    [InlineData("\n")]
    [InlineData("a\n")]
    [InlineData("No. ")]
    [InlineData(". ")]
    [InlineData("1.\n")]
    [InlineData("1. A ")]
    [InlineData("1.\n\n\n ")]
    [InlineData(")")]
    [InlineData("!\"")]
    [InlineData("\n |")]
    public void Huge_texts_take_time_in_proportion(string piece)
    {
        var text = string.Concat(Enumerable.Repeat(piece, 200_000 / piece.Length));
        var watch = Stopwatch.StartNew();

        Sentences.Split(text);

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"{piece}: {watch.Elapsed}");
    }
}
