namespace Chancery.Guards.PersonalData;

/// <summary>What to look for. Immutable; safe for concurrent use.</summary>
public sealed record PersonalDataOptions
{
    /// <summary>Everything but dates and web addresses, which seldom tell who somebody is.</summary>
    public static IReadOnlySet<PersonalDataKind> UsualKinds { get; } =
        Enum.GetValues<PersonalDataKind>()
            .Where(kind => kind is not (PersonalDataKind.Date or PersonalDataKind.Url))
            .ToHashSet();

    /// <summary>Kinds that a pattern, a checksum or words right beside them tell; no names, places or addresses.</summary>
    public static IReadOnlySet<PersonalDataKind> StructuredKinds { get; } =
        UsualKinds
            .Except([
                PersonalDataKind.Person,
                PersonalDataKind.Organisation,
                PersonalDataKind.Location,
                PersonalDataKind.Nationality,
                PersonalDataKind.StreetAddress,
                PersonalDataKind.Age,
            ])
            .ToHashSet();

    /// <summary>Of <see cref="LeastConfidence"/>: with everything that is written as a name is, of which much names a brand or a product.</summary>
    public const double Thorough = 0.4;

    public static PersonalDataOptions Default { get; } = new();

    public IReadOnlySet<PersonalDataKind> Kinds { get; init; } = UsualKinds;

    /// <summary>From 0 to 1; what is less sure is left out.</summary>
    public double LeastConfidence { get; init; } = 0.5;

    /// <summary>
    /// Values that are no secret, such as an organisation's own address; upper and lower case are one. One that starts with <c>@</c>
    /// allows all mail addresses of that domain.
    /// </summary>
    public IReadOnlyCollection<string> Allowed { get; init; } = [];
}
