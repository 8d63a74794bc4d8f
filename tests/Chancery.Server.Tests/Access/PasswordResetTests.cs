using System.Net;
using System.Text.RegularExpressions;
using Chancery.Server.Access.Mail;
using Chancery.Server.Tests.Access.OAuth;
using Chancery.Server.Tests.Access.Provisioning;
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
    public async Task Whom_a_stranger_made_an_account_and_switched_off_proves_the_address_and_has_it_for_themselves()
    {
        var mallory = await chancery.SignUpAsync("Of Mallory");
        using var directory = await ScimDirectory.OfAsync(chancery, mallory);
        var address = ScimDirectory.Unique();
        var id = (string)(await directory.CreateAsync("/Users", ScimDirectory.User(address)))["id"]!;
        await directory.PatchAsync($"/Users/{id}", """[{"op":"replace","path":"active","value":false}]""");

        using var before = await SignUpAsync(address, NewPassword);
        var token = await ForgetAsync(address);
        using var set = await SetAsync(token, NewPassword);
        using var nowhere = await chancery
            .Anonymous()
            .PostAsync("/api/v1/auth/login", new { email = address, password = NewPassword });
        using var guessed = await SignUpAsync(address, "not that password at all");
        using var made = await SignUpAsync(address, NewPassword);
        using var again = await SignUpAsync(address, NewPassword);
        await directory.PatchAsync($"/Users/{id}", """[{"op":"replace","path":"displayName","value":"Mallory's"}]""");
        var user = (await made.ReadAsync(HttpStatusCode.Created)).GetProperty("user");

        Assert.Equal("email-taken", await before.CodeAsync(HttpStatusCode.Conflict));
        Assert.Equal("/login?done=password", set.Headers.Location!.OriginalString);
        Assert.Equal("no-organization", await nowhere.CodeAsync(HttpStatusCode.Forbidden));
        Assert.Equal("email-taken", await guessed.CodeAsync(HttpStatusCode.Conflict));
        Assert.Equal(id, user.GetProperty("id").GetString());
        Assert.Equal("owner", user.GetProperty("role").GetString());
        Assert.NotEqual(mallory.TenantId, user.GetProperty("tenant_id").GetGuid());
        // Nobody makes one organisation after the other by sending the form twice.
        Assert.Equal("email-taken", await again.CodeAsync(HttpStatusCode.Conflict));
        using var login = await chancery
            .Anonymous()
            .PostAsync("/api/v1/auth/login", new { email = address, password = NewPassword });
        Assert.Equal("Vic Timm", (await login.ReadAsync()).GetProperty("user").GetProperty("name").GetString());
    }

    [Fact]
    public async Task Who_proved_the_address_is_not_taken_back_by_the_directory_that_made_the_account()
    {
        using var directory = await ScimDirectory.OfAsync(chancery, await chancery.SignUpAsync("Of Mallory"));
        var address = ScimDirectory.Unique();
        var made = await directory.CreateAsync("/Users", ScimDirectory.User(address));
        using var deleted = await directory.SendAsync(HttpMethod.Delete, $"/Users/{made["id"]}");
        var back = await directory.CreateAsync("/Users", ScimDirectory.User(address));
        using var gone = await directory.SendAsync(HttpMethod.Delete, $"/Users/{made["id"]}");

        using var set = await SetAsync(await ForgetAsync(address), NewPassword);
        var taken = await directory.ErrorAsync(
            HttpMethod.Post,
            "/Users",
            ScimDirectory.User(address),
            HttpStatusCode.Conflict
        );

        // An account that nobody proved comes and goes as the directory says.
        Assert.Equal((string)made["id"]!, (string)back["id"]!);
        Assert.Equal("/login?done=password", set.Headers.Location!.OriginalString);
        Assert.Equal("uniqueness", taken);
    }

    [Fact]
    public async Task Who_left_the_organisation_that_made_their_account_joins_another_one()
    {
        using var directory = await ScimDirectory.OfAsync(chancery, await chancery.SignUpAsync("Left"));
        var address = ScimDirectory.Unique();
        var id = (string)(await directory.CreateAsync("/Users", ScimDirectory.User(address)))["id"]!;
        using var deleted = await directory.SendAsync(HttpMethod.Delete, $"/Users/{id}");
        var olga = await chancery.SignUpAsync("Joined");
        using var invited = await olga.Http.PostAsync("/api/v1/invitations", new { email = address, role = "editor" });
        var invitation = (await invited.ReadAsync(HttpStatusCode.Created)).GetProperty("token").GetString();

        // Whoever holds the link only, such as the inviter, makes nobody's password.
        using var early = await AcceptAsync();
        using var set = await SetAsync(await ForgetAsync(address), NewPassword);
        using var accepted = await AcceptAsync();
        using var reset = await olga.Http.DeleteAsync($"/api/v1/members/{id}/second-factors", Cancel);

        Assert.Equal("invalid-credentials", await early.CodeAsync(HttpStatusCode.Unauthorized));
        var user = (await accepted.ReadAsync()).GetProperty("user");
        Assert.Equal(olga.TenantId, user.GetProperty("tenant_id").GetGuid());
        Assert.Equal(id, user.GetProperty("id").GetString());
        Assert.Equal("member-of-several", await reset.CodeAsync(HttpStatusCode.Conflict));

        Task<HttpResponseMessage> AcceptAsync() =>
            chancery
                .Anonymous()
                .PostAsync("/api/v1/invitations/accept", new { token = invitation, password = NewPassword });
    }

    [Fact]
    public async Task A_link_counts_though_its_person_is_switched_off_meanwhile_and_sign_ins_do_not_come_back()
    {
        var olga = await chancery.SignUpAsync();
        using var directory = await ScimDirectory.OfAsync(chancery, olga);
        var ina = await chancery.InviteAsync(olga, "editor");
        var token = await ForgetAsync(ina.Email);
        await directory.PatchAsync($"/Users/{ina.UserId}", """[{"op":"replace","path":"active","value":false}]""");

        using var set = await SetAsync(token, NewPassword);
        await directory.PatchAsync($"/Users/{ina.UserId}", """[{"op":"replace","path":"active","value":true}]""");

        Assert.Equal("/login?done=password", set.Headers.Location!.OriginalString);
        Assert.Equal(HttpStatusCode.Unauthorized, await LoginAsync(ina.Email, ina.Password));
        Assert.Equal(HttpStatusCode.OK, await LoginAsync(ina.Email, NewPassword));
        Assert.Equal(HttpStatusCode.Unauthorized, await AccessApi.StatusAsync(chancery.Address, ina.AccessToken));
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

    private Task<HttpResponseMessage> SignUpAsync(string email, string password) =>
        chancery
            .Anonymous()
            .PostAsync(
                "/api/v1/auth/signup",
                new
                {
                    email,
                    password,
                    name = "Vic Timm",
                    organization = "Of the victim",
                }
            );

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
