using System.Net;
using System.Text.RegularExpressions;
using Chancery.Server.Access.Mail;
using Chancery.Server.Tests.Access.OAuth;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Access;

/// <summary>Somebody forgot their password.</summary>
public sealed partial class PasswordResetTests(PasswordResetTests.Posted chancery)
    : IClassFixture<PasswordResetTests.Posted>
{
    private const string NewPassword = "a wholly new password";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_letter_leads_to_a_new_password_and_every_sign_in_ends()
    {
        var olga = await chancery.SignUpAsync();

        var token = await ForgetAsync(olga.Email);
        using var set = await SetAsync(token, NewPassword);

        Assert.Equal("/login?done=password", set.Headers.Location!.OriginalString);
        Assert.Equal(HttpStatusCode.Unauthorized, await AccessApi.StatusAsync(chancery.Address, olga.AccessToken));
        Assert.Equal(HttpStatusCode.Unauthorized, await LoginAsync(olga.Email, olga.Password));
        Assert.Equal(HttpStatusCode.OK, await LoginAsync(olga.Email, NewPassword));
    }

    [Fact]
    public async Task A_link_works_once_for_an_hour_and_not_for_a_password_that_cannot_be_taken()
    {
        var olga = await chancery.SignUpAsync();
        var token = await ForgetAsync(olga.Email);

        using var tooShort = await SetAsync(token, "short");
        using var first = await SetAsync(token, NewPassword);
        using var second = await SetAsync(token, "yet another password");
        using var nonsense = await SetAsync("nonsense", NewPassword);

        Assert.EndsWith("error=invalid-password", tooShort.Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.Equal("/login?done=password", first.Headers.Location!.OriginalString);
        Assert.EndsWith("error=reset-gone", second.Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.EndsWith("error=reset-gone", nonsense.Headers.Location!.OriginalString, StringComparison.Ordinal);

        var paul = await chancery.SignUpAsync();
        var late = await ForgetAsync(paul.Email);
        chancery.Clock.Ahead += TimeSpan.FromMinutes(61);
        using var over = await SetAsync(late, NewPassword);
        Assert.EndsWith("error=reset-gone", over.Headers.Location!.OriginalString, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whether_there_is_an_account_is_not_told_and_no_letter_box_is_filled()
    {
        var olga = await chancery.SignUpAsync();

        using var nobody = await AskAsync($"nobody-{Guid.CreateVersion7():n}@example.com");
        await ForgetAsync(olga.Email);
        using var again = await AskAsync(olga.Email);
        var paul = await chancery.SignUpAsync();
        await ForgetAsync(paul.Email);

        Assert.Equal("/forgot?sent=1", nobody.Headers.Location!.OriginalString);
        Assert.Equal("/forgot?sent=1", again.Headers.Location!.OriginalString);
        Assert.Single(chancery.Letters(olga.Email));
    }

    [Fact]
    public async Task The_token_of_a_link_stands_in_no_table_and_its_letter_only_for_this_user()
    {
        var olga = await chancery.SignUpAsync();
        var token = await ForgetAsync(olga.Email);

        await using var command = chancery.Owner.CreateCommand(
            "SELECT string_agg(r::text, ' ') FROM password_resets AS r"
        );
        var text = (string)(await command.ExecuteScalarAsync(Cancel))!;

        Assert.DoesNotContain(token, text, StringComparison.Ordinal);
        var file = Assert.Single(chancery.Files(olga.Email));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    private async Task<string> ForgetAsync(string email)
    {
        using var asked = await AskAsync(email);
        Assert.Equal("/forgot?sent=1", asked.Headers.Location!.OriginalString);
        await AccessApi.EventuallyAsync(
            () => Task.FromResult(chancery.Letters(email).Count > 0),
            TimeSpan.FromSeconds(10)
        );
        return Link().Match(chancery.Letters(email)[^1]).Groups["token"].Value;
    }

    private async Task<HttpResponseMessage> AskAsync(string email)
    {
        using var visitor = new Visitor(chancery.Anonymous());
        using var page = await visitor.GetAsync("/forgot");
        return await visitor.SubmitAsync(page, "/forgot", ("email", email));
    }

    private async Task<HttpResponseMessage> SetAsync(string token, string password)
    {
        using var visitor = new Visitor(chancery.Anonymous());
        using var page = await visitor.GetAsync("/reset?token=" + token);
        return await visitor.SubmitAsync(page, "/reset", ("password", password));
    }

    private async Task<HttpStatusCode> LoginAsync(string email, string password)
    {
        using var client = chancery.Anonymous();
        using var response = await client.PostAsync("/api/v1/auth/login", new { email, password });
        return response.StatusCode;
    }

    [GeneratedRegex(@"/reset\?token=(?<token>[\w-]+)")]
    private static partial Regex Link();

    public sealed class Posted : ChanceryFixture
    {
        public Posted() => ConfigureServices = services => services.AddSingleton<TimeProvider>(Clock);

        internal MovedClock Clock { get; } = new();

        public IReadOnlyList<string> Letters(string email) => [.. Files(email).Select(File.ReadAllText)];

        public IEnumerable<string> Files(string email)
        {
            var folder = Services.GetRequiredService<MailSettings>().Directory!;
            return Directory.Exists(folder)
                ? Directory
                    .EnumerateFiles(folder, "*.eml")
                    .Order(StringComparer.Ordinal)
                    .Where(file => File.ReadAllText(file).Contains($"To: {email}\n", StringComparison.Ordinal))
                : [];
        }
    }
}
