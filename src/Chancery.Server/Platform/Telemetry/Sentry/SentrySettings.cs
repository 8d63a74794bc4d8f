using Chancery.Server.Platform.Settings;

namespace Chancery.Server.Platform.Telemetry.Sentry;

/// <summary>Where reports of errors go, from a DSN: <c>https://key@host/project</c>.</summary>
internal sealed record SentrySettings(Uri Envelopes, string Key)
{
    /// <summary>Null where no DSN is set: nothing is reported then.</summary>
    /// <exception cref="SettingException">Not a DSN.</exception>
    public static SentrySettings? Read(IConfiguration configuration)
    {
        const string name = "SENTRY_DSN";
        if (SecretSetting.Read(configuration, name) is not { } dsn)
        {
            return null;
        }

        if (
            !Uri.TryCreate(dsn, UriKind.Absolute, out var address)
            || address.Scheme is not ("http" or "https")
            || address.UserInfo.Split(':')[0] is not { Length: > 0 } key
            || address.AbsolutePath.TrimEnd('/') is not { Length: > 1 } path
        )
        {
            throw new SettingException(name, "takes a DSN such as https://key@host/project.");
        }

        var slash = path.LastIndexOf('/');
        var root = address.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);
        return new(new Uri($"{root}{path[..slash]}/api/{path[(slash + 1)..]}/envelope/"), key);
    }

    // Records print every property.
    public override string ToString() => $"Sentry at {Envelopes.Host}";
}
