using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Testing;
using Microsoft.Playwright;

namespace Chancery.Browser.Tests;

/// <summary>Settings, the palette, and pages that nobody wants to see.</summary>
public sealed class SettingsTests(BrowserFixture browser)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Settings_are_changed_with_keys_only_and_errors_stand_beside_their_fields()
    {
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        var keys = page.Keyboard;
        visit.Expect("400 (Bad Request)");
        await visit.SignUpAsync("Old name");
        await page.GotoAsync("/settings");
        await page.Locator("#retention-form").WaitForAsync();
        await page.Locator("#keys .quiet").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("settings-whole", whole: true);
        await page.GetByRole(AriaRole.Link, new() { Name = "Sign-in" }).FocusAsync();
        await keys.PressAsync("Enter");
        Assert.EndsWith("/settings#sign-in", page.Url, StringComparison.Ordinal);

        await page.Locator("#name").FocusAsync();
        await keys.PressAsync("Control+a");
        await keys.PressAsync("Delete");
        await keys.PressAsync("Enter");
        await page.GetByText("Say how you want to be called.").WaitForAsync();
        Assert.Equal("name", await page.EvaluateAsync<string>("() => document.activeElement.id"));
        await keys.TypeAsync("Olga Renamed");
        await keys.PressAsync("Enter");
        await page.GetByText("Saved.").WaitForAsync();

        await page.Locator("#current").FocusAsync();
        await keys.TypeAsync("not my password");
        await keys.PressAsync("Tab");
        await keys.TypeAsync("a long and lovely password");
        await keys.PressAsync("Enter");
        await page.GetByText("This is not your present password.").WaitForAsync();
        Assert.Equal("true", await page.Locator("#current").GetAttributeAsync("aria-invalid"));
        await visit.AssertGoodInEveryLookAsync("settings-errors");

        await page.Locator("#provider-openai").FocusAsync();
        await keys.TypeAsync("short");
        await keys.PressAsync("Enter");
        await page.GetByText("A key has at least 8 characters").WaitForAsync();
        await keys.TypeAsync("-but-now-long-enough");
        await keys.PressAsync("Enter");
        await page.GetByText("Key set").WaitForAsync();
        Assert.DoesNotContain("long-enough", await page.ContentAsync(), StringComparison.Ordinal);

        await page.Locator("#organization-name").FillAsync("New name");
        await keys.PressAsync("Enter");
        await page.GetByText("Renamed.").WaitForAsync();
        Assert.Equal("New name", await page.Locator(".account-button .tenant").InnerTextAsync());
        await page.Locator("#retention-form [value=never]").FocusAsync();
        await keys.PressAsync("ArrowDown");
        await page.GetByText("are erased for good: questions, answers").WaitForAsync();
        await page.Locator("#retention-days").FillAsync("0");
        await keys.PressAsync("Enter");
        await page.GetByText("A whole number of days, from 1 to 3650.").WaitForAsync();
        await page.Locator("#retention-days").FillAsync("90");
        await keys.PressAsync("Enter");
        await page.GetByText("Erase old conversations?").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("settings-retention");
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Save the rule" }).ClickAsync();
        await page.GetByText("Saved: after 90 days.").WaitForAsync();

        // The rule that stood at the beginning is asked about like any other.
        await page.ReloadAsync();
        await page.Locator("#retention-form [value=never]").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Save the rule" }).ClickAsync();
        await page.GetByText("Saved: never.").WaitForAsync();
        await page.Locator("#retention-form [value=days]").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Save the rule" }).ClickAsync();
        await page.GetByText("Erase old conversations?").WaitForAsync();
        await keys.PressAsync("Escape");

        // What was typed and not sent is there after a reload; a key that was typed is not.
        await page.Locator("#key-name").FillAsync("Half a name");
        await page.Locator("#provider-groq").FillAsync("half-a-key");
        await page.ReloadAsync();
        await page.Locator("#provider-groq").WaitForAsync();
        Assert.Equal("Half a name", await page.Locator("#key-name").InputValueAsync());
        Assert.Equal("", await page.Locator("#provider-groq").InputValueAsync());

        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out everywhere", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog)
            .GetByRole(AriaRole.Button, new() { Name = "Sign out everywhere" })
            .ClickAsync();
        await page.ArrivesAtAsync("**/login");
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task Settings_say_what_fails_and_come_back()
    {
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        visit.Expect("ERR_FAILED");
        visit.Expect("500 (Internal");
        await visit.SignUpAsync("Failing");
        await page.RouteAsync(
            "**/api/v1/members*",
            route =>
                route.FulfillAsync(new() { Status = 500, Body = """{"title":"x","detail":"Try again in a moment."}""" })
        );
        await page.RouteAsync("**/api/v1/organization", route => route.AbortAsync());
        // While it counts as gone, the page does not load everything anew by itself.
        await page.RouteAsync("**/health/live", route => route.AbortAsync());
        await page.GotoAsync("/settings");
        await page.Locator("#members").GetByText("Try again in a moment.").WaitForAsync();
        await page.Locator("#organization").GetByText("Check the connection").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("settings-failing");
        await page.UnrouteAsync("**/api/v1/members*");
        await page.Locator("#members").GetByRole(AriaRole.Button, new() { Name = "Try again" }).ClickAsync();
        await page.Locator("#members").GetByText("(you)").WaitForAsync();
        await page.UnrouteAllAsync();
        await page.Locator("#organization")
            .GetByText("Check the connection")
            .WaitForAsync(new() { State = WaitForSelectorState.Hidden });
    }

    [Fact]
    public async Task Sign_ins_are_listed_and_ended_one_by_one_or_all_but_this()
    {
        var owner = await browser.SignUpAsync("Sign-ins");
        await using var visit = await browser.VisitAsync();
        await using var other = await browser.VisitAsync();
        other.Expect("401 (Unauthorized)");
        await visit.SignInAsync(owner);
        await other.SignInAsync(owner);
        var page = visit.Page;
        await page.GotoAsync("/settings#sign-in");
        // This one, the other one, and the test's own.
        var rows = page.Locator("#sessions li");
        await page.Locator("#sessions").GetByText("(this one)").WaitForAsync();
        Assert.Equal(3, await rows.CountAsync());
        await visit.AssertGoodInEveryLookAsync("settings-sign-ins");

        // By keys; the focus goes on in the list.
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out Chrome on Linux" }).FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await page.GetByText("Chrome on Linux was signed out.").WaitForAsync();
        await page.WaitForFunctionAsync("() => document.querySelectorAll('#sessions li').length === 2");
        Assert.True(await page.EvaluateAsync<bool>("() => document.activeElement.matches('#sessions button')"));
        await other.Page.GotoAsync("/settings");
        await other.Page.WaitForURLAsync("**/login*");

        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out everywhere else" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog)
            .GetByRole(AriaRole.Button, new() { Name = "Sign out everywhere else" })
            .ClickAsync();
        await page.GetByText("Your other sign-ins ended.").WaitForAsync();
        await page.WaitForFunctionAsync("() => document.querySelectorAll('#sessions li').length === 1");
        using var ended = await owner.Http.GetAsync("/api/v1/me", Cancel);
        Assert.Equal(HttpStatusCode.Unauthorized, ended.StatusCode);
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task The_palette_goes_anywhere_by_keys()
    {
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        var keys = page.Keyboard;
        await visit.SignUpAsync("Palette");
        await visit.UploadAsync(
            "Lease",
            "Ready",
            Visit.TextFile("lease.md", "# Lease\n\nThe rent is due on Mondays.\n")
        );
        await page.GotoAsync("/chat");
        await visit.AskAsync("When is the rent due?");

        await keys.PressAsync("Control+k");
        await page.GetByRole(AriaRole.Option, new() { Name = "When is the rent due?" }).WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("palette");
        await keys.TypeAsync("leas");
        await page.GetByRole(AriaRole.Option, new() { Name = "Lease", Exact = true }).WaitForAsync();
        var chosen = await page.EvaluateAsync<string>(
            "() => document.getElementById(document.activeElement.getAttribute('aria-activedescendant')).textContent"
        );
        Assert.Equal("Lease", chosen);
        await keys.PressAsync("Enter");
        await page.ArrivesAtAsync("**/documents/*");

        await keys.PressAsync("Meta+k");
        await keys.TypeAsync("dark");
        await keys.PressAsync("Enter");
        Assert.Equal("dark", await page.EvaluateAsync<string>("() => document.documentElement.dataset.theme"));
        await page.GetByRole(AriaRole.Button, new() { Name = "Go to" }).ClickAsync();
        await keys.TypeAsync("nothing is called this");
        await page.GetByText("Nothing of that name.").First.WaitForAsync();
        await visit.AssertGoodScreenAsync("palette-nothing");
        await keys.PressAsync("Escape");
        Assert.Equal("palette-button", await page.EvaluateAsync<string>("() => document.activeElement.id"));
        await keys.PressAsync("Control+k");
        await keys.TypeAsync("model keys");
        await keys.PressAsync("Enter");
        await page.ArrivesAtAsync("**/settings#model-keys");
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task The_palette_goes_where_the_text_says_whatever_comes_late()
    {
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        var keys = page.Keyboard;
        await visit.SignUpAsync("Late");
        await visit.UploadAsync(
            "Charter",
            "Ready",
            Visit.TextFile("charter.md", "# Charter\n\nThe fleet sails in May.\n")
        );
        var first = new TaskCompletionSource();
        var isFirst = true;
        await page.RouteAsync(
            "**/api/v1/conversations?*",
            async route =>
            {
                if (isFirst)
                {
                    isFirst = false;
                    await first.Task;
                }

                await route.ContinueAsync();
            }
        );

        await keys.PressAsync("Control+k");
        await keys.TypeAsync("dark");
        first.SetResult();
        await keys.PressAsync("Enter");
        Assert.Equal("dark", await page.EvaluateAsync<string>("() => document.documentElement.dataset.theme"));

        await keys.PressAsync("Control+k");
        await keys.TypeAsync("charter");
        await keys.PressAsync("Enter");
        await page.ArrivesAtAsync("**/documents/*");
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task A_fault_is_a_page_in_the_house_style_with_a_number_for_the_operator()
    {
        // A server of its own: nobody else is to notice that its keys cannot be looked up.
        await using var chancery = new ChanceryFixture();
        await chancery.InitializeAsync();
        var owner = await chancery.SignUpAsync();
        using var made = await owner.Http.PostAsJsonAsync("/api/v1/keys", new { name = "k", role = "admin" }, Cancel);
        var key = (await made.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("key").GetString()!;
        await using var command = chancery.Owner.CreateCommand("DROP FUNCTION door_api_key");
        await command.ExecuteNonQueryAsync(Cancel);
        await using var visit = await browser.VisitAsync();
        visit.Expect("500 (Internal Server Error)");
        visit.Expect("another origin");
        await visit.Page.SetExtraHTTPHeadersAsync([new("X-API-Key", key)]);

        var answer = await visit.Page.GotoAsync(new Uri(chancery.Address, "/settings").ToString());

        Assert.Equal(500, answer!.Status);
        await visit.Page.GetByText("Something went wrong here").First.WaitForAsync();
        Assert.Matches("^[0-9a-f]{32}$", await visit.Page.Locator(".trace").InnerTextAsync());
        await visit.AssertGoodInEveryLookAsync("fault");
    }
}
