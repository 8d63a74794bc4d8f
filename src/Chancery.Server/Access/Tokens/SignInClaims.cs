using System.Text.Json;
using Chancery.Server.Access.SecondFactors;

namespace Chancery.Server.Access.Tokens;

/// <summary>What tokens say of the sign-in behind them: <c>auth_time</c>, <c>amr</c> (RFC 8176) and <c>acr</c> (RFC 9470).</summary>
internal static class SignInClaims
{
    public static void Write(Utf8JsonWriter json, Principal principal)
    {
        if (principal.AuthenticatedAt is { } at)
        {
            json.WriteNumber("auth_time", at.ToUnixTimeSeconds());
        }

        json.WriteString("acr", AuthenticationMethod.ClassOf(principal.Methods));
        json.WriteStartArray("amr");
        foreach (var method in principal.Methods)
        {
            json.WriteStringValue(method);
        }

        json.WriteEndArray();
    }
}
