using System.Diagnostics;
using Chancery.Guards.Injection;
using Chancery.Guards.Output;
using Chancery.Guards.PersonalData;
using Chancery.Guards.Pseudonyms;

namespace Chancery.Guards.Tests;

/// <summary>
/// Texts made to be slow. Each is read at one length and at eight times that; what grows with the text takes some eight times as long, what
/// grows with its square sixty-four.
/// </summary>
public sealed class HostileTextTests
{
    private const int Length = 20_000;

    // On a busy machine a measured time is up to several times what it should be.
    private const double MostGrowth = 30;

    public static TheoryData<string> Repeated =>
        [
            "1",
            "1 ",
            "1-",
            "(1) ",
            "a",
            "A",
            "A ",
            "Aa ",
            "a.",
            "a@",
            "@a.",
            "a.b@c.",
            "http://",
            "http://a:b@",
            "www.",
            "0:",
            "::",
            "1.",
            "1.1.1.",
            "de ",
            "Mr. ",
            "Mr. A ",
            "my name is ",
            "12 Aa ",
            "12 Aa, ",
            "Rue de ",
            "the corner of a ",
            "0x0",
            "bc1q",
            "AB12 ",
            "Apt. 1, ",
            "4111 1111 ",
            "\ud800",
            "\n",
            " ",
            "[",
            "[[",
            "](",
            "<",
            "<a ",
            "![",
            "-----BEGIN ",
            "eyJ",
            "eyJa.",
            "sk-",
            "\u200b",
            "\U000E0041",
            "ignore ",
            "ignore all ",
            "\\",
            "&#x",
            "%2",
            "data:",
            "[EMAIL_",
            "`",
            "**",
        ];

    [Theory]
    [MemberData(nameof(Repeated))]
    public void Time_grows_with_the_text_and_not_with_its_square(string unit)
    {
        var small = Repeat(unit, Length);
        var large = Repeat(unit, 8 * Length);
        foreach (var (name, read) in Readers())
        {
            read(small);
            var one = Measure(() => read(small));
            var eight = Measure(() => read(large));
            // Whatever else the machine does makes it slower, never faster: the quickest of several times is the text's own.
            for (var again = 0; again < 5 && !IsInProportion(one, eight); again++)
            {
                one = Shorter(one, Measure(() => read(small)));
                eight = Shorter(eight, Measure(() => read(large)));
            }

            Assert.True(
                IsInProportion(one, eight),
                $"{name}: {one.TotalMilliseconds:F0} ms became {eight.TotalMilliseconds:F0} ms."
            );
        }
    }

    // What is too short to measure says nothing of how it grows.
    private static bool IsInProportion(TimeSpan one, TimeSpan eight) =>
        eight < TimeSpan.FromSeconds(0.5) || eight < one * MostGrowth;

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static IEnumerable<(string Name, Action<string> Read)> Readers()
    {
        var options = new PersonalDataOptions
        {
            LeastConfidence = 0,
            Kinds = Enum.GetValues<PersonalDataKind>().ToHashSet(),
        };
        var filter = new OutputFilterOptions
        {
            Canaries = ["chancery-mark-7f3a91"],
            OnSecret = OutputAction.Remove,
            IsForeignId = _ => false,
        };
        yield return ("personal data", text => PersonalDataDetector.Find(text, options));
        yield return ("placeholders", text => Redaction.Restore(text, new()));
        yield return ("output", text => OutputFilter.Apply(text, filter));
        yield return ("invisible text", text => InvisibleText.Remove(text));
        yield return ("injection", text => InjectionGuard.Score(text, InjectionSource.Document));
    }

    private static string Repeat(string unit, int length) =>
        string.Concat(Enumerable.Repeat(unit, length / unit.Length));

    private static TimeSpan Measure(Action action)
    {
        var watch = Stopwatch.StartNew();
        action();
        return watch.Elapsed;
    }
}
