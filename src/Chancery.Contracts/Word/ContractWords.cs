using System.Globalization;

namespace Chancery.Contracts.Word;

/// <summary>
/// The few words that a printed contract has besides its own, in the contract's language: English where that is not one of ours.
/// </summary>
internal sealed record ContractWords(
    string Language,
    string Parties,
    string EffectiveDate,
    string EndDate,
    string GoverningLaw,
    string Contents,
    string Page,
    string Of,
    string BeforeRole,
    string AfterRole,
    string DatePattern,
    string[] Months
)
{
    private static readonly ContractWords English = new(
        "en",
        "Parties",
        "Effective date",
        "End date",
        "Governing law",
        "Contents",
        "Page",
        "of",
        " (the “",
        "”)",
        "{0} {1} {2}",
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
        ]
    );

    private static readonly ContractWords[] Others =
    [
        new(
            "de",
            "Parteien",
            "Beginn",
            "Ende",
            "Anwendbares Recht",
            "Inhalt",
            "Seite",
            "von",
            " („",
            "“)",
            "{0}. {1} {2}",
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
            ]
        ),
        new(
            "fr",
            "Parties",
            "Date d’effet",
            "Date de fin",
            "Droit applicable",
            "Sommaire",
            "Page",
            "sur",
            " (« ",
            " »)",
            "{0} {1} {2}",
            [
                "janvier",
                "février",
                "mars",
                "avril",
                "mai",
                "juin",
                "juillet",
                "août",
                "septembre",
                "octobre",
                "novembre",
                "décembre",
            ]
        ),
        new(
            "es",
            "Partes",
            "Fecha de entrada en vigor",
            "Fecha de finalización",
            "Ley aplicable",
            "Índice",
            "Página",
            "de",
            " («",
            "»)",
            "{0} de {1} de {2}",
            [
                "enero",
                "febrero",
                "marzo",
                "abril",
                "mayo",
                "junio",
                "julio",
                "agosto",
                "septiembre",
                "octubre",
                "noviembre",
                "diciembre",
            ]
        ),
        new(
            "it",
            "Parti",
            "Data di efficacia",
            "Data di fine",
            "Legge applicabile",
            "Indice",
            "Pagina",
            "di",
            " («",
            "»)",
            "{0} {1} {2}",
            [
                "gennaio",
                "febbraio",
                "marzo",
                "aprile",
                "maggio",
                "giugno",
                "luglio",
                "agosto",
                "settembre",
                "ottobre",
                "novembre",
                "dicembre",
            ]
        ),
        new(
            "nl",
            "Partijen",
            "Ingangsdatum",
            "Einddatum",
            "Toepasselijk recht",
            "Inhoud",
            "Pagina",
            "van",
            " (“",
            "”)",
            "{0} {1} {2}",
            [
                "januari",
                "februari",
                "maart",
                "april",
                "mei",
                "juni",
                "juli",
                "augustus",
                "september",
                "oktober",
                "november",
                "december",
            ]
        ),
        new(
            "pt",
            "Partes",
            "Data de início de vigência",
            "Data de termo",
            "Lei aplicável",
            "Índice",
            "Página",
            "de",
            " («",
            "»)",
            "{0} de {1} de {2}",
            [
                "janeiro",
                "fevereiro",
                "março",
                "abril",
                "maio",
                "junho",
                "julho",
                "agosto",
                "setembro",
                "outubro",
                "novembro",
                "dezembro",
            ]
        ),
    ];

    /// <summary>Every language that has words of its own; English first.</summary>
    public static IEnumerable<ContractWords> All => [English, .. Others];

    public static ContractWords In(string language)
    {
        var primary = language.Split('-', '_')[0];
        return Array.Find(Others, words => words.Language.Equals(primary, StringComparison.OrdinalIgnoreCase))
            ?? English;
    }

    /// <summary>"1 January 2026"; where Americans read it, "January 1, 2026".</summary>
    public string Write(DateOnly date, string language) =>
        language.Equals("en-US", StringComparison.OrdinalIgnoreCase)
            ? string.Create(CultureInfo.InvariantCulture, $"{Months[date.Month - 1]} {date.Day}, {date.Year:D4}")
            : string.Format(
                CultureInfo.InvariantCulture,
                DatePattern,
                date.Day,
                Months[date.Month - 1],
                date.Year.ToString("D4", CultureInfo.InvariantCulture)
            );

    /// <summary>A date as any of our languages writes it, or as ISO 8601 does; null for anything else.</summary>
    public static DateOnly? ReadDate(string text)
    {
        if (DateOnly.TryParseExact(text.Trim(), "yyyy-MM-dd", out var iso))
        {
            return iso;
        }

        var parts = text.Split([' ', ',', '.', '\u00a0'], StringSplitOptions.RemoveEmptyEntries)
            .Where(part => !part.Equals("de", StringComparison.OrdinalIgnoreCase))
            .ToArray();
        if (parts.Length != 3 || !int.TryParse(parts[2], CultureInfo.InvariantCulture, out var year))
        {
            return null;
        }

        var monthIsFirst = !char.IsAsciiDigit(parts[0][0]);
        var name = parts[monthIsFirst ? 0 : 1];
        var month = All.Select(words =>
                Array.FindIndex(words.Months, m => m.Equals(name, StringComparison.OrdinalIgnoreCase))
            )
            .FirstOrDefault(at => at >= 0, -1);
        return
            month >= 0
            && int.TryParse(parts[monthIsFirst ? 1 : 0], CultureInfo.InvariantCulture, out var day)
            && year is > 0 and < 10_000
            && day >= 1
            && day <= DateTime.DaysInMonth(year, month + 1)
            ? new DateOnly(year, month + 1, day)
            : null;
    }
}
