using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Chancery.Guards.PersonalData;

namespace Chancery.Bench.Guards;

/// <summary>A text with the personal data that was put in it.</summary>
/// <param name="Words">The template's words without what was put in, in lower case: what two texts of one template share.</param>
internal sealed record PersonalDataText(
    string Text,
    string Words,
    bool IsTuned,
    IReadOnlyList<(PersonalDataKind Kind, int Start, int End)> Truth
);

/// <summary>
/// The two sets of presidio-research, made by a generator out of templates. The halves are of templates, by the hash of each; a template of
/// one set whose words are also those of a looked-at template of the other set counts as looked at.
/// </summary>
internal static partial class PersonalDataTexts
{
    private static readonly Dictionary<string, PersonalDataKind> _kinds = new()
    {
        ["PERSON"] = PersonalDataKind.Person,
        ["STREET_ADDRESS"] = PersonalDataKind.StreetAddress,
        ["ADDRESS"] = PersonalDataKind.StreetAddress,
        ["GPE"] = PersonalDataKind.Location,
        ["LOCATION"] = PersonalDataKind.Location,
        ["ORGANIZATION"] = PersonalDataKind.Organisation,
        ["CREDIT_CARD"] = PersonalDataKind.CreditCard,
        ["PHONE_NUMBER"] = PersonalDataKind.Phone,
        ["EMAIL_ADDRESS"] = PersonalDataKind.Email,
        ["IBAN_CODE"] = PersonalDataKind.Iban,
        ["US_SSN"] = PersonalDataKind.NationalId,
        ["IP_ADDRESS"] = PersonalDataKind.IpAddress,
        ["DOMAIN_NAME"] = PersonalDataKind.Url,
        ["ZIP_CODE"] = PersonalDataKind.PostalCode,
        ["US_DRIVER_LICENSE"] = PersonalDataKind.DrivingLicence,
        ["DATE_TIME"] = PersonalDataKind.Date,
        ["AGE"] = PersonalDataKind.Age,
        ["NRP"] = PersonalDataKind.Nationality,
    };

    public static (List<PersonalDataText> Version2, List<PersonalDataText> Large) Read()
    {
        var version2 = Elements("data", "synth_dataset_v2.json");
        var large = Elements("tests", "data", "generated_large.json");
        var tuned = version2.Concat(large).Where(IsTuned).Select(WordsOf).ToHashSet();
        return (version2.ConvertAll(Make), large.ConvertAll(Make));

        PersonalDataText Make(JsonElement element) =>
            new(
                element.GetProperty("full_text").GetString()!,
                WordsOf(element),
                tuned.Contains(WordsOf(element)),
                TruthOf(element)
            );
    }

    /// <summary>Neighbouring spans of one kind are one: an address is put together of several.</summary>
    private static List<(PersonalDataKind, int, int)> TruthOf(JsonElement element)
    {
        var text = element.GetProperty("full_text").GetString()!;
        var truth = new List<(PersonalDataKind Kind, int Start, int End)>();
        var spans = element
            .GetProperty("spans")
            .EnumerateArray()
            .Where(span => _kinds.ContainsKey(span.GetProperty("entity_type").GetString()!))
            .Select(span =>
                (
                    Kind: _kinds[span.GetProperty("entity_type").GetString()!],
                    Start: span.GetProperty("start_position").GetInt32(),
                    End: span.GetProperty("end_position").GetInt32()
                )
            )
            .OrderBy(span => span.Start);
        foreach (var span in spans)
        {
            if (
                truth is [.., var last]
                && last.Kind == span.Kind
                && span.Kind == PersonalDataKind.StreetAddress
                && !text.AsSpan(last.End, span.Start - last.End).ContainsAnyExcept(" ,\n>")
            )
            {
                truth[^1] = (last.Kind, last.Start, span.End);
            }
            else
            {
                truth.Add(span);
            }
        }

        return truth;
    }

    private static List<JsonElement> Elements(params string[] path)
    {
        var file = TestData.PathOf(["security", "pii-presidio-research", .. path]);
        using var document = JsonDocument.Parse(File.ReadAllBytes(file));
        return [.. document.RootElement.EnumerateArray().Select(element => element.Clone())];
    }

    private static bool IsTuned(JsonElement element) =>
        SHA256.HashData(Encoding.UTF8.GetBytes(element.GetProperty("masked").GetString()!))[0] % 2 == 0;

    private static string WordsOf(JsonElement element) =>
        NoWord().Replace(PutIn().Replace(element.GetProperty("masked").GetString()!, "|"), "").ToLowerInvariant();

    [GeneratedRegex(@"\{\{[^}]*\}\}")]
    private static partial Regex PutIn();

    [GeneratedRegex(@"[^\p{L}|]")]
    private static partial Regex NoWord();
}
