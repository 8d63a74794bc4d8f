namespace Chancery.Documents.Tests;

public sealed class NfcTests
{
    // Left as Python's unicodedata (Unicode 14) composes what stands on the left.
    [Theory]
    [InlineData("cafe\u0301", "caf\u00E9")]
    [InlineData("a\u0323\u0302", "\u1EAD")]
    [InlineData("a\u0302\u0323", "\u1EAD")]
    [InlineData("\u212B \u2126", "\u00C5 \u03A9")]
    [InlineData("\u1112\u1161\u11AB", "\uD55C")]
    [InlineData("\uD55C", "\uD55C")]
    [InlineData("\u0958", "\u0915\u093C")]
    [InlineData("\u0344", "\u0308\u0301")]
    [InlineData("\u0301a", "\u0301a")]
    [InlineData("\uFB01", "\uFB01")]
    [InlineData("\U0001D15E", "\U0001D157\U0001D165")]
    [InlineData("q\u0307\u0323", "q\u0323\u0307")]
    public void Text_is_composed_although_the_runtime_does_not(string text, string expected)
    {
        Assert.Equal(expected, Nfc.Normalize(text));
        Assert.Equal(expected, Nfc.Normalize(expected));
    }

    [Fact]
    public void Text_that_is_composed_already_is_the_same_instance()
    {
        var text = "Grüße, 漢字 and plain ASCII";

        Assert.Same(text, Nfc.Normalize(text));
    }
}
