namespace Chancery.Guards.PersonalData;

/// <summary>What a piece of personal data is.</summary>
public enum PersonalDataKind
{
    Email,
    Phone,
    CreditCard,
    Iban,

    /// <summary>A routing or account number, by checksum or by the words beside it.</summary>
    BankAccount,

    /// <summary>A number that a state gives a person: social security, tax, health or identity.</summary>
    NationalId,
    Passport,
    DrivingLicence,
    IpAddress,
    MacAddress,

    /// <summary>A web address that carries a user name or a password.</summary>
    CredentialUrl,

    /// <summary>Any other web address. Not looked for unless asked.</summary>
    Url,
    CryptoWallet,
    DateOfBirth,

    /// <summary>Any other date. Not looked for unless asked.</summary>
    Date,
    Age,
    StreetAddress,
    PostalCode,
    Person,
    Organisation,
    Location,
    Nationality,
}
