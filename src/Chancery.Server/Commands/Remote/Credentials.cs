using System.Text.Json;
using Chancery.Server.Platform.Engines;

namespace Chancery.Server.Commands.Remote;

/// <summary>How somebody is signed in to one server: tokens of a session, or an API key.</summary>
/// <param name="Account">Of a person the e-mail address, of a key its beginning; for people to read.</param>
/// <param name="ClientId">The OAuth client that the tokens were given to; null for those of a password.</param>
/// <param name="TenantId">Empty for a key, which tells nobody whose it is.</param>
internal sealed record Credential(
    string Account,
    Guid TenantId,
    string? AccessToken,
    string? RefreshToken,
    DateTimeOffset? ExpiresAt,
    string? ApiKey,
    string? ClientId = null
)
{
    // Records print every property.
    public override string ToString() => $"{Account} on {TenantId}";
}

/// <summary>The file of credentials, one for each server; mode 0600. Safe between commands that run at once.</summary>
internal sealed class Credentials
{
    private sealed record Content(string? Current, Dictionary<string, Credential> Servers);

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
    };

    private readonly string _directory;

    public Credentials(string? directory = null) => _directory = directory ?? DefaultDirectory();

    public string Path => System.IO.Path.Combine(_directory, "credentials.json");

    /// <summary>The server of the last sign-in.</summary>
    public string? Current => Read().Current;

    public Credential? Of(string server) => Read().Servers.GetValueOrDefault(server);

    /// <summary>Changes the credential of a server while no other command does; null removes it.</summary>
    public async Task<Credential?> ChangeAsync(
        string server,
        Func<Credential?, Task<Credential?>> change,
        CancellationToken cancellationToken
    )
    {
        Directory.CreateDirectory(
            _directory,
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        );
        using var held = await LockAsync(cancellationToken);
        var before = Read();
        var old = before.Servers.GetValueOrDefault(server);
        var changed = await change(old);
        if (changed != old)
        {
            var servers = new Dictionary<string, Credential>(before.Servers, StringComparer.Ordinal);
            if (changed is null)
            {
                servers.Remove(server);
            }
            else
            {
                servers[server] = changed;
            }

            var current =
                changed is not null ? server
                : before.Current == server ? null
                : before.Current;
            PrivateFile.Write(Path, JsonSerializer.Serialize(new Content(current, servers), Json));
        }

        return changed;
    }

    private Content Read()
    {
        try
        {
            return JsonSerializer.Deserialize<Content>(File.ReadAllText(Path), Json) ?? new Content(null, []);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return new Content(null, []);
        }
        catch (JsonException exception)
        {
            throw new RemoteException(
                Terminal.Exit.NotSignedIn,
                $"{Path} cannot be read. Remove it and sign in again: chancery login.",
                exception
            );
        }
    }

    private async Task<FileStream> LockAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return new FileStream(
                    System.IO.Path.Combine(_directory, "credentials.lock"),
                    new FileStreamOptions
                    {
                        Mode = FileMode.OpenOrCreate,
                        Access = FileAccess.ReadWrite,
                        Share = FileShare.None,
                        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                    }
                );
            }
            catch (IOException exception) when (exception.HResult == 11)
            {
                // EWOULDBLOCK: another command holds it, for as long as a request takes.
                await Task.Delay(50, cancellationToken);
            }
        }
    }

    private static string DefaultDirectory()
    {
        var home = Environment.GetEnvironmentVariable("XDG_CONFIG_HOME");
        return System.IO.Path.Combine(
            string.IsNullOrEmpty(home)
                ? System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config")
                : home,
            "chancery"
        );
    }
}
