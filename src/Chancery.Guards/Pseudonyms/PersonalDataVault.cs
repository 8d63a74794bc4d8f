using System.Collections.ObjectModel;
using System.Globalization;
using Chancery.Guards.PersonalData;

namespace Chancery.Guards.Pseudonyms;

/// <summary>
/// What stands behind the placeholders of one conversation: <c>[EMAIL_1]</c> is the same value in all of its texts. Holds personal data in
/// the clear; who stores it encrypts it. Not safe for concurrent use.
/// </summary>
public sealed class PersonalDataVault
{
    /// <summary>Names of kinds are letters only, and this many at most.</summary>
    internal const int LongestName = 16;

    /// <summary>Placeholders of more than this number are not read as such.</summary>
    internal const int MostDigits = 6;

    /// <summary>A text that already looks like a placeholder gets one of these, so that it comes back as what it was.</summary>
    internal const string Literal = "LITERAL";

    private static readonly Dictionary<string, PersonalDataKind> _kinds = Enum.GetValues<PersonalDataKind>()
        .GroupBy(NameOf)
        .ToDictionary(kinds => kinds.Key, kinds => kinds.First());

    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Name, string Value), string> _placeholders = [];
    private readonly Dictionary<string, int> _last = new(StringComparer.Ordinal);

    public PersonalDataVault() { }

    /// <param name="entries">As <see cref="Entries"/> told them.</param>
    /// <exception cref="ArgumentException">A key is no placeholder.</exception>
    public PersonalDataVault(IReadOnlyDictionary<string, string> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        foreach (var (placeholder, value) in entries)
        {
            if (PlaceholderText.Read(placeholder, 0, out var name, out var number) != placeholder.Length)
            {
                throw new ArgumentException($"\"{placeholder}\" is no placeholder such as [EMAIL_1].", nameof(entries));
            }

            Add(placeholder, name, number, value);
        }
    }

    /// <summary>Values by placeholder, <c>[EMAIL_1]</c>: all there is to keep.</summary>
    public IReadOnlyDictionary<string, string> Entries => new ReadOnlyDictionary<string, string>(_values);

    /// <summary>Each value with the name of its placeholder, literals left out.</summary>
    internal IEnumerable<(string Name, string Value)> Values => _placeholders.Keys.Where(key => key.Name != Literal);

    /// <summary>Whether placeholders may have a name: that of a kind, or of what only looks like a placeholder.</summary>
    internal static bool IsName(string name) => name == Literal || _kinds.ContainsKey(name);

    internal static PersonalDataKind KindOf(string name) => _kinds[name];

    internal static string NameOf(PersonalDataKind kind) =>
        kind switch
        {
            PersonalDataKind.Email => "EMAIL",
            PersonalDataKind.Phone => "PHONE",
            PersonalDataKind.CreditCard => "CARD",
            PersonalDataKind.Iban => "IBAN",
            PersonalDataKind.BankAccount => "ACCOUNT",
            PersonalDataKind.NationalId => "ID",
            PersonalDataKind.Passport => "PASSPORT",
            PersonalDataKind.DrivingLicence => "LICENCE",
            PersonalDataKind.IpAddress => "IP",
            PersonalDataKind.MacAddress => "MAC",
            PersonalDataKind.CredentialUrl or PersonalDataKind.Url => "URL",
            PersonalDataKind.CryptoWallet => "WALLET",
            PersonalDataKind.DateOfBirth => "BIRTHDATE",
            PersonalDataKind.Date => "DATE",
            PersonalDataKind.Age => "AGE",
            PersonalDataKind.StreetAddress => "ADDRESS",
            PersonalDataKind.PostalCode => "POSTCODE",
            PersonalDataKind.Person => "PERSON",
            PersonalDataKind.Organisation => "ORGANISATION",
            PersonalDataKind.Location => "PLACE",
            PersonalDataKind.Nationality => "NATIONALITY",
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No placeholder is known for this kind."),
        };

    /// <summary>The value's placeholder: the one it has, or the next of its name.</summary>
    internal string PlaceholderOf(string name, string value)
    {
        if (!_placeholders.TryGetValue((name, value), out var placeholder))
        {
            var number = _last.GetValueOrDefault(name) + 1;
            placeholder = string.Create(CultureInfo.InvariantCulture, $"[{name}_{number}]");
            Add(placeholder, name, number, value);
        }

        return placeholder;
    }

    internal string? ValueOf(string name, int number) =>
        _values.GetValueOrDefault(string.Create(CultureInfo.InvariantCulture, $"[{name}_{number}]"));

    private void Add(string placeholder, string name, int number, string value)
    {
        _values[placeholder] = value;
        _placeholders[(name, value)] = placeholder;
        _last[name] = Math.Max(_last.GetValueOrDefault(name), number);
    }
}
