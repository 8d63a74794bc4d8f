namespace Chancery.Server.Access.OAuth.Clients;

/// <summary>Clients that are part of Chancery and need no registration.</summary>
internal static class BuiltInClients
{
    /// <summary><c>chancery login</c>: a public client, as everybody has its code.</summary>
    public static OAuthClient CommandLine { get; } =
        new(
            "chancery-cli",
            ClientSource.BuiltIn,
            Tenant: null,
            "Chancery’s command line",
            SecretMac: null,
            RedirectUris: [],
            [Grant.Device, Grant.Refresh],
            [.. Scope.OfIdentity, .. Permission.All]
        );

    public static OAuthClient? Find(string id) => id == CommandLine.Id ? CommandLine : null;
}
