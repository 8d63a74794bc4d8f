using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Chancery.Guards.PersonalData;

namespace Chancery.Bench.Guards;

/// <summary>
/// How much of the personal data in presidio-research's texts is found, and how much that is none? By whole spans and by words, on the half
/// of the templates that was looked at while the patterns were written, and on the other.
/// </summary>
internal static partial class PersonalDataBench
{
    private const int Resamples = 1000;

    private static readonly PersonalDataOptions _usual = new()
    {
        Kinds = Enum.GetValues<PersonalDataKind>().ToHashSet(),
    };

    private static readonly PersonalDataOptions _thorough = _usual with
    {
        LeastConfidence = PersonalDataOptions.Thorough,
    };

    private static readonly PersonalDataKind[] _structured =
    [
        PersonalDataKind.Email,
        PersonalDataKind.CreditCard,
        PersonalDataKind.Iban,
        PersonalDataKind.NationalId,
        PersonalDataKind.IpAddress,
        PersonalDataKind.Url,
        PersonalDataKind.Phone,
        PersonalDataKind.DrivingLicence,
        PersonalDataKind.Date,
        PersonalDataKind.PostalCode,
        PersonalDataKind.Age,
    ];

    private static readonly PersonalDataKind[] _named =
    [
        PersonalDataKind.Nationality,
        PersonalDataKind.StreetAddress,
        PersonalDataKind.Person,
        PersonalDataKind.Organisation,
        PersonalDataKind.Location,
    ];

    /// <param name="arguments"><c>missed</c> shows what was missed and wrongly found on the half that may be looked at.</param>
    public static int Run(string[] arguments)
    {
        var (version2, large) = PersonalDataTexts.Read();
        if (arguments is ["missed", .. var kinds])
        {
            ShowMissed([.. version2, .. large], kinds);
            return 0;
        }

        foreach (var (name, texts) in new[] { ("synth_dataset_v2", version2), ("generated_large", large) })
        {
            foreach (var isTuned in new[] { false, true })
            {
                foreach (var options in new[] { _usual, _thorough })
                {
                    var half = texts
                        .Where(text => text.IsTuned == isTuned)
                        .Select(text => Counts.Of(text, options))
                        .ToList();
                    var templates = half.Select(counts => counts.Words).Distinct().Count();
                    Console.WriteLine(
                        $"## {name}, {(isTuned ? "looked-at" : "unseen")} half, {(options == _usual ? "as it comes" : "thorough")}: {half.Count} texts of {templates} templates"
                    );
                    Console.WriteLine();
                    Print(half);
                    Console.WriteLine();
                }
            }
        }

        MeasureSpeed([.. version2, .. large]);
        return 0;
    }

    private static void MeasureSpeed(List<PersonalDataText> texts)
    {
        var watch = Stopwatch.StartNew();
        foreach (var text in texts)
        {
            PersonalDataDetector.Find(text.Text, _usual);
        }

        var characters = texts.Sum(text => text.Text.Length);
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{characters / watch.Elapsed.TotalSeconds / 1e6:F2} million characters a second."
            )
        );
    }

    private static void Print(List<Counts> half)
    {
        Console.WriteLine("| Kind | Spans | Precision | Recall | F2 (bootstrap by template) |");
        Console.WriteLine("|---|---|---|---|---|");
        foreach (var kind in _structured)
        {
            PrintRow(kind.ToString(), half, counts => counts.Spans.GetValueOrDefault(kind));
        }

        PrintRow("**All of these**", half, counts => Sum(counts.Spans, _structured));
        foreach (var kind in _named)
        {
            PrintRow(kind.ToString(), half, counts => counts.Spans.GetValueOrDefault(kind));
        }

        PrintRow("**Everything, by spans**", half, counts => Sum(counts.Spans, [.. _structured, .. _named]));
        PrintRow("**Everything, by words**", half, counts => counts.WordsByKind);
        PrintRow("**Personal or not, by words**", half, counts => counts.WordsOfAny);
    }

    private static void PrintRow(string name, List<Counts> half, Func<Counts, Tally> of)
    {
        var all = half.Select(of).Aggregate(default(Tally), (sum, tally) => sum + tally);
        if (all.True == 0 && all.Given == 0)
        {
            return;
        }

        var byTemplate = half.GroupBy(counts => counts.Words)
            .Select(group => group.Select(of).Aggregate(default(Tally), (sum, tally) => sum + tally))
            .ToArray();
        var random = new Random(33);
        var scores = new double[Resamples];
        for (var i = 0; i < Resamples; i++)
        {
            var sum = default(Tally);
            for (var j = 0; j < byTemplate.Length; j++)
            {
                sum += byTemplate[random.Next(byTemplate.Length)];
            }

            scores[i] = sum.F2;
        }

        Array.Sort(scores);
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} | {all.True} | {Rates.Share(all.RightGiven, all.Given)} | {Rates.Share(all.Found, all.True)} | {all.F2:F3} ({scores[Resamples / 40]:F3}–{scores[Resamples - 1 - (Resamples / 40)]:F3}) |"
            )
        );
    }

    private static Tally Sum(Dictionary<PersonalDataKind, Tally> tallies, PersonalDataKind[] kinds) =>
        kinds.Select(kind => tallies.GetValueOrDefault(kind)).Aggregate(default(Tally), (sum, tally) => sum + tally);

    private static void ShowMissed(List<PersonalDataText> texts, string[] kinds)
    {
        foreach (var text in texts.Where(text => text.IsTuned))
        {
            var found = Find(text.Text, _thorough);
            foreach (var (kind, start, end) in text.Truth)
            {
                if (kinds.Contains(kind.ToString()) && !found.Any(span => IsSame(span, (kind, start, end))))
                {
                    Console.WriteLine($"missed {kind}: {Around(text.Text, start, end)}");
                }
            }

            foreach (var span in found)
            {
                if (kinds.Contains(span.Kind.ToString()) && !text.Truth.Any(truth => IsSame(span, truth)))
                {
                    Console.WriteLine(
                        $"wrong {span.Kind} {span.Confidence}: {Around(text.Text, span.Start, span.End)}"
                    );
                }
            }
        }
    }

    private static string Around(string text, int start, int end) =>
        $"{text[Math.Max(0, start - 40)..start]}⟦{text[start..end]}⟧{text[end..Math.Min(text.Length, end + 20)]}".ReplaceLineEndings(
            "\\n"
        );

    /// <summary>The set tells dates of birth from no other dates, nor addresses with a password from others.</summary>
    private static List<PersonalDataSpan> Find(string text, PersonalDataOptions options) =>
        [
            .. PersonalDataDetector
                .Find(text, options)
                .Select(span =>
                    span.Kind switch
                    {
                        PersonalDataKind.DateOfBirth => span with { Kind = PersonalDataKind.Date },
                        PersonalDataKind.CredentialUrl => span with { Kind = PersonalDataKind.Url },
                        _ => span,
                    }
                ),
        ];

    /// <summary>Of one kind, and what both cover is at least half of what either covers.</summary>
    private static bool IsSame(PersonalDataSpan span, (PersonalDataKind Kind, int Start, int End) truth)
    {
        var both = Math.Min(span.End, truth.End) - Math.Max(span.Start, truth.Start);
        var either = Math.Max(span.End, truth.End) - Math.Min(span.Start, truth.Start);
        return span.Kind == truth.Kind && both > 0 && 2 * both >= either;
    }

    [GeneratedRegex(@"[\p{L}\p{M}\d]+")]
    private static partial Regex Word();

    private readonly record struct Tally(int True, int Found, int Given, int RightGiven)
    {
        public double F2
        {
            get
            {
                var precision = Given == 0 ? 0 : (double)RightGiven / Given;
                var recall = True == 0 ? 0 : (double)Found / True;
                return precision + recall == 0 ? 0 : 5 * precision * recall / ((4 * precision) + recall);
            }
        }

        public static Tally operator +(Tally one, Tally other) =>
            new(
                one.True + other.True,
                one.Found + other.Found,
                one.Given + other.Given,
                one.RightGiven + other.RightGiven
            );
    }

    private sealed record Counts(
        string Words,
        Dictionary<PersonalDataKind, Tally> Spans,
        Tally WordsByKind,
        Tally WordsOfAny
    )
    {
        public static Counts Of(PersonalDataText text, PersonalDataOptions options)
        {
            var found = Find(text.Text, options);
            var spans = new Dictionary<PersonalDataKind, Tally>();
            foreach (var truth in text.Truth)
            {
                var hit = found.Any(span => IsSame(span, truth)) ? 1 : 0;
                spans[truth.Kind] = spans.GetValueOrDefault(truth.Kind) + new Tally(1, hit, 0, 0);
            }

            foreach (var span in found)
            {
                var right = text.Truth.Any(truth => IsSame(span, truth)) ? 1 : 0;
                spans[span.Kind] = spans.GetValueOrDefault(span.Kind) + new Tally(0, 0, 1, right);
            }

            var byKind = default(Tally);
            var ofAny = default(Tally);
            foreach (Match word in Word().Matches(text.Text))
            {
                PersonalDataKind? truth = null;
                foreach (var (kind, start, end) in text.Truth)
                {
                    truth = start < word.Index + word.Length && word.Index < end ? kind : truth;
                }

                PersonalDataKind? given = null;
                foreach (var span in found)
                {
                    given = span.Start < word.Index + word.Length && word.Index < span.End ? span.Kind : given;
                }

                var (isTrue, isGiven) = (truth is null ? 0 : 1, given is null ? 0 : 1);
                var same = truth is not null && truth == given ? 1 : 0;
                byKind += new Tally(isTrue, same, isGiven, same);
                ofAny += new Tally(isTrue, isTrue * isGiven, isGiven, isTrue * isGiven);
            }

            return new(text.Words, spans, byKind, ofAny);
        }
    }
}
