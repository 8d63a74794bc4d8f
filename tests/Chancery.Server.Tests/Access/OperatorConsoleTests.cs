using System.Net;
using System.Text.RegularExpressions;
using Chancery.Server.Platform.Operators;
using Chancery.Testing;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;

namespace Chancery.Server.Tests.Access;

/// <summary>The operator's console in the browser: its sign-in, its cookie, and what that opens.</summary>
public sealed partial class OperatorConsoleTests(OperatorConsoleTests.Fixture chancery)
    : IClassFixture<OperatorConsoleTests.Fixture>
{
    private const string SignIn = "/operator/sign-in";
    private const string Cookie = "__Host-chancery-operator";

    private static int _addresses;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_token_gives_a_pass_that_scripts_and_other_sites_cannot_use_and_that_does_not_hold_it()
    {
        var (token, _, name) = await MakeAsync();

        using var response = await SignInAsync(NewAddress(), token, returnUrl: "/operator/organizations?q=a");

        Assert.Equal(HttpStatusCode.SeeOther, response.StatusCode);
        Assert.Equal("/operator/organizations?q=a", response.Headers.Location!.OriginalString);
        var cookie = response
            .Headers.GetValues("Set-Cookie")
            .Single(set => set.StartsWith(Cookie, StringComparison.Ordinal));
        foreach (var attribute in new[] { "path=/", "secure", "httponly", "samesite=strict", "max-age=28800" })
        {
            Assert.Contains(attribute, cookie.Split("; "));
        }

        Assert.DoesNotContain(token, Uri.UnescapeDataString(cookie), StringComparison.Ordinal);
        using var client = With(ValueOf(cookie));
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/operator/models", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/health/advanced", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/api/v1/docs", Cancel)).StatusCode);
        var page = await client.GetStringAsync("/operator", Cancel);
        Assert.Contains(name, page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_settings_token_signs_in_too()
    {
        using var client = With(await PassAsync(Fixture.Token));

        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/operator/tenants", Cancel)).StatusCode);
    }

    [Fact]
    public async Task A_revoked_operators_pass_opens_nothing_a_moment_later()
    {
        var (token, operators, name) = await MakeAsync();
        using var client = With(await PassAsync(token));
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/operator/models", Cancel)).StatusCode);

        Assert.True(await operators.RevokeAsync(name, TimeProvider.System.GetUtcNow(), Cancel));

        using var refused = await client.GetAsync("/operator/models", Cancel);
        Assert.Equal("operator-only", await refused.CodeAsync(HttpStatusCode.Unauthorized));
        using var page = await client.GetAsync("/operator", Cancel);
        Assert.Equal("/operator/sign-in?return_url=%2Foperator", page.Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task Signing_out_ends_the_pass_itself_and_not_only_the_cookie()
    {
        var pass = await PassAsync((await MakeAsync()).Token);

        using var response = await PostAsync("/operator/sign-out", NewAddress(), pass);

        Assert.StartsWith(SignIn, response.Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.Contains(
            response.Headers.GetValues("Set-Cookie"),
            set => set.StartsWith($"{Cookie}=;", StringComparison.Ordinal)
        );
        using var client = With(pass);
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/operator/models", Cancel)).StatusCode);
    }

    [Theory]
    [InlineData("cross-site", null, HttpStatusCode.Forbidden)]
    [InlineData("same-site", null, HttpStatusCode.Forbidden)]
    [InlineData(null, null, HttpStatusCode.Forbidden)]
    [InlineData(null, "http://evil.example", HttpStatusCode.Forbidden)]
    [InlineData("same-origin", null, HttpStatusCode.OK)]
    public async Task A_change_with_a_pass_comes_from_the_console_itself_or_not_at_all(
        string? fetchSite,
        string? origin,
        HttpStatusCode expected
    )
    {
        using var client = With(await PassAsync(Fixture.Token));
        if (fetchSite is not null)
        {
            client.DefaultRequestHeaders.Add("Sec-Fetch-Site", fetchSite);
        }

        if (origin is not null)
        {
            client.DefaultRequestHeaders.Add("Origin", origin);
        }

        using var response = await client.PostAsync("/operator/models/reset", null, Cancel);

        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task Wrong_tokens_are_slowed_by_address_and_a_right_one_forgives_those_before_it()
    {
        var (token, _, _) = await MakeAsync();
        var address = NewAddress();
        using (var first = await SignInAsync(address, "co_wrong"))
        {
            Assert.Equal(
                $"{SignIn}?error=operator-token&return_url=%2Foperator",
                first.Headers.Location!.OriginalString
            );
            Assert.False(first.Headers.TryGetValues("Set-Cookie", out _));
        }

        using (var right = await SignInAsync(address, token))
        {
            Assert.Equal("/operator", right.Headers.Location!.OriginalString);
        }

        var guesses = await Task.WhenAll(Enumerable.Range(0, 14).Select(_ => SignInAsync(address, "co_wrong")));
        using var late = await SignInAsync(address, token);
        using var elsewhere = await SignInAsync(NewAddress(), token);

        Assert.Equal(
            10,
            guesses.Count(one =>
                one.Headers.Location!.OriginalString.Contains("operator-token", StringComparison.Ordinal)
            )
        );
        Assert.Contains("operator-wait", late.Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.Equal("/operator", elsewhere.Headers.Location!.OriginalString);
        foreach (var guess in guesses)
        {
            guess.Dispose();
        }
    }

    [Theory]
    [InlineData("https://evil.example/")]
    [InlineData("//evil.example/operator")]
    [InlineData("/operatorish")]
    [InlineData("/chat")]
    public async Task After_signing_in_the_console_goes_on_only_to_its_own_pages(string returnUrl)
    {
        using var response = await SignInAsync(NewAddress(), Fixture.Token, returnUrl);

        Assert.Equal("/operator", response.Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task A_token_is_not_taken_over_an_open_line()
    {
        using var response = await SignInAsync(NewAddress(), Fixture.Token, scheme: "http");

        Assert.Contains("insecure-transport", response.Headers.Location!.OriginalString, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pass_ends_by_itself_and_a_changed_one_is_none()
    {
        var clock = new MovedClock();
        var passes = new OperatorPasses(new EphemeralDataProtectionProvider(), clock);
        var context = new DefaultHttpContext();
        passes.Write(context, "operator:1");
        var pass = Uri.UnescapeDataString(ValueOf(context.Response.Headers.SetCookie.ToString()));

        Assert.Equal("operator:1", Read(pass)?.Subject);
        Assert.Null(Read(pass[..^4] + "AAAA"));
        Assert.Null(Read("co_token"));
        clock.Ahead += OperatorPasses.Life;
        Assert.Null(Read(pass));

        OperatorPass? Read(string text)
        {
            var request = new DefaultHttpContext().Request;
            request.Headers.Cookie = $"{Cookie}={Uri.EscapeDataString(text)}";
            return passes.Read(request);
        }
    }

    private async Task<(string Token, OperatorDirectory Operators, string Name)> MakeAsync()
    {
        var operators = new OperatorDirectory(chancery.Owner);
        var name = $"Ops {Guid.CreateVersion7()}";
        return ((await operators.CreateAsync(name, TimeProvider.System.GetUtcNow(), Cancel))!, operators, name);
    }

    private async Task<string> PassAsync(string token)
    {
        using var response = await SignInAsync(NewAddress(), token);
        return ValueOf(
            response.Headers.GetValues("Set-Cookie").Single(set => set.StartsWith(Cookie, StringComparison.Ordinal))
        );
    }

    private Task<HttpResponseMessage> SignInAsync(
        string address,
        string token,
        string returnUrl = "/operator",
        string scheme = "https"
    ) => PostAsync(SignIn, address, null, scheme, ("token", token), ("return_url", returnUrl));

    private Task<HttpResponseMessage> PostAsync(string path, string address, string pass) =>
        PostAsync(path, address, pass, "https");

    /// <summary>As a browser does it: the page first, then its form.</summary>
    private async Task<HttpResponseMessage> PostAsync(
        string path,
        string address,
        string? pass,
        string scheme,
        params (string Name, string Value)[] fields
    )
    {
        using var client = chancery.Anonymous();
        using var page = await client.GetAsync(SignIn, Cancel);
        var antiforgery = AntiforgeryField().Match(await page.Content.ReadAsStringAsync(Cancel)).Groups["value"].Value;
        var cookie = page.Headers.GetValues("Set-Cookie").Single().Split(';')[0];
        client.DefaultRequestHeaders.Add("Cookie", pass is null ? cookie : $"{cookie}; {Cookie}={pass}");
        client.DefaultRequestHeaders.Add("Sec-Fetch-Site", "same-origin");
        client.DefaultRequestHeaders.Add("X-Forwarded-For", address);
        client.DefaultRequestHeaders.Add("X-Forwarded-Proto", scheme);
        using var form = new FormUrlEncodedContent([
            .. fields.Select(field => new KeyValuePair<string, string>(field.Name, field.Value)),
            new("__RequestVerificationToken", antiforgery),
        ]);
        return await client.PostAsync(path, form, Cancel);
    }

    private HttpClient With(string pass)
    {
        var client = chancery.Anonymous();
        client.DefaultRequestHeaders.Add("Cookie", $"{Cookie}={pass}");
        return client;
    }

    private static string ValueOf(string setCookie) => setCookie.Split(';')[0].Split('=', 2)[1];

    private static string NewAddress() => $"198.51.100.{Interlocked.Increment(ref _addresses)}";

    [GeneratedRegex("name=\"__RequestVerificationToken\"[^>]*value=\"(?<value>[^\"]+)\"")]
    private static partial Regex AntiforgeryField();

    public sealed class Fixture : ChanceryFixture
    {
        public const string Token = "operator-token-of-the-tests";

        public Fixture()
        {
            Settings["OPERATOR_TOKEN"] = Token;
            Settings["TRUSTED_PROXIES"] = "127.0.0.0/8";
        }
    }
}
