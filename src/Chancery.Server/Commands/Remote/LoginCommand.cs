using System.CommandLine;
using System.Net;
using System.Text.Json;
using Chancery.Client;
using Chancery.Server.Commands.Terminal;

namespace Chancery.Server.Commands.Remote;

/// <summary><c>chancery login</c> and <c>logout</c>. A secret is never an argument: everybody on the machine could read it.</summary>
internal static class LoginCommand
{
    private static readonly Option<string?> Email = new("--email")
    {
        Description =
            "Sign in with this e-mail address and a password, which is asked for, or read from standard input",
    };

    private static readonly Option<bool> Key = new("--key")
    {
        Description = "Sign in with an API key, which is asked for, or read from standard input",
    };

    private static readonly Option<bool> Device = new("--device")
    {
        Description = "Sign in on the server's page, here or on another machine; the default at a terminal",
    };

    private static readonly Option<string?> Organization = new("--organization")
    {
        Description = "Which of your organisations, by name or id",
    };

    public static Command Create()
    {
        var command = new Command("login", "Sign in to a server: on its page, or with a password or an API key")
        {
            RemoteCommand.Server,
            Device,
            Email,
            Key,
            Organization,
            RemoteCommand.Json,
        };
        RemoteCommand.Set(command, RunAsync);
        return command;
    }

    public static Command CreateLogout()
    {
        var command = new Command("logout", "End the session on the server and forget it here")
        {
            RemoteCommand.Server,
            RemoteCommand.Json,
        };
        RemoteCommand.Set(command, EndAsync);
        return command;
    }

    /// <exception cref="RemoteException">The server kept the tokens to itself.</exception>
    public static Credential CredentialOf(TokenResponse tokens) =>
        tokens is { AccessToken: { } access, RefreshToken: { } refresh }
            ? new Credential(
                tokens.User.Email,
                tokens.User.TenantId,
                access,
                refresh,
                TimeProvider.System.GetUtcNow().AddSeconds(tokens.ExpiresIn ?? 0),
                ApiKey: null
            )
            : throw new RemoteException(Exit.Failed, "The server gave no tokens.");

    private static async Task<int> RunAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        var server = ServerSession.AddressOf(verb.GivenServer, verb.Credentials);
        var onPage =
            verb.Value(Device)
            || (verb.Value(Email) is null && verb.Value(Organization) is null && !Console.IsInputRedirected);
        var credential =
            verb.Value(Key) ? await WithKeyAsync(server, cancellationToken)
            : onPage
                ? await DeviceLogin.SignInAsync(
                    server,
                    (address, code) => verb.Say($"Open {address} and allow the code {code}. Waiting; Ctrl-C gives up."),
                    cancellationToken
                )
            : await WithPasswordAsync(verb, server, cancellationToken);
        await verb.Credentials.ChangeAsync(server, _ => Task.FromResult<Credential?>(credential), cancellationToken);
        if (verb.AsJson)
        {
            verb.PrintJson(new { server, credential.Account });
        }
        else
        {
            verb.Print($"Signed in to {server} as {credential.Account}. Kept in {verb.Credentials.Path}.");
        }

        return Exit.Ok;
    }

    private static async Task<Credential> WithKeyAsync(string server, CancellationToken cancellationToken)
    {
        var key = Environment.GetEnvironmentVariable("CHANCERY_API_KEY") is { Length: > 0 } given
            ? given.Trim()
            : (await Prompt.SecretAsync("API key: ", cancellationToken))?.Trim();
        if (string.IsNullOrEmpty(key))
        {
            throw new RemoteException(Exit.Usage, "No API key was given: type it, or pipe it in.");
        }

        using var session = ServerSession.With(server, key);
        try
        {
            await session.Client.ListDocumentsAsync(limit: 1, cancellationToken: cancellationToken);
        }
        catch (ChanceryException refused) when (refused.StatusCode == HttpStatusCode.Unauthorized)
        {
            throw new RemoteException(Exit.NotSignedIn, $"{server} does not know this API key.", refused);
        }

        return new Credential($"key {key[..Math.Min(8, key.Length)]}…", Guid.Empty, null, null, null, key);
    }

    private static async Task<Credential> WithPasswordAsync(
        RemoteCommand verb,
        string server,
        CancellationToken cancellationToken
    )
    {
        var email = verb.Value(Email) ?? await Prompt.LineAsync("E-mail: ", cancellationToken);
        var password = await Prompt.SecretAsync("Password: ", cancellationToken);
        if (string.IsNullOrEmpty(email) || string.IsNullOrEmpty(password))
        {
            throw new RemoteException(
                Exit.Usage,
                "E-mail and password are needed: type them, or pipe the password in."
            );
        }

        using var session = ServerSession.Anonymous(server);
        try
        {
            var request = new LoginRequest { Email = email, Password = password };
            var tokens = await SignInAsync(session, request, cancellationToken);
            if (verb.Value(Organization) is { } wanted)
            {
                var tenant =
                    tokens.Tenants.FirstOrDefault(t =>
                        string.Equals(t.Name, wanted, StringComparison.OrdinalIgnoreCase) || t.Id.ToString() == wanted
                    )
                    ?? throw new RemoteException(
                        Exit.Failed,
                        $"You are in no organisation \"{wanted}\", but in {string.Join(", ", tokens.Tenants.Select(t => t.Name))}."
                    );
                // A code works once, so nobody is signed in a second time.
                tokens = Read(
                    await session.PostJsonAsync(
                        "api/v1/auth/switch",
                        new SwitchRequest(tenant.Id),
                        cancellationToken,
                        tokens.AccessToken
                    )
                );
            }

            return CredentialOf(tokens);
        }
        catch (ChanceryException refused) when (refused.StatusCode == HttpStatusCode.Unauthorized)
        {
            throw new RemoteException(Exit.NotSignedIn, $"{refused.Message}", refused);
        }
    }

    private sealed record SwitchRequest(Guid TenantId);

    private sealed record SecondFactor(string Challenge, string? Code, string? RecoveryCode);

    private static async Task<TokenResponse> SignInAsync(
        ServerSession session,
        LoginRequest request,
        CancellationToken cancellationToken
    )
    {
        var answer = await session.PostJsonAsync("api/v1/auth/login", request, cancellationToken);
        if (answer.Status != HttpStatusCode.Unauthorized || ChallengeOf(answer.Body) is not { } challenge)
        {
            return Read(answer);
        }

        var given = await Prompt.LineAsync("Code of your authenticator app, or a recovery code: ", cancellationToken);
        if (string.IsNullOrEmpty(given))
        {
            throw new RemoteException(
                Exit.NotSignedIn,
                "A second factor is needed: type the code, or pipe it in on the line after the password."
            );
        }

        var isCode = given.All(letter => char.IsAsciiDigit(letter) || letter == ' ');
        return Read(
            await session.PostJsonAsync(
                "api/v1/auth/second-factor",
                new SecondFactor(challenge, isCode ? given : null, isCode ? null : given),
                cancellationToken
            )
        );
    }

    private static string? ChallengeOf(string body)
    {
        try
        {
            return
                JsonElement.Parse(body) is { ValueKind: JsonValueKind.Object } problem
                && problem.TryGetProperty("challenge", out var challenge)
                ? challenge.GetString()
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <exception cref="ChanceryException">The server refused.</exception>
    private static TokenResponse Read((HttpStatusCode Status, string Body) answer) =>
        answer.Status == HttpStatusCode.OK
            ? JsonSerializer.Deserialize<TokenResponse>(answer.Body, ChanceryClient.Json)!
            : throw new ChanceryException(
                $"The server answered {(int)answer.Status}.",
                (int)answer.Status,
                answer.Body,
                new Dictionary<string, IEnumerable<string>>(),
                innerException: null
            );

    private static async Task<int> EndAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        var server = ServerSession.AddressOf(verb.GivenServer, verb.Credentials);
        var had = verb.Credentials.Of(server);
        var note = "";
        if (had is { ApiKey: null })
        {
            try
            {
                using var session = ServerSession.Open(server, verb.Credentials);
                await session.Client.LogoutAsync(cancellationToken: cancellationToken);
            }
            catch (Exception exception) when (exception is ChanceryException or HttpRequestException or RemoteException)
            {
                note = " The server could not be told; its session ends by itself.";
            }
        }

        await verb.Credentials.ChangeAsync(server, _ => Task.FromResult<Credential?>(null), cancellationToken);
        if (verb.AsJson)
        {
            verb.PrintJson(new { server, signedOut = had is not null });
        }
        else
        {
            verb.Print(had is null ? $"You were not signed in to {server}." : $"Signed out of {server}.{note}");
        }

        return Exit.Ok;
    }
}
