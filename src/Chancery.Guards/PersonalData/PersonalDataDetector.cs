namespace Chancery.Guards.PersonalData;

/// <summary>
/// Finds personal data by pattern, checksum and the words around it, without a model. The time it takes grows with the text, whatever
/// the text is. Safe for concurrent use.
/// </summary>
public static class PersonalDataDetector
{
    /// <summary>What there is of the kinds that are asked for: in the text's order, none over another.</summary>
    public static IReadOnlyList<PersonalDataSpan> Find(string text, PersonalDataOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        options ??= PersonalDataOptions.Default;
        var found = new List<PersonalDataSpan>();
        Networks.Find(text, found);
        Accounts.FindLettered(text, found);
        LetteredIds.Find(text, found);
        Wallets.Find(text, found);
        Dates.Find(text, found);
        Phones.Find(text, found);
        foreach (var number in DigitGroups.In(text))
        {
            Accounts.Find(text, number, found);
            NationalNumbers.Find(text, number, found);
        }

        if (
            options.Kinds.Contains(PersonalDataKind.StreetAddress)
            || options.Kinds.Contains(PersonalDataKind.PostalCode)
        )
        {
            Addresses.Find(text, found);
        }

        if (options.Kinds.Any(kind => kind >= PersonalDataKind.Person))
        {
            Names.Find(text, found);
        }

        found.RemoveAll(span =>
            span.Confidence < options.LeastConfidence || IsAllowed(text.AsSpan(span.Start, span.Length), options)
        );
        LeaveNames(text, options, found);
        found.RemoveAll(span => !options.Kinds.Contains(span.Kind));
        return Resolve(found, text.Length);
    }

    /// <summary>
    /// What is a country, a company or a town is no person by a guess, though nobody asked for countries. It may be a part of a person's name,
    /// Jordan Smith's: what a guess has beside it stays a guess, but beside a nationality only two words and more.
    /// </summary>
    private static void LeaveNames(string text, PersonalDataOptions options, List<PersonalDataSpan> found)
    {
        if (!found.Exists(span => IsName(span) && !options.Kinds.Contains(span.Kind)))
        {
            return;
        }

        var taken = new PersonalDataKind?[text.Length];
        foreach (var span in Resolve(found.FindAll(IsName), text.Length))
        {
            if (!options.Kinds.Contains(span.Kind))
            {
                taken.AsSpan(span.Start, span.Length).Fill(span.Kind);
            }
        }

        for (var i = found.Count - 1; i >= 0; i--)
        {
            var span = found[i];
            var place = taken.AsSpan(span.Start, span.Length);
            if (span.Kind != PersonalDataKind.Person || place.IndexOfAnyExcept((PersonalDataKind?)null) < 0)
            {
                continue;
            }

            if (!place.Contains(null))
            {
                found.RemoveAt(i);
            }
            else if (place.IndexOfAnyExcept(null, PersonalDataKind.Nationality) < 0)
            {
                found.RemoveAt(i);
                AddFree(text, span, taken, found);
            }
        }
    }

    /// <summary>The pieces of two words and more of a span that nothing takes.</summary>
    private static void AddFree(
        string text,
        PersonalDataSpan span,
        PersonalDataKind?[] taken,
        List<PersonalDataSpan> found
    )
    {
        for (var at = span.Start; at < span.End; at++)
        {
            var start = at;
            while (at < span.End && taken[at] is null)
            {
                at++;
            }

            var piece = text.AsSpan(start, at - start);
            start += piece.Length - piece.TrimStart().Length;
            piece = piece.Trim();
            if (piece.Contains(' '))
            {
                found.Add(span with { Start = start, Length = piece.Length });
            }
        }
    }

    private static bool IsName(PersonalDataSpan span) => span.Kind >= PersonalDataKind.Person;

    /// <summary>
    /// Of spans that overlap one stays: what is all but certain before what is not, and that before a guess; then the longer, then the surer one.
    /// </summary>
    private static List<PersonalDataSpan> Resolve(List<PersonalDataSpan> found, int length)
    {
        found.Sort(
            static (one, other) =>
            {
                var order = Rank(other.Confidence).CompareTo(Rank(one.Confidence));
                order = order != 0 ? order : other.Length.CompareTo(one.Length);
                order = order != 0 ? order : other.Confidence.CompareTo(one.Confidence);
                order = order != 0 ? order : one.Start.CompareTo(other.Start);
                return order != 0 ? order : one.Kind.CompareTo(other.Kind);
            }
        );
        var taken = new bool[length];
        var kept = new List<PersonalDataSpan>();
        foreach (var span in found)
        {
            var place = taken.AsSpan(span.Start, span.Length);
            if (!place.Contains(true))
            {
                place.Fill(true);
                kept.Add(span);
            }
        }

        kept.Sort(static (one, other) => one.Start.CompareTo(other.Start));
        return kept;
    }

    private static int Rank(double confidence) =>
        confidence >= 0.9 ? 2
        : confidence >= PersonalDataOptions.Default.LeastConfidence ? 1
        : 0;

    private static bool IsAllowed(ReadOnlySpan<char> value, PersonalDataOptions options)
    {
        foreach (var allowed in options.Allowed)
        {
            if (
                value.Equals(allowed, StringComparison.OrdinalIgnoreCase)
                || (allowed.StartsWith('@') && value.EndsWith(allowed, StringComparison.OrdinalIgnoreCase))
            )
            {
                return true;
            }
        }

        return false;
    }
}
