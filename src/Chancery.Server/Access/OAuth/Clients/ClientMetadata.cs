using System.Text.Json;

namespace Chancery.Server.Access.OAuth.Clients;

/// <summary>What a client says of itself (RFC 7591, 2), in a document at its own address or when it registers.</summary>
/// <param name="Secret">Whether it wants one: its way to authenticate is by a secret.</param>
internal sealed record ClientMetadata(
    string Name,
    IReadOnlyList<string> RedirectUris,
    IReadOnlyList<string> Grants,
    IReadOnlyList<string> Scopes,
    bool Secret
)
{
    private const int MaxName = 100;
    private const int MostAddresses = 10;
    private static readonly string[] KnownGrants = [Grant.Code, Grant.Refresh];

    /// <summary>Reads it; else the code of an error (RFC 7591, 3.2.2) and why.</summary>
    public static (ClientMetadata? Metadata, string Error, string Why) Read(JsonElement json)
    {
        (ClientMetadata?, string, string) Refuse(string why, string error = "invalid_client_metadata") =>
            (null, error, why);

        if (json.ValueKind != JsonValueKind.Object)
        {
            return Refuse("Send a JSON object.");
        }

        if (
            !TryTexts(json, "redirect_uris", out var addresses)
            || !TryTexts(json, "grant_types", out var grants)
            || !TryTexts(json, "response_types", out var responses)
            || !TryText(json, "client_name", out var name)
            || !TryText(json, "scope", out var scope)
            || !TryText(json, "token_endpoint_auth_method", out var method)
        )
        {
            return Refuse("A member is not of the type that it has.");
        }

        if (addresses is not { Count: > 0 and <= MostAddresses })
        {
            return Refuse($"redirect_uris are 1 to {MostAddresses} addresses.", "invalid_redirect_uri");
        }

        if (addresses.Select(RedirectUri.WhyNot).FirstOrDefault(why => why is not null) is { } bad)
        {
            return Refuse(bad, "invalid_redirect_uri");
        }

        // What it does not say is the default of the protocol, and what is not given here is left out.
        grants ??= [Grant.Code];
        if (!grants.Contains(Grant.Code) || responses?.Contains("code") == false)
        {
            return Refuse("grant_types hold authorization_code, and response_types code.");
        }

        if (method is not (null or "none" or "client_secret_basic" or "client_secret_post"))
        {
            return Refuse("token_endpoint_auth_method is none, client_secret_basic or client_secret_post.");
        }

        if (Scope.Parse(scope) is not { } scopes)
        {
            return Refuse("scope is a list of scopes with spaces between.");
        }

        name = name?.Trim() is { Length: > 0 } given ? given : RedirectUri.Describe(addresses[0]);
        return name.Length > MaxName || name.Any(char.IsControl)
            ? Refuse($"client_name has at most {MaxName} characters, on one line.")
            : (
                new ClientMetadata(
                    name,
                    addresses,
                    [.. grants.Intersect(KnownGrants)],
                    scopes.Count > 0 ? [.. scopes.Intersect(Scope.ForStrangers)] : Scope.ForStrangers,
                    method is null or "client_secret_basic" or "client_secret_post"
                ),
                "",
                ""
            );
    }

    private static bool TryText(JsonElement json, string name, out string? text)
    {
        text = null;
        if (!json.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return true;
        }

        text = value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        return text is not null;
    }

    private static bool TryTexts(JsonElement json, string name, out IReadOnlyList<string>? texts)
    {
        texts = null;
        if (!json.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return true;
        }

        if (
            value.ValueKind != JsonValueKind.Array
            || value.EnumerateArray().Any(one => one.ValueKind != JsonValueKind.String)
        )
        {
            return false;
        }

        texts = [.. value.EnumerateArray().Select(one => one.GetString()!).Distinct(StringComparer.Ordinal)];
        return true;
    }
}
