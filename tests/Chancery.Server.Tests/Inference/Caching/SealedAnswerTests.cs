using System.Security.Cryptography;
using Chancery.Server.Inference.Caching;
using Chancery.Server.Inference.Ledger;

namespace Chancery.Server.Tests.Inference.Caching;

/// <summary>Answers as Redis has them.</summary>
public sealed class SealedAnswerTests
{
    private static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    [Theory]
    [InlineData(10)]
    [InlineData(200_000)]
    public void What_was_sealed_opens_as_it_was_and_a_long_one_is_compressed(int length)
    {
        var answer = Answer(string.Concat(Enumerable.Repeat("notice period ", length / 14 + 1)));

        var kept = SealedAnswer.Seal(answer, Key, "name");

        var opened = SealedAnswer.Open(kept, Key, "name")!;
        Assert.Equal(answer with { Documents = opened.Documents }, opened);
        Assert.Equal(answer.Documents, opened.Documents);
        Assert.True(length < 1000 || kept.Length < length / 10);
        Assert.DoesNotContain("notice", System.Text.Encoding.Latin1.GetString(kept), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_torn_foreign_changed_or_of_another_version_is_no_answer()
    {
        var kept = SealedAnswer.Seal(Answer("Thirty days."), Key, "name");

        for (var length = 0; length < kept.Length; length++)
        {
            Assert.Null(SealedAnswer.Open(kept[..length], Key, "name"));
        }

        for (var at = 0; at < kept.Length; at++)
        {
            var changed = (byte[])kept.Clone();
            changed[at] ^= 1;
            Assert.Null(SealedAnswer.Open(changed, Key, "name"));
        }

        Assert.Null(SealedAnswer.Open(kept, Key, "another name"));
        Assert.Null(SealedAnswer.Open(kept, RandomNumberGenerator.GetBytes(32), "name"));
        Assert.Null(SealedAnswer.Open("""{"answer":"Thirty days."}"""u8.ToArray(), Key, "name"));
        Assert.NotNull(SealedAnswer.Open(kept, Key, "name"));
    }

    [Fact]
    public void Bytes_that_an_earlier_build_wrote_can_still_be_read()
    {
        var kept = Convert.FromBase64String(Earlier);

        var answer = SealedAnswer.Open(kept, Key, "chancery:answers:{0}:chat:shared:s:h")!;

        Assert.Equal("Thirty days [1].", answer.Text);
        Assert.Equal(new NanoDollars(1234), answer.Cost);
    }

    // Of version 1.
    private const string Earlier =
        "AQAAAQIDBAUGBwgJCgs3QqztJ/tSI4+IZDhbbOGxmYQLgdHdBdUB9+qECpaje0aFxivO7+/EqipCBUXSnW928jm4T4DBkRhDdGSB"
        + "2e1knbt6vQpMZyjeNsrsLabnPWiK8YrfPkV59EVR8kWj42GTm4N0EM7JR/EaITRID1VPPRW74giCf3lRrf6GaubpcrWb7IH6WRLh"
        + "kexH++FxAQOFH3J6OmySzz26paZckEqAgv0bYIXUbPjQ19lMQYOJ0Og1Khkbufy5yssxLGojApVHowKG6ooncGblvHx3rNz7hCFM"
        + "SUOkb5u6bOlEzWSGZwTdE349kPZ4fdK0aPvbg8uAtyFodQA1o0fcpoi0QMBGwCvve1sgNuBwXuBuyWZBZvq5PrfpfSslPiecP9OO"
        + "XORDGpf6taevd0ynuKUhUQW8tJ59Dw//qeCnajehLBRux9f6+u4fnoTVnSSm8ML9hVETIctN0PVAB8zpsDJeJvNrUeJM7MQS5XbU"
        + "NALQBdn3WYwQ5CsN0UUlQVKkZQpXmw==";

    private static CachedAnswer Answer(string text) =>
        new(
            text,
            "Hm.",
            "alpha/m",
            "alpha",
            "m-2026",
            new TokenCounts(10, 1, 2, 3, 4, 1),
            new NanoDollars(1234),
            TimeSpan.FromSeconds(2),
            DateTimeOffset.UnixEpoch,
            DateTimeOffset.UnixEpoch.AddHours(1),
            [Guid.Parse("0199a1b2-0d0c-7000-8000-000000000001")]
        );
}
