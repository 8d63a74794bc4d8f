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
            span.Confidence < options.LeastConfidence
            || !options.Kinds.Contains(span.Kind)
            || IsAllowed(text.AsSpan(span.Start, span.Length), options)
        );
        return Resolve(found, text.Length);
    }

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
