namespace Chancery.Server.Access.OAuth.Clients;

/// <summary>The ways to tokens that a client can be allowed.</summary>
public static class Grant
{
    /// <summary>A person signs in at their browser and comes back with a code.</summary>
    public const string Code = "authorization_code";

    /// <summary>New tokens without the person.</summary>
    public const string Refresh = "refresh_token";

    /// <summary>The program as itself, without a person.</summary>
    public const string Client = "client_credentials";

    /// <summary>A device without a browser: a person types its code elsewhere.</summary>
    public const string Device = "urn:ietf:params:oauth:grant-type:device_code";
}
