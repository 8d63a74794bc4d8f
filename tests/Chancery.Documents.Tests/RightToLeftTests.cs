namespace Chancery.Documents.Tests;

public sealed class RightToLeftTests
{
    [Theory]
    [InlineData("ةغلب R و Python", "Python و R بلغة")]
    [InlineData("םולש", "שלום")]
    [InlineData("Open Office םע הדובע", "עבודה עם Open Office")]
    [InlineData("20 10 םינש", "שנים 10 20")]
    [InlineData("ה12.5ב", "ב12.5ה")]
    [InlineData("the word םלוע םולש means peace", "the word שלום עולם means peace")]
    [InlineData("ם\u05D5\u05B9לש", "של\u05D5\u05B9ם")]
    [InlineData("plain words stay", "plain words stay")]
    public void A_line_is_read_in_its_own_direction(string fromLeft, string read)
    {
        var at = 0;
        var words = fromLeft
            .Split(' ')
            .Select(word => new RawWord(word, new Extent(at += 50, 0, at + 40, 10)))
            .ToList();

        Assert.Equal(read, string.Join(' ', RightToLeft.Order(words).Select(word => word.Text)));
    }
}
