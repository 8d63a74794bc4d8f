using System.Text.Json;
using Chancery.Server.Access.SignIn;

namespace Chancery.Server.Access.SecondFactors;

/// <summary>What somebody gives to prove who they are; one of these.</summary>
/// <param name="Passkey">The public key credential as JSON, as <c>PublicKeyCredential.toJSON()</c> makes it.</param>
/// <param name="PasskeyState">What the passkey was asked.</param>
internal sealed record FactorAnswer(
    string? Code,
    string? RecoveryCode,
    JsonElement? Passkey = null,
    string? PasskeyState = null
);

/// <summary>What proving a factor ended in.</summary>
/// <param name="Refused">Null when it was right.</param>
/// <param name="Methods">Of <see cref="AuthenticationMethod"/>.</param>
internal sealed record FactorProof(Outcome.Refused? Refused, string[] Methods)
{
    public static FactorProof Not(Outcome.Refused refused) => new(refused, []);
}

/// <summary>What a person has to prove themselves with besides their password.</summary>
/// <param name="RecoveryCodesLeft">They stand in for the others, and are none themselves.</param>
internal sealed record HeldFactors(bool Totp, int Passkeys, int RecoveryCodesLeft)
{
    public const string TotpName = "totp";
    public const string PasskeyName = "passkey";
    public const string RecoveryCodeName = "recovery_code";

    public bool Any => Totp || Passkeys > 0;

    /// <summary>Those that may be given now.</summary>
    public IReadOnlyList<string> Names =>
        [
            .. Totp ? [TotpName] : Array.Empty<string>(),
            .. Passkeys > 0 ? [PasskeyName] : Array.Empty<string>(),
            .. RecoveryCodesLeft > 0 ? [RecoveryCodeName] : Array.Empty<string>(),
        ];
}
