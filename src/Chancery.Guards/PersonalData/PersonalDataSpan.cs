namespace Chancery.Guards.PersonalData;

/// <summary>Where personal data stands in a text.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Start">Its first UTF-16 unit.</param>
/// <param name="Length">In UTF-16 units, at least 1.</param>
/// <param name="Confidence">From 0 to 1. From .9 a checksum or a shape that little else has speaks for it.</param>
/// <param name="Locale">The country whose number it is (ISO 3166, two letters); null where it is nobody's in particular.</param>
public readonly record struct PersonalDataSpan(
    PersonalDataKind Kind,
    int Start,
    int Length,
    double Confidence,
    string? Locale = null
)
{
    /// <summary>Behind its last UTF-16 unit.</summary>
    public int End => Start + Length;

    internal bool Overlaps(PersonalDataSpan other) => Start < other.End && other.Start < End;
}
