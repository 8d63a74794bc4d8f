using System.Net;
using System.Text.Json;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Access.OAuth;

/// <summary>Devices without a browser (RFC 8628).</summary>
public sealed class DeviceTests(DeviceTests.Clocked chancery) : IClassFixture<DeviceTests.Clocked>
{
    private const string Grant = "urn:ietf:params:oauth:grant-type:device_code";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Somebody_types_the_code_sees_what_asks_and_lets_it_in()
    {
        var olga = await chancery.SignUpAsync();
        var begun = await BeginAsync();
        using var visitor = await Visitor.SignInAsync(chancery, olga);

        using var early = await PollAsync(begun);
        using var page = await visitor.GetAsync(
            $"/device?user_code={begun.Text("user_code").ToLowerInvariant().Replace("-", " ", StringComparison.Ordinal)}"
        );
        var html = await page.Content.ReadAsStringAsync(Cancel);
        using var answer = await visitor.SubmitAsync(page, "/device", ("decision", "allow"));
        using var done = await visitor.GetAsync(answer.Headers.Location!.OriginalString);
        using var polled = await PollAsync(begun);

        Assert.Equal("authorization_pending", await early.ErrorAsync());
        Assert.Matches("^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$", begun.Text("user_code"));
        Assert.Equal("http://localhost:8000/device", begun.Text("verification_uri"));
        Assert.Contains("command line in?", html, StringComparison.Ordinal);
        Assert.Contains(begun.Text("user_code"), html, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1", html, StringComparison.Ordinal);
        Assert.Contains("The device is let in", await done.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        var tokens = await polled.ReadAsync();
        Assert.Equal(HttpStatusCode.OK, await chancery.GetStatusAsync(tokens.Text("access_token"), "/api/v1/docs"));

        using var again = await PollAsync(begun);
        Assert.Equal("invalid_grant", await again.ErrorAsync());
        Assert.Equal(
            HttpStatusCode.Unauthorized,
            await chancery.GetStatusAsync(tokens.Text("access_token"), "/api/v1/docs")
        );
    }

    [Fact]
    public async Task A_person_of_two_organisations_chooses_which_one_a_device_is_for()
    {
        var olga = await chancery.SignUpAsync();
        var greta = await chancery.SignUpAsync("Globex");
        await chancery.JoinAsync(greta, olga);
        var stranger = await chancery.SignUpAsync("Initech");
        var begun = await BeginAsync();
        using var visitor = await Visitor.SignInAsync(chancery, olga);
        using var page = await visitor.GetAsync($"/device?user_code={begun.Text("user_code")}");

        using var foreign = await visitor.SubmitAsync(
            page,
            "/device",
            ("decision", "allow"),
            ("tenant_id", stranger.TenantId.ToString())
        );
        using var answer = await visitor.SubmitAsync(
            page,
            "/device",
            ("decision", "allow"),
            ("tenant_id", greta.TenantId.ToString())
        );
        using var polled = await PollAsync(begun);

        Assert.EndsWith("error=user-code", foreign.Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.EndsWith("done=allowed", answer.Headers.Location!.OriginalString, StringComparison.Ordinal);
        var claims = OAuthApi.Claims((await polled.ReadAsync()).Text("access_token"));
        Assert.Equal(greta.TenantId.ToString(), claims.Text("tenant_id"));
    }

    [Fact]
    public async Task Saying_no_is_told_to_the_device_and_the_code_is_used_up()
    {
        var olga = await chancery.SignUpAsync();
        var begun = await BeginAsync();
        using var visitor = await Visitor.SignInAsync(chancery, olga);
        using var page = await visitor.GetAsync($"/device?user_code={begun.Text("user_code")}");

        using var answer = await visitor.SubmitAsync(page, "/device", ("decision", "deny"));
        using var polled = await PollAsync(begun);
        using var later = await visitor.SubmitAsync(page, "/device", ("decision", "allow"));

        Assert.EndsWith("done=denied", answer.Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.Equal("access_denied", await polled.ErrorAsync());
        Assert.EndsWith("error=user-code", later.Headers.Location!.OriginalString, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_device_that_asks_too_often_is_told_to_slow_down_and_has_to()
    {
        var begun = await BeginAsync();

        using var first = await PollAsync(begun);
        using var tooSoon = await PollAsync(begun);
        chancery.Clock.Ahead += TimeSpan.FromSeconds(6);
        using var stillTooSoon = await PollAsync(begun);
        chancery.Clock.Ahead += TimeSpan.FromSeconds(16);
        using var inTime = await PollAsync(begun);

        Assert.Equal("authorization_pending", await first.ErrorAsync());
        Assert.Equal("slow_down", await tooSoon.ErrorAsync());
        Assert.Equal("slow_down", await stillTooSoon.ErrorAsync());
        Assert.Equal("authorization_pending", await inTime.ErrorAsync());
    }

    [Fact]
    public async Task After_ten_minutes_neither_code_works()
    {
        var olga = await chancery.SignUpAsync();
        var begun = await BeginAsync();
        using var visitor = await Visitor.SignInAsync(chancery, olga);

        chancery.Clock.Ahead += TimeSpan.FromMinutes(10);
        using var page = await visitor.GetAsync($"/device?user_code={begun.Text("user_code")}");
        using var polled = await PollAsync(begun);

        Assert.Contains("No device waits", await page.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Equal("expired_token", await polled.ErrorAsync());
    }

    [Fact]
    public async Task Nobody_lets_a_device_in_without_the_pages_own_form_or_without_signing_in()
    {
        var olga = await chancery.SignUpAsync();
        var begun = await BeginAsync();
        using var visitor = await Visitor.SignInAsync(chancery, olga);
        (string, string)[] form =
        [
            ("user_code", begun.Text("user_code")),
            ("decision", "allow"),
            ("tenant_id", olga.TenantId.ToString()),
        ];

        using var forged = await visitor.PostAsync("/device", form);
        using var stranger = new Visitor(chancery.Anonymous());
        using var page = await stranger.GetAsync($"/device?user_code={begun.Text("user_code")}");
        using var polled = await PollAsync(begun);

        Assert.EndsWith("error=form-expired", forged.Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.StartsWith(
            "/login?return_url=%2Fdevice",
            page.Headers.Location!.OriginalString,
            StringComparison.Ordinal
        );
        Assert.Equal("authorization_pending", await polled.ErrorAsync());
    }

    [Fact]
    public async Task Codes_are_not_to_be_guessed()
    {
        var olga = await chancery.SignUpAsync();
        using var visitor = await Visitor.SignInAsync(chancery, olga);
        chancery.Clock.Ahead += TimeSpan.FromMinutes(15);
        var said = "";

        for (var i = 0; i <= 31 && !said.Contains("Too many attempts", StringComparison.Ordinal); i++)
        {
            using var page = await visitor.GetAsync("/device?user_code=BBBB-BBBB");
            said = await page.Content.ReadAsStringAsync(Cancel);
        }

        Assert.Contains("Too many attempts", said, StringComparison.Ordinal);
        chancery.Clock.Ahead += TimeSpan.FromMinutes(15);
    }

    [Theory]
    [InlineData("nothing", "", "invalid_client", HttpStatusCode.Unauthorized)]
    [InlineData("chancery-cli", "root", "invalid_scope", HttpStatusCode.BadRequest)]
    public async Task What_may_not_ask_is_told_so(string client, string scope, string error, HttpStatusCode status)
    {
        using var http = chancery.Anonymous();
        using var form = new FormUrlEncodedContent([new("client_id", client), new("scope", scope)]);

        using var response = await http.PostAsync("/oauth/device_authorization", form, Cancel);

        Assert.Equal(error, await response.ErrorAsync(status));
    }

    private async Task<JsonElement> BeginAsync()
    {
        using var http = chancery.Anonymous();
        using var form = new FormUrlEncodedContent([new("client_id", "chancery-cli"), new("scope", "documents:read")]);
        using var response = await http.PostAsync("/oauth/device_authorization", form, Cancel);
        return await response.ReadAsync();
    }

    private async Task<HttpResponseMessage> PollAsync(JsonElement begun)
    {
        using var http = chancery.Anonymous();
        using var form = new FormUrlEncodedContent([
            new("client_id", "chancery-cli"),
            new("grant_type", Grant),
            new("device_code", begun.Text("device_code")),
        ]);
        return await http.PostAsync("/oauth/token", form, Cancel);
    }

    public sealed class Clocked : ChanceryFixture
    {
        public Clocked() => ConfigureServices = services => services.AddSingleton<TimeProvider>(Clock);

        internal MovedClock Clock { get; } = new();
    }
}
