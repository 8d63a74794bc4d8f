using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using Chancery.Server.Platform;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Http;

namespace Chancery.Server.Commands;

/// <summary>
/// The organisation that <c>./run</c> makes on an empty installation: a few documents of our own writing and somebody who may
/// ask about them. It is made through the API, like anybody's.
/// </summary>
internal sealed class DemoOrganisation(Storage storage, Doors doors, OperatorHttp http, Uri address)
{
    private const string Email = "demo@marrowlane.example";
    private const string Name = "Demo";
    private const string Organisation = "Marrow Lane Studios";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    private string CredentialFile => Path.Combine(storage.DataDirectory, "keys", "demo.password");

    /// <summary>Says that every document was uploaded; without it the next start goes on where this one was stopped.</summary>
    private string CompleteMark => Path.Combine(storage.DataDirectory, "keys", "demo.complete");

    /// <summary>Makes the organisation when the installation is empty; tells how to sign in while it exists.</summary>
    public async Task EnsureAsync(TextWriter output, CancellationToken cancellationToken)
    {
        try
        {
            if (!File.Exists(CompleteMark) && !await MakeAsync(cancellationToken))
            {
                return;
            }
        }
        catch (HttpRequestException exception)
        {
            await output.WriteLineAsync(
                $"The demo organisation is not complete ({exception.Message}); the next start goes on."
            );
            return;
        }

        var password = (await File.ReadAllTextAsync(CredentialFile, cancellationToken)).Trim();
        await output.WriteLineAsync(
            $"""

            Sign in to the demo organisation with
              e-mail    {Email}
              password  {password}
            or sign up and make your own.

            """
        );
    }

    private async Task<bool> MakeAsync(CancellationToken cancellationToken)
    {
        var isEmpty = (await doors.QueryAsync<bool>("SELECT door_is_empty()", null, cancellationToken)).Single();
        if (!isEmpty && !File.Exists(CredentialFile))
        {
            return false;
        }

        if (!File.Exists(CredentialFile))
        {
            // No secret has a default value, not even this one. Kept first: an organisation that nobody can enter is worse
            // than a password without one.
            await KeepAsync(RandomNumberGenerator.GetString("abcdefghjkmnpqrstuvwxyz23456789", 16), cancellationToken);
        }

        var password = (await File.ReadAllTextAsync(CredentialFile, cancellationToken)).Trim();
        var token =
            await TokenAsync("login", new { Email, Password = password }, cancellationToken)
            ?? await TokenAsync(
                "signup",
                new
                {
                    Email,
                    Password = password,
                    Name,
                    Organization = Organisation,
                },
                cancellationToken
            );
        if (token is null)
        {
            return false;
        }

        var there = await PathsAsync(token, cancellationToken);
        foreach (var file in Documents().Where(file => !there.Contains(Path.GetFileName(file))))
        {
            await UploadAsync(file, token, cancellationToken);
        }

        await File.WriteAllTextAsync(CompleteMark, "", cancellationToken);
        return true;
    }

    /// <summary>An access token, or null when the server says no.</summary>
    private async Task<string?> TokenAsync<T>(string way, T body, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(
            HttpMethod.Post,
            "/api/v1/auth/" + way,
            JsonContentOf(body),
            token: null,
            cancellationToken
        );
        return response.IsSuccessStatusCode
            ? (await ReadAsync(response, cancellationToken)).GetProperty("access_token").GetString()
            : null;
    }

    private async Task<HashSet<string>> PathsAsync(string token, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Get, "/api/v1/docs", null, token, cancellationToken);
        response.EnsureSuccessStatusCode();
        var list = await ReadAsync(response, cancellationToken);
        return [.. list.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("path").GetString()!)];
    }

    private async Task KeepAsync(string password, CancellationToken cancellationToken)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        Directory.CreateDirectory(Path.GetDirectoryName(CredentialFile)!);
        await using var writer = new StreamWriter(CredentialFile, options);
        await writer.WriteLineAsync(password.AsMemory(), cancellationToken);
    }

    private async Task UploadAsync(string file, string token, CancellationToken cancellationToken)
    {
        using var form = new MultipartFormDataContent();
        await using var content = File.OpenRead(file);
        using var part = new StreamContent(content);
        using var tags = new StringContent("demo");
        form.Add(tags, "tags");
        form.Add(part, "file", Path.GetFileName(file));
        using var response = await SendAsync(HttpMethod.Post, "/api/v1/docs", form, token, cancellationToken);
        response.EnsureSuccessStatusCode();
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method,
        string path,
        HttpContent? content,
        string? token,
        CancellationToken cancellationToken
    )
    {
        using var request = new HttpRequestMessage(method, new Uri(address, path)) { Content = content };
        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        return await http.Client.SendAsync(request, cancellationToken);
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        return await JsonSerializer.DeserializeAsync<JsonElement>(body, Json, cancellationToken);
    }

    private static StringContent JsonContentOf<T>(T body) =>
        new(JsonSerializer.Serialize(body, Json), new MediaTypeHeaderValue("application/json"));

    private static string[] Documents() =>
        [
            .. Directory
                .EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Demo", "Documents"))
                .Order(StringComparer.Create(CultureInfo.InvariantCulture, ignoreCase: false)),
        ];
}
