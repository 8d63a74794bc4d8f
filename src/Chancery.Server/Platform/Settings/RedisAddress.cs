using System.Globalization;

namespace Chancery.Server.Platform.Settings;

/// <summary>Understands both spellings of a Redis address.</summary>
internal static class RedisAddress
{
    private const int DefaultPort = 6379;
    private const string Example = "redis://user:password@host:6379/0 (rediss:// for TLS)";

    /// <summary>Reads <c>redis://…</c>, <c>rediss://…</c> or <c>host:port,password=…,ssl=true</c>.</summary>
    /// <exception cref="SettingException">It is neither.</exception>
    public static RedisSettings Parse(string value) =>
        value.Contains("://", StringComparison.Ordinal) ? ParseUrl(value) : ParseOptions(value);

    private static RedisSettings ParseUrl(string value)
    {
        if (
            !Uri.TryCreate(value, UriKind.Absolute, out var url)
            || url.Scheme is not ("redis" or "rediss")
            || url.Host.Length == 0
        )
        {
            throw Problem($"is not a URL that can be read; expected {Example}");
        }

        var (user, password) = UrlParts.Credentials(url);
        var path = url.AbsolutePath.Trim('/');

        return new RedisSettings(
            url.Host.Trim('[', ']'),
            url.Port > 0 ? url.Port : DefaultPort,
            // "default" is the user that everybody is who names none.
            user == "default"
                ? null
                : user,
            password,
            path.Length == 0 ? 0 : Number(path, "database"),
            url.Scheme == "rediss"
        );
    }

    private static RedisSettings ParseOptions(string value)
    {
        var parts = value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var addresses = parts.Where(part => !part.Contains('=', StringComparison.Ordinal)).ToList();

        if (addresses.Count != 1)
        {
            throw Problem(
                addresses.Count == 0
                    ? $"names no host; expected {Example} or host:port,password=…"
                    : "names several servers; name one"
            );
        }

        var colon = addresses[0].LastIndexOf(':');
        var host = colon < 0 ? addresses[0] : addresses[0][..colon];
        var port = colon < 0 ? DefaultPort : Number(addresses[0][(colon + 1)..], "port");
        var settings = new RedisSettings(host.Trim('[', ']'), port, null, null, 0, false);

        foreach (var part in parts.Where(part => part.Contains('=', StringComparison.Ordinal)))
        {
            var pair = part.Split('=', 2);

            settings = pair[0].ToLowerInvariant() switch
            {
                "password" => settings with { Password = pair[1] },
                "user" => settings with { User = pair[1] },
                "ssl" => settings with { Tls = bool.TryParse(pair[1], out var tls) && tls },
                "defaultdatabase" => settings with { Database = Number(pair[1], "defaultDatabase") },
                // Tuning of the client: ours is set where the client is made.
                "abortconnect"
                or "connecttimeout"
                or "synctimeout"
                or "connectretry"
                or "keepalive"
                or "name"
                or "sslhost"
                or "allowadmin" => settings,
                // Not the name: what looks like an option may be the second half of a password with a comma in it.
                _ => throw Problem("has an option that is not known; a password with a comma needs the redis:// form"),
            };
        }

        return settings;
    }

    private static int Number(string text, string what) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= 65535
            ? number
            : throw Problem($"has a {what} that is not a number from 0 to 65535");

    private static SettingException Problem(string problem) => new(ConnectionSettings.RedisName, problem);
}
