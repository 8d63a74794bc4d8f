using System.Net.Http.Json;
using Chancery.Testing;

namespace Chancery.Browser.Tests;

/// <summary>Somebody who is signed in as often as may be, at one more device.</summary>
public sealed class SignInLimitTests(BrowserFixture browser)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_of_the_open_sign_ins_is_chosen_by_keys_and_ends_for_the_new_one()
    {
        browser.Settings["MAX_CONCURRENT_SESSIONS"] = "2";
        var server = await browser.StartReplicaAsync();
        browser.Settings["MAX_CONCURRENT_SESSIONS"] = "0";
        var olga = await browser.SignUpAsync();
        using var phone = ChanceryFixture.Client(server);
        phone.DefaultRequestHeaders.UserAgent.ParseAdd(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1"
        );
        using var signedIn = await phone.PostAsJsonAsync(
            "/api/v1/auth/login",
            new { email = olga.Email, password = olga.Password },
            Cancel
        );
        signedIn.EnsureSuccessStatusCode();
        await using var visit = await browser.VisitAsync(server: server);
        var page = visit.Page;
        await page.GotoAsync("/login");
        await page.GetByLabel("E-mail").FillAsync(olga.Email);
        await page.GetByLabel("Password").FillAsync(olga.Password);
        await page.Keyboard.PressAsync("Enter");

        await page.GetByText("Which one is signed out?").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("sign-in-limit");
        await page.GetByLabel("Safari on iOS").FocusAsync();
        await page.Keyboard.PressAsync("Space");
        await page.GetByLabel("Password").FillAsync(olga.Password);
        await page.Keyboard.PressAsync("Enter");

        await page.ArrivesAtAsync("**/chat");
        var rest = await olga.Http.GetFromJsonAsync<System.Text.Json.JsonElement>("/api/v1/me/sessions", Cancel);
        var names = rest.GetProperty("items")
            .EnumerateArray()
            .Select(one => one.GetProperty("device_name").GetString());
        Assert.DoesNotContain("Safari on iOS", names);
        Assert.Equal(2, rest.GetProperty("items").GetArrayLength());
    }
}
