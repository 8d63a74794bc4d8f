using System.Globalization;
using Npgsql;

namespace Chancery.Server.Platform.Settings;

/// <summary>Understands both spellings of a PostgreSQL address.</summary>
internal static class PostgresAddress
{
    private const string Example = "postgres://user:password@host:5432/database?sslmode=verify-full";

    /// <summary>Gives the Npgsql form of <c>postgres://…</c>, <c>postgresql://…</c> or <c>Host=…;Username=…</c>.</summary>
    /// <exception cref="SettingException">It is neither.</exception>
    public static string Parse(string value)
    {
        var builder = IsUrl(value) ? ParseUrl(value) : ParseKeywords(value);

        if (string.IsNullOrEmpty(builder.Host))
        {
            throw Problem($"names no host; expected {Example} or Host=…;Username=…;Password=…;Database=…");
        }

        if (string.IsNullOrEmpty(builder.Database))
        {
            throw Problem("names no database");
        }

        Harden(builder);
        return builder.ConnectionString;
    }

    /// <summary>
    /// Whoever names a root certificate wants it asked: TLS is then neither left out nor tried only. Files that are missing are
    /// named now, and not when the first connection fails.
    /// </summary>
    private static void Harden(NpgsqlConnectionStringBuilder builder)
    {
        foreach (
            var (option, path) in new[]
            {
                ("sslrootcert", builder.RootCertificate),
                ("sslcert", builder.SslCertificate),
                ("sslkey", builder.SslKey),
            }
        )
        {
            if (!string.IsNullOrEmpty(path) && !File.Exists(path))
            {
                throw Problem($"names the {option} {path}, and there is no such file");
            }
        }

        if (string.IsNullOrEmpty(builder.RootCertificate))
        {
            return;
        }

        builder.SslMode = builder.SslMode switch
        {
            SslMode.Prefer or SslMode.Require => SslMode.VerifyFull,
            SslMode.Disable or SslMode.Allow => throw Problem(
                "names a sslrootcert, and a sslmode that goes on without TLS; say sslmode=verify-full"
            ),
            var strict => strict,
        };
    }

    private static bool IsUrl(string value) =>
        value.StartsWith("postgres://", StringComparison.OrdinalIgnoreCase)
        || value.StartsWith("postgresql://", StringComparison.OrdinalIgnoreCase);

    private static NpgsqlConnectionStringBuilder ParseUrl(string value)
    {
        // The host may be empty, when ?host= names a socket's directory; Uri takes no empty host with a port or user.
        if (!Uri.TryCreate(value, UriKind.Absolute, out var url))
        {
            throw Problem(
                $"is not a URL that can be read; expected {Example}, with @ : / ? # in the password written as %40 %3A %2F %3F %23"
            );
        }

        var builder = new NpgsqlConnectionStringBuilder { Host = Uri.UnescapeDataString(url.Host.Trim('[', ']')) };

        if (url.Port > 0)
        {
            builder.Port = url.Port;
        }

        var (user, password) = UrlParts.Credentials(url);
        builder.Username = user;
        builder.Password = password;
        builder.Database = Uri.UnescapeDataString(url.AbsolutePath.TrimStart('/'));

        foreach (var (key, option) in UrlParts.Query(url))
        {
            Apply(builder, key, option);
        }

        return builder;
    }

    /// <summary>The options of libpq that URLs carry, under Npgsql's names; Npgsql's own names work too.</summary>
    private static void Apply(NpgsqlConnectionStringBuilder builder, string key, string option)
    {
        var name = key.ToLowerInvariant() switch
        {
            "sslmode" => "SSL Mode",
            "sslrootcert" => "Root Certificate",
            "sslcert" => "SSL Certificate",
            "sslkey" => "SSL Key",
            "application_name" => "Application Name",
            "connect_timeout" => "Timeout",
            "options" => "Options",
            "host" => "Host",
            "port" => "Port",
            "user" => "Username",
            "password" => "Password",
            "dbname" => "Database",
            "target_session_attrs" => "Target Session Attributes",
            "channel_binding" => "Channel Binding",
            _ => key,
        };

        // libpq writes verify-full, Npgsql VerifyFull.
        var text = name is "SSL Mode" or "Channel Binding" or "Target Session Attributes"
            ? option.Replace("-", "", StringComparison.Ordinal)
            : option;

        try
        {
            builder[name] = text;
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or KeyNotFoundException)
        {
            // Without its name: it may be the rest of a password with a ? in it.
            throw Problem("has an option after the ? that is not known, or whose value is not allowed");
        }
    }

    private static NpgsqlConnectionStringBuilder ParseKeywords(string value)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(value);
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or KeyNotFoundException)
        {
            // The library's message may quote a part of the value.
            throw Problem(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"cannot be read as Host=…;Username=…;Password=…;Database=… nor as {Example}"
                )
            );
        }
    }

    private static SettingException Problem(string problem) => new(ConnectionSettings.PostgresName, problem);
}
