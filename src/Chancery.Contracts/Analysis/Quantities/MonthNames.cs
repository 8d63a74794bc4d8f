namespace Chancery.Contracts.Analysis.Quantities;

internal static class MonthNames
{
    public static IReadOnlyList<string> English { get; } =
    [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];

    public static IReadOnlyList<string> German { get; } =
    [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ];
}
