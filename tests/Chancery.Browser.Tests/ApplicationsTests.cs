using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Testing;
using Chancery.Testing.Web;
using Microsoft.Playwright;

namespace Chancery.Browser.Tests;

/// <summary>Letting applications and devices in, and a forgotten password.</summary>
public sealed class ApplicationsTests(BrowserFixture browser)
{
    private const string Challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Somebody_signs_in_is_asked_and_is_sent_on_to_the_application_by_keys_alone_and_without_script()
    {
        await using var web = ScriptedWebServer.Start();
        web.Serves("/callback", new WebReply("<p>Back again") { ContentType = "text/html" });
        var olga = await browser.SignUpAsync("Asked");
        var request = await RequestAsync(olga, web.AddressOf("/callback"));
        await using var visit = await browser.VisitAsync(script: false);
        visit.Expect("request to another origin");
        visit.Expect("favicon");
        var page = visit.Page;

        await page.GotoAsync("/oauth/authorize?" + request);
        await page.GetByLabel("E-mail").FillAsync(olga.Email);
        await page.GetByLabel("Password").FillAsync(olga.Password);
        await page.Keyboard.PressAsync("Enter");
        await page.GetByRole(AriaRole.Heading, new() { Name = "Let Case files in?" }).WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Allow", Exact = true }).FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await page.GetByText("Back again").WaitForAsync();

        var back = new Uri(page.Url);
        Assert.Contains("code=cc_", back.Query, StringComparison.Ordinal);
        Assert.Contains("state=abc", back.Query, StringComparison.Ordinal);
        Assert.Null(Assert.Single(web.Requests, one => one.Path == "/callback").Header("Referer"));
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task The_questions_and_what_can_be_wrong_with_them_look_right()
    {
        var olga = await browser.SignUpAsync("Looks");
        var request = await RequestAsync(olga, "https://cases.example.com/callback");
        using var client = browser.Anonymous();
        using var form = new FormUrlEncodedContent([
            new("client_id", "chancery-cli"),
            new("scope", "documents:read documents:write chat:ask"),
        ]);
        using var begun = await client.PostAsync("/oauth/device_authorization", form, Cancel);
        var device = await begun.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        await using var visit = await browser.VisitAsync();
        visit.Expect("400 (Bad Request)");
        await visit.SignInAsync(olga);
        var page = visit.Page;

        await page.GotoAsync("/oauth/authorize?" + request);
        await visit.AssertGoodInEveryLookAsync("consent", whole: true);
        await page.GotoAsync("/oauth/authorize?client_id=nobody");
        await visit.AssertGoodInEveryLookAsync("consent-unknown");
        await page.GotoAsync("/device?user_code=BBBB-BBBB");
        await visit.AssertGoodInEveryLookAsync("device-code");
        await page.GetByLabel("Code").FillAsync(device.GetProperty("user_code").GetString()!);
        await page.Keyboard.PressAsync("Enter");
        await page.GetByRole(AriaRole.Button, new() { Name = "Do not allow" }).WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("device", whole: true);
        await page.GetByRole(AriaRole.Button, new() { Name = "Allow", Exact = true }).ClickAsync();
        await page.GetByText("The device is let in").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("device-done");
        await page.GotoAsync("/forgot");
        await visit.AssertGoodInEveryLookAsync("forgot");
        await page.GetByLabel("E-mail").FillAsync("nobody@example.com");
        await page.GetByRole(AriaRole.Button, new() { Name = "Send the link" }).ClickAsync();
        await page.GetByText("Look at your e-mail").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("forgot-sent");
        await page.GotoAsync("/reset?token=abc");
        await visit.AssertGoodInEveryLookAsync("reset");
        visit.AssertNoComplaint();
    }

    private static async Task<string> RequestAsync(TestUser admin, string address)
    {
        using var made = await admin.Http.PostAsJsonAsync(
            "/api/v1/oauth/clients",
            new
            {
                name = "Case files",
                type = "public",
                redirect_uris = new[] { address },
                scopes = new[] { "openid", "email", "documents:read", "chat:ask" },
            },
            Cancel
        );
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        var id = (await made.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("id").GetString();
        return $"response_type=code&client_id={id}&redirect_uri={Uri.EscapeDataString(address)}"
            + $"&scope=openid%20email%20documents%3Aread%20chat%3Aask&state=abc"
            + $"&code_challenge={Challenge}&code_challenge_method=S256";
    }
}
