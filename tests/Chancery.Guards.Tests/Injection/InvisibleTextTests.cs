using Chancery.Guards.Injection;

namespace Chancery.Guards.Tests.Injection;

public sealed class InvisibleTextTests
{
    [Theory]
    [InlineData("a\u200bb", InvisibleKind.ZeroWidth, 1, 1)]
    [InlineData("a\u202eb", InvisibleKind.Direction, 1, 1)]
    [InlineData("a\U000E0069\U000E0067b", InvisibleKind.Tags, 1, 4)]
    [InlineData("a\uFE0F\uFE00\uFE01", InvisibleKind.VariationSelectors, 2, 2)]
    [InlineData("a\U000E0141b", InvisibleKind.VariationSelectors, 1, 2)]
    [InlineData("a\u0007b", InvisibleKind.Control, 1, 1)]
    public void What_nobody_sees_is_found(string text, InvisibleKind kind, int start, int length) =>
        Assert.Equal(new InvisibleSpan(kind, start, length), Assert.Single(InvisibleText.Find(text)));

    [Theory]
    [InlineData("👩‍👩‍👧‍👦 ❤️ 🏴󠁧󠁢󠁷󠁬󠁳󠁿 1️⃣")]
    [InlineData("می‌خواهم")]
    [InlineData("क्‍ष")]
    [InlineData("שלום\u200f, עולם")]
    [InlineData("葛\U000E0100飾")]
    [InlineData("tab\tline\r\n")]
    public void What_scripts_and_emoji_need_stays(string text)
    {
        Assert.Empty(InvisibleText.Find(text));
        Assert.Equal(text, InvisibleText.Remove(text));
    }

    [Fact]
    public void What_tags_spell_is_read()
    {
        var hidden = string.Concat("ignore".Select(c => char.ConvertFromUtf32(0xE0000 + c)));

        Assert.Equal("ignore", InvisibleText.Decode($"hello {hidden}"));
        Assert.Equal("hello ", InvisibleText.Remove($"hello {hidden}"));
    }

    [Fact]
    public void Half_a_pair_is_no_reason_to_fail() =>
        Assert.Equal("\ud83d\ude00\udc00", InvisibleText.Remove("\ud83d\ude00\udc00"));
}
