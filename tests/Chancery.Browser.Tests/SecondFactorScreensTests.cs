using Microsoft.Playwright;
using OtpNet;

namespace Chancery.Browser.Tests;

/// <summary>Second factors as a person meets them: the settings, the second step, the dialog before something dangerous.</summary>
public sealed class SecondFactorScreensTests(BrowserFixture browser)
{
    // Passkeys belong to a name, and an address is none.
    private Uri ByName => new($"http://localhost:{browser.Address.Port}");

    [Fact]
    public async Task An_authenticator_app_is_set_up_and_asked_for_at_the_next_sign_in()
    {
        await using var visit = await browser.VisitAsync(server: ByName);
        var page = visit.Page;
        var email = await visit.SignUpAsync("Second factors");
        await page.GotoAsync("/settings#security-section");
        await page.GetByRole(AriaRole.Button, new() { Name = "Set up an authenticator app" }).ClickAsync();
        await page.GetByAltText("QR code with the secret below").WaitForAsync();
        var secret = (await page.Locator("#app-setup code").TextContentAsync())!.Replace(
            " ",
            "",
            StringComparison.Ordinal
        );
        await visit.AssertGoodInEveryLookAsync("second-factor-app");
        var app = new Totp(Base32Encoding.ToBytes(secret));
        await page.GetByLabel("Code", new() { Exact = true })
            .FillAsync(app.ComputeTotp(TimeProvider.System.GetUtcNow().AddSeconds(-30).UtcDateTime));
        await page.Keyboard.PressAsync("Enter");
        await page.Locator(".recovery-codes li").First.WaitForAsync();
        var recovery = await page.Locator(".recovery-codes li").First.TextContentAsync();
        await visit.AssertGoodInEveryLookAsync("second-factor-codes");

        await page.Context.ClearCookiesAsync();
        await page.GotoAsync("/login");
        await page.GetByLabel("E-mail").FillAsync(email);
        await page.GetByLabel("Password").FillAsync(Visit.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await page.ArrivesAtAsync("**/login/second-step?**");
        await visit.AssertGoodInEveryLookAsync("second-step");
        await page.GetByLabel("Code of your authenticator app").FillAsync("000000");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByText("That is not right.").WaitForAsync();
        await page.GetByText("Use a recovery code").ClickAsync();
        await page.GetByLabel("Recovery code").FillAsync(recovery!);
        await page.Keyboard.PressAsync("Enter");
        await page.ArrivesAtAsync("**/chat");
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task A_passkey_is_made_and_signs_in_by_itself()
    {
        await using var visit = await browser.VisitAsync(server: ByName);
        var page = visit.Page;
        var devtools = await page.Context.NewCDPSessionAsync(page);
        await devtools.SendAsync("WebAuthn.enable");
        await devtools.SendAsync(
            "WebAuthn.addVirtualAuthenticator",
            new Dictionary<string, object>
            {
                ["options"] = new Dictionary<string, object>
                {
                    ["protocol"] = "ctap2",
                    ["transport"] = "internal",
                    ["hasResidentKey"] = true,
                    ["hasUserVerification"] = true,
                    ["isUserVerified"] = true,
                },
            }
        );
        await visit.SignUpAsync("Passkeys");
        await page.GotoAsync("/settings#security-section");
        await page.GetByLabel("What a new passkey is called").FillAsync("Laptop");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByText("The passkey Laptop is yours.").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("passkey-made");

        await page.Context.ClearCookiesAsync();
        await page.GotoAsync("/login");
        await page.GetByRole(AriaRole.Button, new() { Name = "Use a passkey instead" }).ClickAsync();
        await page.ArrivesAtAsync("**/chat");
        visit.AssertNoComplaint();
    }
}
