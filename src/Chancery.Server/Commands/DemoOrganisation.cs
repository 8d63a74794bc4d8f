using System.Globalization;
using System.Net;
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

    /// <summary>Makes the organisation when the installation is empty; tells how to sign in while it exists.</summary>
    public async Task EnsureAsync(TextWriter output, CancellationToken cancellationToken)
    {
        if (!File.Exists(CredentialFile) && !await CreateAsync(cancellationToken))
        {
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

    private async Task<bool> CreateAsync(CancellationToken cancellationToken)
    {
        if (!(await doors.QueryAsync<bool>("SELECT door_is_empty()", null, cancellationToken)).Single())
        {
            return false;
        }

        // No secret has a default value, not even this one.
        var password = RandomNumberGenerator.GetString("abcdefghjkmnpqrstuvwxyz23456789", 16);
        using var response = await PostAsync(
            "/api/v1/auth/signup",
            JsonContentOf(
                new
                {
                    Email,
                    Password = password,
                    Name,
                    Organization = Organisation,
                }
            ),
            token: null,
            cancellationToken
        );
        if (response.StatusCode is HttpStatusCode.Conflict or HttpStatusCode.Forbidden)
        {
            return false;
        }

        response.EnsureSuccessStatusCode();
        var created = await JsonSerializer.DeserializeAsync<JsonElement>(
            await response.Content.ReadAsStreamAsync(cancellationToken),
            Json,
            cancellationToken
        );
        var token = created.GetProperty("access_token").GetString()!;
        await KeepAsync(password, cancellationToken);
        foreach (var file in Documents())
        {
            await UploadAsync(file, token, cancellationToken);
        }

        return true;
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
        using var response = await PostAsync("/api/v1/docs", form, token, cancellationToken);
        response.EnsureSuccessStatusCode();
    }

    private async Task<HttpResponseMessage> PostAsync(
        string path,
        HttpContent content,
        string? token,
        CancellationToken cancellationToken
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, path)) { Content = content };
        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        return await http.Client.SendAsync(request, cancellationToken);
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
